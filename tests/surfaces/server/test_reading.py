"""What a client reads: the library, recordings, timelines, files, pictures, moments, answers."""

import hashlib
import http.client
import json
import shutil
from pathlib import Path
from urllib.parse import urlencode

import pytest

from seehear import Library
from tests.surfaces.server.serving import Server, events_of, serving


def test_the_library_lists_what_was_seen_and_heard(shared: Server, lesson_id: str) -> None:
    listed = shared.http.get("/api/v1/library").json()
    row = listed["media"][0]
    assert (row["title"], row["kind"], row["has_file"]) == ("lesson", "video", True)
    assert row["seen"] > 2 and row["heard"] > 3 and row["seen"] + row["heard"] == row["events"]
    assert (row["width_px"], row["height_px"]) == (1280, 720)
    assert listed["bytes"] > 100_000
    assert shared.http.get("/api/v1/library", params={"q": "LESS"}).json()["media"][0]["id"] == lesson_id
    assert shared.http.get("/api/v1/library", params={"q": "other"}).json()["media"] == []


def test_a_recording_has_chapters_and_a_thumbnail(shared: Server, lesson_id: str) -> None:
    one = shared.http.get(f"/api/v1/media/{lesson_id}").json()
    assert "Functions" in [chapter["title"] for chapter in one["chapters"]]
    picture = shared.http.get(one["thumbnail"])
    assert picture.headers["content-type"] == "image/jpeg" and picture.content[:2] == b"\xff\xd8"


def test_a_timeline_comes_in_every_format(shared: Server, lesson_id: str) -> None:
    url = f"/api/v1/media/{lesson_id}/timeline"
    as_json = shared.http.get(url).json()
    assert [event["id"] for event in as_json["events"]] == list(range(len(as_json["events"])))
    assert not any(event["corrected"] for event in as_json["events"])
    assert "path" not in as_json["media"]
    assert shared.http.get(url, params={"format": "text"}).text.startswith("[0:00] visual: A short lesson")
    assert "-->" in shared.http.get(url, params={"format": "srt"}).text
    assert shared.http.get(url, params={"format": "vtt"}).text.startswith("WEBVTT")
    assert shared.http.get(url, params={"format": "md"}).text.startswith("# lesson")
    assert "0:00" in shared.http.get(url, params={"format": "chapters"}).text
    saved = shared.http.get(url, params={"format": "srt", "download": "1"})
    assert saved.headers["content-disposition"] == "attachment; filename*=UTF-8''lesson.srt"


def test_a_stretch_of_a_timeline_keeps_the_numbers_of_its_events(shared: Server, lesson_id: str) -> None:
    url = f"/api/v1/media/{lesson_id}/timeline"
    whole = {event["id"]: event for event in shared.http.get(url).json()["events"]}
    part = shared.http.get(url, params={"start_s": 10, "end_s": 15}).json()["events"]
    assert 0 < len(part) < len(whole)
    assert all(whole[event["id"]] == event for event in part)
    assert all(event["start_s"] < 15 and event["end_s"] >= 10 for event in part)


def test_a_file_is_served_whole_and_in_ranges(shared: Server, lesson_id: str, lesson: Path) -> None:
    raw = lesson.read_bytes()
    url = f"/api/v1/media/{lesson_id}/file"
    whole = shared.http.get(url)
    assert whole.content == raw and whole.headers["content-type"] == "video/mp4"
    assert hashlib.sha256(whole.content).hexdigest() == lesson_id
    for given, expected in (
        ("bytes=0-0", raw[:1]), ("bytes=100-199", raw[100:200]), ("bytes=-10", raw[-10:]),
        (f"bytes={len(raw) - 5}-", raw[-5:]), (f"bytes=5-{len(raw) * 2}", raw[5:]),
    ):  # fmt: skip
        part = shared.http.get(url, headers={"Range": given})
        assert (part.status_code, part.content) == (206, expected), given
        assert part.headers["content-range"].endswith(f"/{len(raw)}")
    assert shared.http.get(url, headers={"Range": "bytes=0-1,5-6"}).status_code == 200
    assert shared.http.get(url, headers={"Range": "lines=1-2"}).status_code == 200
    past = shared.http.get(url, headers={"Range": f"bytes={len(raw)}-"})
    assert (past.status_code, past.headers["content-range"]) == (416, f"bytes */{len(raw)}")
    etag = whole.headers["etag"]
    assert shared.http.get(url, headers={"If-None-Match": etag}).status_code == 304
    assert shared.http.get(url, headers={"Range": "bytes=0-1", "If-Range": etag}).status_code == 206
    assert shared.http.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'}).status_code == 200


