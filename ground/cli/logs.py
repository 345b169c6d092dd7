"""What services say while they run: a line for people on a terminal, JSON lines elsewhere.

Both go to stderr. Values may hold text from outside, so control characters become visible escapes.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from ground.cli.output import clean


def start(*, as_json: bool | None = None) -> None:
    """Let services speak from now on; as JSON where nobody watches, unless told."""
    as_json = not sys.stderr.isatty() if as_json is None else as_json
    last: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _cleaned,
            last,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _cleaned(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {key: clean(each) if isinstance(each, str) else each for key, each in event.items()}
