"""The one place where names become backends. Adding one: its file, one line here, one extra."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from seehear.backends.protocols import Answerer, Backend, Capability, Card, Embedder, Reader, Speaker, Transcriber
from seehear.backends.servers import names
from seehear.errors import ConfigError, MissingPackageError

if TYPE_CHECKING:
    from seehear.backends.plugins import Plugin


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a backend's class is and what it is made with; nothing is imported before it is opened.

    `chosen` tells whether it may be taken without being named.
    """

    capabilities: tuple[Capability, ...]
    module: str
    attribute: str
    options: Mapping[str, Any] = field(default_factory=dict)
    chosen: bool = True


ENTRIES: dict[str, Entry] = {
    "ppocr": Entry(("read",), "seehear.backends.ocr", "PPOcr"),
    "whisper:auto": Entry(("hear",), "seehear.backends.whisper", "Whisper", {"model": "auto"}),
    "whisper:tiny.en": Entry(("hear",), "seehear.backends.whisper", "Whisper", {"model": "tiny.en"}),
    "whisper:base": Entry(("hear",), "seehear.backends.whisper", "Whisper", {"model": "base"}),
    "minilm": Entry(("embed",), "seehear.backends.minilm", "MiniLM"),
    "e5": Entry(("embed",), "seehear.backends.e5", "E5", chosen=False),
    "llama:qwen2.5-coder-1.5b": Entry(("answer",), "seehear.backends.llama", "Llama", {"model": "qwen2.5-coder-1.5b"}),
    "llama:qwen2.5-coder-0.5b": Entry(("answer",), "seehear.backends.llama", "Llama", {"model": "qwen2.5-coder-0.5b"}),
    "extractive": Entry(("answer",), "seehear.backends.extractive", "Extractive", chosen=False),
    "hibari": Entry(("speak",), "seehear.backends.hibari", "Hibari"),
    "fake": Entry(
        ("read", "describe", "hear", "embed", "rerank", "answer", "speak"),
        "seehear.backends.fake",
        "Fake",
        chosen=False,
    ),
}
"""The embedded backends, in the order in which `auto` prefers them within a capability."""


SERVERS = ("openai:MODEL", "ollama:MODEL", "http://HOST/v1#MODEL")
"""How models on servers are named."""


def known(capability: Capability, *, chosen: bool = False) -> list[str]:
    """The names of embedded backends for one capability, the preferred one first; only those that `auto` may choose."""
    return [n for n, entry in ENTRIES.items() if capability in entry.capabilities and (entry.chosen or not chosen)]


def prefixes() -> frozenset[str]:
    """What the names of embedded backends begin with."""
    return frozenset(name.partition(":")[0] for name in ENTRIES)


def judges(name: str) -> bool:
    """Tell whether the model of that name reranks by judging: a language model, which is asked in words.

    What a server is named by its address for is reranking proper, through its `/rerank`.
    """
    if names.is_server_name(name):
        return names.parse(name).provider != "url"
    return _is_embedded(name, "answer") and not _is_embedded(name, "rerank")


def check(name: str, capability: Capability) -> None:
    """Refuse a name that nothing can be behind, without opening anything. Raises ConfigError."""
    if capability == "rerank" and judges(name):
        check(name, "answer")
    elif names.is_server_name(name):
        names.parse(name)
    elif not name.startswith(("hf:", "mlx:")) and not _is_embedded(name, capability):
        _plugin_of(name, capability)


def open_backend(name: str, capability: Capability, **options: Any) -> Backend:
    """Make the backend `name` for `capability`; nothing heavy is loaded before it is used.

    `options` go to embedded backends. Raises ConfigError for a name that is not known, MissingPackageError when its
    package is not installed, SetupError when the package of another author that brings it is at fault.
    """
    if capability == "rerank" and judges(name):
        from seehear.backends.judge import Judge

        return Judge(cast(Answerer, open_backend(name, "answer", **options)))
    if name.startswith("hf:") and capability == "rerank":
        from seehear.backends import hf_rerank

        return hf_rerank.CrossEncoder(name.removeprefix("hf:"))
    if name.startswith("hf:"):
        from seehear.backends import hf

        return hf.open_named(name.removeprefix("hf:"), capability)
    if name.startswith("mlx:") and capability == "hear":
        from seehear.backends import mlx

        return mlx.MlxWhisper(name.removeprefix("mlx:"))
    if not _is_embedded(name, capability):
        from seehear.backends import plugins

        return plugins.open_plugin(_plugin_of(name, capability), name, capability)
    entry = ENTRIES[name]
    try:
        made = getattr(importlib.import_module(entry.module), entry.attribute)(**entry.options, **options)
    except ImportError as error:
        raise MissingPackageError(
            f"the backend {name} needs a package that is not installed: {error.name}",
            hint="pip install 'seehear[local]'",
        ) from error
    return cast(Backend, made)


def _is_embedded(name: str, capability: Capability) -> bool:
    return name in ENTRIES and capability in ENTRIES[name].capabilities


def _plugin_of(name: str, capability: Capability) -> Plugin:
    """The other author's package behind a name; raises ConfigError, with the names there are, where there is none."""
    from seehear.backends import plugins

    plugin = None if name.partition(":")[0] in prefixes() | plugins.RESERVED else plugins.plugin_of(name)
    if plugin is None:
        others = [plugin.prefix for plugin in plugins.found()]
        servers = ("http://HOST/v1#MODEL",) if capability == "rerank" else SERVERS
        usual = ("none", "answer", "hf:MODEL") if capability == "rerank" else ("auto",)
        here = [*usual, *known(capability), *others, *servers]
        raise ConfigError(f"no backend {name!r} can {capability}", hint=f"choose one of {', '.join(here)}")
    return plugin


def card_of(name: str) -> Card:
    """What the backend `name` is and can do."""
    return open_backend(name, ENTRIES[name].capabilities[0]).card


def open_reader(name: str = "auto", *, threads: int = 1) -> Reader:
    """Make what reads text on pictures."""
    return cast(Reader, open_backend("ppocr" if name == "auto" else name, "read", threads=threads))


def open_transcriber(name: str = "auto", *, threads: int = 1) -> Transcriber:
    """Make what turns speech into text."""
    return cast(Transcriber, open_backend("whisper:auto" if name == "auto" else name, "hear", threads=threads))


def open_embedder(name: str = "auto", *, threads: int = 1) -> Embedder:
    """Make what maps texts to vectors."""
    return cast(Embedder, open_backend("minilm" if name == "auto" else name, "embed", threads=threads))


def open_answerer(name: str) -> Answerer:
    """Make what writes answers; here `auto` is not a name, since the choice depends on what is downloaded."""
    return cast(Answerer, open_backend(name, "answer"))


def open_speaker(name: str = "auto") -> Speaker:
    """Make what reads text aloud."""
    return cast(Speaker, open_backend("hibari" if name == "auto" else name, "speak"))
