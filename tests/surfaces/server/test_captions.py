"""Captions that are sent with their recording, or after it, say what is said in it; no model listens then."""

import wave
from pathlib import Path

import pytest

from tests.conftest import run_seehear
from tests.surfaces.server.serving import Server, serving, subtitles

VTT = b"WEBVTT\n\n00:01.000 --> 00:04.000\nLine 1 is about giraffes.\n"


@pytest.fixture
def sound(tmp_path: Path) -> bytes:
    """Half a minute of silence: whatever is found in it comes from captions."""
    with wave.open(str(tmp_path / "silence.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8_000)
        out.writeframes(bytes(2 * 8_000 * 30))
    return (tmp_path / "silence.wav").read_bytes()


def put(server: Server, path: str, name: str, raw: bytes) -> tuple[int, str]:
    done = server.http.put(f"{path}/captions", params={"name": name}, content=raw)
    return done.status_code, done.text


def said(server: Server, media: str) -> str:
    return server.http.get(f"/api/v1/media/{media}/timeline", params={"format": "text"}).text


def upload(server: Server, raw: bytes, name: str, captions: dict[str, bytes]) -> dict[str, str]:
    url = server.http.post("/api/v1/uploads", json={"name": name, "size_bytes": len(raw)}).json()["url"]
    for each, text in captions.items():
        assert put(server, url, each, text) == (204, "")
    sent = server.http.patch(url, content=raw, headers={"Upload-Offset": "0"})
    return server.finished(sent.json()["job"]["id"])


def test_captions_sent_along_with_a_recording_are_what_is_said_in_it(tmp_path: Path, sound: bytes) -> None:
    with serving(tmp_path / "home") as server:
        job = upload(server, sound, "talk.wav", {"talk.de.srt": subtitles("Giraffen"), "../talk.vtt": VTT})
        assert job["state"] == "done", job
        assert "Line 1 is about giraffes" in said(server, job["media"])
        assert [row["title"] for row in server.http.get("/api/v1/library").json()["media"]] == ["talk"]
        names = sorted(path.name for path in (server.home / "media").iterdir())
        assert names == sorted(f"{job['media']}{ending}" for ending in (".wav", ".cc.vtt", ".de.srt"))
        assert list((server.home / "uploads").iterdir()) == []
        assert server.http.delete(f"/api/v1/media/{job['media']}").status_code == 204
        assert list((server.home / "media").iterdir()) == [], "captions go with their recording"


def test_captions_sent_for_a_recording_that_is_here_take_the_place_of_what_was_said(
    tmp_path: Path, sound: bytes
) -> None:
    with serving(tmp_path / "home") as server:
        first = upload(server, sound, "talk.wav", {"talk.srt": subtitles("bees")})
        assert "about bees" in said(server, first["media"])
        told = server.http.put("/api/v1/media/talk/captions", params={"name": "any.srt"}, content=subtitles("wasps"))
        assert told.status_code == 202
        assert server.finished(told.json()["id"])["state"] == "done"
        assert "about wasps" in said(server, first["media"])
        assert "about bees" not in said(server, first["media"])


def test_captions_that_are_none_or_belong_to_nothing_are_refused_in_words(tmp_path: Path, sound: bytes) -> None:
    with serving(tmp_path / "home") as server:
        url = server.http.post("/api/v1/uploads", json={"name": "a.wav", "size_bytes": 9}).json()["url"]
        status, text = put(server, url, "a.txt", VTT)
        assert (status, "captions are .srt or .vtt files" in text) == (400, True)
        status, text = put(server, url, "a.vtt", b"WEBVTT\n\n")
        assert (status, "hold no cue" in text) == (400, True)
        assert put(server, url, "a.srt", b"no captions at all")[0] in (400, 415, 422)
        assert put(server, f"/api/v1/uploads/{'0' * 32}", "a.vtt", VTT)[0] == 404
        assert put(server, "/api/v1/media/nobody", "a.vtt", VTT)[0] == 404
        assert put(server, url, "a.vtt", VTT)[0] == 204
        assert server.http.delete(url).status_code == 204
        assert list((server.home / "uploads").iterdir()) == [], "captions of an upload that was given up go with it"
    with serving(tmp_path / "home", "--captions", "never") as server:
        url = server.http.post("/api/v1/uploads", json={"name": "a.wav", "size_bytes": 9}).json()["url"]
        assert "leaves captions aside" in put(server, url, "a.vtt", VTT)[1]


def test_captions_sent_for_a_recording_that_lies_elsewhere_leave_its_folder_alone(tmp_path: Path, sound: bytes) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "talk.wav").write_bytes(sound)
    (folder / "talk.srt").write_bytes(subtitles("bees"))
    done = run_seehear("index", folder / "talk.wav", home=tmp_path / "home")
    assert done.code == 0, done.err
    with serving(tmp_path / "home") as server:
        assert "about bees" in said(server, "talk")
        told = server.http.put("/api/v1/media/talk/captions", params={"name": "talk.srt"}, content=subtitles("wasps"))
        assert server.finished(told.json()["id"])["state"] == "done"
        assert "about wasps" in said(server, "talk")
        assert sorted(path.name for path in folder.iterdir()) == ["talk.srt", "talk.wav"]
        media = server.http.get("/api/v1/media/talk").json()["id"]
        assert server.http.get(f"/api/v1/media/{media}/file").content == sound, "captions are not taken for the file"
        assert server.http.delete(f"/api/v1/media/{media}").status_code == 204
        assert list((server.home / "media").iterdir()) == []
        assert (folder / "talk.srt").read_bytes() == subtitles("bees")
