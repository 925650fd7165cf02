"""What one server lets through: sizes, lengths, numbers of things at once, requests per client."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from dataclasses import dataclass

CLIENTS_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a server; sizes in bytes, times in seconds.

    `body_bytes` is for JSON, `inline_bytes` for requests that carry media in themselves, `upload_bytes` for one
    upload, `duration_s` for one recording; `running` jobs at once, `queued` ones waiting, `uploads` under way; `asking`
    questions answered or waiting at once; `rate_per_s` requests per client in the long run and `burst` at once.
    """

    body_bytes: int = 1_000_000
    inline_bytes: int = 100_000_000
    upload_bytes: int = 10_000_000_000
    duration_s: float = 24 * 3600.0
    running: int = 1
    queued: int = 500
    uploads: int = 20
    finished: int = 200
    asking: int = 64
    question_chars: int = 2_000
    history_turns: int = 20
    watchers: int = 200
    rate_per_s: float = 100.0
    burst: float = 400.0
    upload_idle_s: float = 3 * 24 * 3600.0


class Rate:
    """Token buckets, one per client: an IPv4 address, or the /64 of an IPv6 address."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, client: str, *, now_s: float | None = None) -> float:
        """Take one token: 0.0 when there was one, else the seconds until there is."""
        now = time.monotonic() if now_s is None else now_s
        name = _network(client)
        tokens, then = self._buckets.pop(name, (self._limits.burst, now))
        tokens = min(self._limits.burst, tokens + (now - then) * self._limits.rate_per_s)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._limits.rate_per_s
        self._buckets[name] = (tokens - 1 if not wait else tokens, now)
        while len(self._buckets) > CLIENTS_REMEMBERED:
            self._buckets.popitem(last=False)
        return wait


def _network(client: str) -> str:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if address.version == 6 and not address.is_loopback:
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return client
