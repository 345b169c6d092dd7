"""A full disk at any moment: a clear error, nothing acknowledged lost, and on it goes after."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ground.archive.embedded import EmbeddedStore
from ground.archive.store import ArchiveError, Source
from tests.ground.archive.samples import housekeeping

HK = "/CG1/HK"
CALLS = ("write", "fdatasync", "fsync", "open", "ftruncate")


class Full:
    """Makes the n-th call of the operating system fail, and every one after it, until mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left = 1 << 60
        self.hit = False
        for name in CALLS:
            monkeypatch.setattr(os, name, self._counting(getattr(os, name)))

    def _counting(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **more: Any) -> Any:
            self._left -= 1
            if self._left < 0:
                self.hit = True
                raise OSError(errno.ENOSPC, "No space left on device")
            return call(*args, **more)

        return counted

    def after(self, calls: int) -> None:
        self._left, self.hit = calls, False

    def mended(self) -> None:
        self._left = 1 << 60


@pytest.mark.parametrize("verb", ["append", "append anew", "flush", "compact", "keep_database"])
def test_every_call_in_turn_may_find_the_disk_full(tmp_path: Path, monkeypatch, verb):
    full = Full(monkeypatch)
    with EmbeddedStore.open(tmp_path, write=True) as store:
        rows, offset = 0, 0
        for moment in range(200):
            if verb == "append anew":
                store.flush()
            if verb in ("flush", "compact"):
                store.append("live", {HK: housekeeping(rows=3, start=rows)})
                rows += 3
            tables = {HK: housekeeping(rows=2, start=rows), "other": housekeeping(rows=1)}
            full.after(moment)
            try:
                if verb.startswith("append"):
                    cursor = Source("ab", "", "pass", 99, offset + 1)
                    store.append("live", tables, cursor=cursor)
                    rows, offset = rows + 2, offset + 1
                elif verb == "keep_database":
                    store.keep_database("ab" * 32, {"a/b": b"1", "c": b"2"})
                else:
                    getattr(store, verb)()
            except ArchiveError as error:
                assert "no space left" in str(error)
                assert full.hit
            full.mended()
            if rows:
                counts = store.read("live", HK)["/CG1/count"].to_pylist()
                assert counts == list(range(rows))
            source = store.source("live", "ab", "")
            assert (source.offset if source else 0) == offset
            if not full.hit:
                break
        assert moment > 2
        assert not full.hit
    with EmbeddedStore.open(tmp_path, write=True) as store:
        assert not rows or len(store.read("live", HK)) == rows
        assert store.verify() == []


LIMITED = """
import resource, signal, sys
from pathlib import Path
from ground.archive.embedded import EmbeddedStore
from ground.archive.store import ArchiveError
from tests.ground.archive.samples import housekeeping

with EmbeddedStore.open(Path(sys.argv[1]), write=True) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    rows, failures = 0, 0
    for _ in range(400):
        try:
            store.append("live", {"/CG1/HK": housekeeping(rows=50, start=rows)})
            rows += 50
        except ArchiveError as error:
            assert "no space left" in str(error) or "disk I/O error" in str(error), error
            failures += 1
            break
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    assert store.read("live", "/CG1/HK")["/CG1/count"].to_pylist() == list(range(rows))
    store.append("live", {"/CG1/HK": housekeeping(rows=50, start=rows)})
    print(rows + 50, failures)
"""


@pytest.mark.parametrize("octets", [150_000, 400_000])
def test_files_that_may_not_grow_in_earnest(tmp_path: Path, octets):
    """The limit hits Arrow's and SQLite's own writes, wherever they are."""
    command = [sys.executable, "-c", LIMITED, str(tmp_path), str(octets)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows, failures = map(int, done.stdout.split())
    assert failures == 1
    with EmbeddedStore.open(tmp_path, write=False) as store:
        assert store.read("live", HK)["/CG1/count"].to_pylist() == list(range(rows))
