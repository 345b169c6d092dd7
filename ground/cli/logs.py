"""What services say while they run: a line for people on a terminal, JSON lines elsewhere.

Both go to stderr. Values may hold text from outside, so control characters become visible escapes;
what is named like a secret is not shown. A log that nobody takes any more stops no service.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, Literal

import structlog

from ground.cli.output import clean
from ground.errors import InputError

Form = Literal["people", "json"]
SECRETS = ("secret", "token", "password", "authorization")


def start(form: str | None = None) -> None:
    """Let this process speak from now on: as `people` read or as `json`; by the terminal if None.

    Raises:
        InputError: another form.
    """
    form = form or ("people" if sys.stderr.isatty() else "json")
    if form not in ("people", "json"):
        raise InputError(f"--log {form!r}; expected people or json")
    last: Any = structlog.processors.JSONRenderer(default=repr)
    if form == "people":
        last = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _cleaned,
            last,
        ],
        logger_factory=lambda *_: _Lines(),
    )


class _Lines:
    """Writes each event as one line at once; several processes may share the stream."""

    def msg(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = exception = msg


def _cleaned(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {key: _shown(key, each) for key, each in event.items()}


def _shown(key: str, value: Any) -> Any:
    if any(each in key.lower() for each in SECRETS):
        return "(secret)"
    return clean(value) if isinstance(value, str) else value
