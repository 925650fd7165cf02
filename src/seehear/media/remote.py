"""Recordings at an address: fetched over http(s), never from this machine or its network unless that is allowed.

What a name leads to may change between looking and connecting, and a redirect may lead anywhere. Therefore the address
is judged where it counts: Python announces every connection it makes (`sys.addaudithook`), and while something is
fetched a connection to an address that is not public ends the fetch before a packet is sent.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from seehear.errors import InputError, NotFoundError, StorageError
from seehear.media.source import MEDIA_SUFFIXES

MOST_REDIRECTS = 8
CONNECT_S = 10.0
SILENT_S = 30.0
CHUNK_BYTES = 256 * 1024
USER_AGENT = "seehear (fetches recordings for one person)"
OnBytes = Callable[[int, int], None]

_KNOWN = frozenset(suffix for kind in MEDIA_SUFFIXES.values() for suffix in kind)
_SUFFIX_OF_TYPE = {
    "video/mp4": ".mp4", "video/webm": ".webm", "video/quicktime": ".mov", "video/x-matroska": ".mkv",
    "video/mp2t": ".ts", "video/ogg": ".ogv", "video/x-msvideo": ".avi", "audio/mpeg": ".mp3", "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a", "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/flac": ".flac", "audio/ogg": ".ogg",
    "audio/aac": ".aac", "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif",
    "text/vtt": ".vtt", "application/x-subrip": ".srt",
}  # fmt: skip
_PAGE = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|script|\?xml)", re.I | re.S
)
_PLAYLIST = re.compile(rb"^(?:\xef\xbb\xbf)?#EXTM3U")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much is fetched at most: bytes, seconds of waiting in all, seconds of recording where a page tells them."""

    size_bytes: int = 10_000_000_000
    wait_s: float = 4 * 3600.0
    duration_s: float = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Download:
    """A file that was fetched, with the address that was asked for and what it is called there.

    `suffix` is an ending of media files or empty; `captions` are files that came with it, by language.
    """

    path: Path
    title: str
    url: str
    suffix: str
    captions: tuple[tuple[str, Path], ...] = ()


class PageError(Exception):
    """The address leads to a page, or to a list of pieces, and not to a media file."""


# ---- addresses -------------------------------------------------------------------------------------------------------


