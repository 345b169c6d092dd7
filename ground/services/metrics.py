"""Metrics for Prometheus: how the station is, collected when somebody asks and not before.

They are read from the last `StatusRead`, which the display replaces whole once a second, so the
server's threads never see one half made. Without an address nothing listens; an address without a
host is that of this machine alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ground.errors import InputError
from ground.messages import LinkRow, ServiceReported, StatusRead

SECOND_NS = 10**9
LOOPBACK = "127.0.0.1"
LINK_STATES = ("disabled", "connecting", "up", "down", "failed")


class Station(Collector):
    """The station's metrics; `read` returns the status as it is, `now_ns` the time (TAI)."""

    def __init__(self, read: Callable[[], StatusRead], now_ns: Callable[[], int]) -> None:
        self._read = read
        self._now_ns = now_ns

    def describe(self) -> Iterable[Metric]:
        """Return nothing: registering must not ask for values."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every metric with its samples."""
        status, now_ns = self._read(), self._now_ns()
        yield from _services(status, now_ns)
        yield from _stages(status.services)
        yield from _links([link for each in status.services for link in each.links], now_ns)
        yield from _spacecraft(status, now_ns)
        missed = _counter("ground_missed_messages", "messages a display missed", "topic")
        for topic, number in status.missed.items():
            missed.add_metric([topic], number)
        yield missed


def place(address: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT or :PORT; InputError where it is none."""
    host, _, port = address.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise InputError(f"prometheus = {address!r}; expected HOST:PORT, as '127.0.0.1:9464'")
    return host.strip("[]") or LOOPBACK, int(port)


class Server:
    """Serves metrics at HOST:PORT or :PORT until it is stopped.

    Raises:
        InputError: it is no such address, or cannot be bound.
    """

    def __init__(self, address: str, collector: Collector) -> None:
        self.host, port = place(address)
        registry = CollectorRegistry()
        registry.register(collector)
        try:
            self._server, self._thread = start_http_server(port, self.host, registry)
        except OSError as error:
            reason = error.strerror or str(error)
            expected = "an address of this machine that is free"
            raise InputError(f"prometheus = {address!r}: {reason}; expected {expected}") from None
        self.port = self._server.server_port

    def stop(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _services(status: StatusRead, now_ns: int) -> Iterator[Metric]:
    age = _gauge("ground_service_report_age_seconds", "since a service's last report", "service")
    running = _gauge("ground_service_running", "1 where its last report says so", "service")
    values = {
        "queues": _gauge("ground_queue", "what waits in a service", "service", "name"),
        "cursors": _gauge("ground_cursor", "how far a service got", "service", "name"),
        "figures": _gauge("ground_figure", "a service's own gauges", "service", "name"),
    }
    for report, at_ns in zip(status.services, status.reported_ns, strict=True):
        age.add_metric([report.service], (now_ns - at_ns) / SECOND_NS)
        running.add_metric([report.service], report.state == "running")
        for kind, metric in values.items():
            for name, value in getattr(report, kind).items():
                metric.add_metric([report.service, name], value)
    yield from (age, running, *values.values())


def _stages(services: Iterable[ServiceReported]) -> Iterator[Metric]:
    given = _counter("ground_stage_given", "what went into a stage", "service", "stage")
    out = _counter("ground_stage_out", "what came out of a stage", "service", "stage")
    dropped = _counter("ground_stage_dropped", "what a stage dropped", "service", "stage", "reason")
    wrong = _gauge(
        "ground_stage_unaccounted", "given less out and dropped; never but 0", "service", "stage"
    )
    for report in services:
        for stage in report.stages:
            labels = [report.service, stage.name]
            given.add_metric(labels, stage.given)
            out.add_metric(labels, stage.out)
            for reason, number in stage.dropped.items():
                dropped.add_metric([*labels, reason], number)
            wrong.add_metric(labels, stage.given - stage.out - sum(stage.dropped.values()))
    yield from (given, out, dropped, wrong)


def _links(links: Iterable[LinkRow], now_ns: int) -> Iterator[Metric]:
    names = ("gateway", "link")
    state = _gauge("ground_link_state", "1 for the state that a link is in", *names, "state")
    numbers: dict[str, Any] = {
        "records": _counter("ground_link_records", "datagrams and chunks received", *names),
        "octets": _counter("ground_link_octets", "octets received", *names),
        "reconnects": _counter("ground_link_reconnects", "connections made anew", *names),
        "rate_bps": _gauge("ground_link_rate_bits_per_second", "octets as bits", *names),
        "position": _gauge("ground_journal_position_octets", "written to the journal", *names),
        "acknowledged": _gauge("ground_journal_acknowledged_octets", "in the archive", *names),
    }
    dropped = _counter("ground_link_dropped", "records dropped", *names, "reason")
    quiet = _gauge("ground_link_quiet_seconds", "since the last octet", *names)
    for link in links:
        labels = [link.gateway, link.name]
        for each in LINK_STATES:
            state.add_metric([*labels, each], link.state == each)
        for name, metric in numbers.items():
            metric.add_metric(labels, getattr(link, name))
        for reason, number in link.dropped.items():
            dropped.add_metric([*labels, reason], number)
        if link.last_ns is not None:
            quiet.add_metric(labels, (now_ns - link.last_ns) / SECOND_NS)
    yield from (state, *numbers.values(), dropped, quiet)


def _spacecraft(status: StatusRead, now_ns: int) -> Iterator[Metric]:
    metrics: dict[str, Any] = {
        "packets": _counter("ground_packets", "packets decoded", "spacecraft"),
        "rate": _gauge("ground_packets_per_second", "over the last seconds", "spacecraft"),
        "worst": _gauge("ground_worst_severity", "0 normal to 3 critical", "spacecraft"),
        "alarms": _gauge("ground_alarms", "alarms that stand", "spacecraft"),
        "unacknowledged": _gauge("ground_alarms_unacknowledged", "of these", "spacecraft"),
    }
    stale = _gauge("ground_stale_packet_types", "packet types gone quiet", "spacecraft")
    quiet = _gauge("ground_spacecraft_quiet_seconds", "since the last packet", "spacecraft")
    for craft in status.spacecraft:
        for name, metric in metrics.items():
            metric.add_metric([craft.name], getattr(craft, name))
        stale.add_metric([craft.name], len(craft.stale))
        if craft.last_ns is not None:
            quiet.add_metric([craft.name], (now_ns - craft.last_ns) / SECOND_NS)
    yield from (*metrics.values(), stale, quiet)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)


def _counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, labels=labels)
