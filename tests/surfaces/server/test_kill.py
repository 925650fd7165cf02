"""Power cuts: the server is killed at any moment, and started again."""

import hashlib
import random
from pathlib import Path

import httpx
import psutil
import pytest

from seehear.store import Store
from tests.surfaces.server.serving import Server, subtitles, until

PIECE = 20_000


def survive(home: Path, cuts: int, *, seed: int) -> None:
    """Kill a server `cuts` times while files come in and are indexed; check each time what it shows afterwards."""
    chance = random.Random(seed)
    done: set[str] = set()
    accepted: dict[str, str] = {}
    sent_of: dict[str, int] = {}
    for cut in range(cuts):
        raw = subtitles(f"cut number {cut}", 600)
        server = Server(home)
        # A moment that falls into sending, into indexing, or after both.
        pieces = chance.choice([chance.randrange(1, 1 + len(raw) // PIECE), 10_000])
        try:
            _check(server, done, accepted, sent_of)
            begun = server.http.post("/api/v1/uploads", json={"name": f"{cut}.srt", "size_bytes": len(raw)}).json()
            at = 0
            for _ in range(pieces):
                sent = server.http.patch(begun["url"], content=raw[at : at + PIECE], headers={"Upload-Offset": str(at)})
                at += len(raw[at : at + PIECE])
                sent_of[begun["url"]] = at
                if sent.status_code == 200:
                    accepted[sent.json()["job"]["id"]] = hashlib.sha256(raw).hexdigest()
                    sent_of.pop(begun["url"])
                    _watch_for(server, chance.uniform(0.0, 4.0))
                    break
            done |= {job["media"] for job in server.http.get("/api/v1/jobs").json()["jobs"] if job["state"] == "done"}
        finally:
            workers = server.workers()
            server.kill()
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{server.url}/healthz", trust_env=False)
        psutil.wait_procs(workers, timeout=10)
        assert not any(worker.is_running() for worker in workers), "a worker outlived its server"
    server = Server(home)
    try:
        _check(server, done, accepted, sent_of)
        for job_id, media in accepted.items():
            job = server.finished(job_id)
            assert (job["state"], job["media"]) == ("done", media)
        assert {row["id"] for row in server.http.get("/api/v1/library").json()["media"]} == set(accepted.values())
        for media in accepted.values():
            assert hashlib.sha256(server.http.get(f"/api/v1/media/{media}/file").content).hexdigest() == media
    finally:
        code = server.stop()
    assert code == 0, "the lock of a killed server is free"


def _watch_for(server: Server, seconds: float) -> None:
    try:
        until(lambda: all(job["state"] == "done" for job in server.http.get("/api/v1/jobs").json()["jobs"]),
              within_s=seconds, every_s=0.1)  # fmt: skip
    except AssertionError:
        return


def _check(server: Server, done: set[str], accepted: dict[str, str], sent_of: dict[str, int]) -> None:
    listed = {row["id"]: row for row in server.http.get("/api/v1/library").json()["media"]}
    assert done <= set(listed), "what was done is lost"
    assert set(listed) <= set(accepted.values()), "something is shown that never came in whole"
    for row in listed.values():
        assert row["has_file"] and row["heard"] == 600, "something half done is shown as done"
        assert len(server.http.get(f"/api/v1/media/{row['id']}/timeline").json()["events"]) == 600
    jobs = {job["id"]: job for job in server.http.get("/api/v1/jobs").json()["jobs"]}
    assert set(accepted) <= set(jobs), "a job that was accepted is forgotten"
    assert all(job["media"] in listed for job in jobs.values() if job["state"] == "done")
    for url, sent in sent_of.items():
        here = server.http.head(url)
        assert int(here.headers["upload-offset"]) >= sent, "bytes that were acknowledged are lost"
    with Store(server.home, read_only=True) as store:
        assert store.one("PRAGMA integrity_check") == ("ok",)


def test_a_server_that_is_killed_loses_nothing(tmp_path: Path, small_weights: None) -> None:
    survive(tmp_path / "home", 3, seed=7)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_server_that_is_killed_twenty_times_loses_nothing(tmp_path: Path, small_weights: None) -> None:
    survive(tmp_path / "home", 20, seed=20)
