"""Chenguang phase 2: a mission file of 48 satellites in 4 planes, 7 relays and 4 stations."""
