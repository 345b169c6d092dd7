"""Recordings to test the whole station with, and the calls that ingest them and look at the result.

What is looked at is the archive on disk, opened anew for each question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ground import settings
from ground.archive.embedded import EmbeddedStore
from ground.services import ingest as service
from ground.services import missions
from ground.services.library import Library
from ground.services.tally import Tally
from ground.settings import Link, Mission

PLAIN = Link(name="plain", kind="file", frame="aos", length=1115, fecf=True, ocf=True)
BARE = Link(name="bare", kind="file", frame="packets")
RUN_TABLES = ("gaps", "rejects")  # what was found in one recording, beside the telemetry


@dataclass(frozen=True)
class Station:
    """An archive in a folder of the test, and the mission whose recordings come into it."""

    root: Path
    mission: Mission
    realm: str = "live"

    @classmethod
    def of_chenguang1(cls, root: Path) -> Station:
        return cls(root, settings.find("chenguang1"))

    def ingest(self, path: Path, link: Link | str = "recording", spacecraft: str = "") -> Tally:
        """Ingest a file as the command does."""
        with EmbeddedStore.open(self.root, write=True) as store:
            return service.ingest(store, self.job(store, path, link, spacecraft), nothing)

    def job(
        self, store: EmbeddedStore, path: Path, link: Link | str, spacecraft: str = ""
    ) -> service.Job:
        chosen = missions.link(self.mission, link) if isinstance(link, str) else link
        crafts = missions.crafts(self.mission, Library(store))
        if chosen.frame == "packets":
            crafts.only = missions.whose(self.mission, spacecraft or None)
        digest = missions.digest(chosen, crafts, self.mission)
        return service.Job(path, chosen, crafts, self.realm, digest)

    def reading(self) -> EmbeddedStore:
        return EmbeddedStore.open(self.root, write=False)

    def tables(self) -> dict[str, pa.Table]:
        """Return everything in the archive, by table."""
        with self.reading() as store:
            held = [info.name for info in store.tables(self.realm)]
            return {name: store.read(self.realm, name) for name in held}

    def telemetry(self) -> dict[str, list[dict[str, Any]]]:
        """Return packets and parameters as rows, without where they were read from."""
        return {
            name: table.drop_columns(
                [each for each in ("source", "offset") if each in table.column_names]
            ).to_pylist()
            for name, table in self.tables().items()
            if name not in RUN_TABLES
        }

    def files(self) -> dict[str, int]:
        """Return the files of the archive that hold rows, and their sizes."""
        kinds = ("*.parquet", "*.arrows")
        found = [path for kind in kinds for path in self.root.rglob(kind)]
        return {str(path.relative_to(self.root)): path.stat().st_size for path in found}


def nothing(done: int, total: int) -> None:
    """Tell nobody of the progress."""


def mission_of(folder: Path, text: str, files: Mapping[str, str | bytes]) -> Mission:
    """Write a mission file and what it names into a folder, and load it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        octets = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(octets)
    (folder / "mission.toml").write_text(text)
    return settings.load(folder / "mission.toml")


def balanced(tally: Tally) -> bool:
    """Whether in == out + dropped at every stage, and one stage's output is the next one's input.

    Between frames and packets nothing can be held together: a packet may span frames.
    """
    stages = tally.stages
    if "cadus" in stages and stages["cadus"].out != stages["frames"].given:
        return False
    return all(counts.balanced for counts in stages.values())
