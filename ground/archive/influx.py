"""An InfluxDB server as seen from here: where it is, and what its answers to a request mean.

The transport is influxdb-client's (its pool, TLS and authentication) and never its batching, which
drops data after a while. Its errors become an `Answer`: done, again later, bad lines, or halt.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException

CONNECT_S = 5.0
READ_S = 30.0
_REASON = 500  # characters of a server's answer that are kept
_SECONDS = re.compile(r"[0-9]{1,9}")
_AGAIN = {408, 425, 429}
_BAD = {400, 413, 422}

Verdict = Literal["done", "again", "bad", "halt"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request.

    Attributes:
        verdict: done; again, as the server is away or busy; bad, as it refuses what was sent;
            halt, as it would refuse anything (authorisation, no such bucket, no such path).
        reason: for people, without secrets; empty where it is done.
        status: of HTTP; 0 where there was no answer.
        after_s: how long the server asks to wait.
    """

    verdict: Verdict
    reason: str = ""
    status: int = 0
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a server is and how it is spoken to; what `[[influx]]` of a mission says.

    Attributes:
        url: with the path before `/write` or `/api/v2/write`, if there is one.
        bucket: of v2; for v1 the database, with `/` and a retention policy where one is named.
        token, user, password: a token for v2; user and password for v1.
        connect_s, read_s: how long to wait for the connection and for each part of an answer.
    """

    url: str
    bucket: str
    org: str = ""
    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    api: Literal["auto", "v1", "v2"] = "auto"
    gzip: bool = False
    connect_s: float = CONNECT_S
    read_s: float = READ_S

    @property
    def database(self) -> dict[str, str]:
        """What v1 calls the bucket, as its parameters."""
        name, _, policy = self.bucket.partition("/")
        return {"db": name, "rp": policy} if policy else {"db": name}

    def clean(self, text: str) -> str:
        """Return a text of the server in one line, printable, bounded and without our secrets."""
        for secret in (self.token, self.password, self._basic):
            if secret:
                text = text.replace(secret, "***")
        shown = "".join(each if each.isprintable() else " " for each in text)
        return " ".join(shown.split())[:_REASON]

    @property
    def _basic(self) -> str:
        if not self.user:
            return ""
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class NotDone(Exception):
    """A request that was not done; `answer` says why, `body` is what the server said."""

    def __init__(self, answer: Answer, body: bytes = b"") -> None:
        super().__init__(answer.reason)
        self.answer = answer
        self.body = body


class Connection:
    """Requests to one server, one at a time; connections are kept."""

    def __init__(self, destination: Destination) -> None:
        self.destination = at = destination
        token = f"{at.user}:{at.password}" if at.user else at.token
        timeout = (round(at.connect_s * 1000), round(at.read_s * 1000))
        self._client: Any = InfluxDBClient(
            url=at.url, token=token, org=at.org, timeout=timeout, auth_basic=bool(at.user)
        )

    def close(self) -> None:
        """Close what connections there are."""
        self._client.close()

    def post(
        self, path: str, query: Mapping[str, str], body: bytes, headers: Mapping[str, str]
    ) -> bytes:
        """Send octets and return those of the answer.

        Raises:
            NotDone: the server is away, or does not do it.
        """
        try:
            response, _, _ = self._client.api_client.call_api(
                path,
                "POST",
                query_params=list(query.items()),
                header_params={"Accept": "application/json", **headers},
                body=body,
                _preload_content=False,
            )
            return bytes(response.data)
        except ApiException as error:
            raise self._refused(error) from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise NotDone(Answer("again", self._away(error))) from None

    def _away(self, error: Exception) -> str:
        """Return why there is no answer, without the object addresses that urllib3 names."""
        text = str(error).rpartition(">: ")[2] or str(error)
        return self.destination.clean(f"{type(error).__name__}: {text}")

    def _refused(self, error: Any) -> NotDone:
        body = bytes(error.body or b"")
        said = self.destination.clean(said_by(body) or str(error.reason or ""))
        status = int(error.status or 0)
        reason = f"HTTP {status}: {said}" if status else said
        after = retry_after_s((error.headers or {}).get("Retry-After"))
        return NotDone(Answer(verdict(status), reason, status, after), body)


def verdict(status: int) -> Verdict:
    """Return what a status of HTTP means for whoever sends lines; 0 is no answer."""
    if status in _BAD:
        return "bad"
    if status in _AGAIN or status >= 500 or status == 0:
        return "again"
    return "done" if 200 <= status < 300 else "halt"


def said_by(body: bytes) -> str:
    """Return the message in the body of an error: JSON of any InfluxDB, or its text."""
    text = body[: 16 * _REASON].decode("utf-8", "replace")
    try:
        said = json.loads(body)
    except ValueError:
        return text
    if isinstance(said, dict):
        return str(said.get("message") or said.get("error") or text)
    return text


def retry_after_s(text: str | None) -> float | None:
    """Return the seconds of a `Retry-After`; None for one that is absent, a date or nonsense.

    Source: RFC 9110 §10.2.3. A date needs the wall clock, and a server that is away needs none.
    """
    if text is None or not _SECONDS.fullmatch(text.strip()):
        return None
    return float(min(int(text), 3600))
