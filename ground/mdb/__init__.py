"""What packets mean: mission databases in, decode tables out.

Octets of database files come in with a name for messages, never a path; out come plain values and,
compiled from these, the programs that `ground.decode` runs. Standard: XTCE 1.2 (OMG
formal/18-10-04, CCSDS 660.0-B-2), and 1.1 read too.

* `model` holds a database; `xtce` (with `xtce_*`) and `dictionary` (with `dictionary_*`,
  `calibration` and `formula*`) read one;
* `plan` compiles: `entries` follows references to a `layout`, `tables` turns that into a `program`;
* `conditions` judges criteria over columns, `rpn` works out math operations,
  `instants` reads times;
* `encode` makes packets from values, with `places`, `patterns` and `uncalibrate`;
* `telecommand` makes commands from the values of their arguments, with `writer` and `literals`.
"""
