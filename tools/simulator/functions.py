"""The flight software's functions: what a telecommand of service 8 does to the satellite.

Numbers of application processes and functions, and the forms of arguments, are those that
`configs/chenguang1/database.xml` gives to the ground, written down here once more, apart.
"""

from __future__ import annotations

from collections.abc import Callable

from tools.simulator.cards import CARDS, NODES
from tools.simulator.orders import Orders
from tools.simulator.world import Code, Done, Refused

AOCS, EPS, TCS, NODES_APID, CARDS_APID, COMM, OBSW = APIDS = 100, 110, 120, 130, 131, 140, 150
SECOND_NS = 10**9
MODES = ("SAFE", "STANDBY", "NOMINAL", "MAINTENANCE")
SUNLIT_W, LOWEST_W, ECLIPSE_W = 6200.0, 400.0, 1900.0
SLOWEST_RPM, FASTEST_RPM = 1200.0, 8000.0
ACQUIRE_NS, BOOT_AFTER_NS = 15 * SECOND_NS, 4 * SECOND_NS

Act = Callable[..., Done]


def _demand(fits: bool, code: Code = Code.ARGUMENT) -> None:
    if not fits:
        raise Refused(code)


def _lasting(seconds: float, progress: int = 0) -> Done:
    return Done(lasting_ns=int(seconds * SECOND_NS), progress=progress)


def target_track(orders: Orders, now: int, latitude: float, longitude: float, start: int) -> Done:
    """Point at a place."""
    _demand(abs(latitude) <= 90 and abs(longitude) <= 180)
    _demand(orders.mode != "SAFE", Code.STATE)
    orders.tell("AOCS_MODE", "TARGET")
    return _lasting(2)


def heater(orders: Orders, now: int, state: int) -> Done:
    """Switch the battery heater."""
    _demand(state in (0, 1))
    orders.heater = bool(state)
    return _lasting(0.5)


def array_drive(orders: Orders, now: int, state: int) -> Done:
    """Let the arrays follow the Sun, or not."""
    _demand(state in (0, 1))
    orders.tell("ARRAY_DRIVE", float(state))
    return _lasting(0.5)


def pump_speed(orders: Orders, now: int, pump: int, speed: int) -> Done:
    """Set the speed of a pump; one of the two must run."""
    rpm = 4.0 * speed
    _demand(pump in (0, 1) and (rpm == 0 or SLOWEST_RPM <= rpm <= FASTEST_RPM))
    _demand(rpm > 0 or orders.pumps_rpm[1 - pump] != 0, Code.STATE)
    orders.pumps_rpm[pump] = rpm
    return _lasting(3)


def card_power(orders: Orders, now: int, card: int, power: int) -> Done:
    """Switch one card."""
    _demand(card < CARDS and power in (0, 1))
    orders.off[card] = not power
    orders.jobs[card] = 0
    return _lasting(1)


def node_drain(orders: Orders, now: int, node: int) -> Done:
    """Let a node take no more work."""
    _demand(node < NODES)
    orders.drained[node] = True
    return _lasting(4, progress=2)


def job_start(orders: Orders, now: int, job: int, first: int, cards: int, image: bytes) -> Done:
    """Start a job on cards that are on."""
    _demand(job > 0 and cards > 0 and first + cards <= CARDS)
    _demand(orders.working and not orders.off[first : first + cards].any(), Code.STATE)
    orders.stopped.discard(job)
    orders.jobs[first : first + cards] = job
    return _lasting(2, progress=1)


def job_stop(orders: Orders, now: int, job: int) -> Done:
    """Stop a job wherever it runs."""
    _demand(job > 0)
    orders.jobs[orders.jobs == job] = 0
    orders.stopped.add(job)
    return _lasting(1)


def power_limit(orders: Orders, now: int, limit: int) -> Done:
    """Set what the payload may draw, to what the battery bears."""
    _demand(LOWEST_W <= limit / 10 <= ECLIPSE_W)
    orders.limit_w = limit / 10
    return _lasting(1)


def power_raise(orders: Orders, now: int, limit: int) -> Done:
    """Set what the payload may draw, to what the arrays give."""
    _demand(LOWEST_W <= limit / 10 <= SUNLIT_W)
    orders.limit_w = limit / 10
    return _lasting(1)


def laser_point(orders: Orders, now: int, azimuth: int, elevation: int) -> Done:
    """Point the laser terminal, which then looks for its partner for a while."""
    _demand(abs(azimuth) <= 18000 and -3000 <= elevation <= 9000)
    orders.tell("LASER_STATE", "ACQUISITION", now + ACQUIRE_NS)
    orders.tell("LASER_LOCK", 0.0, now + ACQUIRE_NS)
    return _lasting(5, progress=1)


def mode(orders: Orders, now: int, number: int) -> Done:
    """Change the mode of the satellite."""
    _demand(number < len(MODES))
    orders.mode = MODES[number]
    return _lasting(2)


def boot(orders: Orders, now: int, image: int) -> Done:
    """Restart the computer, a little later, so that its reports get out."""
    _demand(image <= 2)
    orders.boot_ns = now + BOOT_AFTER_NS
    return _lasting(0)


FUNCTIONS: dict[tuple[int, int], tuple[str, Act]] = {  # of application process and function
    (AOCS, 1): (">ffI", target_track),
    (EPS, 1): (">B", heater),
    (EPS, 2): (">B", array_drive),
    (TCS, 1): (">BH", pump_speed),
    (NODES_APID, 1): (">HB", card_power),
    (NODES_APID, 2): (">B", node_drain),
    (NODES_APID, 3): (">HHB16s", job_start),
    (NODES_APID, 4): (">H", job_stop),
    (NODES_APID, 5): (">H", power_limit),
    (NODES_APID, 6): (">H", power_raise),
    (COMM, 1): (">hh", laser_point),
    (OBSW, 1): (">B", mode),
    (OBSW, 2): (">B", boot),
}
