"""A progress bar on long work: on a terminal only, on stderr, and gone when the work is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ground.cli.output import console

Progress = Callable[[int, int], None]


@contextmanager
def bar(title: str, *, quiet: bool = False) -> Iterator[Progress]:
    """Yield a function to call with what is done and what there is to do."""
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    screen = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Bars(
        *columns,
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=quiet or not screen.is_terminal,
    ) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total or None)
