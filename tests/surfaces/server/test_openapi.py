"""The API is what its document says: schemathesis sends what it may and may not be sent."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.surfaces.server.serving import Server, serving

DOCUMENT = Path(__file__).parents[3] / "docs" / "openapi.json"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# What answers only when something happens, or asks models and the internet, is tested by itself.
SLOW_PATHS = ("/api/v1/events",)

# Neither are hosts of the internet to be asked for what a fuzzer makes up.
KEPT_OUT = ("DELETE /api/v1/media/{media}", "DELETE /api/v1/uploads/{upload}", "POST /api/v1/jobs")


def test_the_document_in_the_repository_is_the_one_that_is_served(shared: Server) -> None:
    served = shared.http.get("/api/v1/openapi.json").json()
    assert json.loads(DOCUMENT.read_text(encoding="utf-8")) == served, "run docs/make_openapi.py"


def test_every_operation_says_what_it_is_and_how_it_fails() -> None:
    for path, operations in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            if path.startswith("/api/"):
                refused = operation["responses"]["404"]["content"]
                assert list(refused) == ["application/problem+json"], (method, path)


def fuzz(home: Path, tmp_path: Path, *, examples: int, seconds: int) -> None:
    command = Path(sys.executable).with_name("schemathesis")
    with serving(home, env={"SEEHEAR_LOCAL": "1"}) as server:
        media = server.http.get("/api/v1/library").json()["media"][0]["id"]
        upload = server.http.post("/api/v1/uploads", json={"name": "x.mp4", "size_bytes": 10**9}).json()["id"]
        # Real names, so that what lies behind the checks of names is reached; they are not to be deleted meanwhile.
        (tmp_path / "schemathesis.toml").write_text(
            f'[parameters]\n"path.media" = "{media}"\n"path.upload" = "{upload}"\n'
            + "".join(f'[[operations]]\ninclude-name = "{name}"\nenabled = false\n' for name in KEPT_OUT)
        )
        excluded = [part for path in SLOW_PATHS for part in ("--exclude-path", path)]
        done = subprocess.run(
            [command, "run", f"{server.url}/api/v1/openapi.json", "--checks", CHECKS, "--max-examples", str(examples),
             "--phases", "examples,coverage,fuzzing,stateful", "--seed", "1", "--no-color", "--request-timeout", "20",
             "--max-failures", "10", "--suppress-health-check", "all", *excluded],
            cwd=tmp_path, capture_output=True, text=True, timeout=seconds, check=False,
            env={**os.environ, "NO_PROXY": "*", "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert '"event": "bug"' not in server.log.read_text()
        assert "passed" in done.stdout.splitlines()[-1] or "cases" in done.stdout, done.stdout[-500:]


@pytest.mark.timeout(400)
def test_nothing_that_is_sent_breaks_the_server(library_home: Path, tmp_path: Path) -> None:
    fuzz(library_home, tmp_path, examples=2, seconds=380)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_nothing_that_is_sent_for_minutes_breaks_the_server(library_home: Path, tmp_path: Path) -> None:
    shutil.rmtree(library_home / "media", ignore_errors=True)
    fuzz(library_home, tmp_path, examples=100, seconds=1100)
