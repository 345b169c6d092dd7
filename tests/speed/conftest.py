"""Benchmarks run on the compiled kernels and end in one table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ground import warmup
from protocols import kernels
from tests.speed import clock


@pytest.fixture(autouse=True)
def compiled(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("speed") is None:
        yield
        return
    kernels.bind()
    warmup.keep_pages()  # as the station does at its start
    yield
    kernels.unbind()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if clock.races:
        terminalreporter.section("speed")
        terminalreporter.write_line(clock.table())
