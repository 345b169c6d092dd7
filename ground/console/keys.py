"""Which key does what where: one table, read by the keyboard, the last line and `?`.

Letters act only while a grid or plot has the focus. No single key changes anything at the station:
those that lead there open a sheet, and the sheet's enter sends; F10 alone fires a command that is
not hazardous, after F7 with the target's name and F9. Plain `q` does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

EVERYWHERE: tuple[str, ...] = ()
REPLAY_ONLY = "replay"


@dataclass(frozen=True, slots=True)
class Key:
    """A key by its character or name, the action's id, and how it is told.

    `pages` is where it acts (none: everywhere); `realm` is the only kind of realm where it does.
    `hint` puts it on the last line.
    """

    keys: tuple[str, ...]
    action: str
    text: str
    pages: tuple[str, ...] = EVERYWHERE
    realm: str = ""
    hint: bool = False
    shown: str = ""

    @property
    def name(self) -> str:
        """The key as people read it."""
        return self.shown or "/".join(self.keys)


_GRIDS = ("fleet", "sat", "params", "alarms", "cmd", "contacts", "links", "services", "log")
_CMD = ("cmd",)
_CONTACTS = ("contacts",)
KEYS: tuple[Key, ...] = (
    Key(("space",), "replay_toggle", "play, pause", realm=REPLAY_ONLY, hint=True),
    Key((".",), "replay_step", "step", realm=REPLAY_ONLY, hint=True),
    Key(("<",), "replay_slower", "slower", realm=REPLAY_ONLY),
    Key((">",), "replay_faster", "faster", realm=REPLAY_ONLY),
    Key(("t",), "replay_goto", "go to a time", realm=REPLAY_ONLY, hint=True),
    Key(("a",), "acknowledge", "acknowledge", ("alarms",), hint=True),
    Key(("A",), "acknowledge_visible", "acknowledge all visible", ("alarms",), hint=True),
    Key(("s",), "shelve", "shelve", ("alarms",), hint=True),
    Key(("u",), "unshelve", "unshelve", ("alarms",)),
    Key(("C",), "clear", "clear latched", ("alarms",)),
    Key(("n",), "merge", "take in new ones, sort", ("alarms",), hint=True),
    Key(("space",), "mark", "mark", ("alarms",), hint=True),
    Key(("*",), "unmark", "clear marks", ("alarms",)),
    Key((">", "i"), "order_line", "command line", _CMD, hint=True, shown=">"),
    Key(("f5",), "order_validate", "validate", _CMD, hint=True, shown="F5"),
    Key(("f6",), "order_stack", "stack", _CMD, hint=True, shown="F6"),
    Key(("f7",), "order_arm", "arm", _CMD, hint=True, shown="F7"),
    Key(("f9",), "order_load", "LOAD", _CMD, hint=True, shown="F9"),
    Key(("f10",), "order_fire", "FIRE", _CMD, hint=True, shown="F10"),
    Key(("v",), "order_lists", "stack, queue, history", _CMD, hint=True),
    Key(("n",), "order_step", "next of the stack", _CMD, hint=True),
    Key(("J",), "order_down", "stack: later", _CMD),
    Key(("K",), "order_up", "stack: earlier", _CMD),
    Key(("r",), "order_rule", "stack: goes after", _CMD),
    Key(("S",), "order_run", "stack: hold, run", _CMD),
    Key(("A",), "order_approve", "approve", _CMD, hint=True),
    Key(("H",), "order_hold", "hold", _CMD),
    Key(("R",), "order_release", "release", _CMD),
    Key(("F",), "order_first", "before all others", _CMD),
    Key(("p",), "order_priority", "priority", _CMD),
    Key(("x",), "order_cancel", "cancel, remove", _CMD),
    Key(("e",), "order_again", "take into the form", _CMD),
    Key(("+", "="), "contacts_in", "zoom in", _CONTACTS, hint=True, shown="+"),
    Key(("-",), "contacts_out", "zoom out", _CONTACTS, hint=True),
    Key(("h", "left"), "contacts_back", "earlier", _CONTACTS, hint=True, shown="h"),
    Key(("l", "right"), "contacts_on", "later", _CONTACTS, hint=True, shown="l"),
    Key(("n",), "contacts_now", "now", _CONTACTS, hint=True),
    Key(("p",), "plot_add", "add to plot", ("params", "alarms"), hint=True),
    Key(("P",), "plot_open", "open plot", ("params", "alarms")),
    Key(("+", "="), "plot_in", "zoom in", ("plot",), hint=True, shown="+"),
    Key(("-",), "plot_out", "zoom out", ("plot",), hint=True),
    Key(("h", "left"), "plot_back", "earlier", ("plot",), hint=True, shown="h"),
    Key(("l", "right"), "plot_on", "later", ("plot",), hint=True, shown="l"),
    Key(("n",), "plot_now", "follow now", ("plot",), hint=True),
    Key(("x",), "plot_drop", "drop the last plot", ("plot",)),
    Key(("j", "k", "down", "up"), "move", "move", _GRIDS, hint=True, shown="j/k"),
    Key(("ctrl+d", "ctrl+u", "pagedown", "pageup"), "move", "page", _GRIDS, shown="ctrl+d/u"),
    Key(("g", "G", "home", "end"), "move", "first, last", _GRIDS, shown="g/G"),
    Key(("enter",), "open", "open", ("fleet", "sat", "params", "alarms", "cmd"), hint=True),
    Key(("escape",), "back", "back (never quits)", shown="esc"),
    Key(("/",), "filter", "filter, !not", _GRIDS, hint=True),
    Key((":",), "command", "command", hint=True),
    Key(("?", "f1"), "help", "keys", hint=True, shown="?"),
    Key(("-",), "last", "last page", _GRIDS),
    Key(("tab", "shift+tab"), "pane", "other table", ("links", "services", "cmd"), shown="tab"),
    Key(tuple("234567890"), "page", "pages", shown="2-9 0"),
    Key(("ctrl+g",), "safe", "disarm, hold", shown="ctrl+g"),
    Key(("ctrl+x",), "chord", "quit, as :q", shown="ctrl+x ctrl+c"),
)


def find(key: str, page: str, realm: str) -> Key | None:
    """Return what a key does on a page of a kind of realm."""
    return next((each for each in here(page, realm) if key in each.keys), None)


def here(page: str, realm: str) -> list[Key]:
    """Return the keys that act on a page, each character once."""
    taken: set[str] = set()
    found = []
    for each in KEYS:
        fits = (not each.pages or page in each.pages) and each.realm in ("", realm)
        if fits and taken.isdisjoint(each.keys[:1]):
            found.append(each)
            taken.update(each.keys)
    return found