def check_url(url: str) -> str:
    """A web address as it may be asked for. Raises InputError when it is none, or holds a password."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"{url!r} is not an address", hint="write https://…") from error
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise InputError(f"{url!r} is not a web address", hint="only http and https are fetched")
    if parts.username or parts.password:
        raise InputError("this address holds a name and password", hint="leave them out: logins are not supported")
    return url


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the public internet, whatever it is wrapped in."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


_guarded = threading.local()
_hooked = threading.Lock()
_hook_is_there = False


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in ("socket.connect", "socket.sendto") or not getattr(_guarded, "on", False):
        return
    address = arguments[1]
    host = address[0] if isinstance(address, tuple) and address else ""
    if not isinstance(host, str) or not is_public(host):
        _guarded.refused = True
        raise PermissionError("a private address")  # of the kind that whoever connects expects and cleans up after


def refusal() -> InputError:
    """The error for an address on this machine or its network."""
    return InputError(
        "this address leads into a private network, from which nothing is fetched",
        hint="download it yourself and give the file, or set private_urls = true",
    )


@contextlib.contextmanager
def public_only(*, unless: bool = False) -> Iterator[None]:
    """Forbid this thread every connection to an address that is not public. Raises InputError when one was tried."""
    global _hook_is_there
    with _hooked:
        if not _hook_is_there:
            sys.addaudithook(_on_event)
            _hook_is_there = True
    before, _guarded.on, _guarded.refused = getattr(_guarded, "on", False), not unless, False
    try:
        yield
    except Exception as error:
        # Libraries wrap what was raised at the connection in many ways.
        if _guarded.refused:
            raise refusal() from error
        raise
    finally:
        _guarded.on, _guarded.refused = before, False


# ---- fetching --------------------------------------------------------------------------------------------------------


def download(
    url: str, folder: Path, *, limits: FetchLimits | None = None, private: bool = False, on_bytes: OnBytes | None = None
) -> Download:  # fmt: skip
    """Fetch the media file at an address into a new file in `folder`; what came of a failed fetch is deleted.

    `on_bytes` gets how much is here and how much there is in all (0 where that is not told), and may raise to stop.
    Raises PageError when the address leads to a page, NotFoundError when nothing is there, InputError when it is
    private, wants a login, is too large or too slow, or the connection breaks, StorageError when the disk is full.
    """
    import httpx

    bounds = limits or FetchLimits()
    ends_s = time.monotonic() + bounds.wait_s
    timeout = httpx.Timeout(SILENT_S, connect=CONNECT_S)
    # No proxies: behind one nobody could tell which address is really connected to.
    with (
        public_only(unless=private),
        httpx.Client(
            timeout=timeout, follow_redirects=False, trust_env=False, headers={"User-Agent": USER_AGENT}
        ) as client,
    ):
        at = check_url(url)
        try:
            for _ in range(MOST_REDIRECTS + 1):
                with client.stream("GET", at) as reply:
                    if reply.has_redirect_location:
                        at = check_url(urljoin(at, reply.headers["location"]))
                        continue
                    _check_reply(reply.status_code)
                    return _received(reply, at, url, folder, bounds, ends_s, on_bytes)
        except httpx.HTTPError as error:
            raise _broken(error) from error
        except (ValueError, httpx.InvalidURL) as error:
            raise InputError(f"the address cannot be asked for: {error}", hint="check it in a browser") from error
    raise InputError("this address redirects without end", hint="open it in a browser and copy where it leads")


def _check_reply(status: int) -> None:
    if status in (401, 403, 407):
        raise InputError("this address wants a login", hint="download it yourself and give the file")
    if status in (404, 410):
        raise NotFoundError("there is nothing at this address", hint="check it in a browser")
    if status != 200:
        raise InputError(f"the other server answered {status}", hint="try again later, or check it in a browser")


def _received(
    reply: Any, at: str, url: str, folder: Path, limits: FetchLimits, ends_s: float, on_bytes: OnBytes | None
) -> Download:  # fmt: skip
    media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    length = reply.headers.get("content-length", "")
    total = int(length) if length.isdecimal() else 0
    _check_size(total, limits)
    if media_type in ("text/html", "application/xhtml+xml", "application/vnd.apple.mpegurl", "application/x-mpegurl",
                      "application/dash+xml"):  # fmt: skip
        raise PageError(url)
    part = new_part(folder)
    here = 0
    try:
        with part.open("wb") as file:
            for piece in reply.iter_bytes(CHUNK_BYTES):
                if here == 0 and (_PAGE.match(piece) or _PLAYLIST.match(piece)):
                    raise PageError(url)
                here += len(piece)
                _check_size(here, limits)
                if time.monotonic() > ends_s:
                    raise InputError("fetching takes too long", hint="download it yourself and give the file")
                file.write(piece)
                if on_bytes is not None:
                    on_bytes(here, total)
        if here == 0:
            raise InputError("the address leads to an empty file", hint="check it in a browser")
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(f"what is fetched cannot be written: {error.strerror}", hint="check the disk") from error
    except BaseException:  # Ctrl-C leaves no half of a file either
        part.unlink(missing_ok=True)
        raise
    name = unquote(urlsplit(at).path).rsplit("/", 1)[-1]
    stem, dot, ending = name.rpartition(".")
    suffix = f".{ending.lower()}" if dot and f".{ending.lower()}" in _KNOWN else _SUFFIX_OF_TYPE.get(media_type, "")
    title = (stem if dot and f".{ending.lower()}" in _KNOWN else name).strip()
    # Some kinds of media are known by their ending alone.
    whole = part.rename(part.with_name(part.name + suffix))
    return Download(whole, title or urlsplit(url).hostname or "untitled", url, suffix)


def new_part(folder: Path) -> Path:
    """A name nobody has in `folder`, for a file that is still being fetched."""
    from uuid import uuid4

    return folder / f".fetch-{uuid4().hex}"


def _check_size(size: int, limits: FetchLimits) -> None:
    if size > limits.size_bytes:
        raise InputError(
            f"the recording at this address is larger than {limits.size_bytes / 1e9:g} GB",
            hint="download it yourself and give the file",
        )


def _broken(error: Exception) -> InputError:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        what = "the other server does not answer"
    elif isinstance(error, httpx.ConnectError):
        what = "the other server cannot be reached"
    else:
        what = "the connection to the other server broke"
    return InputError(what, hint="check the address and the network, then try again")
