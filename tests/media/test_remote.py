"""Fetching from addresses: real servers on this machine, allowed where a test says so and refused where it does not."""

import os
import socket
import threading
import wave
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from seehear import Library
from seehear.errors import InputError, MediaError, NotFoundError
from seehear.media.remote import FetchLimits, PageError, check_url, download, is_public, public_only
from tests.conftest import Run, run_seehear

Answer = Callable[[BaseHTTPRequestHandler], None]
SUBTITLES = (
    b"1\n00:00:01,000 --> 00:00:03,000\nOctopuses have three hearts.\n\n"
    b"2\n00:00:04,000 --> 00:00:06,000\nAnd blue blood.\n"
)


def sound(seconds: float = 1.0) -> bytes:
    held = BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"\0\0" * int(16000 * seconds))
    return held.getvalue()


def send(body: bytes, media_type: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": media_type, "Content-Length": str(len(body)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return answer


def redirect(to: str) -> Answer:
    return send(b"", "text/plain", status=302, headers={"Location": to})


def broken(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "video/mp4")
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    handler.wfile.write(b"x" * 1000)
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "video/mp4")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"\0" * 65536)
    except OSError:
        return


PAGE = (
    b"<!doctype html><html><head><title>A talk on octopuses</title></head>"
    b"<body><video src='/talk.wav'></video></body></html>"
)
LOCKED = (
    b'#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI="key"\n'
    b"#EXTINF:10,\nhttp://169.254.169.254/first.ts\n#EXT-X-ENDLIST\n"
)
KEY = b"sixteen letters."
SEALED = (
    b'#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x%032x\n'
    b"#EXTINF:2,\nfirst.ts\n#EXT-X-ENDLIST\n" % 7
)


def sealed(handler: BaseHTTPRequestHandler) -> None:
    """Two seconds of a tone as a segment that the key of its playlist opens."""
    from Cryptodome.Cipher import AES
    from Cryptodome.Util.Padding import pad

    held = BytesIO()
    with av.open(held, "w", format="mpegts") as made:
        stream = made.add_stream("aac", rate=16000, layout="mono")
        for start in range(0, 32000, 1024):
            tone = np.sin(np.arange(start, start + 1024) * 0.1).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16000, start
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    body = AES.new(KEY, AES.MODE_CBC, iv=(7).to_bytes(16, "big")).encrypt(pad(held.getvalue(), 16))
    send(body, "video/mp2t")(handler)


