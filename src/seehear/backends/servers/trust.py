"""What the certificates of servers are held to, read once: each client by itself would read all authorities, 25 ms."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


@cache
def trusted(*, trust_env: bool) -> ssl.SSLContext:
    """What httpx trusts when nobody says anything else."""
    import httpx

    return httpx.create_ssl_context(trust_env=trust_env)
