"""Kernels are compiled aside, from any folder, and a failure costs speed only."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from ground import warmup


@pytest.fixture(autouse=True)
def cold(monkeypatch, tmp_path: Path):
    """Nothing is bound, nothing compiles, and the process forgets what a test did."""
    monkeypatch.setattr(warmup, "_bound", False)
    monkeypatch.setattr(warmup, "_compiling", None)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))


def test_the_compiler_imports_nothing_from_the_working_folder(tmp_path: Path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('not the one')")
    (tmp_path / "ground").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(warmup.kernels, "modules", lambda: ["numpy", "protocols.kernels"])
    with warmup._compiler(warmup.cache_dir()) as process:
        assert process.wait(60) == 0


def test_a_compiler_that_fails_leaves_the_numpy_forms(monkeypatch):
    monkeypatch.setattr(warmup.kernels, "modules", lambda: ["protocols.no_such_jit"])
    bound: list[bool] = []
    monkeypatch.setattr(warmup.kernels, "bind", lambda: bound.append(True))
    assert not warmup.load()
    assert warmup._compiling is not None
    assert warmup._compiling.wait(60) == 1
    assert not warmup.poll()
    assert not warmup.load()
    assert not bound


def test_a_warm_cache_binds_at_once_and_a_new_start_waits_for_nothing(monkeypatch):
    monkeypatch.setattr(warmup.kernels, "modules", lambda: ["protocols.kernels"])
    bound: list[bool] = []
    monkeypatch.setattr(warmup.kernels, "bind", lambda: bound.append(True))
    assert not warmup.load()
    assert warmup._compiling is not None
    assert warmup._compiling.wait(60) == 0
    assert warmup.poll()
    monkeypatch.setattr(warmup, "_bound", False)
    monkeypatch.setattr(warmup, "_compiling", None)
    assert warmup.load()
    assert warmup._compiling is None
    assert len(bound) == 2


def test_a_cache_that_cannot_be_written_gives_way_to_a_temporary_one(monkeypatch, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = warmup.cache_dir()
    assert folder.is_dir()
    assert folder.parent == tmp_path
