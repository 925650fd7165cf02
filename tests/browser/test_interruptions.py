"""What goes wrong is told, and goes on where it stopped: uploads, jobs, a server that is away."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Server, serving, start

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("empty") / "home") as server:
        yield server


def test_an_upload_that_broke_goes_on_when_the_file_is_dropped_again_and_a_broken_file_is_told(
    browse: Callable[..., Any], empty: Server, tmp_path: Path
) -> None:
    broken = tmp_path / "<b>broken.mp4"
    broken.write_bytes(os.urandom(10_000_000))
    page = browse(empty.url)
    page.wait_for_selector("h1:has-text('Ask your videos')")
    sent = 0

    def once(route: Any) -> None:
        nonlocal sent
        sent += route.request.method == "PATCH"
        if route.request.method == "PATCH" and sent > 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/uploads/*", once)
    page.set_input_files("#file-input", broken)
    page.wait_for_selector(".job:has-text('The connection broke')")
    page.reload()
    page.unroute("**/api/v1/uploads/*")
    page.wait_for_selector(".job:has-text('% sent')")
    with page.expect_request(lambda request: request.method == "PATCH") as again:
        page.set_input_files("#file-input", broken)
    assert int(again.value.headers["upload-offset"]) >= 4_000_000
    failed = page.locator(".job[data-state=failed]")
    failed.wait_for(timeout=60_000)
    assert "<b>broken" in failed.inner_text()
    assert failed.locator(".job-error p").first.inner_text()
    failed.locator("button:has-text('Try again')").click()
    page.wait_for_timeout(300)
    page.locator(".job[data-state=failed]").wait_for(timeout=60_000)
    page.locator(".job[data-state=failed] button[aria-label^=Take]").click()
    page.wait_for_selector(".job", state="detached")
    page.wait_for_selector("h1:has-text('Ask your videos')")


def test_what_is_no_recording_is_left_out_and_a_refused_address_is_told(
    browse: Callable[..., Any], empty: Server, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    page = browse(empty.url)
    page.set_input_files("#file-input", tmp_path / "notes.txt")
    page.wait_for_selector(".toast.bad:has-text('not a recording')")
    page.click(".toast button")
    page.evaluate(
        """() => {
          const dropped = new DataTransfer();
          dropped.items.add(new File(["hello"], "notes.txt", { type: "text/plain" }));
          dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, cancelable: true }));
        }"""
    )
    page.wait_for_selector(".toast.bad:has-text('not a recording')")
    page.fill("#url", "http://127.0.0.1:1/talk.mp4")
    page.press("#url", "Enter")
    page.wait_for_selector(".job[data-state=failed], #url-wrong:not(:empty)", timeout=30_000)
    told = page.locator(".job-error, #url-wrong").all_inner_texts()
    assert any(text.strip() for text in told)


def test_a_server_that_is_away_is_told_and_the_page_goes_on_when_it_is_back(
    browse: Callable[..., Any], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    server = start(home)
    try:
        page = browse(server.url)
        page.wait_for_selector("h1:has-text('Ask your videos')")
        port = server.port
    finally:
        server.end()
    page.wait_for_selector("#away:has-text('The server is away')", timeout=30_000)
    again = start(home, "--port", str(port))
    try:
        page.wait_for_selector("#away:empty", state="attached", timeout=30_000)
    finally:
        again.end()