def test_pictures_are_only_those_of_the_recording(shared: Server, lesson_id: str) -> None:
    events = shared.http.get(f"/api/v1/media/{lesson_id}/timeline").json()["events"]
    name = next(event["frame"] for event in events if event.get("frame"))
    assert shared.http.get(f"/api/v1/media/{lesson_id}/frames/{name}").headers["content-type"] == "image/jpeg"
    for wrong in ("999999999.jpg", "..%2f..%2flibrary.db", "%2e%2e%2flibrary.db", "library.db", "x.jpg"):
        refused = shared.http.get(f"/api/v1/media/{lesson_id}/frames/{wrong}")
        assert refused.status_code in (404, 422), wrong
        assert refused.headers["content-type"] == "application/problem+json"


def test_moments_are_those_of_the_library(shared: Server, lesson_id: str) -> None:
    reply = shared.http.get("/api/v1/search", params={"q": "what is a function", "limit": 3}).json()
    assert reply["fits"]
    found = reply["moments"]
    with Library(shared.home) as library:
        expected = [moment.as_json() for moment in library.search("what is a function", limit=3)]
    assert [{k: v for k, v in moment.items() if k != "frame"} for moment in found] == expected
    pictured = next(moment["frame"] for moment in found if moment["frame"])
    assert shared.http.get(pictured).status_code == 200
    assert not shared.http.get("/api/v1/search", params={"q": "photosynthesis"}).json()["fits"]
    shown = shared.http.get("/api/v1/search", params={"q": "double", "route": "shown", "media": lesson_id}).json()
    assert all(moment["kind"] == "visual" for moment in shown["moments"])


def test_an_answer_is_the_same_whole_and_streamed(shared: Server, lesson_id: str) -> None:
    question = {"question": "when are loops explained?", "media": [lesson_id]}
    whole = shared.http.post("/api/v1/ask", json=question).json()
    with Library(shared.home, answer="extractive") as library:
        expected = library.ask(question["question"], media=[lesson_id]).as_json()  # type: ignore[arg-type, list-item]
    assert (whole["text"], whole["citations"]) == (expected["text"], expected["citations"])
    assert whole["supported"]
    streamed = shared.http.post("/api/v1/ask", json=question, headers={"Accept": "text/event-stream"})
    assert streamed.headers["content-type"].startswith("text/event-stream")
    told = events_of(streamed.text)
    names = [name for name, _ in told]
    assert names[0] == "moments" and names[-1] == "answer" and "text" in names
    assert "".join(data["delta"] for name, data in told if name == "text") == whole["text"]
    assert told[-1][1] == whole


def test_a_follow_up_keeps_its_context_and_a_stretch_is_kept_to(shared: Server, lesson_id: str) -> None:
    first = shared.http.post("/api/v1/ask", json={"question": "when are loops explained?"}).json()
    turn = {"question": first["question"], "answer": first["text"], "citations": first["citations"]}
    again = shared.http.post("/api/v1/ask", json={"question": "and functions?", "history": [turn]})
    assert again.status_code == 200
    within = {"start_s": 0, "end_s": 5}
    early = shared.http.post("/api/v1/ask", json={"question": "when are loops explained?", "within": within}).json()
    assert all(moment["start_s"] < 5 for moment in early["moments"])


