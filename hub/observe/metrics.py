"""Metrics, in Prometheus's text format. Labels are few and never a person's."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest

REGISTRY = CollectorRegistry()

requests = Counter(
    "bigear_http_requests_total", "HTTP requests", ["method", "route", "status"], registry=REGISTRY
)
request_seconds = Histogram(
    "bigear_http_request_seconds",
    "Time to answer",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)


def exposition(gauges: dict[str, float]) -> bytes:
    """The text of ``/metrics``; ``gauges`` are read from the database at this moment."""
    lines = [
        f"# TYPE bigear_{name} gauge\nbigear_{name} {value:g}\n" for name, value in gauges.items()
    ]
    return generate_latest(REGISTRY) + "".join(lines).encode()
