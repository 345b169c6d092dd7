"""Commands: find one, fill it in, see what the station makes of it, and how the others fare.

Form and command line are two views of one draft. Where nothing can be sent (a replay, a user who
may not) there is no form and no line, and the page says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from ground import messages
from ground.console.commands import History
from ground.console.draft import Draft, Kinds, complete, fuzzy, line, read
from ground.console.judge import LABELLED, choose
from ground.console.screens.lists import Lists
from ground.console.screens.page import Desk, Page
from ground.console.stack import Stack
from ground.console.view import judgement, orders
from ground.console.view.orders import Field
from ground.console.view.parts import Run, Table, across
from ground.console.widgets.lines import Lines
from ground.console.widgets.livegrid import LiveGrid
from ground.console.widgets.prompt import Prompt

LINE = Field("line", "", "", "", "", "")  # the command line, edited as a field is
_REPLAY = "realm REPLAY: this is a record, nothing can be sent from here"


class CommandPage(Page):
    """The form above, stack or queue or history below; tab goes from one to the other."""

    NAME, TITLE, DIGIT = "cmd", "Cmd", "6"
    DEFAULT_CSS = """
    CommandPage #entry { height: 1; }
    CommandPage #label { width: auto; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.draft, self.stack, self.item = Draft(), Stack(), 0
        self.editing: Field | None = None
        self.sends = desk.palette.kind != "replay"
        self.typed = History()
        self.lists = Lists(desk, self.stack, lambda: self.kinds)
        self.form = LiveGrid(desk.palette, id="form")
        self.label, self.told = Lines(desk.palette, id="label"), Lines(desk.palette)
        self.entry = Prompt(id="order", completer=self._completions)

    def compose(self) -> ComposeResult:
        """Caption; line, form and what the station says of them; the lists."""
        yield self.caption
        if self.sends:
            with Horizontal(id="entry"):
                yield self.label
                yield self.entry
            yield self.form
            yield self.told
        yield self.lists.caption
        yield self.lists.grid

    @property
    def target(self) -> Widget:
        """The form, or the lists where there is none."""
        return self.form if self.sends and self.form.display else self.lists.grid

    @property
    def kinds(self) -> Kinds:
        """The commands of the target; of all, while its own are not known."""
        known = self.desk.orders.kinds
        return known.get(self.draft.spacecraft) or {
            path: kind for each in known.values() for path, kind in each.items()
        }

    def refused(self) -> str:
        """Return why nothing can be sent to the target; "" where it can."""
        known, name = self.desk.orders, self.draft.spacecraft
        if not self.sends:
            return _REPLAY
        if self.desk.model.lost_ns is not None:
            return "the station is not heard: nothing can be sent"
        if name not in known.may:
            return known.trouble or f"not known yet what may be sent to {name or 'nobody'}"
        user = self.desk.session.feed.user or "this user"
        return "" if "send" in known.may[name] else f"{user} may not send to {name}"

    def crumbs(self) -> tuple[str, ...]:
        """Target and list."""
        return ("cmd", self.draft.spacecraft, self.lists.view)

    def leave(self) -> None:
        """Be safe: what was armed is not, once it is out of sight."""
        if self.desk.arming.armed:
            self.desk.arming.disarm()
            self.desk.notice("DISARMED: another page")
        self.editing = None

    def back(self) -> bool:
        """Leave the detail of a command."""
        return self.lists.close()

    def edit(self, draft: Draft) -> None:
        """Take another draft."""
        self.draft = draft

    def take(self, row: messages.CommandRow) -> None:
        """Take a command that was sent into the form."""
        names = (row.spacecraft,)
        text = f"{row.path} {row.spacecraft} {row.text.partition(' ')[2]}"
        self.draft, self.item = read(text, self.kinds, names, self.draft), 0

    def paint(self) -> None:
        """Ask for what is due, and show everything."""
        now = self.desk.clock()
        if not self.draft.spacecraft and self.desk.spacecraft:
            self.draft = Draft(self.desk.spacecraft)
        commanding = self.desk.session.commanding
        commanding.describe(self.draft.spacecraft, now)
        if self.sends:
            commanding.route(self._route(), now)
            self._paint_form(now)
        self._paint_caption(now)
        self.lists.paint(self.words)

    def open(self) -> None:
        """Edit the field under the cursor, or show the command under it."""
        if self.lists.grid.has_focus:
            self.lists.open()
        elif self.form.current is not None and isinstance(self.form.current, Field):
            self._begin(self.form.current)

    def type(self) -> None:
        """Edit the command line."""
        why = self.refused()
        if why:
            self.desk.notice(why)
        else:
            self._begin(LINE)

    # --- Editing -----------------------------------------------------------------------------

    def _begin(self, field: Field) -> None:
        self.editing = field
        self.entry.display = True
        text = line(self.draft, self.kinds) if field is LINE else field.value
        self.entry.put(f"{text} " if field is LINE and text else text)
        self.screen.set_focus(self.entry)

    def _end(self) -> None:
        self.editing = None
        self.entry.put("")
        self.screen.set_focus(self.form)
        self.paint()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Take each keystroke into the draft."""
        event.stop()
        self.desk.arming.touch(self.desk.clock())
        field, text = self.editing, event.value
        if field is LINE:
            names = self.desk.model.mission.spacecraft if self.desk.model.mission else ()
            self.draft = read(text, self.kinds, names, self.draft)
        elif field is not None and field.kind in ("argument", "option"):
            name = field.name.removeprefix("--")
            self.draft = self.draft.give(name, text, option=field.kind == "option")
        self.paint()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what was typed; a command is the one under the cursor."""
        event.stop()
        field, text = self.editing, event.value
        found = self.form.current if self._searching() else None
        if isinstance(found, messages.CommandKind):
            self.draft = self.draft.choose(found.path)
            if field is LINE:
                self.entry.put(line(self.draft, self.kinds) + " ")
                return
        elif field is LINE:
            self.typed.add(text.strip())
        elif field is not None and field.kind == "target":
            self._aim(text.strip())
        self._end()
        self.form.move_to(self.form.cursor + (field is not LINE))

    def on_prompt_left(self, event: Prompt.Left) -> None:
        """Leave the line; what was typed stays."""
        event.stop()
        self._end()

    def on_prompt_walked(self, event: Prompt.Walked) -> None:
        """Walk through what was found, the labels of an argument, or the lines of before."""
        event.stop()
        if self._searching():
            self.form.move_to(self.form.cursor + event.step)
        elif self.editing is LINE:
            walked = self.typed.older if event.step < 0 else lambda _: self.typed.newer()
            self.entry.put(walked(self.entry.value))
        elif self.editing is not None:
            self._turn(self.editing, event.step)

    def _turn(self, field: Field, step: int) -> None:
        """Take the next label of an argument."""
        kind = self.kinds.get(self.draft.command)
        row = next(
            (each for each in (kind.arguments if kind else []) if each.name == field.name), None
        )
        if row is not None and row.kind in LABELLED and row.labels:
            at = row.labels.index(self.entry.value) if self.entry.value in row.labels else -step
            self.entry.put(row.labels[(at + step) % len(row.labels)])

    def _aim(self, name: str) -> None:
        """Take another target, where there is one of this name."""
        names = self.desk.model.mission.spacecraft if self.desk.model.mission else []
        if name in names:
            self.desk.spacecraft = name
            self.draft = Draft(name, self.draft.command, self.draft.arguments, self.draft.options)
        else:
            self.desk.notice(f"{name!r}: no spacecraft here; expected {', '.join(names)}")

    def _searching(self) -> bool:
        """Whether the form shows commands that the typed name may stand for."""
        if self.editing is None:
            return False
        return self.editing.kind == "command" or (self.editing is LINE and not self.draft.command)

    def _completions(self, text: str) -> list[str]:
        names = self.desk.model.mission.spacecraft if self.desk.model.mission else []
        field = self.editing
        if field is LINE:
            return complete(text, self.kinds, names)
        if field is None or field.kind == "option":
            return []
        if field.kind == "target":
            return [each for each in names if each.casefold().startswith(text.casefold())]
        kind = self.kinds.get(self.draft.command)
        rows = kind.arguments if kind else []
        return [each for row in rows if row.name == field.name for each in choose(row, text)]

    # --- Painting ----------------------------------------------------------------------------

    def _route(self) -> messages.PlanRoute:
        judged = self.desk.orders.judged
        octets = len(judged.taken.command.octets) if judged and judged.taken else 64
        via = [each for each in self.draft.options.get("via", "").split(",") if each]
        return messages.PlanRoute(self.draft.spacecraft, octets=octets, via=via)

    def _paint_caption(self, now: int) -> None:
        palette, cells = self.desk.palette, self.size.width
        why = self.refused()
        if why and not self._usable():
            runs = [Run(f" NO COMMANDS: {why}", "serious")]
            self.caption.show([across(runs, [], cells, "text", palette.glyphs.more)])
            return
        arming = self.desk.arming
        shown = judgement.caption(self.draft, self.kinds, arming, palette.glyphs, now, cells)
        self.caption.show([shown])

    def _usable(self) -> bool:
        """Whether anything can be sent from here to anyone."""
        return self.sends and any("send" in may for may in self.desk.orders.may.values())

    def _paint_form(self, now: int) -> None:
        usable, look = self._usable(), self.desk.look()
        for each in (self.form, self.told, self.entry.parent):
            if isinstance(each, Widget):
                each.display = usable
        if not usable:
            if self.form.has_focus or self.entry.has_focus:
                self.screen.set_focus(self.lists.grid)
            return
        items: Sequence[Any] = (
            self._found() if self._searching() else orders.fields(self.draft, self.kinds)
        )
        if self._searching():
            shown = Table(
                orders.FOUND, items, lambda it: it.path, lambda it: orders.found(it, look), "none"
            )
        else:
            shown = Table(orders.FORM, items, lambda it: it.name, lambda it: orders.form(it, look))
        self.form.show(shown)
        self._paint_label()
        glyphs, cells = look.glyphs, self.size.width
        told = judgement.lines(self.desk.orders, self.draft, self.desk.arming, glyphs, now, cells)
        told += [
            across([Run(f" {glyphs.bad} {each}", "serious")], [], cells, "text")
            for each in self.draft.wrong
        ]
        room = self.size.height
        _height(self.told, min(len(told), max(3, room // 3)))
        _height(self.form, min(len(items) + 1, max(4, room * 2 // 5)))
        self.told.show(told)

    def _found(self) -> list[messages.CommandKind]:
        words = self.entry.value.split() or [""]
        return fuzzy(words[0], self.kinds.values())

    def _paint_label(self) -> None:
        field = self.editing
        if field is None:
            text = f" > {line(self.draft, self.kinds)}" if self.draft.command else " > "
        else:
            text = " > " if field is LINE else f" {field.name} ({field.expects}) = "
        self.entry.display = field is not None
        self.label.styles.width = len(text) if field is not None else "1fr"
        self.label.show([[Run(text, "key" if field is not None else "strong")]])


def _height(widget: Widget, lines: int) -> None:
    """Give a widget so many lines, where it has not."""
    height = widget.styles.height
    if height is None or height.value != lines:
        widget.styles.height = lines
