"""Packets to columns: raw values, then engineering values.

In come the plan of a database (`ground.mdb.plan`) and packets over one arena of octets; out comes
a `Batch` of raw columns for each packet type, flags for packets that are too short or too long,
and the rows that no container describes. Standard: XTCE 1.2 (OMG formal/18-10-04).

* which packet is of which type: `decoder`; the packets at work: `rows`;
* where fields stand: `steps` runs the plan's programs, `gather` puts elements side by side;
* bits to raw values: `kernels` (whole columns at once), `codings` (all but plain numbers),
  `octets` (text and octets);
* raw to engineering: `calibrate` for a batch, `sheet` for what asks for other parameters, `curves`,
  `labels` and `numbers` for each kind;
* what comes of decoded packets: `derive` runs plug-ins for derived parameters, `correlate` finds
  how a spacecraft's clock stands against the station's.

A module `*_jit` holds the compiled twins of the one it is named after.
"""
