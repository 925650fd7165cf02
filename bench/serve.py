"""Many people at one server: how long they wait while recordings are indexed, beside the same without indexing.

Each person searches, opens timelines and pictures, pulls a piece of the recording and asks, with a short pause between.
Answers are extracted, so that the server is measured and not a language model.

    python bench/serve.py --media lecture.mp4 [--people 50] [--seconds 30]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx

QUESTIONS = (
    "when are functions explained?", "what is recursion?", "how does a loop work?", "what does return do?",
    "which types are there?", "what is a list?", "is the weather mentioned?", "what comes after loops?",
)  # fmt: skip
QUERIES = ("function", "recursion", "def fib", "loop", "list of names", "what is a variable", "return value", "types")


class Tally:
    """What everybody waited, by what they did, and what went wrong."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []

    def row(self, kind: str) -> dict[str, float]:
        """Count, median, 95th percentile and worst, in milliseconds."""
        waits = sorted(self.seconds[kind])
        if not waits:
            return {"count": 0}
        p95 = waits[min(len(waits) - 1, round(0.95 * len(waits)))]
        told = {"median_ms": statistics.median(waits), "p95_ms": p95, "worst_ms": waits[-1]}
        return {"count": len(waits), **{name: round(seconds * 1000, 1) for name, seconds in told.items()}}


async def person(number: int, url: str, media: str, ends: float, pause_s: float, tally: Tally) -> None:
    """One person at the page until time is up."""
    chance = random.Random(number)
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
        await asyncio.sleep(chance.uniform(0, pause_s))
        while time.monotonic() < ends:
            kind = chance.choices(("search", "timeline", "picture", "file", "ask"), (4, 2, 2, 1, 1))[0]
            began = time.perf_counter()
            try:
                answer = await act(http, kind, media, chance)
                tally.seconds[kind].append(time.perf_counter() - began)
                if answer.status_code >= 400:
                    tally.errors.append(f"{kind}: {answer.status_code}")
            except httpx.HTTPError as error:
                tally.errors.append(f"{kind}: {type(error).__name__}")
            await asyncio.sleep(chance.uniform(0.5, 1.5) * pause_s)


async def act(http: httpx.AsyncClient, kind: str, media: str, chance: random.Random) -> httpx.Response:
    """One thing that a person does."""
    if kind == "search":
        return await http.get("/api/v1/search", params={"q": chance.choice(QUERIES)})
    if kind == "timeline":
        start_s = chance.uniform(0, 200)
        return await http.get(f"/api/v1/media/{media}/timeline", params={"start_s": start_s, "end_s": start_s + 120})
    if kind == "picture":
        return await http.get(f"/api/v1/media/{media}/thumbnail")
    if kind == "file":
        return await http.get(f"/api/v1/media/{media}/file", headers={"Range": "bytes=100000-600000"})
    return await http.post("/api/v1/ask", json={"question": chance.choice(QUESTIONS), "media": [media]})


async def crowd(url: str, media: str, people: int, seconds: float, pause_s: float) -> Tally:
    """Everybody at once."""
    tally = Tally()
    ends = time.monotonic() + seconds
    await asyncio.gather(*(person(n, url, media, ends, pause_s, tally) for n in range(people)))
    return tally


def start(home: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A server as users start it, with two recordings indexed at once."""
    process = subprocess.Popen(
        [sys.executable, "-m", "seehear", "serve", "--home", str(home), "--port", "0", "--json",
         "--answer", "extractive", "--jobs", "2", "--captions", "never"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "OLLAMA_HOST": "127.0.0.1:9"},
    )  # fmt: skip
    assert process.stdout is not None
    told = ""
    while not told.rstrip().endswith("}"):
        told += process.stdout.readline().decode()
    url = json.loads(told)["url"].rstrip("/")
    for _ in range(200):
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                break
        except httpx.TransportError:
            time.sleep(0.05)
    return process, url


def upload(url: str, raw: bytes, name: str) -> str:
    """Send one file; returns its job's id."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        begun = http.post("/api/v1/uploads", json={"name": name, "size_bytes": len(raw)}).json()
        sent = http.patch(begun["url"], content=raw, headers={"Upload-Offset": "0"})
        return str(sent.json()["job"]["id"])


def wait(url: str, jobs: list[str]) -> list[dict[str, Any]]:
    """Every one of these jobs, once it is finished."""
    while True:
        found = [httpx.get(f"{url}/api/v1/jobs/{job}", trust_env=False).json() for job in jobs]
        if all(job["state"] in ("done", "failed", "cancelled") for job in found):
            return found
        time.sleep(0.5)


def main() -> None:
    """Measure both and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, required=True)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument(
        "--pause", type=float, default=5.0, help="Seconds between two things a person does, on average."
    )
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    raw = chosen.media.read_bytes()
    work = Path(tempfile.mkdtemp())
    process, url = start(work / "home")
    try:
        first = wait(url, [upload(url, raw, chosen.media.name)])[0]
        assert first["state"] == "done", first
        media = first["media"]
        asyncio.run(crowd(url, media, 5, 3, 0.5))
        quiet = asyncio.run(crowd(url, media, chosen.people, chosen.seconds, chosen.pause))
        # The same recording with bytes behind its end is another one: nothing of it is cached.
        jobs = [upload(url, raw + bytes([n]), f"{n}-{chosen.media.name}") for n in (1, 2)]
        busy = asyncio.run(crowd(url, media, chosen.people, chosen.seconds, chosen.pause))
        working = sum(
            httpx.get(f"{url}/api/v1/jobs/{job}", trust_env=False).json()["state"] == "running" for job in jobs
        )
    finally:
        process.send_signal(2)
        process.communicate(timeout=30)
        shutil.rmtree(work, ignore_errors=True)
    result = {
        "people": chosen.people, "seconds": chosen.seconds, "pause_s": chosen.pause, "indexing_at_the_end": working,
        "without": {kind: quiet.row(kind) for kind in sorted(quiet.seconds)},
        "while_indexing": {kind: busy.row(kind) for kind in sorted(busy.seconds)},
        "errors": {"without": quiet.errors[:10], "while_indexing": busy.errors[:10]},
    }  # fmt: skip
    for kind in sorted(busy.seconds):
        alone, beside = quiet.row(kind), busy.row(kind)
        print(
            f"{kind:<9} p95 {alone.get('p95_ms', 0):>7} ms without, {beside['p95_ms']:>7} ms while indexing "
            f"(median {alone.get('median_ms', 0)} / {beside['median_ms']}, n {alone['count']} / {beside['count']})"
        )
    print(
        f"errors: {len(quiet.errors)} without, {len(busy.errors)} while indexing; "
        f"{working} of 2 still indexing at the end"
    )
    if chosen.out:
        chosen.out.write_text(json.dumps(result, indent=1))
    slow = busy.row("search")["p95_ms"] >= 300
    sys.exit(1 if slow or quiet.errors or busy.errors else 0)


if __name__ == "__main__":
    main()
