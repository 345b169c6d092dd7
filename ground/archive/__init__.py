"""The archive: Arrow tables in, Arrow tables out, and nothing acknowledged is ever lost.

`store` is the contract; `embedded` keeps it on one machine with an Arrow hot tail, Parquet
segments and day files, and an SQLite catalogue that names every file. `export` and `downsample`
serve those who read. The room knows columns and their kinds, not what a mission means by them.
"""
