"""The archive: Arrow tables in, Arrow tables out, and nothing acknowledged is ever lost.

A table belongs to a realm and has spacecraft, time and sequence first; rows come back sorted by
these. The room knows columns and their kinds, not what a mission means by them. Standards: Apache
Arrow IPC, Apache Parquet, SQLite 3; times are UTC for other tools and ns TAI for ourselves.

* `store` is the contract, `embedded` keeps it on one machine (its docstring shows the folders)
  and is where writing starts, `view` where reading does;
* in: `rows` and `schemas` check, `hot` appends, `flushing` and `segments` (with `encodings`) write
  Parquet, `compaction` merges that into day files;
* what there is: `catalogue`, with `records` and `newest`, names every file and the newest rows;
* out: `reading` finds and sorts, `open_files` and `checksums` prove what they read, `identities`
  tells duplicates, `verify` reads everything;
* `ledger` is the record of commanding: `ledger_records` lie on disk, `ledger_chain` reads them in
  their places, `ledger_anchors` say how far it had come, `ledger_verify` proves it;
* beside: `databases` keeps mission databases, `disk` locks, publishes and reports; `export` and
  `downsample` serve those who read.
"""
