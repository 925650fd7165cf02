"""Where a slim Linux lacks the OpenMP runtime, the language model finds the one that came with another wheel."""

import subprocess
import sys
from pathlib import Path

import pytest

from seehear.backends import openmp

LOAD = "import ctypes; ctypes.CDLL('libgomp.so.1'); print(open('/proc/self/maps').read())"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems link it differently")
def test_a_child_finds_the_runtime_that_the_system_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEEHEAR_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(openmp, "_system_has_it", lambda: False)
    for _ in range(2):
        child = subprocess.run(
            [sys.executable, "-c", LOAD], env=openmp.environment(), capture_output=True, text=True,
            timeout=30, check=True,
        )  # fmt: skip
        assert "ctranslate2.libs/libgomp" in child.stdout


def test_nothing_is_changed_where_the_system_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openmp, "_system_has_it", lambda: True)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/somewhere")
    assert openmp.environment()["LD_LIBRARY_PATH"] == "/somewhere"
