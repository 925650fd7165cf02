"""Whether anything listens at an address, told by a socket alone: no client is loaded to find that nobody is there."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from seehear.backends.servers.names import is_loopback

ANSWERS_WITHIN_S = 0.5
"""How long a server on this machine may take to say that it is there, when nobody named it."""


def may_answer(url: str, *, within_s: float) -> bool:
    """Tell whether it is worth asking the server at `url`.

    On this machine, whether its port is open. Elsewhere always True: a proxy may be the only way there.
    """
    if not is_loopback(url):
        return True
    address = urlsplit(url)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        with socket.create_connection((address.hostname or "", port), timeout=within_s):
            return True
    except OSError:
        return False
