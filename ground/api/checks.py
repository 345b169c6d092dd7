"""What is wrong with a station, told from its status, and whether a command did what it should.

For `ground status`, consoles and scripts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ground.messages import LinkRow, ServiceReported, StageRow, StatusRead

if TYPE_CHECKING:
    from ground.api.commanding import Commanding
    from ground.api.sent import Sent

SECOND_NS = 10**9
SILENT_NS = 5 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: of which service, with what of it (a link, a stage), and what it is."""

    service: str
    subject: str
    text: str

    def __str__(self) -> str:
        return " ".join(each for each in (self.service, self.subject) if each) + f": {self.text}"


def findings(status: StatusRead, now_ns: int) -> list[Finding]:
    """Return what is wrong: services that are silent or failed, links that failed, wrong sums."""
    return [
        finding
        for report, at_ns in zip(status.services, status.reported_ns, strict=True)
        for finding in _of_service(report, at_ns, now_ns)
    ]


def is_silent(at_ns: int, now_ns: int) -> bool:
    """Return whether a service that reported last at `at_ns` counts as silent."""
    return now_ns - at_ns > SILENT_NS


def unaccounted(stage: StageRow) -> int:
    """Return given - out - dropped of a stage, which is 0 unless its counting is wrong."""
    return stage.given - stage.out - sum(stage.dropped.values())


def _of_service(report: ServiceReported, at_ns: int, now_ns: int) -> Iterator[Finding]:
    name = report.service
    if is_silent(at_ns, now_ns):
        yield Finding(name, "", f"silent for {(now_ns - at_ns) // SECOND_NS} s")
    if report.state == "failed":
        yield Finding(name, "", f"failed: {report.detail}")
    yield from (Finding(name, each.name, _failed(each)) for each in report.links if _failed(each))
    for stage in report.stages:
        if unaccounted(stage):
            yield Finding(
                name,
                stage.name,
                f"in {stage.given} is not out {stage.out} + dropped {sum(stage.dropped.values())}",
            )


def _failed(link: LinkRow) -> str:
    return f"link failed: {link.detail}" if link.state == "failed" else ""


def send_and_assert(
    station: Commanding,
    spacecraft: str,
    command: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    stage: str = "COMPLETED",
    timeout_s: float = 60.0,
    **more: Any,
) -> Sent:
    """Send a command and wait; return it once it came to a stage.

        send_and_assert(station, "CG-1", "CARD_POWER", {"card": 3, "power": "OFF"})

    Args:
        more: as of `Station.send`.

    Raises:
        AssertionError: it ended otherwise, or did not come there in time; tells its stages.
    """
    sent = station.send(spacecraft, command, arguments, **more)
    why = ""
    try:
        if sent.wait(stage, timeout_s=timeout_s):
            return sent
    except TimeoutError:
        why = f" in {timeout_s:g} s"
    stages = ", ".join(f"{each.stage} {each.detail}".strip() for each in sent.stages)
    raise AssertionError(f"{spacecraft} {sent.row.text}: {stages}; expected {stage}{why}")
