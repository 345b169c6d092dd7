"""A mission that takes commands: two sites, one relay over 77° E, one spacecraft at dusk."""

MISSION = """
[mission]
name = "two"

[[spacecraft]]
name = "CG-1"
scid = 171
tc = { length = 256 }
orbit = { altitude_km = 750, ltan = "18:00", epoch = "2026-11-22T00:00:00" }

[[spacecraft]]
name = "MUTE"
scid = 172

[[site]]
name = "kashi"
latitude_deg = 39.5
longitude_deg = 76.0

[[site]]
name = "beijing"
latitude_deg = 40.1
longitude_deg = 116.3

[[relay]]
name = "TL-1"
kind = "bent-pipe"
longitude_deg = 77.0

[[uplink]]
name = "kashi-s"
site = "kashi"
kind = "memory"

[[uplink]]
name = "beijing-s"
site = "beijing"
to = ["CG-1"]
kind = "memory"
"""
NOON = "2026-11-22T12:00:00"
