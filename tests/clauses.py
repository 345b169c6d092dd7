"""Name the clause of a standard that a test proves: `@clause("133.0-B-2 §4.1.3.5.3")`."""

from __future__ import annotations

import pytest


def clause(text: str) -> pytest.MarkDecorator:
    return pytest.mark.clause(text)
