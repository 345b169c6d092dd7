"""Operators' acts on alarms: what each one needs, and the event that says it was done."""

from __future__ import annotations

from ground.alarms.record import Record
from ground.alarms.text import visible
from ground.messages import (
    AcknowledgeAlarms,
    AlarmRef,
    AssignAlarms,
    ClearAlarms,
    CommentAlarms,
    EventRow,
    ShelveAlarms,
    UnshelveAlarms,
)

Act = AcknowledgeAlarms | ShelveAlarms | UnshelveAlarms | ClearAlarms | CommentAlarms | AssignAlarms

SOURCE = "alarms"
LONGEST_SHELVING_NS = 12 * 3600 * 10**9  # one shift
LONGEST_NAME, LONGEST_REMARK = 80, 500  # characters that are kept
SAID = 5  # refused alarms that an answer names

DONE: dict[type[Act], str] = {
    AcknowledgeAlarms: "acknowledged",
    ShelveAlarms: "shelved",
    UnshelveAlarms: "unshelved",
    ClearAlarms: "cleared",
    CommentAlarms: "commented",
    AssignAlarms: "assigned",
}


def refusal(request: Act, now: int) -> str:
    """Return why a request as a whole is refused; "" where it is not."""
    if not request.alarms:
        return "no alarm is named"
    if isinstance(request, CommentAlarms) and not request.comment.strip():
        return "the comment is empty"
    if not isinstance(request, ShelveAlarms):
        return ""
    if not request.reason.strip():
        return "shelving needs a reason"
    if not now < request.until_ns <= now + LONGEST_SHELVING_NS:
        return f"shelving must end within {LONGEST_SHELVING_NS // 3600 // 10**9} hours from now"
    return ""


def outdated(record: Record | None, ref: AlarmRef) -> str:
    """Return why an alarm is not the one that the operator saw; "" where it is."""
    if record is None:
        return "there is no such alarm now"
    if record.id != ref.id:
        return f"it was raised again, as {record.id}"
    if record.version != ref.version:
        return f"it changed: version {record.version}, and you saw {ref.version}"
    return ""


def remark(request: Act) -> str:
    """Return what the operator wrote to it."""
    if isinstance(request, AcknowledgeAlarms | CommentAlarms):
        return visible(request.comment.strip(), LONGEST_REMARK)
    if isinstance(request, ShelveAlarms):
        return visible(request.reason.strip(), LONGEST_REMARK)
    return ""


def done(request: Act, record: Record, user: str, now: int) -> EventRow:
    """Return the event that an act was done on one alarm."""
    verb, told = DONE[type(request)], remark(request)
    if isinstance(request, AssignAlarms):
        told = f"to {record.assigned_to}" if record.assigned_to else "to nobody"
    if isinstance(request, ShelveAlarms):
        told = f"for {(request.until_ns - now) // 10**9} s: {told}"
    line = f"{visible(user)} {verb} {record.id}" + (f": {told}" if told else "")
    return EventRow(now, SOURCE, record.spacecraft, "info", f"alarm.{verb}", line)


def refused(request: Act, user: str, now: int, reason: str) -> EventRow:
    """Return the event that an act was refused."""
    verb = DONE[type(request)]
    line = f"{visible(user)} was refused ({verb}): {visible(reason, 2 * LONGEST_REMARK)}"
    return EventRow(now, SOURCE, "", "caution", "alarm.refused", line)


def summary(reasons: list[str], asked: int) -> str:
    """Return the answer where some alarms of a request were refused."""
    said = "; ".join(visible(each, LONGEST_REMARK) for each in reasons[:SAID])
    more = f"; and {len(reasons) - SAID} more" if len(reasons) > SAID else ""
    return f"{len(reasons)} of {asked} refused: {said}{more}"
