"""Uploads, jobs and workers: what arrives is indexed, what breaks is told, and nothing is forgotten."""

import hashlib
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from seehear.store import Store
from seehear.store.jobs import Jobs
from tests.surfaces.server.serving import Server, serving, subtitles, until

LONG = 2000
HOSTILE = '..\\../../etc/<img src=x onerror="alert(1)">\r\n.srt'


def test_an_upload_in_pieces_becomes_a_recording(tmp_path: Path) -> None:
    raw = subtitles("giraffes")
    with serving(tmp_path / "home") as server:
        assert server.http.post("/api/v1/ask", json={"question": "giraffes?"}).status_code == 404
        assert server.http.get("/api/v1/search", params={"q": "giraffes"}).json() == {"moments": [], "fits": False}
        begun = server.http.post("/api/v1/uploads", json={"name": HOSTILE, "size_bytes": len(raw)}).json()
        url = begun["url"]
        assert server.http.patch(url, content=raw[:10], headers={"Upload-Offset": "0"}).status_code == 204
        assert server.http.head(url).headers["upload-offset"] == "10"
        elsewhere = server.http.patch(url, content=raw, headers={"Upload-Offset": "0"})
        assert (elsewhere.status_code, elsewhere.headers["upload-offset"]) == (409, "10")
        more = server.http.patch(url, content=raw + b"!", headers={"Upload-Offset": "10"})
        assert more.status_code == 413
        here = int(server.http.head(url).headers["upload-offset"])
        done = server.http.patch(url, content=raw[here:], headers={"Upload-Offset": str(here)})
        job = server.finished(done.json()["job"]["id"])
        assert (job["state"], job["error"]) == ("done", None)
        assert job["media"] == hashlib.sha256(raw).hexdigest()
        assert [(stage["name"], stage["done"]) for stage in job["stages"]][-1][0] == "embed"
        row = server.http.get("/api/v1/library").json()["media"][0]
        assert row["title"] == '<img src=x onerror="alert(1)>' or "<img src=x" in row["title"]
        assert "/" not in row["title"] and "\r" not in row["title"]
        assert server.http.get("/api/v1/search", params={"q": "giraffes"}).json()["moments"]
        assert server.http.get(f"/api/v1/media/{row['id']}/file").content == raw
        kept = list((server.home / "media").iterdir())
        assert [path.name for path in kept] == [f"{row['id']}.srt"], "a name of the sender is never a path"
        assert list((server.home / "uploads").iterdir()) == []
        again = server.upload(raw, "the same.srt")
        assert server.finished(again["id"])["media"] == row["id"]
        assert len(server.http.get("/api/v1/library").json()["media"]) == 1
        assert server.http.delete(f"/api/v1/media/{row['id']}").status_code == 204
        assert list((server.home / "media").iterdir()) == [], "an uploaded file goes with its recording"
        assert server.http.get("/api/v1/jobs").json() == {"jobs": []}
        assert server.http.get(f"/api/v1/media/{row['id']}").status_code == 404


