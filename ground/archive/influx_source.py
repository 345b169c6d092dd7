"""What an InfluxDB holds, asked in InfluxQL over `/query`: the one language of 1.x, 2.x and 3.x.

On 2.x the bucket needs a mapping to a database first (`influx v1 dbrp create`).

Source: docs.influxdata.com/influxdb/v1/guides/query_data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from ground.archive.influx import Answer, Connection, Destination, NotDone
from ground.errors import GroundError
from protocols import times

_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


class QueryError(GroundError):
    """A question that the server did not answer; the message says why."""

    exit_code = 4


def identifier(name: str) -> str:
    """Return a measurement, field or tag as InfluxQL quotes it."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def literal(text: str) -> str:
    """Return a text as InfluxQL quotes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


class Source:
    """Reads one bucket. Rows are dictionaries by column; `t_ns` is TAI, as everywhere."""

    def __init__(self, destination: Destination) -> None:
        self._database = destination.database
        self._connection = Connection(destination)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def range(
        self,
        measurement: str,
        fields: Sequence[str],
        start_ns: int,
        end_ns: int,
        tags: Mapping[str, str] | None = None,
        limit: int = 0,
    ) -> list[dict[str, Any]]:
        """Return the rows of [start_ns, end_ns), oldest first; a limit of 0 is none."""
        chosen = ", ".join(identifier(name) for name in fields)
        where = _where(start_ns, end_ns, tags)
        end = f" LIMIT {limit:d}" if limit else ""
        return self.ask(_select(chosen, measurement, where + end))

    def last(
        self, measurement: str, fields: Sequence[str], tags: Mapping[str, str] | None = None
    ) -> dict[str, Any] | None:
        """Return the newest row that has any of these fields, or None."""
        chosen = ", ".join(identifier(name) for name in fields)
        where = _where(None, None, tags)
        rows = self.ask(_select(chosen, measurement, f"{where} ORDER BY time DESC LIMIT 1"))
        return rows[0] if rows else None

    def bins(
        self,
        measurement: str,
        name: str,
        start_ns: int,
        end_ns: int,
        width_ns: int,
        tags: Mapping[str, str] | None = None,
    ) -> list[dict[str, Any]]:
        """Return minimum, mean, maximum and count over spans of `width_ns` that have samples.

        Spans begin at multiples of their width since 1970, as InfluxQL cuts them.
        """
        field = identifier(name)
        chosen = f"min({field}), mean({field}), max({field}), count({field})"
        where = _where(start_ns, end_ns, tags)
        each = f" GROUP BY time({width_ns:d}ns) fill(none)"
        return self.ask(_select(chosen, measurement, where + each))

    def count(self, measurement: str, name: str, tags: Mapping[str, str] | None = None) -> int:
        """Return how many values a field has in all."""
        where = _where(None, None, tags)
        rows = self.ask(_select(f"count({identifier(name)}) AS n", measurement, where))
        return int(rows[0]["n"]) if rows else 0

    def measurements(self) -> list[str]:
        """Return what measurements there are."""
        return [str(row["name"]) for row in self.ask("SHOW MEASUREMENTS")]

    def ask(self, query: str) -> list[dict[str, Any]]:
        """Return the rows that a query in InfluxQL gives, of all series behind each other.

        Raises:
            QueryError: the server is away, refuses, or says what is no answer.
        """
        body = urlencode({**self._database, "q": query, "epoch": "ns"}).encode()
        try:
            said = self._connection.post("/query", {}, body, _FORM)
        except NotDone as error:
            raise QueryError(_told(error.answer)) from None
        try:
            return [row for result in _read(said)["results"] for row in _rows(result)]
        except (ValueError, LookupError, TypeError, AttributeError):
            raise QueryError("InfluxDB: the answer to a query is none; expected JSON") from None


def _select(chosen: str, measurement: str, rest: str) -> str:
    """Return a query; names and texts in it were quoted by `identifier` and `literal`."""
    return f"SELECT {chosen} FROM {identifier(measurement)}{rest}"  # noqa: S608


def _told(answer: Answer) -> str:
    return f"InfluxDB: {answer.reason}"


def _read(said: bytes) -> Any:
    """Return what JSON says; minus zero is a float, as no integer is it."""
    return json.loads(said, parse_int=lambda text: -0.0 if text == "-0" else int(text))


def _rows(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "error" in result:
        raise QueryError(f"InfluxDB: {result['error']}")
    for series in result.get("series", ()):
        names = series["columns"]
        for values in series["values"]:
            row = {**series.get("tags", {}), **dict(zip(names, values, strict=True))}
            if "time" in row:
                row["t_ns"] = int(times.utc_to_tai_ns(int(row.pop("time"))))
            yield row


def _where(start_ns: int | None, end_ns: int | None, tags: Mapping[str, str] | None) -> str:
    terms = [f"{identifier(name)} = {literal(value)}" for name, value in (tags or {}).items()]
    if start_ns is not None:
        terms.append(f"time >= {int(times.tai_to_utc_ns(start_ns)):d}")
    if end_ns is not None:
        terms.append(f"time < {int(times.tai_to_utc_ns(end_ns)):d}")
    return f" WHERE {' AND '.join(terms)}" if terms else ""
