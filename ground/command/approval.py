"""The rule of two persons: a second one approves exactly the octets that the first one asked for.

What is approved is a digest of the final octets, whom they are for, and until when they may be
used. An edit makes another digest, for which there is no approval; so does an approval of anything
else that is shown again. The approver is neither the author nor the holder of the author's key.

A command that is held for a contact may be approved until its expiry, and its approval holds until
then; one that is sent at once may be approved for two minutes, and its approval holds for two.

Source: contracts, Severity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from ground.command.authorise import Decision
from ground.command.deadlines import Deadlines

AT_ONCE_NS = 120 * 10**9
DOMAIN = b"ground.approval/1\0"


def digest(octets: bytes, targets: Sequence[str], not_after_ns: int) -> bytes:
    """Return what an approval is bound to: SHA-256 over octets, targets and expiry.

    Every part has its length before it, so that no two requests read the same; targets are a set.
    """
    names = [each.encode() for each in sorted(set(targets))]
    parts = [octets, *names, not_after_ns.to_bytes(8, "big", signed=True)]
    counted = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return sha256(DOMAIN + len(names).to_bytes(4, "big") + counted).digest()


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that needs a second person, and who that was; "" for nobody yet.

    `until_ns` is the last moment at which it may be approved, or, approved, be used.
    """

    command: str
    digest: bytes
    author: str
    key: str
    not_after_ns: int
    at_once: bool
    until_ns: int
    approver: str = ""


class Approvals:
    """The commands that need or have an approval; times are ns TAI."""

    def __init__(self) -> None:
        self._asked: dict[str, Asked] = {}
        self._until: Deadlines[str] = Deadlines()

    def ask(
        self, command: str, digest: bytes, author: str, key: str, now: int, *,
        not_after_ns: int, at_once: bool,
    ) -> Asked:  # fmt: skip
        """Want an approval; asked again, as after an edit, what there was is void."""
        asked = Asked(command, digest, author, key, not_after_ns, at_once, 0)
        return self._put(asked, now)

    def judge(self, command: str, digest: bytes, approver: str, key: str, now: int) -> Decision:
        """Return whether an approval would be taken, or why it is none."""
        asked = self._asked.get(command)
        if asked is None:
            return Decision(False, (f"{command} waits for no approval",))
        reasons = tuple(_reasons(asked, digest, approver, key, now))
        return Decision(not reasons, reasons)

    def approve(self, command: str, digest: bytes, approver: str, key: str, now: int) -> Decision:
        """Take an approval, or say why it is none."""
        decision = self.judge(command, digest, approver, key, now)
        if decision.granted:
            self._put(replace(self._asked[command], approver=approver), now)
        return decision

    def keep(self, command: str, now: int) -> None:
        """Let the approval of a command hold until its expiry, as it turns out to wait."""
        asked = self._asked.get(command)
        if asked is not None and asked.at_once:
            self._put(replace(asked, at_once=False), now)

    def approved(self, command: str, digest: bytes, now: int) -> bool:
        """Return whether exactly this may be used now."""
        asked = self._asked.get(command)
        return (
            asked is not None
            and bool(asked.approver)
            and asked.digest == digest
            and now <= asked.until_ns
        )

    def asked(self, command: str) -> Asked | None:
        """Return what is known of a command; None where it needs no approval."""
        return self._asked.get(command)

    def void(self, command: str) -> None:
        """Forget a command: it was edited, cancelled or released."""
        self._asked.pop(command, None)
        self._until.drop(command)

    def expire(self, now: int) -> list[Asked]:
        """Return the commands whose approval did not come, or was not used, in time."""
        return [self._asked.pop(command) for command in self._until.due(now)]

    def deadline(self) -> int | None:
        """Return when `expire` has something to say."""
        return self._until.first()

    def _put(self, asked: Asked, now: int) -> Asked:
        last = min(asked.not_after_ns, now + AT_ONCE_NS) if asked.at_once else asked.not_after_ns
        put = replace(asked, until_ns=last)
        self._asked[asked.command] = put
        self._until.set(asked.command, last + 1)
        return put


def _reasons(asked: Asked, digest: bytes, approver: str, key: str, now: int) -> list[str]:
    found = []
    if not approver or approver == asked.author:
        found.append(f"{approver or 'nobody'} asked for it; expected a second person")
    elif not key or key == asked.key:
        found.append(f"{approver} uses the key of {asked.author}; expected another key")
    if digest != asked.digest:
        found.append("it is not what was asked for: octets, target or expiry differ")
    if asked.approver:
        found.append(f"{asked.approver} has approved it already")
    if now > asked.until_ns:
        found.append("the time to approve it is over")
    return found
