"""Lines to InfluxDB: `/api/v2/write`, or v1's `/write`, whichever the server knows.

Precision is always nanoseconds: v1 takes any word that it does not know for them, silently.
Sending lines again is safe, as the same series and time overwrites.
"""

from __future__ import annotations

import gzip
import re
from typing import Literal

from ground.archive.influx import Answer, Connection, Destination, NotDone

_DROPPED = re.compile(r"dropped=(\d+)")


class Sink:
    """Writes to one bucket; `api` is None until it is known which one the server speaks."""

    def __init__(self, destination: Destination) -> None:
        self.destination = destination
        self._connection = Connection(destination)
        self.api: Literal["v1", "v2"] | None = None
        if destination.api != "auto":
            self.api = destination.api

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def send(self, body: bytes) -> Answer:
        """Send lines, finding out first which interface the server has if that is not known."""
        if self.api is None:
            found = self.probe()
            if self.api is None:
                return found
        try:
            self._post(self.api, body)
        except NotDone as error:
            return error.answer
        return Answer("done", status=204)

    def probe(self) -> Answer:
        """Find out by an empty write: only a server without v2 says that there is no such page.

        One that has v2 answers an unknown bucket with 404 too, but in JSON.
        """
        try:
            self._post("v2", b"\n")
        except NotDone as error:
            if error.answer.verdict == "again":
                return error.answer
            page = error.answer.status in (404, 405) and not error.body.lstrip().startswith(b"{")
            self.api = "v1" if page else "v2"
            return error.answer
        self.api = "v2"
        return Answer("done", status=204)

    def _post(self, api: Literal["v1", "v2"], body: bytes) -> None:
        at, headers = self.destination, {"Content-Type": "text/plain; charset=utf-8"}
        if at.gzip:
            body, headers["Content-Encoding"] = gzip.compress(body, 1, mtime=0), "gzip"
        path, query = "/write", at.database
        if api == "v2":
            path, query = "/api/v2/write", {"org": at.org or "-", "bucket": at.bucket}
        self._connection.post(path, {**query, "precision": "ns"}, body, headers)


def dropped(answer: Answer) -> int | None:
    """Return how many lines the server says that it refused out of those sent, if it does."""
    found = _DROPPED.search(answer.reason)
    return int(found.group(1)) if found else None
