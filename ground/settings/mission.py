"""What a mission file says, as values: spacecraft, time rules and links.

The models hold the keys of the file and what each may be; `reader.py` reads them out of TOML and
turns what pydantic finds into messages with the line of the key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ground.errors import Where
from ground.settings.commanding import (
    Commanding,
    Operator,
    Orbit,
    Relay,
    Site,
    Telecommand,
    Uplink,
    beside_the_mission,
)
from ground.settings.keys import line_of, lines
from ground.settings.station import AlarmRule, EventRule, Gateway, Influx, StaleRule, Station, fits
from ground.settings.table import Count, Flag, Name, Table, Text, wrong
from protocols.errors import DecodeError
from protocols.times import parse

Service = Literal["m_pdu", "b_pdu", "vca", "idle"]
LARGEST_FRAME = 65536  # octets, that of USLP: 732.1-B-2 §4.1.2.7.2, length field = octets − 1


def _octets(text: str) -> str:
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        octets = b""
    if not 1 <= len(octets) <= 8:
        raise PydanticCustomError("asm", "expected 1 to 8 octets in hex, as '1acffc1d'")
    return octets.hex()


class Spacecraft(Table):
    """One spacecraft: its name, its id in frames, and the database of its packets.

    `database` is absolute once loaded; without one, packets are kept but not decoded.
    `root_container` names where packets start, for a database that leaves it open. One that takes
    commands has `tc`, and `elements` (a file with its TLE or OMM) or an `orbit`; `groups` are names
    under which operators may be given several.
    """

    name: Name
    scid: Count
    database: Path | None = None
    root_container: Text | None = None
    groups: tuple[Name, ...] = ()
    tc: Telecommand | None = None
    orbit: Orbit | None = None
    elements: Path | None = None

    @field_validator("database", "elements", mode="before")
    @classmethod
    def _beside_the_mission(cls, value: object, info: ValidationInfo) -> object:
        return beside_the_mission(value, info, str(info.field_name))

    @model_validator(mode="after")
    def _is_found(self) -> Spacecraft:
        if self.orbit is not None and self.elements is not None:
            wrong(("orbit", "orbit beside elements; expected one of them"))
        return self


class TimeRule(Table):
    """Where the generation time of some packets comes from; the first rule that matches applies.

    Either one number (`parameter`, in seconds, with `fine` as a fraction of 2^-`fine_bits`), or the
    segmented form: `days` and `milliseconds` of the day, and `microseconds` of the millisecond.

    Source: CCSDS 301.0-B-4 §3.2 (unsegmented) and §3.3 (day segmented).
    """

    packets: Text
    spacecraft: Name | None = None
    parameter: Text | None = None
    fine: Text | None = None
    fine_bits: Annotated[int, Field(strict=True, ge=1, le=64)] | None = None
    days: Text | None = None
    milliseconds: Text | None = None
    microseconds: Text | None = None
    epoch: Text = "1958-01-01T00:00:00"
    scale: Literal["tai", "utc", "gps"] = "tai"

    @model_validator(mode="after")
    def _one_form(self) -> TimeRule:
        problems = []
        if (self.parameter is None) == (self.days is None):
            problems.append(("", "expected either parameter or days, to tell the time form"))
        for key, needed in _NEEDS:
            if getattr(self, key) is not None and getattr(self, needed) is None:
                problems.append((key, f"{key} stands without {needed}; expected both"))
        try:
            parse(self.epoch, self.scale)
        except DecodeError:
            expected = "an ISO 8601 time, as '2010-01-01T00:00:00'"
            problems.append(("epoch", f"epoch = {self.epoch!r}; expected {expected}"))
        if problems:
            wrong(*problems)
        return self

    def matches(self, spacecraft: str, packet_type: str) -> bool:
        """Return whether the rule is for this spacecraft and this path of a packet's container."""
        return self.spacecraft in (None, spacecraft) and self.is_for(packet_type)

    def is_for(self, packet_type: str) -> bool:
        """Return whether the glob fits the path of a packet's container, or its last part."""
        return fits(self.packets, packet_type)

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters that the rule reads, by key."""
        named = {key: getattr(self, key) for key in ("parameter", "fine", *_SEGMENTS)}
        return {key: name for key, name in named.items() if name is not None}


_SEGMENTS = ("days", "milliseconds", "microseconds")
_NEEDS = (
    *(("fine", "parameter"), ("fine", "fine_bits"), ("fine_bits", "fine")),
    *(("days", "milliseconds"), ("milliseconds", "days"), ("microseconds", "days")),
)


class ReedSolomon(Table):
    """The Reed-Solomon code of a link; `fill` is the virtual fill of one codeword, in octets.

    Source: CCSDS 131.0-B-5 §4.3.
    """

    k: Literal[223, 239] = 223
    interleave: Literal[1, 2, 3, 4, 5, 8] = 1
    basis: Literal["dual", "conventional"] = "dual"
    fill: Annotated[int, Field(strict=True, ge=0, le=238)] = 0

    @model_validator(mode="after")
    def _leaves_data(self) -> ReedSolomon:
        if self.fill >= self.k:
            wrong(("fill", f"fill = {self.fill}; expected less than k = {self.k}"))
        return self

    @property
    def data_octets(self) -> int:
        """Octets of the frame that one code block carries."""
        return self.interleave * (self.k - self.fill)


class Link(Table):
    """One link: where its octets come from and the managed parameters of its frames.

    `address` is host:port, a device, or the path of a file or directory; for the last two it may
    be left open, as it is given with each recording. `gateway` names the `[[gateway]]` that holds
    the link; without one, this station itself does. `baud` is of serial links. A link that is not
    `enabled` waits until an operator enables it. `trailer` comes after the `length` octets of
    each frame. AOS only: `fhec` (frame header error control), `service` of every virtual channel
    that `services` does not name. USLP only: `fecf_octets`, and `truncated`, the octets of a
    truncated frame.
    """

    name: Name
    kind: Literal["udp", "tcp-client", "tcp-server", "serial", "file", "directory", "memory"]
    address: Text | None = None
    gateway: Name | None = None
    baud: Annotated[int, Field(strict=True, ge=50, le=20_000_000)] = 115_200
    enabled: Flag = True
    frame: Literal["tm", "aos", "uslp", "packets"]
    length: Annotated[int, Field(strict=True, ge=1, le=LARGEST_FRAME)] | None = None
    fecf: Flag = False
    fhec: Flag = False
    ocf: Flag = False
    insert_zone: Count = 0
    trailer: Count = 0
    asm: Annotated[str, Field(strict=True), AfterValidator(_octets)] | None = None
    randomiser: Literal["none", "tm8", "tm17"] = "none"
    rs: ReedSolomon | None = None
    bad_crc: Literal["reject", "keep"] = "reject"
    service: Service = "m_pdu"
    services: dict[Annotated[int, Field(ge=0, le=63)], Service] = Field(default_factory=dict)
    fecf_octets: Literal[2, 4] = 2
    truncated: Count = 0

    @model_validator(mode="after")
    def _fits_together(self) -> Link:
        problems = [*self._place(), *self._form(), *self._coding()]
        if problems:
            wrong(*problems)
        return self

    def _place(self) -> list[tuple[str, str]]:
        if self.kind in (*_NETWORK, "serial") and self.address is None:
            return [("kind", f"kind = {self.kind!r} without address; expected where it is")]
        if self.kind in _NETWORK and not _is_port(str(self.address).rpartition(":")[2]):
            expected = "HOST:PORT, as 127.0.0.1:10015"
            return [("address", f"address = {self.address!r}; expected {expected}")]
        return []

    def _form(self) -> list[tuple[str, str]]:
        if self.frame != "packets":
            if self.length is None and self.frame != "uslp":
                found = f"frame = {self.frame!r} without length"
                return [("frame", f"{found}; expected the octets of a frame")]
            return []
        given = [key for key in _OF_FRAMES if key in self.model_fields_set]
        expected = "no such key, as the link carries packets without frames"
        return [(key, f"key {key!r} with frame = 'packets'; expected {expected}") for key in given]

    def _coding(self) -> list[tuple[str, str]]:
        if self.rs is None or self.length is None:
            return []
        rs, carried = self.rs, self.rs.data_octets
        if self.length + self.trailer == carried:
            return []
        trailer = f" less the trailer of {self.trailer}" if self.trailer else ""
        reason = (
            f"{rs.interleave} x ({rs.k} - {rs.fill}){trailer}, as the Reed-Solomon code carries"
        )
        return [("length", f"length = {self.length}; expected {carried - self.trailer} = {reason}")]


_NETWORK = ("udp", "tcp-client", "tcp-server")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535


_OF_FRAMES = (
    *("length", "fecf", "fhec", "ocf", "insert_zone", "trailer"),
    *("asm", "randomiser", "rs", "bad_crc"),
    *("service", "services", "fecf_octets", "truncated"),
)


class Header(Table):
    """The table [mission]."""

    name: Name


class Mission(Table):
    """A mission file, checked. `path` is where it was read, `octets` what it held."""

    name: Name
    spacecraft: tuple[Spacecraft, ...]
    times: tuple[TimeRule, ...] = ()
    links: tuple[Link, ...] = ()
    station: Station = Station()
    gateways: tuple[Gateway, ...] = ()
    alarms: tuple[AlarmRule, ...] = ()
    events: tuple[EventRule, ...] = ()
    stale: tuple[StaleRule, ...] = ()
    influx: tuple[Influx, ...] = ()
    commanding: Commanding = Commanding()
    sites: tuple[Site, ...] = ()
    relays: tuple[Relay, ...] = ()
    uplinks: tuple[Uplink, ...] = ()
    operators: tuple[Operator, ...] = ()
    path: Path
    octets: bytes = Field(repr=False)

    def where(self, *key: str | int) -> Where:
        """Return the place of a key, as ("link", 0, "length"), or of the table it would be in."""
        return Where(str(self.path), line_of(lines(self.octets.decode()), key))

    def link(self, name: str) -> Link | None:
        """Return the link of this name."""
        return next((link for link in self.links if link.name == name), None)

    def craft(self, scid: int) -> Spacecraft | None:
        """Return the spacecraft with this id in its frames."""
        return next((craft for craft in self.spacecraft if craft.scid == scid), None)

    def time_rule(self, spacecraft: str, packet_type: str) -> TimeRule | None:
        """Return the rule for a packet's generation time: the first that matches, or None."""
        found = (rule for rule in self.times if rule.matches(spacecraft, packet_type))
        return next(found, None)


class File(Table):
    """The file as TOML names it; `Mission` is what the rest of the station reads."""

    mission: Header
    spacecraft: tuple[Spacecraft, ...]
    time: tuple[TimeRule, ...] = ()
    link: tuple[Link, ...] = ()
    station: Station = Station()
    gateway: tuple[Gateway, ...] = ()
    alarm: tuple[AlarmRule, ...] = ()
    event: tuple[EventRule, ...] = ()
    stale: tuple[StaleRule, ...] = ()
    influx: tuple[Influx, ...] = ()
    commanding: Commanding = Commanding()
    site: tuple[Site, ...] = ()
    relay: tuple[Relay, ...] = ()
    uplink: tuple[Uplink, ...] = ()
    operator: tuple[Operator, ...] = ()
