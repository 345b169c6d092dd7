"""Chenguang-1: its mission file, its database, and what is derived from its telemetry."""
