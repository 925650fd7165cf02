"""Models of the Hugging Face kind: from a folder or a hub name to files on this machine, and what can go wrong there.

Weights are read from safetensors only and code that comes with a model is never run.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seehear.errors import BackendError, ConfigError, MissingPackageError, SeehearError, WeightsError

_WANTED = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]
"""What of a repository is fetched: no pickles, no code."""


def packages(label: str) -> tuple[Any, Any]:
    """The modules torch and transformers, for the backend called `label`. Raises MissingPackageError."""
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingPackageError(
            f"{label} needs the packages transformers and torch", hint="pip install 'seehear[hf]'"
        ) from error
    transformers.utils.logging.disable_progress_bar()
    return torch, transformers


def best_device(torch: Any) -> str:
    """Where a model computes fastest here: `cuda`, `mps` or `cpu`."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def place(name: str) -> str:
    """The folder or the hub name to load from; raises WeightsError when it is neither here nor within reach."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return str(folder)
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise WeightsError(f"there is no folder {name}", hint="give a folder, or a hub name such as owner/model")
    try:
        from huggingface_hub import constants, snapshot_download
    except ImportError as error:
        raise MissingPackageError(
            f"hf:{name} needs the packages transformers and torch", hint="pip install 'seehear[hf]'"
        ) from error
    try:
        return str(snapshot_download(name, local_files_only=True, allow_patterns=_WANTED))
    except (OSError, ValueError):  # not downloaded yet, or no name that a hub could have
        pass
    if constants.HF_HUB_OFFLINE:
        raise WeightsError(
            f"{name} is not on this machine and HF_HUB_OFFLINE is set", hint="unset it, or give a folder"
        )
    if not _reachable(constants.ENDPOINT):
        raise WeightsError(f"{name} is not on this machine and its hub does not answer", hint="give a folder with it")
    try:
        return str(snapshot_download(name, allow_patterns=_WANTED))
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{name} cannot be fetched: {str(error).splitlines()[0][:200]}", hint="check its name"
        ) from error


def _reachable(endpoint: str) -> bool:
    """Whether a hub answers within seconds; through a proxy that cannot be told, so it is tried."""
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return True
    address = urlsplit(endpoint)
    try:
        with socket.create_connection((address.hostname or "", address.port or 443), timeout=3.0):
            return True
    except OSError:
        return False


@contextmanager
def loading(label: str) -> Iterator[None]:
    """Turn what loading a model raises into our errors, for the backend called `label`."""
    try:
        yield
    except foreign() as error:
        raise failure(error, label, loading=True) from error
    except Exception as error:
        if type(error) is not Exception:
            raise
        # tokenizers has no class of its own for a file it cannot read.
        raise WeightsError(f"{label}: {error}", hint="fetch the model again") from error


def foreign() -> tuple[type[Exception], ...]:
    """What transformers, torch, huggingface_hub, safetensors and jinja raise while they load and write.

    The hub's errors are OSErrors, torch's are RuntimeErrors; safetensors and jinja have direct heirs of Exception.
    """
    from jinja2 import TemplateError
    from safetensors import SafetensorError

    return (
        RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, OSError, ImportError,
        MemoryError, TemplateError, SafetensorError,
    )  # fmt: skip


def failure(error: BaseException, label: str, *, loading: bool = False) -> SeehearError:
    """Which of our errors a foreign one is, for the backend called `label`."""
    told = str(error).strip().splitlines() or [type(error).__name__]
    what = f"{label}: {told[0][:300]}"
    if isinstance(error, SeehearError):
        return error
    if isinstance(error, ImportError):
        return MissingPackageError(what, hint="pip install 'seehear[hf]'")
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return BackendError(f"{what} (not enough memory)", hint="choose a smaller model")
    if "chat template" in str(error) or "chat_template" in str(error):
        return ConfigError(f"{label} was not made to talk", hint="choose its -Instruct or -it sibling")
    if isinstance(error, OSError) or "safetensor" in f"{type(error).__module__} {error}".lower():
        return WeightsError(what, hint="check the name, or give a folder with safetensors files")
    if loading:
        return ConfigError(what, hint="choose a model that transformers knows")
    return BackendError(what)
