"""Mission folders that ship with the station."""
