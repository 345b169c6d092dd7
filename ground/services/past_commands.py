"""The commands of a realm as its ledger tells of them, all there ever were; no station needed."""

from __future__ import annotations

from pathlib import Path

from ground.archive.ledger import folder_of, read
from ground.errors import InputError
from ground.messages import CommandRow
from ground.services import command_rows
from ground.services.command_state import State


def commands(home: Path, realm: str) -> list[CommandRow]:
    """Return every command of a realm as it stood at the end of the ledger, oldest first.

    Raises:
        InputError: there is no ledger.
        LedgerError: it is damaged; names file and octet.
    """
    folder = folder_of(home, realm)
    if not folder.is_dir():
        expected = "expected the home and realm of a station that takes commands"
        raise InputError(f"{folder}: no ledger here; {expected}")
    state = State()
    for record in read(folder, realm):
        state.apply(record.entry)
    return [command_rows.command(each, state, {}) for each in state.commands.values()]
