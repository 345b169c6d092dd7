"""A disk that is full in the middle of a record leaves a gateway's file readable."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ground.archive import disk
from ground.services.gateway_units import Units

NOW = 10**18


def test_half_a_record_is_taken_back_and_what_comes_after_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = Units(tmp_path, NOW)
    units.take([("aa" * 16, NOW + 1)], NOW)

    def full(descriptor: int, octets: bytes) -> None:
        os.write(descriptor, octets[: len(octets) // 2])
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(disk, "write_all", full)
        with pytest.raises(OSError, match="no space"):
            units.take([("bb" * 16, NOW + 1)], NOW)
    units.take([("cc" * 16, NOW + 1)], NOW)
    units.close()
    again = Units(tmp_path, NOW)
    found = [again.row(each * 16).state for each in ("aa", "bb", "cc")]
    again.close()
    assert found == ["uncertain", "unknown", "uncertain"]
