"""Write the pictures of docs/page.md from a real run: python docs/make_page_pictures.py LECTURE [MORE …]

It needs Chromium. A server starts on an empty library; the recordings are uploaded by the browser, watched and asked.
"""

import io
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
QUESTION = "when are functions explained?"
ABSENT = "what does she say about quantum computers?"
LONGEST_MS = 600_000


def keep(page: Page, name: str) -> None:
    """Save what is on screen, in as few colours as it has."""
    time.sleep(0.8)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        IMAGES / f"{name}.png", optimize=True
    )
    print(f"{name}.png: {(IMAGES / f'{name}.png').stat().st_size // 1000} kB")


def ask(page: Page, question: str) -> None:
    """Ask, and wait for the whole answer."""
    page.fill(".composer textarea", question)
    page.press(".composer textarea", "Enter")
    page.wait_for_selector(f".turn:has-text('{question}') .answer:not(.waiting)", timeout=LONGEST_MS)


def pages_of(browser: Browser, url: str, recordings: list[Path]) -> None:
    """Go through the states that people see."""

    def open_page(address: str, **options: Any) -> Page:
        page = browser.new_context(**{"viewport": DESK, **options}).new_page()
        page.goto(address)
        return page

    page = open_page(url)
    page.wait_for_selector("h1:has-text('Ask your videos')")
    keep(page, "page-empty")
    page.set_input_files("#file-input", recordings)
    # One part is being listened to, the other ones wait.
    page.wait_for_selector(
        ".job[data-state=running] .step:nth-child(3) .meter:not([aria-valuenow='0'])", timeout=LONGEST_MS
    )
    keep(page, "page-working")
    page.locator(".job[data-state=done]").first.wait_for(timeout=LONGEST_MS)
    while page.locator(".job[data-state=running], .job[data-state=queued]").count():
        time.sleep(1)
    if len(recordings) > 1:
        page.click("text=Clear finished")
    page.wait_for_selector(f".card:has-text('{recordings[0].stem}') img")
    keep(page, "page-library")
    page.locator(f".card a:has-text('{recordings[0].stem}')").click()
    page.wait_for_selector(".line")
    recording = page.url
    ask(page, QUESTION)
    page.locator(".prose .chip").first.click()
    page.mouse.move(0, 0)
    keep(page, "page-answer")
    ask(page, ABSENT)
    page.locator(".turn").first.scroll_into_view_if_needed()
    keep(page, "page-absent")
    dark = open_page(f"{recording}#t=125", color_scheme="dark")
    dark.wait_for_selector(".line.now")
    ask(dark, QUESTION)
    dark.locator(".prose .chip").first.click()
    keep(dark, "page-dark")
    phone = open_page(f"{recording}#t=125", viewport=PHONE, is_mobile=True, has_touch=True)
    phone.wait_for_selector("#player")
    ask(phone, QUESTION)
    keep(phone, "page-phone")


def main(recordings: list[Path]) -> None:
    """Serve, browse, end."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("no Chromium is installed: apt-get install chromium")
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "seehear", "serve", "--port", "0", "--home", home, "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            assert server.stdout is not None
            said = ""
            for line in server.stdout:
                said += line
                if line.rstrip().endswith("}"):
                    break
            try:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
                    pages_of(browser, json.loads(said)["url"].replace("127.0.0.1", "localhost"), recordings)
                    browser.close()
            finally:
                server.terminate()


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
