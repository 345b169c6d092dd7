"""Start the compiled kernels without making anyone wait.

With a warm cache `load()` binds the compiled kernels at once (about half a second). With a cold
one it starts a process of its own that compiles them, returns, and the station runs on the numpy
twins; `poll()`, called between batches, binds them when that process is done. The cache lives in
`NUMBA_CACHE_DIR` where set, else in the user's cache folder, else in a temporary one: this is
the one place that chooses it, for the kernels of `protocols` too.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import platformdirs

from protocols import kernels

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
_KEPT_OCTETS = 64 << 20

_compiling: subprocess.Popen[bytes] | None = None
_bound = False


def cache_dir() -> Path:
    """Return the folder for compiled kernels, made and known to be writable."""
    wanted = os.environ.get("NUMBA_CACHE_DIR")
    candidates = [Path(wanted)] if wanted else []
    candidates.append(Path(platformdirs.user_cache_dir("ground-station")) / "kernels")
    for folder in candidates:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="ground-kernels-"))


def keep_pages() -> None:
    """Let the allocator keep freed pages for the next batch, where it is glibc's.

    Batches free and ask for the same few megabytes over and over. Out of the box each goes back
    to the system and comes again as fresh pages, which costs more than splitting packets does.
    """
    with suppress(OSError, AttributeError):
        set_option = ctypes.CDLL(None).mallopt
        set_option(_M_MMAP_THRESHOLD, _KEPT_OCTETS)
        set_option(_M_TRIM_THRESHOLD, _KEPT_OCTETS)


def load(*, wait: bool = False) -> bool:
    """Bind the compiled kernels now if they are cached; otherwise start compiling them aside.

    Args:
        wait: compile in this process and return only when every kernel is bound.

    Returns:
        Whether the kernels are bound.
    """
    global _compiling
    if _bound:
        return True
    keep_pages()
    folder = cache_dir()
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if wait or _stamp(folder).exists():
        return _bind(folder)
    if _compiling is None:
        _compiling = _compiler(folder)
    return False


def poll() -> bool:
    """Bind the kernels if the process that compiles them has finished; cheap to call often."""
    if _bound:
        return True
    if _compiling is None or _compiling.poll() is None:
        return False
    return _compiling.returncode == 0 and _bind(cache_dir())


def _compiler(folder: Path) -> subprocess.Popen[bytes]:
    """Start the process that compiles; it finds the packages where this one found them.

    The working folder is kept out of its path (`-P`): what lies there is not ours to import.
    """
    here = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(  # noqa: S603  our own interpreter and module names
        [sys.executable, "-P", "-m", "ground.warmup", str(folder), *kernels.modules()],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _bind(folder: Path) -> bool:
    global _bound
    kernels.bind()
    with suppress(OSError):  # a full disk: the next start compiles again
        _stamp(folder).touch()
    _bound = True
    return True


def _stamp(folder: Path) -> Path:
    """Return the file whose presence says that this very set of kernels is compiled."""
    digest = hashlib.sha256()
    for name in kernels.sources():
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            digest.update(Path(spec.origin).read_bytes())
    for text in (importlib.metadata.version("numba"), sys.version, _processor()):
        digest.update(text.encode())
    return folder / f"{digest.hexdigest()[:24]}.ready"


def _processor() -> str:
    """Return what tells one processor type from another, as compiled code does not travel."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return "".join(line for line in lines[:30] if line.startswith(("model name", "flags")))


def _compile(folder: Path, names: list[str]) -> None:
    """Compile into the cache; whoever comes second waits for the first and finds it all there."""
    with (folder / "compiling.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in names:
            importlib.import_module(name)


if __name__ == "__main__":
    _compile(Path(sys.argv[1]), sys.argv[2:])
