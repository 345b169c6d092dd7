"""Which key does what where: one table, read by the keyboard, the last line and `?`.

Letters act only while a grid or plot has the focus. No single key changes anything at the station:
those that lead there open a sheet, and the sheet's enter sends. Plain `q` does nothing.
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


_GRIDS = ("fleet", "sat", "params", "alarms", "links", "services", "log")
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
    Key(("enter",), "open", "open", ("fleet", "sat", "params", "alarms"), hint=True),
    Key(("escape",), "back", "back (never quits)", shown="esc"),
    Key(("/",), "filter", "filter, !not", _GRIDS, hint=True),
    Key((":",), "command", "command", hint=True),
    Key(("?", "f1"), "help", "keys", hint=True, shown="?"),
    Key(("-",), "last", "last page", _GRIDS),
    Key(("tab", "shift+tab"), "pane", "other table", ("links", "services"), shown="tab"),
    Key(tuple("2345790"), "page", "pages", shown="2-9 0"),
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
