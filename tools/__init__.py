"""Tools beside the station: the simulator."""
