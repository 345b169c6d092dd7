"""Where a key goes before it goes to the widget that has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

from ground.console import keys
from ground.console.screens.plot import PlotPage
from ground.console.widgets.livegrid import LiveGrid
from ground.console.widgets.prompt import Prompt

if TYPE_CHECKING:
    from ground.console.app import Console

QUITS = "ctrl+x ctrl+c or :q quits"


class Keyboard:
    """Takes what quits and what makes safe from anywhere, all else where a grid has the focus."""

    def __init__(self, app: Console) -> None:
        self.app = app
        self._chord = False

    def takes(self, event: events.Key) -> bool:
        """Do what a key says, where a grid or plot has the focus; else leave it to the input."""
        app, focused = self.app, self.app.focused
        if self._quits(event.key):
            return True
        if event.key == "ctrl+g":  # whatever has the focus
            app.ordering.safe()
        elif focused is not None and not isinstance(focused, LiveGrid | PlotPage):
            return False
        else:
            app.desk.arming.touch(app.clock())
            self._press(event, focused)
        app.paint()
        return True

    def passed(self, prompt: Prompt, key: str) -> None:
        """Do what a function key says that was pressed on the command line of a page."""
        found = keys.find(key, self.app.page.NAME, self.app.palette.kind)
        if found is None or self.app.sheet.is_open or self.app.page not in prompt.ancestors:
            return
        self.app.actions.run(found.action, key)
        self.app.paint()

    def _press(self, event: events.Key, focused: object) -> None:
        key = event.character if event.character and event.is_printable else event.key
        key = "space" if key == " " else key
        if isinstance(focused, LiveGrid) and focused.press(key):
            return
        found = keys.find(key, self.app.page.NAME, self.app.palette.kind)
        if found is not None:
            self.app.actions.run(found.action, key)

    def _quits(self, key: str) -> bool:
        """Quit on ctrl+x ctrl+c, whatever has the focus."""
        ready, self._chord = self._chord, key == "ctrl+x"
        if key == "ctrl+c" and ready:
            self.app.quit()
        elif key == "ctrl+c":
            self.app.notice(QUITS)
        return key in ("ctrl+c", "ctrl+x")
