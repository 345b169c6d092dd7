"""What every page is: a caption, what it shows, and where it leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from ground.console.arming import Arming
from ground.console.model import Key, Model
from ground.console.orders import Orders
from ground.console.palette import Palette
from ground.console.session import Session
from ground.console.view.alarms import matches
from ground.console.view.parts import Cell, Run, Table, across
from ground.console.view.rows import Look
from ground.console.view.text import clean
from ground.console.widgets.lines import Lines
from ground.console.widgets.livegrid import LiveGrid


@dataclass(slots=True)
class Desk:
    """What the pages share: the session, the look, and what the operator has chosen.

    `go` shows another page, at once: the next key is meant for that one. `notice` says something.
    """

    session: Session
    palette: Palette
    clock: Callable[[], int]
    go: Callable[[str], None]
    notice: Callable[[str], None]
    spacecraft: str = ""
    packet_type: str = ""
    plots: list[Key] = field(default_factory=list)
    wanted: Key | None = None  # the row of the parameters' page to go to
    arming: Arming = field(default_factory=Arming)

    @property
    def model(self) -> Model:
        """The newest of everything."""
        return self.session.model

    @property
    def orders(self) -> Orders:
        """The newest about commands."""
        return self.session.commanding.orders

    def look(self) -> Look:
        """Return what rows are drawn with now."""
        model = self.model
        now = model.data_ns(self.clock())
        return Look(self.palette.glyphs, now, model.lost_ns is not None)


class Page(Vertical):
    """A page of the console; only the one on the screen is painted."""

    DEFAULT_CSS = "Page { height: 1fr; width: 1fr; display: none; }"
    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    DIGIT: ClassVar[str] = ""

    def __init__(self, desk: Desk) -> None:
        super().__init__(id=self.NAME)
        self.desk = desk
        self.words = ""  # of the filter
        self.caption = Lines(desk.palette)

    @property
    def target(self) -> Widget:
        """What has the focus while the page is on the screen."""
        raise NotImplementedError

    def crumbs(self) -> tuple[str, ...]:
        """Return where one is, from the outside in."""
        return (self.TITLE.lower(),)

    def enter(self) -> None:
        """Be shown: what was held back may be taken in."""

    def leave(self) -> None:
        """Be hidden: another page is shown."""

    def back(self) -> bool:
        """Go back within the page; False where there is nothing to go back to."""
        return False

    def paint(self) -> None:
        """Show what the model holds now."""
        raise NotImplementedError

    def watched(self) -> list[Key]:
        """Return the rows of which the newest values are needed."""
        return []

    def open(self) -> None:
        """Go where the row under the cursor leads."""

    def filter(self, words: str) -> None:
        """Show only rows with these words, and none of those after `!`."""
        self.words = words

    def say(self, left: str, right: str = "") -> None:
        """Write the caption: what is listed, and what is held back."""
        told = f" filter: {clean(self.words)}" if self.words else ""
        runs = [Run(f" {left}", "dim"), Run(told, "key")]
        more = [Run(f"{right} ", "new")] if right else []
        width, glyphs = self.size.width, self.desk.palette.glyphs
        self.caption.show([across(runs, more, width, "text", glyphs.more)])


class GridPage(Page):
    """A page that is one grid; `source` returns its rows and `draw` the cells of one."""

    COLUMNS: ClassVar[Any]
    EMPTY: ClassVar[str] = "nothing yet"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.grid = LiveGrid(desk.palette)

    def compose(self) -> ComposeResult:
        """Caption and grid."""
        yield self.caption
        yield self.grid

    @property
    def target(self) -> Widget:
        """The grid."""
        return self.grid

    def source(self) -> Sequence[Any]:
        """Return the rows before the filter."""
        raise NotImplementedError

    def identify(self, item: Any) -> Any:
        """Return what stays the same about a row."""
        return item

    def draw(self, item: Any, look: Look) -> Sequence[Cell]:
        """Return the cells of a row."""
        raise NotImplementedError

    def text(self, item: Any) -> str:
        """Return what a filter searches."""
        return " ".join(cell.text for cell in self.draw(item, self.desk.look()))

    def paint(self) -> None:
        """Show the rows that the filter leaves."""
        every, look = self.source(), self.desk.look()
        items = [each for each in every if matches(self.text(each), self.words)]
        self.grid.show(table(self, items if self.words else every, look))
        self.tell(len(items), len(every))

    def tell(self, listed: int, total: int) -> None:
        """Write the caption."""
        some = f"{listed} of {total}" if self.words else str(total)
        self.say(f"{some} {self.TITLE.lower()}")


def table(page: GridPage, items: Sequence[Any], look: Look) -> Table:
    """Return rows of a page as a grid shows them."""
    empty = "nothing fits the filter" if page.words else page.EMPTY
    if look.lost:
        empty = "the station is not heard"
    return Table(page.COLUMNS, items, page.identify, lambda item: page.draw(item, look), empty)
