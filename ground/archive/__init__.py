"""The embedded store: Arrow hot tail, Parquet segments, SQLite catalogue."""
