"""One line of input: textual's own, which keeps what it is opened with and tells where it ends."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from ground.console.palette import Palette
from ground.console.view.text import clean

PASSED = ("f5", "f6", "f7", "f9", "f10")
Completer = Callable[[str], list[str]]


class _Ghost(Suggester):
    """Shows the likeliest completion behind the cursor."""

    def __init__(self, completer: Completer) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._completer = completer

    async def get_suggestion(self, value: str) -> str | None:
        found = self._completer(value) if value else []
        return found[0] if found else None


class Prompt(Input):
    """An input whose escape, tab and arrows are told to whoever opened it."""

    DEFAULT_CSS = """
    Prompt { height: 1; border: none; padding: 0; width: 1fr; }
    Prompt:focus { border: none; }
    """

    class Left(Message):
        """Escape was pressed."""

    class Walked(Message):
        """An arrow was pressed: -1 up, 1 down."""

        def __init__(self, step: int) -> None:
            self.step = step
            super().__init__()

    class Passed(Message):
        """A key that is not for the input, in its turn behind what was typed before it."""

        def __init__(self, prompt: Prompt, key: str) -> None:
            self.prompt, self.key = prompt, key
            super().__init__()

    def __init__(self, *, id: str | None = None, completer: Completer | None = None) -> None:
        # the default would select a prefix that is there at the start, and the next key eat it
        ghost = _Ghost(completer) if completer else None
        super().__init__(id=id, select_on_focus=False, suggester=ghost)
        self._completer = completer

    def paint(self, palette: Palette) -> None:
        """Take the palette's colours; without colours, the terminal's own."""
        full = palette.depth == "full"
        self.styles.background = "#22303f" if full else "ansi_default"
        self.styles.color = "#f2f6fa" if full else "ansi_default"

    def put(self, text: str) -> None:
        """Replace the text, the cursor behind it."""
        self.value = text
        self.cursor_position = len(text)

    def on_key(self, event: events.Key) -> None:
        """Take the keys that are not editing."""
        if event.key == "escape":
            self.post_message(self.Left())
        elif event.key in ("up", "down"):
            self.post_message(self.Walked(-1 if event.key == "up" else 1))
        elif event.key == "enter":  # now, not when letters behind it have come
            self.post_message(self.Submitted(self, self.value))
        elif event.key in PASSED:
            self.post_message(self.Passed(self, event.key))
        elif event.key == "tab":
            found = self._completer(self.value) if self._completer else []
            self.put(found[0] if found else self.value)
        else:
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted text without its control characters."""
        self.insert_text_at_cursor(clean(event.text.replace("\n", " ")))
        event.stop()
        event.prevent_default()
