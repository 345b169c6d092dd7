"""What a mission file says about commanding: who may, from where, by which relays, in what frames.

A mission without `[[uplink]]` takes no commands. Nobody may command whom no `[[operator]]` names.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ground.settings.radio import Decibels, Radio, Rate
from ground.settings.station import Seconds, fits
from ground.settings.table import Count, Flag, Name, Table, Text, wrong
from protocols import times
from protocols.errors import DecodeError

CommandRole = Literal["view", "command", "approve", "direct"]
RelayKind = Literal["bent-pipe", "regenerative", "store-and-forward"]
Degrees = Annotated[float, Field(ge=-360, le=360)]
Kilometres = Annotated[float, Field(ge=0)]
_PLACE = re.compile(r"[^/\s]*:\d{1,5}", re.ASCII)
_CLOCK = r"^([01]?\d|2[0-3]):[0-5]\d$"
LARGEST_TC = 1024  # octets: 232.0-B-4 §4.1.2.7, length field of 10 bits = octets − 1


class Telecommand(Table):
    """The forward frames of a spacecraft (`tc = {...}` in its table).

    `length` is the most octets of a frame; `randomise` and `fecf` as 231.0-B-4 and 232.0-B-4 have
    them; `map` the MAP of the segment headers, without which frames carry whole packets.
    `sequence_controlled` false sends everything as BD. `window` is the spacecraft's FARM sliding
    window W (PW = NW = W / 2), `clcw_period_s` how often it reports at least, `loss` the part of
    frames that is expected to get lost. `packet_error_control` ends each packet with a CRC;
    `g_t_db_k` is the figure of merit of its receiver, where the budget of a link asks for it.
    """

    vcid: Annotated[int, Field(strict=True, ge=0, le=63)] = 0
    map: Annotated[int, Field(strict=True, ge=0, le=63)] | None = 0
    length: Annotated[int, Field(strict=True, ge=16, le=LARGEST_TC)] = 512
    fecf: Flag = True
    randomise: Flag = True
    sequence_controlled: Flag = True
    window: Annotated[int, Field(strict=True, ge=2, le=254, multiple_of=2)] = 128
    clcw_period_s: Seconds = 1.0
    loss: Annotated[float, Field(ge=0, lt=0.5)] = 0.01
    packet_error_control: Flag = False
    g_t_db_k: Decibels | None = None


class Orbit(Table):
    """A circular orbit by its shape, for a spacecraft whose elements are not known yet.

    `ltan` is the local time of the ascending node of a Sun-synchronous one; else `inclination_deg`
    and `node_deg`. `phase_deg` is the angle from the node at `epoch` (UTC).
    """

    altitude_km: Annotated[float, Field(ge=160, le=50_000)]
    ltan: Annotated[str, Field(strict=True, pattern=_CLOCK)] | None = None
    inclination_deg: Annotated[float, Field(ge=0, le=180)] | None = None
    node_deg: Degrees = 0.0
    phase_deg: Degrees = 0.0
    epoch: Text = "2026-01-01T00:00:00"

    @model_validator(mode="after")
    def _one_plane(self) -> Orbit:
        problems = []
        if (self.ltan is None) == (self.inclination_deg is None):
            problems.append(("", "expected either ltan or inclination_deg, to tell the plane"))
        try:
            times.parse(self.epoch)
        except DecodeError:
            expected = "an ISO 8601 time, as '2026-01-01T00:00:00'"
            problems.append(("epoch", f"epoch = {self.epoch!r}; expected {expected}"))
        if problems:
            wrong(*problems)
        return self


class Site(Table):
    """A ground station: where it stands, how low it sees, and how many antennas can send."""

    name: Name
    latitude_deg: Annotated[float, Field(ge=-90, le=90)]
    longitude_deg: Degrees
    altitude_m: Annotated[float, Field(ge=-500, le=9000)] = 0.0
    mask_deg: Annotated[float, Field(ge=-5, lt=90)] = 5.0
    antennas: Annotated[int, Field(strict=True, ge=1)] = 1
    acquisition_s: Annotated[float, Field(ge=0)] = 5.0


class Relay(Table):
    """A relay satellite: where it is, what it does with a command, and what its terminals can.

    It stands over `longitude_deg`, or flies an `orbit` or the `elements` of a file. `to` are globs
    of whom it reaches. A bent pipe only shifts frequency; a regenerative relay takes frames in
    envelopes and sends them on at once (`retention_s` bounds its queue); one that stores forwards
    keeps them until the next contact. What takes envelopes has an id in frames (`scid`) and an
    application (`apid`). It sends at `rate_bps`, or as its `radio` can; `g_t_db_k` is the figure
    of merit by which it receives.
    """

    name: Name
    kind: RelayKind
    scid: Count | None = None
    apid: Annotated[int, Field(strict=True, ge=0, le=2046)] = 2040
    longitude_deg: Degrees | None = None
    orbit: Orbit | None = None
    elements: Path | None = None
    to: tuple[Text, ...] = ("*",)
    terminals: Annotated[int, Field(strict=True, ge=1)] = 1
    slew_s: Annotated[float, Field(ge=0)] = 0.0
    acquisition_s: Annotated[float, Field(ge=0)] = 15.0
    grazing_km: Kilometres = 100.0
    max_range_km: Annotated[float, Field(gt=0)] = 60_000.0
    sun_keepout_deg: Annotated[float, Field(ge=0, le=90)] = 0.0
    rate_bps: Rate = 16_000.0
    radio: Radio | None = None
    g_t_db_k: Decibels | None = None
    delay_s: Annotated[float, Field(ge=0)] = 0.001
    retention_s: Annotated[float, Field(ge=0)] = 0.0
    queue_octets: Annotated[int, Field(strict=True, ge=0)] = 1 << 20

    @field_validator("elements", mode="before")
    @classmethod
    def _beside_the_mission(cls, value: object, info: ValidationInfo) -> object:
        return beside_the_mission(value, info, "elements")

    @model_validator(mode="after")
    def _fits_together(self) -> Relay:
        problems = []
        if [self.longitude_deg, self.orbit, self.elements].count(None) != 2:
            expected = "expected one of longitude_deg, orbit, elements"
            problems.append(("", f"{expected}, to tell where it is"))
        if self.kind != "bent-pipe" and self.scid is None:
            problems.append(("kind", f"kind = {self.kind!r} without scid; expected its id"))
        if self.kind == "store-and-forward" and not self.retention_s:
            expected = "expected how long it keeps what it has"
            problems.append(("kind", f"kind = {self.kind!r} without retention_s; {expected}"))
        problems += _two_rates(self)
        if problems:
            wrong(*problems)
        return self

    def reaches(self, name: str) -> bool:
        """Return whether it may send to a node of this name."""
        return any(fits(glob, name) for glob in self.to)

    @property
    def fastest_bps(self) -> float:
        """The rate at which it can send at the best."""
        return self.rate_bps if self.radio is None else self.radio.fastest_bps


class Uplink(Table):
    """A way up: whose transmitter octets go to, and whom it points at.

    `site` is the ground station it stands at and `to` globs of the spacecraft or relays that it
    sends to; `address` where its modem takes CLTUs, one a datagram or end to end in a stream.
    """

    name: Name
    site: Name
    to: tuple[Text, ...] = ("*",)
    kind: Literal["udp", "tcp-client", "memory"] = "udp"
    address: Text | None = None
    gateway: Name | None = None
    rate_bps: Rate = 4_000.0
    radio: Radio | None = None
    enabled: Flag = True

    @model_validator(mode="after")
    def _has_a_place(self) -> Uplink:
        if self.kind != "memory" and self.address is None:
            wrong(("kind", f"kind = {self.kind!r} without address; expected HOST:PORT"))
        if self.address is not None and not _PLACE.fullmatch(self.address):
            expected = "expected HOST:PORT, as 127.0.0.1:10115"
            wrong(("address", f"address = {self.address!r}; {expected}"))
        if problems := _two_rates(self):
            wrong(*problems)
        return self

    def reaches(self, name: str) -> bool:
        """Return whether it may send to a node of this name."""
        return any(fits(glob, name) for glob in self.to)

    @property
    def fastest_bps(self) -> float:
        """The rate at which it can send at the best."""
        return self.rate_bps if self.radio is None else self.radio.fastest_bps


def _two_rates(table: Relay | Uplink) -> list[tuple[str, str]]:
    if table.radio is None or "rate_bps" not in table.model_fields_set:
        return []
    expected = "expected one of them, as the rate follows from the radio"
    return [("rate_bps", f"rate_bps = {table.rate_bps:g} beside radio; {expected}")]


class Operator(Table):
    """What the holder of a key may do about commands, and of which spacecraft or groups."""

    key: Name
    roles: Annotated[tuple[CommandRole, ...], Field(min_length=1)]
    spacecraft: tuple[Text, ...] = ("*",)


class Commanding(Table):
    """The table [commanding]: how far ahead contacts are planned, and what waits how long.

    `hops` is the most links of a route; `retain_s` the longest that an acknowledged round trip may
    take before frames go without sequence control; `expires_s` the life of a command whose sender
    named no end; `after_s` how long its reports are waited for beyond what their windows say.
    """

    horizon_h: Annotated[float, Field(gt=0, le=24 * 14)] = 24.0
    hops: Annotated[int, Field(strict=True, ge=1, le=16)] = 6
    longest_round_trip_s: Seconds = 60.0
    expires_s: Seconds = 3600.0
    after_s: Seconds = 30.0
    margin_s: Annotated[float, Field(ge=0)] = 2.0
    duplicate_s: Annotated[float, Field(ge=0)] = 30.0


def beside_the_mission(value: object, info: ValidationInfo, key: str) -> object:
    """Return the path of a file that lies beside the mission file."""
    folder = (info.context or {}).get("folder")
    if not isinstance(value, str) or not value or folder is None:
        return value
    path = (folder / value).absolute()
    if "\0" in value or not path.exists():
        raise PydanticCustomError(key, "expected a file or folder that exists")
    return path