def test_what_is_not_there_is_told_as_a_problem(shared: Server, lesson_id: str) -> None:
    nobody = "0" * 64
    for method, path, body, status in (
        ("GET", f"/api/v1/media/{nobody}", None, 404),
        ("GET", f"/api/v1/media/{nobody}/file", None, 404),
        ("GET", "/api/v1/media/lessons", None, 404),
        ("GET", "/api/v1/media/000000", None, 404),
        ("GET", "/api/v1/nothing", None, 404),
        ("POST", "/api/v1/library", {}, 405),
        ("GET", "/api/v1/search", None, 422),
        ("GET", f"/api/v1/search?q=x&media={nobody}", None, 404),
        ("POST", "/api/v1/ask", {"question": "  "}, 400),
        ("POST", "/api/v1/ask", {"question": "x" * 3000}, 422),
        ("POST", "/api/v1/ask", {"question": "x", "media": ["/etc/passwd"]}, 404),
        ("POST", "/api/v1/ask", {"question": "x", "surprise": 1}, 422),
        ("GET", f"/api/v1/media/{lesson_id}/timeline?format=exe", None, 422),
        ("GET", f"/api/v1/media/{lesson_id}/timeline?start_s=5&end_s=2", None, 400),
        ("PATCH", f"/api/v1/media/{lesson_id}/events/9999", {"text": "x"}, 404),
        ("POST", "/api/v1/jobs", {"url": "file:///etc/passwd"}, 422),
        ("GET", f"/api/v1/jobs/{'0' * 32}", None, 404),
    ):
        answer = shared.http.request(method, path, json=body) if body is not None else shared.http.request(method, path)
        assert answer.status_code == status, (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert told["status"] == status and told["title"] and told["detail"] and told["hint"], path
        assert "/etc/passwd" not in answer.text and "Traceback" not in answer.text


def test_a_recording_is_named_as_everywhere_else(shared: Server, lesson_id: str) -> None:
    for name in (lesson_id, lesson_id[:10], lesson_id[:6].upper(), "lesson", "Lesson"):
        assert shared.http.get(f"/api/v1/media/{name}").json()["id"] == lesson_id, name
        assert shared.http.get(f"/api/v1/media/{name}/timeline").json()["media"]["id"] == lesson_id
        assert shared.http.get(f"/api/v1/media/{name}/thumbnail").status_code == 200
        found = shared.http.get("/api/v1/search", params={"q": "function", "media": name}).json()["moments"]
        assert found and {moment["media"] for moment in found} == {lesson_id}
        answer = shared.http.post("/api/v1/ask", json={"question": "what is a function?", "media": [name]})
        assert answer.json()["supported"]
    assert shared.http.get("/m/lesson").headers["content-type"].startswith("text/html")


def test_the_longest_address_that_the_document_allows_is_answered_as_it_says(shared: Server) -> None:
    # A letter beyond the basic plane is twelve bytes of an address; httpx sends none that long.
    asked = [("q", "𝕋" * 500), *(("media", "𝕋" * 200) for _ in range(100))]
    for given, status in ((asked, 404), ([*asked[1:], ("q", "x"), ("media", "x")], 422)):
        connection = http.client.HTTPConnection(shared.url.removeprefix("http://"), timeout=20)
        connection.request("GET", "/api/v1/search?" + urlencode(given))
        answer = connection.getresponse()
        assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
        connection.close()


def test_the_length_of_a_file_can_be_asked_for_alone(shared: Server, lesson_id: str, lesson: Path) -> None:
    head = shared.http.head(f"/api/v1/media/{lesson_id}/file")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(lesson.stat().st_size)
    assert head.headers["etag"] == f'"{lesson_id}"'


def test_a_body_that_is_not_called_json_is_told_how_to_send_it(shared: Server) -> None:
    for path in ("/api/v1/ask", "/v1/chat/completions"):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        refused = shared.http.post(path, content='{"question": "what is a function?"}', headers=headers)
        assert refused.status_code in (400, 422)
        assert "Content-Type: application/json" in refused.text, path


def test_logs_and_metrics_hold_no_content(shared: Server, lesson_id: str) -> None:
    shared.http.get("/api/v1/search", params={"q": "zanzibarquestion"})
    shared.http.post("/api/v1/ask", json={"question": "is zanzibarquestion mentioned?"})
    text = shared.http.get("/metrics").text
    assert 'seehear_requests_total{method="GET",route="/api/v1/search",status="200"}' in text
    written = shared.log.read_text()
    assert all(json.loads(line)["event"] for line in written.splitlines())
    assert '"route": "/api/v1/search"' in written
    assert "zanzibar" not in written and "zanzibar" not in text


@pytest.mark.parametrize("path", ["/", "/m/" + "0" * 64, "/m/nope", "/m/a%20title"])
def test_the_page_is_served_with_a_strict_policy(shared: Server, path: str) -> None:
    page = shared.http.get(path)
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"


def test_health_and_settings_tell_how_the_server_is(shared: Server) -> None:
    assert shared.http.get("/healthz").json() == {"status": "ok"}
    assert shared.http.get("/readyz").json() == {"status": "ready"}
    settings = shared.http.get("/api/v1/settings").json()
    assert settings["token_required"] is False and settings["upload_bytes"] == 10_000_000_000
    chosen = shared.http.get("/api/v1/backends").json()
    assert {"capability": "embed", "name": "minilm", "runs": "here"} in chosen["backends"] and chosen["leaving"] == []


def test_searching_as_one_types_asks_no_reranker(indexed_home: Path, tmp_path: Path) -> None:
    shutil.copytree(indexed_home, tmp_path / "home")
    # Nothing answers there: whoever asked it would fail.
    with serving(tmp_path / "home", "--rerank", "http://127.0.0.1:9/v1#x") as server:
        assert server.http.get("/api/v1/search", params={"q": "what is a function"}).json()["moments"]
