"""The packet utilisation standard: what telecommands ask and what reports answer.

`profile` holds the widths that the standard leaves to a mission, `header` whole packets, and each
other module one service: its messages as frozen values, `encode` on each, and one `decode` for all
of them, which takes the subtype and the octets after the secondary header.

Source: ECSS-E-ST-70-41C (PUS-C); headers of ECSS-E-70-41A (PUS-A) are read too. Clauses, figures
and tables are numbered as other open implementations cite them, which agree with each other and
with packets that flew; what no second source confirms is marked unverified.
"""
