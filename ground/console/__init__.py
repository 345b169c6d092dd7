"""The operator's console in a terminal: a thin process that shows what the station says."""