@contextmanager
def site(raw: bytes) -> Iterator[tuple[str, list[str]]]:
    """A server elsewhere that has one recording, with the list of what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{elsewhere.server_port}/bees.srt", asked
        elsewhere.shutdown()


def test_an_address_is_fetched_once_however_often_it_is_given(tmp_path: Path) -> None:
    env = {"SEEHEAR_PRIVATE_URLS": "1"}
    with site(subtitles("bees")) as (url, asked), serving(tmp_path / "home", env=env) as server:
        chat = {
            "model": "seehear",
            "messages": [
                {"role": "user", "content": [
                    {"type": "text", "text": "what is line 1 about?"},
                    {"type": "video_url", "video_url": {"url": url}},
                ]}
            ],
        }  # fmt: skip
        jobs = [server.finished(server.http.post("/api/v1/jobs", json={"url": url}).json()["id"]) for _ in range(2)]
        assert [(job["state"], job["title"]) for job in jobs] == [("done", "bees")] * 2
        assert jobs[0]["media"] == jobs[1]["media"]
        for _ in range(2):
            assert "bees" in server.http.post("/v1/chat/completions", json=chat).text
        assert asked == ["/bees.srt"]
        assert len(server.http.get("/api/v1/jobs").json()["jobs"]) == 2, "what is here needs no work"


def test_what_is_no_recording_fails_with_its_name_and_reason(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "--upload-limit", "0.01") as server:
        job = server.finished(server.upload(b"this is no video at all" * 10, "holiday.mp4")["id"])
        assert job["state"] == "failed"
        assert "holiday" in job["error"]["message"] and job["media"] not in job["error"]["message"]
        assert server.http.post(f"/api/v1/jobs/{job['id']}/retry").json()["state"] == "queued"
        assert server.finished(job["id"])["state"] == "failed"
        assert server.http.delete(f"/api/v1/jobs/{job['id']}").status_code == 204
        assert list((server.home / "media").iterdir()) == [], "what never became a recording goes with its job"
        large = server.http.post("/api/v1/uploads", json={"name": "x.mp4", "size_bytes": 10_000_001})
        assert large.status_code == 413 and "10000000 bytes at most" in large.json()["detail"]
        for _ in range(20):
            assert server.http.post("/api/v1/uploads", json={"name": "x", "size_bytes": 5}).status_code == 201
        full = server.http.post("/api/v1/uploads", json={"name": "x", "size_bytes": 5})
        assert full.status_code == 429 and int(full.headers["retry-after"]) > 0


def test_a_worker_that_dies_frees_its_place_and_tells_why(tmp_path: Path, small_weights: None) -> None:
    with serving(tmp_path / "home") as server:
        heard: list[dict[str, object]] = []
        listener = threading.Thread(target=_listen, args=(server, heard), daemon=True)
        listener.start()
        first = server.upload(subtitles("whales", LONG), "whales.srt")
        second = server.upload(subtitles("penguins"), "penguins.srt")
        worker = until(server.workers)[0]
        until(lambda: worker.nice() > 5)
        until(lambda: server.job(first["id"])["stages"])
        assert server.job(second["id"])["state"] == "queued", "one at a time"
        worker.kill()
        failed = server.finished(first["id"])
        assert failed["state"] == "failed" and "signal 9" in failed["error"]["message"] and failed["error"]["hint"]
        assert server.finished(second["id"])["state"] == "done"
        assert "seehear_worker_crashes_total 1.0" in server.http.get("/metrics").text
        server.http.post(f"/api/v1/jobs/{first['id']}/retry")
        until(lambda: server.job(first["id"])["stages"])
        assert server.http.delete(f"/api/v1/jobs/{first['id']}").status_code == 204
        assert server.finished(first["id"])["state"] == "cancelled"
        until(lambda: not server.workers())
        titles = [row["title"] for row in server.http.get("/api/v1/library").json()["media"]]
        assert titles == ["penguins"], "what was cancelled is not shown as done"
        states = [job["state"] for job in heard if job.get("id") == first["id"]]
        assert "running" in states and "failed" in states and states[-1] == "cancelled"
        server.process.send_signal(2)
        listener.join(10)
        assert not listener.is_alive(), "streams end with the server"


def _listen(server: Server, heard: list[dict[str, object]]) -> None:
    import httpx

    with httpx.stream("GET", f"{server.url}/api/v1/events", timeout=60, trust_env=False) as stream:
        heard.extend(json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))


def test_jobs_and_uploads_survive_a_restart(tmp_path: Path, small_weights: None) -> None:
    home = tmp_path / "home"
    raw = subtitles("otters", 30)
    with serving(home) as server:
        running = server.upload(subtitles("whales", LONG // 8), "whales.srt")
        until(lambda: server.job(running["id"])["stages"])
        # Whoever is held cannot finish before it is told to stop, however slow the rest of this is.
        (worker,) = server.workers()
        worker.suspend()
        waiting = server.upload(subtitles("seals"), "seals.srt")
        begun = server.http.post("/api/v1/uploads", json={"name": "otters.srt", "size_bytes": len(raw)}).json()
        young, old = home / "media" / ".fetch-young", home / "media" / ".fetch-old"
        for path in (young, old):
            path.write_bytes(b"half a recording")
        os.utime(old, (1, 1))
        server.http.patch(begun["url"], content=raw[:100], headers={"Upload-Offset": "0"})
        server.process.send_signal(signal.SIGINT)
        until(server.is_deaf)
        worker.resume()
    with Store(home) as store:
        assert {job.id: job.state for job in Jobs(store).all()} == {running["id"]: "running", waiting["id"]: "queued"}
    with serving(home, "--jobs", "2") as server:
        assert server.http.head(begun["url"]).headers["upload-offset"] == "100"
        sent = server.http.patch(begun["url"], content=raw[100:], headers={"Upload-Offset": "100"})
        last = sent.json()["job"]
        assert young.exists() and not old.exists(), "what a power cut left is cleared away"
        for job in (running, waiting, last):
            assert server.finished(job["id"])["state"] == "done"
        assert {row["title"] for row in server.http.get("/api/v1/library").json()["media"]} == {
            "whales",
            "seals",
            "otters",
        }


def test_a_correction_is_seen_by_search_and_outlives_indexing_anew(library_home: Path) -> None:
    with serving(library_home) as server:
        media = server.http.get("/api/v1/library").json()["media"][0]["id"]
        url = f"/api/v1/media/{media}"
        events = server.http.get(f"{url}/timeline").json()["events"]
        said = next(event for event in events if event["kind"] == "transcript" and "call it" in event["text"])
        text = said["text"].replace("call it", "summon the wombat")
        changed = server.http.patch(f"{url}/events/{said['id']}", json={"text": text}).json()
        assert (changed["text"], changed["corrected"], changed["start_s"]) == (text, True, said["start_s"])
        found = server.http.get("/api/v1/search", params={"q": "wombat"}).json()["moments"]
        assert "wombat" in found[0]["text"] and found[0]["start_s"] <= said["end_s"]
        assert "wombat" in server.http.get(f"{url}/timeline", params={"format": "srt"}).text
        back = server.http.delete(f"{url}/events/{said['id']}").json()
        assert (back["text"], back["corrected"]) == (said["text"], False)
        assert server.http.patch(f"{url}/events/{said['id']}", json={"text": " "}).status_code == 400
        late = server.http.patch(f"{url}/events/{said['id']}", json={"text": "I came later.", "was": text})
        assert (late.status_code, late.json()["detail"]) == (400, "this line reads otherwise by now")
        assert server.http.get(f"{url}/timeline").json()["events"][said["id"]]["text"] == said["text"]
        server.http.patch(f"{url}/events/{said['id']}", json={"text": text})
    with Store(library_home) as store, store.write() as db:
        db.execute("DELETE FROM stage_cache WHERE key LIKE 'ingested:%'")
    with serving(library_home) as server:
        lesson = server.http.get(f"/api/v1/media/{media}/file").content
        assert server.finished(server.upload(lesson, "again.mp4")["id"])["state"] == "done"
        kept = server.http.get(f"{url}/timeline").json()["events"]
        assert [event["text"] for event in kept if event["corrected"]] == [text]
