"""What the server counts, in the format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Counters of one server, in a registry of its own so that several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "seehear_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "seehear_request_seconds", "Time until an answer was sent whole.", ["route"], buckets=BUCKETS,
            registry=self.registry,
        )  # fmt: skip
        self.jobs = Gauge("seehear_jobs", "Jobs by state.", ["state"], registry=self.registry)
        self.media = Gauge("seehear_media", "Recordings in the library.", registry=self.registry)
        self.crashes = Counter("seehear_worker_crashes", "Workers that ended unasked.", registry=self.registry)
        self.uploaded = Counter("seehear_uploaded_bytes", "Bytes that were uploaded.", registry=self.registry)
        self.asking = Gauge("seehear_asking", "Questions being answered or waiting.", registry=self.registry)
        self.watchers = Gauge("seehear_watchers", "Open streams of events.", registry=self.registry)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        known = method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)
