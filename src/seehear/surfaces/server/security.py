"""Who may ask what: Host and Origin, the token, rates, sizes, and the headers of every answer.

Browsers let any page send requests to this machine. On the loopback interface requests must therefore name this
machine in `Host` (a page that rebinds its own name to 127.0.0.1 cannot), and whatever changes something must come from
the page that this server serves (`Origin`). On any other interface a token is needed as well.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import re
import time
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seehear.surfaces.server import problem_page
from seehear.surfaces.server.limits import Limits, Rate
from seehear.surfaces.server.logs import Log
from seehear.surfaces.server.metrics import Metrics
from seehear.surfaces.server.problems import MEDIA_TYPE, body_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
COOKIE = "seehear"
COOKIE_AGE_S = 30 * 24 * 3600
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
PAGE_PATHS = re.compile(r"/(?:ask|m/[^/]+|static/[^?]*)?")
"""The page itself holds nothing of the library, and asks people for the token where the API wants it."""
# An address cannot be rebound as a name can, and all of 127.0.0.0/8 is this machine.
_HOST = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_UPLOAD = re.compile(r"/api/v1/uploads/[0-9a-f]{32}")
_INLINE = re.compile(r"(?!/api/).*|/api/v1/(?:uploads|media)/[^/]+/captions")
"""What carries media in itself: requests of other protocols, and captions."""


def is_loopback(host: str) -> bool:
    """Tell whether binding to `host` opens the server to this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """The outermost layer of the application: nothing reaches a route that it did not let through."""

    def __init__(
        self, app: ASGIApp, *, loopback: bool, token: str | None, limits: Limits, log: Log, metrics: Metrics
    ) -> None:
        self._app = app
        self._loopback = loopback
        self._token = token
        self._limits = limits
        self._rate = Rate(limits)
        self._log = log
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request, then measure, log and harden its answer."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500
        started = False

        async def hardened(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                headers = MutableHeaders(raw=message["headers"])
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
                del headers["server"]
            await send(message)

        try:
            refusal = self._refusal(scope)
            if refusal is not None:
                await _answer(hardened, scope, *refusal)
            else:
                await self._app(scope, self._bounded(scope, receive), hardened)
        except Exception as error:  # noqa: BLE001 - the last net: told as a problem, logged as a place in the code
            self._log.bug(error)
            if not started:
                hint = "the server's log says where; please report it"
                await _answer(hardened, scope, 500, "this is a bug in seehear", hint, {})
        finally:
            route = getattr(scope.get("route"), "path", None) or "other"
            seconds = time.perf_counter() - began
            self._metrics.request(scope["method"], route, status, seconds)
            self._log.request(scope["method"], route, status, seconds)

    def _refusal(self, scope: Scope) -> tuple[int, str, str, dict[str, str]] | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        host = hosts[0] if len(hosts) == 1 else ""
        if not host:
            return 400, "a request needs one Host", "send one Host header", {}
        if self._loopback and not _HOST.fullmatch(host):
            return 403, "this server answers to localhost only", "open it as http://localhost:PORT/", {}
        if scope["method"] not in SAFE_METHODS and not _same_origin(headers, host):
            return 403, "this was asked for by a page of another site", "use the page of this server", {}
        client = (scope.get("client") or ("", 0))[0]
        if wait_s := self._rate.wait_s(client):
            return 429, "too many requests", "slow down", {"Retry-After": str(max(1, round(wait_s)))}
        if self._token is not None and scope["path"] not in OPEN_PATHS:
            return self._unauthorised(scope, headers)
        return None

    def _unauthorised(self, scope: Scope, headers: Headers) -> tuple[int, str, str, dict[str, str]] | None:
        assert self._token is not None
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and _equal(given.strip(), self._token):
            return None
        if _equal(_cookie(headers), _seal(self._token)):
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if scope["method"] == "GET" and scope["path"] == "/" and _equal(query.pop("token", [""])[0], self._token):
            cookie = f"{COOKIE}={_seal(self._token)}; HttpOnly; SameSite=Strict; Path=/; Max-Age={COOKIE_AGE_S}"
            rest = urlencode(query, doseq=True)
            return 303, "welcome", "", {"Location": f"/?{rest}" if rest else "/", "Set-Cookie": cookie}
        if scope["method"] in ("GET", "HEAD") and PAGE_PATHS.fullmatch(scope["path"]):
            return None
        return (
            401, "this server wants its token", "send Authorization: Bearer TOKEN, or open /?token=TOKEN once",
            {"WWW-Authenticate": 'Bearer realm="seehear"'},
        )  # fmt: skip

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        path: str = scope["path"]
        if _UPLOAD.fullmatch(path):
            return receive  # the route itself counts what it takes
        most = self._limits.inline_bytes if _INLINE.fullmatch(path) else self._limits.body_bytes
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise _TooLargeError(most)
            return message

        return counted


class _TooLargeError(HTTPException):
    """Of FastAPI's class, so that it passes through FastAPI's reading of bodies as it is."""

    def __init__(self, most: int) -> None:
        super().__init__(413, f"the body of this request may have {most} bytes at most", {"Connection": "close"})


def _same_origin(headers: Headers, host: str) -> bool:
    origin = headers.get("origin")
    if origin is None:
        # Programs send no Origin. Browsers that leave it out say where a request comes from in this header.
        return headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _seal(token: str) -> str:
    return hmac.new(token.encode(), b"seehear cookie", hashlib.sha256).hexdigest()


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))


async def _answer(
    send: Send, scope: Scope, status: int, detail: str, hint: str, headers: dict[str, str]
) -> None:  # fmt: skip
    problem, kind = body_of(status, detail, hint=hint), MEDIA_TYPE
    if problem_page.wanted(scope["path"], Headers(scope=scope)):
        text, kind = problem_page.page_of(problem), problem_page.MEDIA_TYPE
    else:
        text = json.dumps(problem)
    body = b"" if status == 303 else text.encode()
    raw = {"content-type": kind, "content-length": str(len(body)), "vary": "Accept", **headers}
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in raw.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
