"""The sheet at the bottom: what is asked before an act, and what `?` tells. Never over the head."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from ground.console.acts import Question
from ground.console.palette import Palette
from ground.console.view.parts import Line, Run
from ground.console.view.text import fit
from ground.console.widgets.lines import Lines
from ground.console.widgets.prompt import Prompt


class Sheet(Vertical):
    """A question with its choices and text, or lines to read; closed it takes no room."""

    can_focus = True
    DEFAULT_CSS = "Sheet { height: auto; display: none; } Sheet Lines { height: auto; }"

    class Confirmed(Message):
        """The question was answered with yes: the choice's index and the text."""

        def __init__(self, question: Question, choice: int, text: str) -> None:
            self.question, self.choice, self.text = question, choice, text
            super().__init__()

    class Closed(Message):
        """It was closed; nothing is to be done."""

    def __init__(self, palette: Palette) -> None:
        super().__init__(id="sheet")
        self.question: Question | None = None
        self._palette = palette
        self._reading: list[str] = []
        self._choice, self._complaint = 0, ""
        self._lines = Lines(palette, style="sheet")
        self._text = Prompt(id="sheet-text")

    def compose(self) -> ComposeResult:
        """Lines, and the text below them."""
        yield self._lines
        yield self._text

    @property
    def is_open(self) -> bool:
        """Whether it is on the screen."""
        return bool(self.display)

    def ask(self, question: Question) -> None:
        """Open with a question; its first choice is taken until another is."""
        self.question, self._choice, self._complaint = question, 0, ""
        self._text.put("")
        self._text.display = bool(question.ask)
        self._open()
        self.screen.set_focus(self._text if question.ask else self)

    def read(self, lines: list[str]) -> None:
        """Open with lines to read; the first is the title."""
        self.question, self._reading = None, lines
        self._text.display = False
        self._open()
        self.screen.set_focus(self)

    def close(self) -> None:
        """Close; nothing is sent."""
        self.question, self.display = None, False

    def on_key(self, event: events.Key) -> None:
        """Enter confirms, escape closes; what is read closes by either."""
        if self._text.has_focus:
            return  # it tells by messages
        if event.key in ("up", "down"):
            self._step(-1 if event.key == "up" else 1)
        elif event.key == "escape" or (event.key == "enter" and self.question is None):
            self.post_message(self.Closed())
        elif event.key == "enter":
            self._confirm()
        event.stop()  # no key of a sheet reaches the page behind it

    def on_prompt_left(self, event: Prompt.Left) -> None:
        """Close."""
        event.stop()
        self.post_message(self.Closed())

    def on_prompt_walked(self, event: Prompt.Walked) -> None:
        """Take the next choice."""
        event.stop()
        self._step(event.step)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Confirm."""
        event.stop()
        self._confirm()

    def on_resize(self) -> None:
        """Fit the lines to the new width."""
        self._draw()

    def _step(self, step: int) -> None:
        if self.question is not None and self.question.choices:
            self._choice = (self._choice + step) % len(self.question.choices)
            self._draw()

    def _confirm(self) -> None:
        question, text = self.question, self._text.value.strip()
        if question is None:
            return
        if question.required and not text:
            self._complaint = f"a {question.ask} is needed"
            self._draw()
            return
        if question.expect and text != question.expect:
            self._complaint = f"{text!r} is not {question.expect}: nothing was done"
            self._draw()
            return
        self.question = None  # a second enter finds nothing to confirm
        self.post_message(self.Confirmed(question, self._choice, text))

    def _open(self) -> None:
        self.display = True
        self._draw()

    def _draw(self) -> None:
        if not self.display:
            return
        cells = self.size.width or self.app.size.width
        lines = self._asked(cells) if self.question else self._told(cells)
        self._lines.styles.height = len(lines)
        self._lines.show(lines)

    def _told(self, cells: int) -> list[Line]:
        title, *lines = self._reading or [""]
        return [
            [Run(self._fit(f" {title}", cells), "sheet-title")],
            *([Run(self._fit(f" {text}", cells), "sheet")] for text in lines),
        ]

    def _asked(self, cells: int) -> list[Line]:
        question = self.question
        assert question is not None
        realm = self._palette.band.text
        lines = [[Run(self._fit(f" {realm} {question.title}", cells), "sheet-title")]]
        lines += [[Run(self._fit(f"   {text}", cells), "sheet")] for text in question.lines]
        if question.choices:
            lines.append(self._choices(question))
        how = "up/down choose, enter confirms, esc cancels"
        how = how if question.choices else how[how.index("enter") :]
        lines.append([Run(f"   {how}   ", "sheet-dim"), Run(self._complaint, "sheet-bad")])
        if question.ask:
            lines.append([Run(f"   {question.ask}:", "sheet-strong")])
        return lines

    def _fit(self, text: str, cells: int) -> str:
        return fit(text, cells, more=self._palette.glyphs.more)

    def _choices(self, question: Question) -> Line:
        runs: Line = [Run("   for ", "sheet")]
        for at, label in enumerate(question.choices):
            taken = at == self._choice
            text = f"[{label}]" if taken else f" {label} "
            runs.append(Run(f"{text} ", "sheet-strong" if taken else "sheet-dim"))
        return runs
