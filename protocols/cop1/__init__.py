"""COP-1: how frames of telecommands arrive in order, once, and are known to have arrived.

`fop` is the sender on the ground, `farm` the receiver on board; `table` holds their two state
tables as data, `signals` what goes into FOP-1 and comes out of it.

Source: CCSDS 232.1-B-2 with Technical Corrigendum 1.
"""
