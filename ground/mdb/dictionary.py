"""Packet dictionaries as tables, the kinds that missions publish without XTCE."""

from __future__ import annotations

from ground.mdb.dictionary_ccsdspy import describes as describes_ccsdspy
from ground.mdb.dictionary_ccsdspy import load as load_ccsdspy
from ground.mdb.dictionary_cygnss import describes as describes_cygnss
from ground.mdb.dictionary_cygnss import load as load_cygnss

__all__ = ["describes_ccsdspy", "describes_cygnss", "load_ccsdspy", "load_cygnss"]
