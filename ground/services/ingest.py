"""A recording becomes rows of the archive: read, receive, process, append, chunk by chunk.

The file itself is the journal: the archive notes its path, SHA-256 and how far it got. A run that
was cut off goes through the file again from its start, as what is received depends on what came
before, and appends nothing that was acknowledged.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ground import warmup
from ground.archive.embedded import EmbeddedStore
from ground.archive.store import Source
from ground.errors import InputError
from ground.services import downlink, findings
from ground.services.crafts import Crafts
from ground.services.duplicates import Duplicates
from ground.services.processing import Processor
from ground.services.tally import Tally
from ground.settings import Link

Octets = NDArray[np.uint8]
Progress = Callable[[int, int], None]
CHUNK_OCTETS = 4 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """One file to ingest: where it is, how its octets are framed, whose they are, into which realm.

    `settings` is a digest of all that decides the result, so that the same file under another
    link or database is another job.
    """

    path: Path
    link: Link
    crafts: Crafts
    realm: str
    settings: str


def ingest(store: EmbeddedStore, job: Job, progress: Progress) -> Tally:
    """Ingest a file and return what was seen; a file that was ingested before changes nothing.

    Raises:
        InputError: the file cannot be read.
        ArchiveError: the archive cannot be written (the disk is full, say); what was acknowledged
            is kept, and the next run goes on behind it.
    """
    tally = Tally()
    sha256, size = _digest(job.path)
    done = store.source(job.realm, sha256, job.settings)
    if done is not None and done.finished:
        tally.repeated = True
        return tally
    source = done or Source(sha256, job.settings, str(job.path), size)
    duplicates = Duplicates(store, job.realm, sha256 if done is not None else None)
    receiver = downlink.receiver(job.link, tally)
    processor = Processor(job.crafts, duplicates.known, tally)
    for chunk, end in _chunks(job.path, size, receiver.room):
        received = receiver.receive(chunk, final=end == size)
        made = processor.process(received.packets, sha256)
        if end == size:
            processor.finish()
        made |= findings.found(received, job.crafts, sha256, tally)
        if end > source.offset or end == size:
            store.append(job.realm, made, cursor=replace(source, offset=end, finished=end == size))
        progress(end, size)
        warmup.poll()
    store.flush()
    return tally


def _digest(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file and its size."""
    with _reading(path) as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()


def _chunks(path: Path, size: int, room: Callable[[int], Octets]) -> Iterator[tuple[Octets, int]]:
    """Yield the file's octets and the offset of the end of each chunk; at least one chunk.

    Each chunk is read into the room that is asked for it.
    """
    end = 0
    with _reading(path) as file:
        while end < size or end == 0:
            octets = room(min(CHUNK_OCTETS, size - end))
            if file.readinto(octets.data) < len(octets):
                raise InputError(
                    f"{path}: became shorter while it was read; expected {size} octets"
                )
            end += len(octets)
            yield octets, end
            if end == size:
                return


def _reading(path: Path) -> BufferedReader:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            found = "a folder" if path.is_dir() else "not a regular file"
            raise InputError(f"{path}: {found}; expected a file of telemetry")
        return path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; expected a file of telemetry") from None
