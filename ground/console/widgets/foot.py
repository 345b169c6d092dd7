"""The last line: keys or a notice, and in their place what is typed behind `:` or `/`."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from ground.console.commands import History
from ground.console.palette import Palette
from ground.console.widgets.lines import Lines
from ground.console.widgets.prompt import Completer, Prompt


class Foot(Vertical):
    """One line, either to read or to type on; the first character says what is typed."""

    DEFAULT_CSS = "Foot { height: 1; } Foot Prompt { display: none; }"

    class Filtered(Message):
        """The filter is now these words."""

        def __init__(self, words: str) -> None:
            self.words = words
            super().__init__()

    class Ran(Message):
        """A command was typed and entered."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Closed(Message):
        """The line can be read again; the page takes the focus."""

    def __init__(self, palette: Palette, completer: Completer) -> None:
        super().__init__(id="foot")
        self.lines = Lines(palette, style="tab")
        self.prompt = Prompt(id="prompt", completer=completer)
        self.history = History()

    def compose(self) -> ComposeResult:
        """The line to read, and the one to type on."""
        yield self.lines
        yield self.prompt

    def type(self, text: str) -> None:
        """Open for a command (`:`) or a filter (`/`)."""
        self.lines.display, self.prompt.display = False, True
        self.prompt.put(text)
        self.screen.set_focus(self.prompt)  # at once: the next letter is meant for it

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed; without its first character the line closes."""
        event.stop()
        if not self.prompt.display:
            return
        if event.value.startswith("/"):
            self.post_message(self.Filtered(event.value[1:]))
        elif not event.value.startswith(":"):
            self._close()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run the command, or keep the filter."""
        event.stop()
        typed = event.value
        self._close()
        if typed.startswith(":") and typed[1:].strip():
            self.history.add(typed[1:].strip())
            self.post_message(self.Ran(typed[1:].strip()))

    def on_prompt_left(self, event: Prompt.Left) -> None:
        """Close; a filter that was being typed is let go."""
        event.stop()
        if self.prompt.value.startswith("/"):
            self.post_message(self.Filtered(""))
        self._close()

    def on_prompt_walked(self, event: Prompt.Walked) -> None:
        """Walk through the commands that were typed before."""
        event.stop()
        typed = self.prompt.value
        if typed.startswith(":"):
            line = self.history.older(typed[1:]) if event.step < 0 else self.history.newer()
            self.prompt.put(":" + line)

    def _close(self) -> None:
        self.prompt.display, self.lines.display = False, True
        self.post_message(self.Closed())
