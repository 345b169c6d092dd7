"""The station from a script: watch values, read trends, act on alarms; over the bus alone."""