ROUTES: dict[str, Answer] = {
    "/sealed.m3u8": send(SEALED, "application/vnd.apple.mpegurl"),
    "/key": send(KEY, "application/octet-stream"),
    "/first.ts": sealed,
    "/talk.wav": send(sound(), "audio/wav"),
    "/notes.srt": send(SUBTITLES, "application/x-subrip"),
    "/My%20Talk.srt": send(SUBTITLES, "application/octet-stream"),
    "/locked.m3u8": send(LOCKED, "application/vnd.apple.mpegurl"),
    "/moved": redirect("/notes.srt"),
    "/around": redirect("/around"),
    "/to-file": redirect("file:///etc/passwd"),
    "/to-metadata": redirect("http://169.254.169.254/latest/meta-data/"),
    "/secret": send(b"", "text/plain", status=401),
    "/gone": send(b"", "text/plain", status=404),
    "/failing": send(b"", "text/plain", status=503),
    "/not-media.mp4": send(b"hello there, this is no video " * 100, "video/mp4"),
    "/empty.mp4": send(b"", "video/mp4"),
    "/page": send(PAGE, "text/html; charset=utf-8"),
    "/page-that-lies.mp4": send(PAGE, "video/mp4"),
    "/dull": send(b"<!doctype html><html><title>Nothing</title><body>no video here</body></html>", "text/html"),
    "/broken.mp4": broken,
    "/endless.mp4": endless,
}  # fmt: skip


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ROUTES.get(self.path, ROUTES["/gone"])(self)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
     "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1",
     "ff02::1", "::",
     "255.255.255.255", "no address"],
)  # fmt: skip
def test_an_address_of_this_machine_or_its_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/a.mp4",
        "file:///etc/passwd",
        "https://",
        "http://user:pw@example.org/",
        "http://[::1/x",
        "//x/y",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(InputError):
        check_url(url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "127.1"]
)
def test_this_machine_is_not_fetched_from_however_it_is_written(site: str, tmp_path: Path, host: str) -> None:
    port = site.rsplit(":", 1)[-1]
    with pytest.raises(InputError, match=r"private network|cannot be reached|cannot be asked"):
        download(f"http://{host}:{port}/talk.wav", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_guard_holds_for_whoever_connects_and_only_while_it_is_meant_to() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with pytest.raises(InputError, match="private network"), public_only(), socket.socket() as caller:
            caller.connect(listener.getsockname())
        with public_only(), public_only(unless=True), socket.socket() as caller:
            caller.connect(listener.getsockname())
        with public_only():
            elsewhere: list[bool] = []

            def other_work() -> None:
                with socket.socket() as own:
                    own.connect(listener.getsockname())
                    elsewhere.append(True)

            thread = threading.Thread(target=other_work)
            thread.start()
            thread.join()
            assert elsewhere, "models on this machine stay within reach of other threads"


def test_a_file_is_fetched_with_its_name_and_kind(site: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    got = download(f"{site}/talk.wav", tmp_path, private=True, on_bytes=lambda here, total: seen.append((here, total)))
    assert got.path.read_bytes() == sound()
    assert (got.title, got.suffix, got.url) == ("talk", ".wav", f"{site}/talk.wav")
    assert seen[-1] == (len(sound()), len(sound()))
    assert download(f"{site}/My%20Talk.srt", tmp_path, private=True).title == "My Talk"
    moved = download(f"{site}/moved", tmp_path, private=True)
    assert (moved.title, moved.url) == ("notes", f"{site}/moved")


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/around", InputError, "redirects without end"), ("/to-file", InputError, "not a web address"),
        ("/secret", InputError, "login"), ("/gone", NotFoundError, "nothing at this address"),
        ("/failing", InputError, "answered 503"), ("/empty.mp4", InputError, "empty"),
        ("/broken.mp4", InputError, "connection to the other server broke"), ("/page", PageError, "/page"),
        ("/page-that-lies.mp4", PageError, "lies"), ("/endless.mp4", InputError, "larger than"),
    ],
)  # fmt: skip
def test_what_cannot_be_fetched_says_why_and_leaves_nothing(
    site: str, tmp_path: Path, path: str, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        download(f"{site}{path}", tmp_path, private=True, limits=FetchLimits(size_bytes=1_000_000))
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_into_the_private_network_is_refused_before_it_is_followed(tmp_path: Path) -> None:
    # The first server stands in for a public one; the second must never be asked.
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as inner:
        inner.settimeout(0.3)
        place = f"http://127.0.0.1:{inner.getsockname()[1]}/"
        with public_only(), pytest.raises(InputError, match="private network"):
            download(place, tmp_path)
        with pytest.raises(TimeoutError):
            asked.append(str(inner.accept()))
    assert asked == []


def test_a_fetch_can_be_stopped(site: str, tmp_path: Path) -> None:
    def stop(here: int, total: int) -> None:
        raise MediaError("enough")

    with pytest.raises(MediaError, match="enough"):
        download(f"{site}/endless.mp4", tmp_path, private=True, on_bytes=stop)
    assert list(tmp_path.iterdir()) == []


def test_asking_an_address_fetches_indexes_and_answers_once(site: str, tmp_path: Path, run: Run) -> None:
    allowed = {"SEEHEAR_PRIVATE_URLS": "1"}
    url = f"{site}/moved"
    home = tmp_path / "home"
    first = run("ask", url, "how many hearts do octopuses have?", "--answer", "extractive", "--json", env=allowed)
    assert first.code == 0, first.err
    assert "three hearts" in first.json["text"] and first.json["citations"][0]["start_s"] == 1.0
    with Library(home, answer="extractive") as library:
        row = library.media()[0]
        assert (row.title, row.url, row.kept) == ("notes", url, True)
        assert row.path == home / "media" / f"{row.id}.srt"
        # Asking again does not fetch again: private addresses are not even allowed now.
        assert "blood" in library.open(url).ask("what about blood?").text
        library.remove(row.id)
        assert list((home / "media").iterdir()) == []
    refused = run("index", url, "--json")
    assert refused.code == 2 and "private network" in refused.json[0]["error"]
    bad = run("index", f"{site}/not-media.mp4", "--json", env=allowed)
    assert bad.code == 2 and "is no recording" in bad.json[0]["error"]
    assert list((home / "media").iterdir()) == []


def test_a_page_that_plays_a_recording_is_understood(site: str, tmp_path: Path, small_weights: None) -> None:
    pytest.importorskip("yt_dlp")
    with Library(tmp_path / "home", private_urls=True) as library:
        got = library.fetch(f"{site}/page")
        assert len(got) == 1 and got[0].path is not None
        assert got[0].path.read_bytes() == sound()
        assert "octopuses" in got[0].title and got[0].url == f"{site}/page"
        with pytest.raises(InputError, match="plays no recording"):
            library.fetch(f"{site}/dull")
    with Library(tmp_path / "other") as library, pytest.raises(InputError, match="private network"):
        library.fetch(f"{site}/page")


def test_a_page_that_leads_to_the_private_network_is_not_followed(site: str, tmp_path: Path) -> None:
    pytest.importorskip("yt_dlp")
    from seehear.media.webpage import entries

    with pytest.raises(InputError, match="private network"):
        entries(f"{site}/page")


def test_a_stream_that_is_locked_with_a_key_of_its_page_is_fetched(site: str, tmp_path: Path) -> None:
    for needed in ("yt_dlp", "Cryptodome"):
        pytest.importorskip(needed)
    from seehear.media.decode import probe
    from seehear.media.webpage import download_page

    found = download_page(f"{site}/sealed.m3u8", tmp_path, private=True)
    media = probe(found.path)
    assert media.has_audio and 1.5 < media.duration_s < 2.6


@pytest.mark.skipif(os.name == "nt", reason="the program that is set up is a script of a Unix shell")
def test_no_other_program_fetches_what_yt_dlp_cannot(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("yt_dlp")
    from seehear.media.webpage import download_page

    # What another program connects to is seen by no guard of ours.
    programs, told = tmp_path / "programs", tmp_path / "told"
    programs.mkdir()
    for name in ("ffmpeg", "ffprobe"):
        (programs / name).write_text(f'#!/bin/sh\necho "$@" >> {told}\necho "ffmpeg version 7.1"\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    (tmp_path / "made").mkdir()
    with pytest.raises(InputError):
        download_page(f"{site}/locked.m3u8", tmp_path / "made", private=True)
    assert "169.254" not in (told.read_text() if told.exists() else "")
    assert " -i " not in (told.read_text() if told.exists() else "")


def test_without_yt_dlp_a_page_says_what_to_install(site: str, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden" / "yt_dlp"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError('hidden', name='yt_dlp')")
    done = run_seehear(
        "index", f"{site}/page", home=tmp_path / "home",
        env={"SEEHEAR_PRIVATE_URLS": "1", "PYTHONPATH": f"{hidden.parent}:{Path(__file__).parents[2] / 'src'}"},
    )  # fmt: skip
    assert "pip install 'seehear[web]'" in done.err
