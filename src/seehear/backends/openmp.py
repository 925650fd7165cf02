"""The OpenMP runtime that llama.cpp links against on Linux and that slim systems lack."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

from seehear import weights

_NAME = "libgomp.so.1"


def environment() -> dict[str, str]:
    """This process's environment, extended so that a child finds an OpenMP runtime.

    Where the system has none, the one inside CTranslate2's wheel is offered under the name the loader asks for. Where
    that is missing too, nothing is changed, and the child says what it could not load.
    """
    variables = dict(os.environ)
    if sys.platform != "linux" or _system_has_it():
        return variables
    bundled = _bundled()
    if bundled is None:
        return variables
    folder = weights.folder() / ".lib"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / _NAME
    if not link.exists() or link.resolve() != bundled.resolve():
        fresh = folder / f"{_NAME}.{os.getpid()}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(bundled)
        fresh.replace(link)
    path = variables.get("LD_LIBRARY_PATH")
    variables["LD_LIBRARY_PATH"] = f"{folder}{os.pathsep}{path}" if path else str(folder)
    return variables


def _system_has_it() -> bool:
    try:
        ctypes.CDLL(_NAME)
    except OSError:
        return False
    return True


def _bundled() -> Path | None:
    spec = importlib.util.find_spec("ctranslate2")
    if spec is None or spec.origin is None:
        return None
    libraries = Path(spec.origin).parent.parent / "ctranslate2.libs"
    return next(iter(sorted(libraries.glob("libgomp*.so*"))), None)
