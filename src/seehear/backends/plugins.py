"""Backends of other packages: an entry point of the group `seehear.backends`, whose name is what users type.

Finding them reads metadata only; a package is imported when a name of it is used, and what goes wrong there is told
with the package's name and touches no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, cast

from seehear.backends.guard import guarded
from seehear.backends.protocols import CONTRACTS, Backend, Capability
from seehear.errors import ConfigError, MissingPackageError, SeehearError, SetupError

GROUP = "seehear.backends"
RESERVED = frozenset({"auto", "none", "openai", "ollama", "http", "https", "hf", "mlx"})
"""Prefixes that always mean something of ours."""


class Maker(Protocol):
    """What an entry point leads to: a class or a function that makes a backend, with its capabilities as data."""

    capabilities: tuple[Capability, ...]

    def __call__(self, model: str, capability: Capability) -> Backend:
        """Make the backend for one capability; `model` is what stands behind the colon of the name, or empty."""
        ...


@dataclass(frozen=True, slots=True)
class Plugin:
    """A prefix that a package brings, not imported yet."""

    prefix: str
    package: str
    version: str
    point: EntryPoint

    @property
    def label(self) -> str:
        """The package as its users know it."""
        return f"{self.package} {self.version}".strip()


def found() -> list[Plugin]:
    """Every prefix that an installed package brings, sorted."""
    plugins = []
    for point in entry_points(group=GROUP):
        package, version = (point.dist.name, point.dist.version) if point.dist else (point.value.partition(".")[0], "")
        plugins.append(Plugin(point.name, package, version, point))
    return sorted(plugins, key=lambda plugin: (plugin.prefix, plugin.package))


def plugin_of(name: str, plugins: list[Plugin] | None = None) -> Plugin | None:
    """The plugin behind a name such as `shout` or `shout:loud`, None where no package brings its prefix.

    Raises ConfigError when two packages do.
    """
    prefix = name.partition(":")[0]
    bringing = [plugin for plugin in (found() if plugins is None else plugins) if plugin.prefix == prefix]
    if len({plugin.package for plugin in bringing}) > 1:
        raise ConfigError(
            f"the backend {prefix} comes from two packages: {' and '.join(plugin.label for plugin in bringing)}",
            hint=f"pip uninstall {bringing[-1].package}, or {bringing[0].package}",
        )
    return bringing[0] if bringing else None


def maker_of(plugin: Plugin) -> Maker:
    """Import what a plugin leads to. Raises SetupError, naming the package, when that fails or is no maker."""
    try:
        made = plugin.point.load()
    except ImportError as error:
        raise MissingPackageError(
            f"the backend {plugin.prefix} of the package {plugin.label} cannot be imported: {error}",
            hint=f"pip install --upgrade {plugin.package}, or pip uninstall {plugin.package}",
        ) from error
    except Exception as error:  # whatever foreign code raises while it is imported
        raise _broken(plugin, f"fails while it is imported: {type(error).__name__}: {error}") from error
    declared = getattr(made, "capabilities", None)
    if not callable(made) or not isinstance(declared, tuple) or not declared or not set(declared) <= set(CONTRACTS):
        raise _broken(plugin, f"must lead to something callable with `capabilities`, a tuple of {', '.join(CONTRACTS)}")
    return cast(Maker, made)


def open_plugin(plugin: Plugin, name: str, capability: Capability) -> Backend:
    """Make the backend `name` of a plugin and hold it to its contract.

    Raises ConfigError when the plugin cannot do this, SetupError when it is at fault.
    """
    maker = maker_of(plugin)
    if capability not in maker.capabilities:
        raise ConfigError(
            f"{name} of the package {plugin.label} cannot {capability}", hint=f"it can {', '.join(maker.capabilities)}"
        )
    try:
        made: Any = maker(name.partition(":")[2], capability)
        card = made.card
    except SeehearError:
        raise
    except Exception as error:  # whatever foreign code raises while it makes its backend
        raise _broken(plugin, f"fails when it is made: {type(error).__name__}: {error}") from error
    contract = CONTRACTS[capability]
    if not isinstance(made, contract):
        raise _broken(plugin, f"keeps not the contract {contract.__name__}: see docs/add-a-backend.md")
    if card.name != name:
        # Results are kept under the card's name: under a wrong one they would be taken for those of another backend.
        raise _broken(plugin, f"calls itself {card.name!r} on its card, where {name!r} was asked for")
    if capability not in card.capabilities:
        raise _broken(plugin, f"does not have {capability} on its card")
    return guarded(made, capability, whose=f"{name} of the package {plugin.label}")


def problem_of(plugin: Plugin, taken: frozenset[str], plugins: list[Plugin]) -> SeehearError | None:
    """What is wrong with a plugin, None when it can be used; `taken` are the prefixes of the backends of seehear."""
    if plugin.prefix in taken | RESERVED:
        return _broken(plugin, "has a name that seehear itself uses, and is never asked")
    try:
        plugin_of(plugin.prefix, plugins)
        maker_of(plugin)
    except SeehearError as error:
        return error
    return None


def _broken(plugin: Plugin, what: str) -> SetupError:
    return SetupError(
        f"the backend {plugin.prefix} of the package {plugin.label} {what}",
        hint=f"pip install --upgrade {plugin.package}, or pip uninstall {plugin.package}",
    )
