"""Packets to columns: raw values, engineering values."""
