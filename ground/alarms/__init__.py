"""Engineering columns to judgement: the alarm level of every sample.

In come the types of a packet's columns and one batch of them, raw and engineering; out come levels
(uint8, XTCE's normal to severe) of the same shape, and from these an operator's `Severity`.
Standard: XTCE 1.2 (OMG formal/18-10-04), `AlarmType` and what extends it.

`judge` is the machine for samples as they arrive: it remembers changes and violations in a row
(`history`). `limits` judges each sample by itself, as a query does; `page` finds which alarm
applies where, `ranges` compares numbers with many ranges at once. A module `*_jit` holds the
compiled twin of the one it is named after.

What becomes of it, each a machine or a function without clock:

* `alarm` holds the alarms from raised to gone, by the table in `states`; `turns` finds the few
  samples that matter to it, `acts` says what operators may do, `held` and `record` keep it.
* `overrides` judges a spacecraft again by limits that operators changed.
* `stale` notices packets that do not come, `events` reads those that say what happened on board.
"""
