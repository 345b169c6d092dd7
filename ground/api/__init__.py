"""A station from outside, for scripts and consoles; all of it speaks to the bus alone.

In: what a script wants to know or do. Out: values, status, alarms, events and trends, as the
display service of the station has them, and facts as its services publish them.

    from ground.api import Station

    with Station.connect() as station:
        print(station.status().spacecraft)

`Station` waits for answers; `ground.api.client.Client`, on which it stands, never does.
"""

from ground.api.checks import Finding, findings, send_and_assert
from ground.api.samples import Sample
from ground.api.sent import Sent
from ground.api.station import Station

__all__ = ["Finding", "Sample", "Sent", "Station", "findings", "send_and_assert"]
