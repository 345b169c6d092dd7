"""The ground station: octets in, judged and archived parameters out.

Rooms, from the top: `cli` (the `ground` command), `services` (compose the rest), `settings`
(mission files), `archive` (the embedded store), `decode` and `alarms` (columns to judgement),
`mdb` (what a packet means), `columns` (the nouns that pass between them).
"""
