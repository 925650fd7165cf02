"""What the certificates of servers are held to, read once: each client by itself would read all authorities, 25 ms."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from types import ModuleType


@cache
def trusted(http: ModuleType, *, trust_env: bool) -> ssl.SSLContext:
    """What `http` (httpx, or what an SDK has in its place) trusts when nobody says anything else."""
    context: ssl.SSLContext = http.create_ssl_context(trust_env=trust_env)
    return context
