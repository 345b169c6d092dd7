"""Octets to values and back, one file for each standard.

In come octets (frames, packets, time codes), out go columns of values and the octets that
broke a rule, each with the clause it broke. Nothing here knows a clock, a file or a socket.
Standards: CCSDS 131.0-B, 132.0-B, 732.0-B, 732.1-B, 133.0-B, 133.1-B, 301.0-B, 231.0-B, 232.0-B.
"""
