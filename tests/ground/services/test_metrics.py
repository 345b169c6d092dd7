"""Metrics, as Prometheus reads them: parsed back by its own parser."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ground.errors import InputError
from ground.messages import LinkRow, ServiceReported, SpacecraftRow, StageRow, StatusRead
from ground.services import metrics

SECOND = 10**9
LINK = LinkRow(
    name="kashi",
    gateway="gateway",
    kind="udp",
    address="127.0.0.1:10015",
    state="up",
    detail="",
    records=5,
    octets=5000,
    dropped={"too long": 2},
    rate_bps=8000.0,
    reconnects=1,
    last_ns=9 * SECOND,
    position=7000,
    acknowledged=6000,
)
STATUS = StatusRead(
    services=[
        ServiceReported(
            "gateway",
            1,
            0,
            "running",
            "",
            links=[LINK],
            stages=[StageRow("records", 10, 7, {"disk": 2})],
            queues={"journal": 3},
            cursors={"kashi": 7000},
            figures={"memory": 1.5},
        )
    ],
    reported_ns=[8 * SECOND],
    spacecraft=[SpacecraftRow("A", 171, 2, 3, 1, 40, 4.0, ["/A/X"], 7 * SECOND, 5)],
    missed={"live/alarms/changed": 4},
)


@pytest.fixture
def collector() -> metrics.Station:
    return metrics.Station(lambda: STATUS, lambda: 10 * SECOND)


def _samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_is_collected_is_the_status(collector: metrics.Station):
    registry = CollectorRegistry()
    registry.register(collector)
    found = _samples(generate_latest(registry).decode())
    assert found["ground_service_report_age_seconds", "gateway"] == 2
    assert found["ground_stage_given_total", "gateway", "records"] == 10
    assert found["ground_stage_dropped_total", "disk", "gateway", "records"] == 2
    assert found["ground_stage_unaccounted", "gateway", "records"] == 1
    assert found["ground_link_state", "gateway", "kashi", "up"] == 1
    assert found["ground_link_state", "failed", "gateway", "kashi"] == 0
    assert found["ground_link_octets_total", "gateway", "kashi"] == 5000
    assert found["ground_link_quiet_seconds", "gateway", "kashi"] == 1
    assert found["ground_link_dropped_total", "gateway", "kashi", "too long"] == 2
    assert found["ground_cursor", "gateway", "kashi"] == 7000
    assert found["ground_packets_total", "A"] == 40
    assert found["ground_stale_packet_types", "A"] == 1
    assert found["ground_missed_messages_total", "live/alarms/changed"] == 4


@pytest.fixture
def url(collector: metrics.Station) -> Iterator[str]:
    server = metrics.Server("127.0.0.1:0", collector)
    yield f"http://127.0.0.1:{server.port}/metrics"
    server.stop()


def test_they_are_served_over_http(url: str):
    with urllib.request.urlopen(url, timeout=5) as answer:
        assert _samples(answer.read().decode())["ground_packets_total", "A"] == 40


def test_without_a_host_only_this_machine_is_served(collector: metrics.Station):
    server = metrics.Server(":0", collector)
    try:
        assert server.host == "127.0.0.1"
    finally:
        server.stop()


@pytest.mark.parametrize("address", ["", "localhost", "127.0.0.1:x", ":70000", "203.0.113.1:9"])
def test_an_address_that_is_none_is_refused_with_what_was_expected(
    collector: metrics.Station, address: str
):
    with pytest.raises(InputError, match="expected"):
        metrics.Server(address, collector)
