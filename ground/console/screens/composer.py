"""Form and command line: two views of one draft, each keystroke in the one shown in the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from ground.console.commands import History
from ground.console.draft import Draft, Kinds, complete, fuzzy, line, read
from ground.console.judge import LABELLED, choose
from ground.console.screens.page import Desk
from ground.console.view import form
from ground.console.view.form import Field
from ground.console.view.parts import Run, Table
from ground.console.view.rows import Look
from ground.console.widgets.lines import Lines
from ground.console.widgets.livegrid import LiveGrid
from ground.console.widgets.prompt import Prompt
from ground.messages import ArgumentRow, CommandKind, CommandRow

LINE = Field("line", "", "", "", "", "")  # the command line, edited as a field is


class Composer(Vertical):
    """A line to type on above the form; while a command is looked for, what was found stands there.

    `item` is the number of the draft on the stack, 0 where it did not come from there.
    """

    DEFAULT_CSS = """
    Composer { height: auto; }
    Composer #entry { height: 1; }
    Composer #label { width: auto; }
    """

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        super().__init__()
        self.desk, self._changed = desk, changed
        self.draft, self.item = Draft(), 0
        self.editing: Field | None = None
        self._typed = History()
        self.grid = LiveGrid(desk.palette, id="form")
        self._label = Lines(desk.palette, id="label")
        self.entry = Prompt(id="order", completer=self._completions)

    def compose(self) -> ComposeResult:
        """Line, and form."""
        with Horizontal(id="entry"):
            yield self._label
            yield self.entry
        yield self.grid

    @property
    def kinds(self) -> Kinds:
        """The commands of the target; of all, while its own are not known."""
        known = self.desk.orders.kinds
        return known.get(self.draft.spacecraft) or {
            path: kind for each in known.values() for path, kind in each.items()
        }

    @property
    def text(self) -> str:
        """The draft as a command line."""
        return line(self.draft, self.kinds)

    def take(self, row: CommandRow) -> None:
        """Take a command that was sent before; nothing is sent."""
        text = f"{row.path} {row.spacecraft} {row.text.partition(' ')[2]}"
        self.draft, self.item = read(text, self.kinds, (row.spacecraft,), self.draft), 0

    def aim(self, name: str) -> None:
        """Take another target, where there is one of this name; all else stays."""
        names = self._names()
        if name in names:
            self.desk.spacecraft = name
            self.draft = Draft(name, self.draft.command, self.draft.arguments, self.draft.options)
        else:
            self.desk.notice(f"{name!r}: no spacecraft here; expected {', '.join(names)}")

    def begin(self, field: Field) -> None:
        """Edit a field, or the line."""
        self.editing = field
        self.entry.display = True
        text = self.text if field is LINE else field.value
        self.entry.put(f"{text} " if field is LINE and text else text)
        self.screen.set_focus(self.entry)

    def open(self) -> None:
        """Edit the field under the cursor."""
        if isinstance(self.grid.current, Field):
            self.begin(self.grid.current)

    def paint(self, look: Look, most: int) -> None:
        """Show line and form in so many lines."""
        if self._searching():
            words = self.entry.value.split() or [""]
            found = fuzzy(words[0], self.kinds.values())
            shown = Table(form.FOUND, found, _path, lambda it: form.found(it, look), "none")
        else:
            fields = form.fields(self.draft, self.kinds)
            shown = Table(form.FORM, fields, _name, lambda it: form.line(it, look))
        self.grid.show(shown)
        height = min(len(shown.items) + 1, most)
        if self.grid.styles.height is None or self.grid.styles.height.value != height:
            self.grid.styles.height = height
        self._paint_label()

    # --- What is typed -----------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        """Take each keystroke into the draft."""
        event.stop()
        self._take(event.value)
        self._changed()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what was typed; a command is the one under the cursor."""
        event.stop()
        self._take(self.entry.value)  # its last change may not have been told yet
        field, found = self.editing, self.grid.current if self._searching() else None
        if isinstance(found, CommandKind):
            self.draft = self.draft.choose(found.path)
            if field is LINE:
                self.entry.put(f"{self.text} ")
                return
        elif field is LINE:
            self._typed.add(self.entry.value.strip())
        elif field is not None and field.kind == "target":
            self.aim(self.entry.value.strip())
        self._end()
        self.grid.move_to(self.grid.cursor + (field is not LINE))

    def on_prompt_left(self, event: Prompt.Left) -> None:
        """Leave the line; what was typed stays."""
        event.stop()
        self._end()

    def on_prompt_walked(self, event: Prompt.Walked) -> None:
        """Walk through what was found, the labels of an argument, or the lines of before."""
        event.stop()
        row = self._argument()
        if self._searching():
            self.grid.move_to(self.grid.cursor + event.step)
        elif self.editing is LINE:
            typed, now = self._typed, self.entry.value
            self.entry.put(typed.older(now) if event.step < 0 else typed.newer())
        elif row is not None and row.kind in LABELLED and row.labels:
            labels, now = row.labels, self.entry.value
            at = labels.index(now) if now in labels else (-1 if event.step > 0 else 0)
            self.entry.put(labels[(at + event.step) % len(labels)])

    def _take(self, text: str) -> None:
        field = self.editing
        if field is LINE:
            self.draft = read(text, self.kinds, self._names(), self.draft)
            self.desk.spacecraft = self.draft.spacecraft or self.desk.spacecraft
        elif field is not None and field.kind in ("argument", "option"):
            name = field.name.removeprefix("--")
            self.draft = self.draft.give(name, text, option=field.kind == "option")

    def _end(self) -> None:
        self.editing = None
        self.entry.put("")
        self.screen.set_focus(self.grid)
        self._changed()

    def _argument(self) -> ArgumentRow | None:
        """Return the argument that is edited."""
        kind, field = self.kinds.get(self.draft.command), self.editing
        if kind is None or field is None or field.kind != "argument":
            return None
        return next((each for each in kind.arguments if each.name == field.name), None)

    def _searching(self) -> bool:
        """Whether the grid shows commands that the typed name may stand for."""
        if self.editing is None:
            return False
        return self.editing.kind == "command" or (self.editing is LINE and not self.draft.command)

    def _completions(self, text: str) -> list[str]:
        row = self._argument()
        if self.editing is LINE:
            return complete(text, self.kinds, self._names())
        if self.editing is not None and self.editing.kind == "target":
            return [each for each in self._names() if each.casefold().startswith(text.casefold())]
        return choose(row, text) if row is not None else []

    def _names(self) -> Sequence[str]:
        mission = self.desk.model.mission
        return mission.spacecraft if mission else ()

    def _paint_label(self) -> None:
        field = self.editing
        if field is None:
            text = f" > {self.text}"
        else:
            text = " > " if field is LINE else f" {field.name} ({field.expects}) = "
        self.entry.display = field is not None
        self._label.styles.width = len(text) if field is not None else "1fr"
        self._label.show([[Run(text, "key" if field is not None else "strong")]])


def _path(item: CommandKind) -> str:
    return item.path


def _name(item: Field) -> str:
    return item.name
