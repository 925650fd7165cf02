import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.surfaces.server.serving import Server, serving


@pytest.fixture(scope="session")
def shared(indexed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server over a copy of the indexed lesson, for tests that leave it as they find it."""
    home = tmp_path_factory.mktemp("shared") / "home"
    shutil.copytree(indexed_home, home)
    with serving(home) as server:
        yield server


@pytest.fixture(scope="session")
def lesson_id(shared: Server) -> str:
    return shared.http.get("/api/v1/library").json()["media"][0]["id"]
