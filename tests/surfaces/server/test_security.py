"""Who gets in: names of the host, origins, tokens, rates, sizes, a second server."""

import json
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from seehear.surfaces.server import run
from seehear.surfaces.server.limits import Limits, Rate
from seehear.surfaces.server.run import reached_at
from seehear.surfaces.server.security import is_loopback
from tests.conftest import Run, run_seehear
from tests.surfaces.server.serving import Server, serving

TOKEN = "correct-horse-battery-staple"


def test_another_name_for_this_machine_is_refused(shared: Server) -> None:
    port = shared.url.rsplit(":", 1)[-1]
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1.evil.example",
        "127.0.0.evil",
        "localhost.evil.example",
        "[::1].x",
        "0.0.0.0",
    ):
        refused = shared.http.get("/api/v1/library", headers={"Host": host})
        assert refused.status_code == 403, host
        assert refused.headers["content-type"] == "application/problem+json"
    for host in ("localhost", f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "LOCALHOST", "127.0.0.2"):
        assert shared.http.get("/healthz", headers={"Host": host}).status_code == 200, host


def test_a_page_of_another_site_changes_nothing(shared: Server, lesson_id: str) -> None:
    for headers in (
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:1"},
        {"Origin": "http://[no-address"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    ):  # fmt: skip
        for method, path in (
            ("DELETE", f"/api/v1/media/{lesson_id}"), ("POST", "/api/v1/uploads"), ("POST", "/api/v1/ask"),
            ("PATCH", f"/api/v1/media/{lesson_id}/events/0"),
        ):  # fmt: skip
            refused = shared.http.request(method, path, headers=headers, json={})
            assert refused.status_code == 403, (method, headers)
    own = shared.http.post("/api/v1/ask", json={"question": "loops?"}, headers={"Origin": shared.url})
    assert own.status_code == 200
    assert "access-control-allow-origin" not in own.headers


def test_every_answer_is_hardened(shared: Server, lesson_id: str) -> None:
    for path in (
        "/",
        "/nothing",
        "/static/nothing.js",
        "/api/v1/library",
        f"/api/v1/media/{lesson_id}/file",
        "/healthz",
    ):
        headers = shared.http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nope", "/<script>alert(1)</script>?q=<b>&nope", "/static/nope.js", "/m/", "/m/a/b"])
def test_a_wrong_link_leads_a_browser_to_a_page_that_holds_nothing_of_it(shared: Server, path: str) -> None:
    answer = shared.http.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["vary"] == "Accept"
    assert "There is nothing at this address." in answer.text
    assert 'href="/"' in answer.text
    assert not re.search(r"<script|<style|style=|alert|nope", answer.text)
    for named in re.findall(r'"(/static/[^"]+)"', answer.text):
        assert shared.http.get(named).status_code == 200


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/nope", "*/*"), ("/nope", "application/json"), ("/nope", "application/problem+json, text/html;q=0.5"),
        ("/api/v1/nope", BROWSER["Accept"]), ("/v1/nope", BROWSER["Accept"]),
    ],
)  # fmt: skip
def test_programs_get_problems_whatever_they_ask_for(shared: Server, path: str, accept: str) -> None:
    answer = shared.http.get(path, headers={"Accept": accept})
    assert answer.status_code == 404
    assert "json" in answer.headers["content-type"]


def test_static_files_stay_in_their_folder(shared: Server) -> None:
    for path in (
        "/static/../../../pyproject.toml",
        "/static/%2e%2e/%2e%2e/library.py",
        "/static/..%2f..%2flibrary.py",
        "/static/",
    ):
        answer = shared.http.get(path)
        assert answer.status_code in (404, 405), path
        assert "seehear" not in answer.text.lower() or answer.headers["content-type"] == "application/problem+json"


def test_a_token_is_wanted_where_others_can_reach(library_home: Path) -> None:
    with serving(library_home, "--host", "0.0.0.0") as server:
        made_up = server.told["token"]
        assert len(made_up) >= 24
        assert urlsplit(server.url).hostname == reached_at("0.0.0.0")[0], "what is printed works from other machines"
        with httpx.Client(base_url=server.url, trust_env=False) as bare:
            _needs_token(server, bare, made_up)


def test_the_address_that_is_printed_is_one_of_the_network_where_others_may_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = {socket.AF_INET: "192.168.1.20", socket.AF_INET6: "fd00::20"}
    monkeypatch.setattr(run, "_own_address", own.get)
    assert reached_at("0.0.0.0") == ["192.168.1.20", "localhost"]
    assert reached_at("::") == ["192.168.1.20", "localhost"]
    assert reached_at("[fd00::20]") == ["fd00::20"]
    assert reached_at("127.0.0.1") == ["127.0.0.1"]
    monkeypatch.setattr(run, "_own_address", {socket.AF_INET6: "fd00::20"}.get)
    assert reached_at("::") == ["fd00::20", "localhost"]
    monkeypatch.setattr(run, "_own_address", lambda family: None)
    assert reached_at("0.0.0.0") == ["localhost"], "a machine without a network is reached by itself alone"


def _needs_token(server: Server, bare: httpx.Client, made_up: str) -> None:
    for path in ("/api/v1/library", "/metrics", "/api/v1/openapi.json", "/api/v1/events", "/static/../api/v1/library"):
        refused = bare.get(path)
        assert refused.status_code == 401, path
        assert refused.headers["www-authenticate"].startswith("Bearer")
    assert bare.get("/healthz").status_code == 200
    lost = bare.get("/nothing", headers=BROWSER)
    assert (lost.status_code, lost.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "This server wants its token." in lost.text
    for wrong in ("x", made_up[:-1], made_up + "x", "é" * 30):
        assert bare.get("/api/v1/library", headers={"Authorization": f"Bearer {wrong}".encode()}).status_code == 401
    page = bare.get("/", params={"token": "wrong"})
    assert page.status_code == 200 and "set-cookie" not in page.headers, "the page itself holds nothing"
    assert bare.get("/api/v1/library", headers={"Authorization": f"Bearer {made_up}"}).status_code == 200
    welcome = bare.get("/", params={"token": made_up})
    assert (welcome.status_code, welcome.headers["location"]) == (303, "/")
    cookie = welcome.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and made_up not in cookie
    assert bare.get("/api/v1/library").status_code == 200, "the cookie lets in"
    assert (
        bare.post("/api/v1/ask", json={"question": "x"}, headers={"Origin": "http://evil.example"}).status_code == 403
    )
    assert made_up not in server.log.read_text()


def test_a_token_can_be_given_and_must_not_be_short(library_home: Path) -> None:
    with serving(library_home, "--token", TOKEN) as server:
        assert server.told["token"] == TOKEN
        assert httpx.get(f"{server.url}/api/v1/library", trust_env=False).status_code == 401
        assert server.http.get("/api/v1/settings").json()["token_required"] is True
        server.log.write_text(re.sub(TOKEN, "", server.log.read_text()))
    short = run_seehear("serve", "--token", "short", home=library_home)
    assert short.code == 5 and "choose 16 or more" in short.err


def test_two_servers_on_one_library_are_refused(shared: Server, run: Run) -> None:
    second = run_seehear("serve", "--port", "0", "--json", home=shared.home)
    assert second.code == 14
    assert "another seehear serve runs" in second.json["error"]["message"]
    port = shared.url.rsplit(":", 1)[-1]
    taken = run("serve", "--port", port)
    assert taken.code == 5 and "choose another --port" in taken.err


def test_a_body_may_only_be_so_large(shared: Server) -> None:
    large = shared.http.post("/api/v1/ask", json={"question": "x" * 2_000_000})
    assert large.status_code == 413
    assert large.headers["content-type"] == "application/problem+json"

    def endless():  # type: ignore[no-untyped-def]
        for _ in range(400):
            yield b"[" * 10_000

    assert shared.http.post("/api/v1/ask", content=endless()).status_code == 413


def test_broken_requests_are_the_fault_of_who_sent_them(shared: Server) -> None:
    for content, content_type in (
        (b"{", "application/json"), (b"\xff\xfe", "application/json"), (b"[" * 100_000, "application/json"),
        (b'{"question": "\\ud800"}', "application/json"), (b"null", "text/plain"),
        (b"a=b", "application/x-www-form-urlencoded"),
    ):  # fmt: skip
        answer = shared.http.post("/api/v1/ask", content=content, headers={"Content-Type": content_type})
        assert 200 <= answer.status_code < 500, (content[:20], answer.text[:200])
    host, _, port = shared.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")


def test_a_client_that_asks_too_often_waits_and_others_do_not() -> None:
    rate = Rate(Limits(rate_per_s=10, burst=3))
    assert [rate.wait_s("10.0.0.1", now_s=0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert rate.wait_s("10.0.0.1", now_s=0.0) == pytest.approx(0.1)
    assert rate.wait_s("10.0.0.2", now_s=0.0) == 0.0
    assert rate.wait_s("10.0.0.1", now_s=0.11) == 0.0
    assert [rate.wait_s(f"2001:db8::{i}", now_s=1.0) > 0 for i in range(4)] == [False, False, False, True], "one /64"


def test_too_many_requests_are_told_when_to_come_back(library_home: Path) -> None:
    with serving(library_home) as server:
        codes = {server.http.get("/healthz").status_code for _ in range(3)}
        assert codes == {200}
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            answers = (client.get("/healthz") for _ in range(900))
            refused = next((answer for answer in answers if answer.status_code == 429), None)
        # A machine too slow to ask 900 times within a few seconds cannot be refused.
        if refused:
            assert int(refused.headers["retry-after"]) >= 1
            assert json.loads(refused.text)["title"] == "Too Many Requests"


def test_what_counts_as_this_machine() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.2", "localhost.example", "example.com")))
