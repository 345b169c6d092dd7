"""Deciding about commands: who may, which octets, when, and what became of them; pure.

In come requests of operators, reports from below and the time; out go decisions, and facts for the
ledger. Standards: XTCE 1.2 `MetaCommand` (OMG formal/18-10-04), ECSS-E-ST-70-41C ST[01].

* `catalogue` turns `arguments` as typed into packets, `constraints` asks telemetry whether now is
  the time;
* `authorise` decides who may do what, `approval` asks a second person, `authority` lets one
  operator at a time command a spacecraft;
* `queue` keeps the order of what waits, `life` the table of stages and ends, `verify` what
  spacecraft are expected to report by which `checks`; `deadlines` tell when to look again;
* `facts` are what the ledger holds, `entries` their octets and chain, `steps` what they mean for
  the lives of commands.
"""
