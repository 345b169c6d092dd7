"""Questions to a person; a script is never asked."""

from __future__ import annotations

import sys

import typer


def present() -> bool:
    """Return whether a person is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> str:
    """Return what a person types."""
    answer: str = typer.prompt(question, default="", show_default=False, err=True)
    return answer.strip()


def agreed(question: str) -> bool:
    """Return whether a person says yes."""
    return typer.confirm(question, err=True)
