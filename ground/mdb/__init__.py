"""What packets mean: mission databases in, decode tables out.

`model` holds a database as plain values, `xtce` and `dictionary` read one (octets and a source
name in, no paths), `conditions` judges restriction criteria over columns, `plan` compiles
containers to the tables that `ground.decode` runs, `encode` makes packets from values.
Standard: XTCE 1.2 (OMG formal/18-10-04, CCSDS 660.0-B-2), and 1.1 read too.
"""
