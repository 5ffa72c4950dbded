"""What Prometheus reads at ``/metrics``. One registry per app; no numbers, names or ids as labels.

Counts are read from their owners when they are asked for (``_Reader``); only requests and durations
are counted here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from callcenter.api.errors import Handler
from callcenter.api.ports import HubLike, ReadVitals, Vitals
from callcenter.core.queries import agents_by_state, calls_by_state

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHOWN_BUCKETS_S = (0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0, 5.0)
"""From the card's frame to the desktop's word that it is drawn; 0.15 s is the promise."""
REQUEST_BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_LOG = structlog.get_logger("callcenter.api")


class Metrics:
    """The registry of one app."""

    def __init__(
        self,
        hub: HubLike,
        vitals: ReadVitals,
        counts: Callable[[], Mapping[str, float]],
        *,
        log_requests: bool = False,
    ) -> None:
        """``counts`` gives the API's own by the names of ``_OWN_COUNTS`` and ``_OWN_GAUGES``."""
        self._log_requests = log_requests
        self._collected = ours = CollectorRegistry()
        ours.register(_Reader(hub, vitals, counts))
        self.requests = Counter(
            "callcenter_api_requests", "Answered requests", ("route", "status"), registry=ours
        )
        text = "Time to answer a request"
        self.request_seconds = Histogram(
            "callcenter_api_request_seconds", text, buckets=REQUEST_BUCKETS_S, registry=ours
        )
        text = "From a card's frame to the desktop's word that it is drawn"
        self.card_shown_seconds = Histogram(
            "callcenter_card_shown_seconds", text, buckets=SHOWN_BUCKETS_S, registry=ours
        )

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._collected)

    def middleware(self) -> Middleware:
        """Counts requests by route pattern and status, takes their time, and logs them if asked."""

        @web.middleware
        async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
            loop = asyncio.get_running_loop()
            began = loop.time()
            response = await handler(request)
            took_s, pattern = loop.time() - began, _pattern(request)
            if response.status != 101:  # a WebSocket's life is no request's duration
                self.request_seconds.observe(took_s)
            self.requests.labels(pattern, str(response.status)).inc()
            if self._log_requests:
                ms = round(took_s * 1000, 1)
                _LOG.info("request", route=pattern, status=response.status, ms=ms)
            return response

        return measured


def _pattern(request: web.Request) -> str:
    """The route's pattern: never the path, which holds ids."""
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical}" if resource is not None else "none"


_OWN_COUNTS = {
    "cards_sent": "Cards handed to a desktop",
    "cards_unseen": "Cards that no desktop took",
    "cards_incomplete": "Cards sent before the customer's fields were there",
    "card_failures": "Cards that the customer directory did not give",
    "frames": "Frames made for live topics",
    "sockets_kicked": "WebSockets closed by us",
    "audit_dropped": "Audit entries that found no place",
}
_OWN_GAUGES = {
    "sockets": "Open WebSockets",
    "audit_waiting": "Audit entries not yet written",
}
_VITAL_COUNTS: dict[str, tuple[str, str]] = {
    "events": ("kind", "Events stepped by the machine"),
    "commands": ("kind", "Commands released"),
    "faults": ("kind", "Faults recorded"),
    "repairs": ("kind", "Repairs recorded"),
    "forgotten": ("kind", "Rows that lost their number, or went, because they were old"),
}
_VITAL_GAUGES = {
    "leading": "1 while this process commands the PBXs",
    "journal_ok": "0 while the journal cannot be written",
    "journal_position": "Entries of the journal",
    "journal_unsynced": "Journal entries that a power cut would take",
    "projector_lag": "Journal entries that are not records yet",
    "inbox": "Events waiting for the machine",
    "inbox_limit": "Events at which requests are refused",
}


class _Reader(Collector):
    """Reads counts from their owners at the moment of asking."""

    def __init__(
        self, hub: HubLike, vitals: ReadVitals, counts: Callable[[], Mapping[str, float]]
    ) -> None:
        self._hub = hub
        self._vitals = vitals
        self._counts = counts

    def describe(self) -> list[Metric]:
        """Nothing: so that registering does not read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics that are not counted here."""
        yield from _of_vitals(self._vitals())
        state = self._hub.state
        yield _labelled(
            "calls",
            "Calls in the center",
            "state",
            {name.value: count for name, count in calls_by_state(state).items()},
        )
        yield _labelled(
            "agents",
            "Agents",
            "state",
            {name.value: count for name, count in agents_by_state(state).items()},
        )
        in_trouble = sum(trunk.breaker.is_open for trunk in state.trunks.values())
        text = "Trunks on which only single calls are tried, because they failed call after call"
        yield GaugeMetricFamily("callcenter_trunks_in_trouble", text, value=in_trouble)
        counts = self._counts()
        for name, text in _OWN_COUNTS.items():
            yield CounterMetricFamily(f"callcenter_{name}", text, value=counts[name])
        for name, text in _OWN_GAUGES.items():
            yield GaugeMetricFamily(f"callcenter_{name}", text, value=counts[name])


def _of_vitals(vitals: Vitals) -> Iterator[Metric]:
    for name, (label, text) in _VITAL_COUNTS.items():
        family = CounterMetricFamily(f"callcenter_{name}", text, labels=[label])
        for value, count in getattr(vitals, name).items():
            family.add_metric([value], count)
        yield family
    for name, text in _VITAL_GAUGES.items():
        yield GaugeMetricFamily(f"callcenter_{name}", text, value=float(getattr(vitals, name)))
    links = {name: int(up) for name, up in vitals.links.items()}
    yield _labelled("pbx_link_up", "1 while the PBX is reachable", "pbx", links)


def _labelled(name: str, text: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"callcenter_{name}", text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family
