"""Settings, frozen once read. One order: default < config file < environment < argument."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from seehear.errors import ConfigError
from seehear.language import SPOKEN, language_code

ENVIRONMENT = {
    "home": "SEEHEAR_HOME",
    "sample": "SEEHEAR_SAMPLE",
    "read": "SEEHEAR_READ",
    "see": "SEEHEAR_SEE",
    "hear": "SEEHEAR_HEAR",
    "embed": "SEEHEAR_EMBED",
    "rerank": "SEEHEAR_RERANK",
    "answer": "SEEHEAR_ANSWER",
    "captions": "SEEHEAR_CAPTIONS",
    "language": "SEEHEAR_LANGUAGE",
    "threads": "SEEHEAR_THREADS",
    "local": "SEEHEAR_LOCAL",
    "budget_usd": "SEEHEAR_BUDGET",
    "private_urls": "SEEHEAR_PRIVATE_URLS",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a user can set.

    `sample` is `slides`, `scenes:THRESHOLD` or `uniform:SECONDS`; `captions` is `first` (use them where there are
    some) or `never`; `read`, `see` (describe pictures; `none` only reads them), `hear`, `embed` and `answer` name
    backends, `auto` picks; `rerank` names what puts the best moments in order: a cross-encoder, a language model as
    judge, `answer` for the one that answers, `none` for nobody; `language` is ISO 639-1 or `auto`; `threads` is the
    number of processor threads for models, 0 for all cores; `local` forbids anything to leave this machine;
    `budget_usd` is what hosted models may cost in all for one recording, None for no limit; `private_urls` allows
    addresses on this machine and its network to be fetched.
    """

    home: Path
    sample: str = "slides"
    read: str = "auto"
    see: str = "auto"
    hear: str = "auto"
    embed: str = "auto"
    rerank: str = "none"
    answer: str = "auto"
    captions: str = "first"
    language: str = "auto"
    threads: int = 0
    local: bool = False
    budget_usd: float | None = None
    private_urls: bool = False

    def __post_init__(self) -> None:
        if self.captions not in ("first", "never"):
            raise ConfigError(f"captions is {self.captions!r}", hint="set it to first or never")
        if self.budget_usd is not None and not self.budget_usd >= 0:
            raise ConfigError(f"budget_usd is {self.budget_usd}", hint="set it to 0 or more US dollars")
        if self.threads < 0:
            raise ConfigError(f"threads is {self.threads}", hint="set it to 0 for all cores, or to a number of them")
        if self.language != "auto" and self.language not in SPOKEN:
            meant = language_code(self.language)
            said = f"set it to {meant}" if meant else "set it to auto, or to its code in ISO 639-1: en, de, zh …"
            raise ConfigError(f"language is {self.language!r}", hint=said)
        sampler, value = self.sampler
        if sampler == "slides" and value is None:
            return
        most = {"uniform": math.inf, "scenes": 1.0}.get(sampler, 0.0)
        if value is None or not 0 < value <= most:
            raise ConfigError(f"sample is {self.sample!r}", hint="set it to slides, scenes:0.3 or uniform:10")

    @property
    def sampler(self) -> tuple[str, float | None]:
        """The sampler's name and its number, None where it takes none or the number cannot be read."""
        name, _, number = self.sample.partition(":")
        try:
            return name, float(number) if number else None
        except ValueError:
            return name, -1.0

    @property
    def cores(self) -> int:
        """How many processor threads models may use together."""
        return self.threads or available_cores()


def available_cores() -> int:
    """Processor cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_home() -> Path:
    """Where the library lies when nobody says otherwise: the user's data directory."""
    from platformdirs import user_data_path

    return user_data_path("seehear", appauthor=False)


def config_path(environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration file: `SEEHEAR_CONFIG`, else config.toml in the user's configuration directory."""
    if named := environment.get("SEEHEAR_CONFIG"):
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("seehear", appauthor=False) / "config.toml"


def load(*, environment: Mapping[str, str] = os.environ, **arguments: Any) -> Settings:
    """Read the settings; arguments that are None count as not given.

    Raises ConfigError, naming where the wrong value stands.
    """
    settings = Settings(home=default_home())
    path = config_path(environment)
    if environment.get("SEEHEAR_CONFIG") and not path.exists():
        # Who names a file relies on what it says; only the usual place may be empty.
        raise ConfigError(f"SEEHEAR_CONFIG names {path}, which is not there", hint="write it, or unset SEEHEAR_CONFIG")
    settings = _apply(settings, read_file(path), where=str(path))
    from_environment = {name: environment[key] for name, key in ENVIRONMENT.items() if environment.get(key)}
    settings = _apply(settings, from_environment, where="environment")
    return _apply(settings, {k: v for k, v in arguments.items() if v is not None}, where="argument")


def read_file(path: Path) -> dict[str, Any]:
    """The settings in a TOML file, not checked yet; none where there is no such file. Raises ConfigError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"the configuration file {path} cannot be read: {error}", hint="mend or delete it") from error


def _truth(value: Any) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    try:
        return words[str(value).lower()]
    except KeyError:
        raise ValueError("write true or false") from None


def _folder(value: Any) -> Path:
    if not str(value).strip():
        raise ValueError("name a folder, or leave it out for the default one")
    return Path(value).expanduser()


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError("write a whole number") from None


def _amount(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError("write a number") from None


_PARSERS: dict[str, Callable[[Any], Any]] = {
    "home": _folder, "threads": _whole, "local": _truth, "private_urls": _truth,
    "budget_usd": _amount,
}  # fmt: skip


def _apply(settings: Settings, values: Mapping[str, Any], *, where: str) -> Settings:
    known = {field.name for field in fields(Settings)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ConfigError(f"{where}: unknown setting {unknown[0]!r}", hint=f"known are {', '.join(sorted(known))}")
    parsed: dict[str, Any] = {}
    for name, value in values.items():
        try:
            parsed[name] = _PARSERS.get(name, str)(value)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{where}: {name} is {value!r}", hint=str(error)) from error
    try:
        return replace(settings, **parsed)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.message}", hint=error.hint) from error
