"""The models of a library: which one is chosen for each capability, opened on first use, paid for within a budget."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from seehear import weights
from seehear.backends import registry
from seehear.backends.protocols import (
    Answerer,
    Backend,
    Capability,
    Card,
    Describer,
    Embedder,
    Kind,
    Message,
    Observer,
    Reader,
    Reranker,
    Transcriber,
)
from seehear.backends.servers import names
from seehear.backends.servers.reach import ANSWERS_WITHIN_S, may_answer
from seehear.config import Settings
from seehear.errors import BackendUnavailableError, ConfigError, MissingPackageError
from seehear.store import Store

if TYPE_CHECKING:
    from seehear.backends.servers.meter import Use
    from seehear.backends.servers.probes import Probes
    from seehear.spend import Lane, Meter

B = TypeVar("B", bound=Backend)
OnPull = Callable[[weights.PullProgress], None]
SETTING: dict[Capability, str] = {
    "read": "read", "describe": "see", "hear": "hear", "embed": "embed", "rerank": "rerank",
    "answer": "answer",
}  # fmt: skip
"""Under which setting a user chooses each capability."""
UNNAMED: dict[Capability, tuple[str, ...]] = {"describe": ("auto", "none"), "rerank": ("none", "answer")}
"""What may stand in a setting beside the name of a backend; `auto` alone where nothing is listed."""
EMBEDDED = {"read": "ppocr", "hear": "whisper:auto", "embed": "minilm"}
TURN_WITHIN_S = 300.0
QUESTIONS = "questions"
"""The ledger of what belongs to no single recording."""


class Till:
    """The meter that clients hold: it books on the lane of whatever is being worked on."""

    def __init__(self) -> None:
        self._own = threading.local()
        self._open: list[Lane] = []

    @contextmanager
    def booking(self, lane: Lane) -> Iterator[None]:
        """Book the calls of this thread on `lane`, and those of threads that have none of their own."""
        before = getattr(self._own, "lane", None)
        self._own.lane = lane
        self._open.append(lane)
        try:
            yield
        finally:
            self._own.lane = before
            self._open.remove(lane)

    def _lane(self) -> Lane | None:
        own: Lane | None = getattr(self._own, "lane", None)
        if own is not None:
            return own
        # Clients and stages start threads of their own for what was asked of them.
        return next(iter(self._open[-1:]), None)

    def check(self, estimate: Use) -> None:
        """Raise BudgetError when the estimate would break the cap."""
        if (lane := self._lane()) is not None:
            lane.check(estimate)

    def add(self, used: Use) -> None:
        """Book what a finished call took."""
        if (lane := self._lane()) is not None:
            lane.add(used)


class InTurn:
    """An answerer on this machine, which writes one answer at a time: whoever comes meanwhile waits for its turn."""

    def __init__(self, answerer: Answerer, turn: threading.Lock) -> None:
        self._answerer = answerer
        self._turn = turn

    @property
    def card(self) -> Card:
        """What it is and can do."""
        return self._answerer.card

    def close(self) -> None:
        """Free the model; safe to call twice."""
        self._answerer.close()

    def start(self) -> None:
        """Begin to load the model and return at once."""
        self._answerer.start()

    def count_tokens(self, text: str) -> int:
        """How many tokens a text has, or a few more."""
        return self._answerer.count_tokens(text)

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        """Yield pieces of the reply when the turn has come. Raises BackendUnavailableError when it never does."""
        if not self._turn.acquire(timeout=TURN_WITHIN_S):
            raise BackendUnavailableError("the local language model is busy with other answers", hint="ask again later")
        try:
            yield from self._answerer.stream(messages, max_tokens=max_tokens)
        finally:
            self._turn.release()


class Models:
    """Chooses and keeps the backends; names nobody has are refused when this is made (ConfigError)."""

    def __init__(self, settings: Settings, store: Callable[[], Store]) -> None:
        self._settings = settings
        self._store = store
        self._open: dict[str, Backend] = {}
        self._opening = threading.RLock()
        self._turn = threading.Lock()
        self._till = Till()
        self._meter: Meter | None = None
        self._probes: Probes | None = None
        self._silent: bool | None = None
        for capability, setting in SETTING.items():
            name = getattr(settings, setting)
            if name not in UNNAMED.get(capability, ("auto",)):
                registry.check(name, capability)
                if settings.local and not _stays_here(name):
                    raise _forbidden(name)

    def close(self) -> None:
        """Let every model go; safe to call twice."""
        if self._meter is not None:
            self._meter.close()
        for backend in self._open.values():
            backend.close()
        self._open.clear()

    # ---- choosing ------------------------------------------------------------------------------------------------

    def name(self, capability: Capability, *, trial: bool = True) -> str | None:
        """The name that is chosen for a capability, None where nothing is: then pictures are only read.

        What the user named wins; then, for vectors, the space the library is embedded in; then a server, as
        `seehear.backends.servers.discovery.auto` says; then the embedded default. Nobody reranks unless named.
        With `trial` False no model is tried to find out. Raises what `auto` raises.
        """
        wanted: str = getattr(self._settings, SETTING[capability])
        if wanted == "none":
            return None
        if capability == "rerank" and wanted == "answer":
            answers = self.name("answer", trial=trial)
            return None if answers == "extractive" else answers
        if wanted != "auto":
            return wanted
        if capability == "embed" and (space := self._store().embedder()):
            return space
        found = self._on_a_server(capability, trial) if capability != "read" else None
        if found is not None and not (self._settings.local and not _stays_here(found)):
            return found
        return self._embedded_answerer() if capability == "answer" else EMBEDDED.get(capability)

    def _on_a_server(self, capability: Capability, trial: bool) -> str | None:
        environment = self.environment()
        if not any(environment.get(name, "").strip() for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL")):
            # Most machines have no server: that is found out before anything is loaded to talk to one.
            if self._silent is None:
                address = names.ollama_url(environment.get("OLLAMA_HOST"))
                self._silent = not may_answer(address, within_s=ANSWERS_WITHIN_S)
            if self._silent:
                return None
        from seehear.backends.servers import discovery

        return discovery.auto(capability, environment=environment, probes=self.probes, trial=trial)

    def environment(self) -> dict[str, str]:
        """The environment as choosing by itself may see it: with `local`, nothing that points off this machine."""
        variables = dict(os.environ)
        if self._settings.local:
            variables.pop("OPENAI_API_KEY", None)
            for address in ("OPENAI_BASE_URL", "OLLAMA_HOST"):
                said = variables.get(address, "").strip()
                if said and not names.is_loopback(names.ollama_url(said) if address == "OLLAMA_HOST" else said):
                    variables.pop(address)
        return variables

    @property
    def probes(self) -> Probes:
        """What is known of servers, kept beside the library."""
        from seehear.backends.servers.probes import Probes

        if self._probes is None:
            self._probes = Probes(self._settings.home / "probes.json")
        return self._probes

    def _embedded_answerer(self) -> str | None:
        """The first language model whose weights and packages are here; without one, answers are extracted."""
        for name in registry.known("answer", chosen=True):
            try:
                card = registry.card_of(name)
            except MissingPackageError:
                continue
            if all(weights.status(part) == "present" for part in card.weights):
                return name
        return None

    def cards(self) -> dict[Capability, Card]:
        """The card of the backend chosen for each capability."""
        found: dict[Capability, Card] = {}
        for capability in SETTING:
            name = self.name(capability)
            if name is not None:
                found[capability] = self._backend(name, capability).card
        return found

    def leaving(self, *capabilities: Capability) -> list[str]:
        """What of these capabilities will leave this machine, in the user's words; empty when nothing does."""
        what = {
            "describe": "pictures and the text on them", "hear": "the sound", "embed": "all text, said and shown",
            "rerank": "questions and what was found for them", "answer": "questions and what was found for them",
        }  # fmt: skip
        told = []
        for capability in capabilities:
            name = self.name(capability)
            if capability == "embed" and self._other_space():
                continue
            if name is not None and self._backend(name, capability).card.runs == "hosted":
                told.append(f"{what[capability]} → {name}")
        return told

    # ---- opening -------------------------------------------------------------------------------------------------

    def reader(self) -> Reader:
        """What reads text on pictures."""
        return cast(Reader, self._backend(self.name("read") or "ppocr", "read", threads=self._share()))

    def describer(self) -> Describer | None:
        """What describes pictures, None where they are only read."""
        name = self.name("describe")
        return None if name is None else cast(Describer, self._backend(name, "describe"))

    def observer(self, *kinds: Kind) -> Observer | None:
        """A model that takes things of all these kinds beside a question, None where there is none.

        The models that the user named to see and to answer come first, then the one that sees by itself, then for sound
        a server's model that hears. Film may go as pictures. With a budget, a model without a known price is left out.
        Raises BackendRefusedError for a wrong key, BackendUnavailableError.
        """
        from seehear.backends.servers import hearers
        from seehear.backends.servers.prices import price_of

        named = [n for n in (self._settings.see, self._settings.answer) if n not in ("auto", "none")]
        offered: list[Callable[[], str | None]] = [*(lambda name=name: name for name in named)]
        if self._settings.see == "auto":
            offered.append(lambda: self.name("describe"))
        if "sound" in kinds and "auto" in (self._settings.see, self._settings.answer):
            offered.append(lambda: hearers.first_hearer(self.environment(), probes=self.probes))
        for offer in offered:
            name = offer()
            if name is None or not names.is_server_name(name) or (self._settings.local and not _stays_here(name)):
                continue
            if self._settings.budget_usd is not None and not _stays_here(name) and price_of(name) is None:
                continue
            made = self._backend(name, "answer")
            if isinstance(made, Observer) and all(_takes(made, kind) for kind in kinds):
                return made
        return None

    def transcriber(self, on_pull: OnPull | None = None) -> Transcriber:
        """What turns speech into text, with its weights on this machine."""
        name = self.name("hear") or "whisper:auto"
        return weighed(cast(Transcriber, self._backend(name, "hear", threads=self._share())), on_pull)

    def embedder(self, on_pull: OnPull | None = None) -> Embedder:
        """What maps texts to vectors, with its weights on this machine. Raises what `check_space` raises."""
        self.check_space()
        name = self.name("embed") or "minilm"
        return weighed(cast(Embedder, self._backend(name, "embed", threads=self._settings.cores)), on_pull)

    def embedder_for_search(self) -> Embedder | None:
        """The embedder whose vectors the library holds, when its weights are here already; without it words decide.

        Another one that the user named cannot take its place. A model elsewhere is never asked unless it was named.
        """
        space = self._other_space()
        if space and not _stays_here(space):
            return None
        try:
            name = space or self.name("embed") or "minilm"
            embedder = cast(Embedder, self._backend(name, "embed", threads=self._settings.cores))
        except MissingPackageError:
            return None
        if space and embedder.card.runs == "hosted":
            return None
        ready = all(weights.status(part) == "present" for part in embedder.card.weights)
        return embedder if ready else None

    def unlike(self) -> str:
        """What to tell a user who named another embedder than the one whose vectors the library holds; else empty."""
        space, named = self._other_space(), self._settings.embed
        if not space:
            return ""
        used = self.embedder_for_search()
        compared = "words alone are compared" if used is None else f"{used.card.name} compares meanings"
        return (
            f"the vectors of this library are {space}'s, which {named} cannot be compared with: {compared}. "
            f"For {named} make a library of its own: seehear index … --embed {named} --home DIR"
        )

    def check_space(self) -> None:
        """Check that new vectors can be compared with the library's. Raises ConfigError, before anything is sent."""
        named = self._settings.embed
        if space := self._other_space():
            raise ConfigError(
                f"this library was embedded with {space}; vectors of {named} cannot be compared with those",
                hint=f"leave --embed out, or index into another folder with --embed {named} --home DIR",
            )

    def _other_space(self) -> str:
        """The space of the library's vectors where the user named an embedder of another one, else empty."""
        named, space = self._settings.embed, self._store().embedder()
        if named == "auto" or not space or named == space:
            return ""
        if names.is_server_name(named) != names.is_server_name(space):
            return space
        # One embedder may have several names: its card has the one that spaces go by.
        try:
            card = self._backend(named, "embed", threads=self._settings.cores).card
        except MissingPackageError:
            return space
        return "" if card.name == space else space

    def reranker(self) -> Reranker | None:
        """What puts the best moments in order, None where nobody does.

        Raises ConfigError where the model that answers shall do it and there is none.
        """
        name = self.name("rerank")
        if name is not None:
            return cast(Reranker, self._backend(name, "rerank"))
        if self._settings.rerank == "answer":
            raise ConfigError(
                "the model that answers shall rerank too, and there is none",
                hint="seehear models pull answer, or choose one with --rerank",
            )
        return None

    def answerer(self) -> Answerer | None:
        """What writes answers, already loading; None when they are extracted."""
        name = self.name("answer")
        if name is None or name == "extractive":
            return None
        made = cast(Answerer, self._backend(name, "answer"))
        made.start()
        return InTurn(made, self._turn) if made.card.runs == "here" else made

    def _share(self) -> int:
        """Threads for each of seeing and hearing, which run side by side."""
        return max(1, self._settings.cores // 2)

    def _backend(self, name: str, capability: Capability, **options: Any) -> Backend:
        with self._opening:
            return self._opened(name, capability, **options)

    def _opened(self, name: str, capability: Capability, **options: Any) -> Backend:
        key = f"{capability}:{name}"
        if key not in self._open:
            # Named by its address a model is asked through `/rerank`, but not the one that answers.
            if capability == "rerank" and (self._settings.rerank == "answer" or registry.judges(name)):
                from seehear.backends.judge import Judge

                # The model that writes, not a second copy of it.
                answerer = cast(Answerer, self._opened(name, "answer"))
                made: Backend = Judge(InTurn(answerer, self._turn) if answerer.card.runs == "here" else answerer)
            elif names.is_server_name(name):
                from seehear.backends.servers import discovery

                made = discovery.open_named(
                    name, capability, environment=self.environment(), probes=self.probes, meter=self._till
                )
            else:
                made = registry.open_backend(name, capability, **options)
            if self._settings.local and made.card.runs == "hosted":
                made.close()
                raise _forbidden(name)
            self._open[key] = made
        return self._open[key]

    # ---- paying --------------------------------------------------------------------------------------------------

    @contextmanager
    def charged_to(self, media_id: str = QUESTIONS) -> Iterator[None]:
        """Book the calls made meanwhile on one recording; the budget counts all that was booked in this library run."""
        from seehear.backends.servers.prices import cost_usd
        from seehear.spend import Ledger, Meter

        if self._store().read_only:
            yield
            return
        with self._opening:
            if self._meter is None:
                self._meter = Meter(self._settings.budget_usd, price=cost_usd)
        lane = self._meter.lane(Ledger(self._store(), media_id))
        try:
            with self._till.booking(lane):
                yield
        finally:
            lane.close()


def weighed(backend: B, on_pull: OnPull | None) -> B:
    """The backend with its weights on this machine; damaged ones are refused, not replaced behind one's back."""
    for name in backend.card.weights:
        if weights.status(name) in ("missing", "partial"):
            weights.pull(name, on_progress=on_pull)
        weights.locate(name)
    return backend


def _forbidden(name: str) -> ConfigError:
    return ConfigError(
        f"{name} is not on this machine and --local forbids anything to leave it",
        hint="leave --local out, or choose a model that runs here",
    )


def _takes(observer: Observer, kind: Kind) -> bool:
    return observer.takes(kind) or (kind == "film" and observer.takes("picture"))


def _stays_here(name: str) -> bool:
    """Whether a server of that name is on this machine; whether its model is, it tells when it is opened."""
    if not names.is_server_name(name):
        return True
    parsed = names.parse(name)
    if parsed.provider == "ollama":
        return names.is_loopback(names.ollama_url(os.environ.get("OLLAMA_HOST")))
    return names.is_loopback(parsed.base_url or os.environ.get("OPENAI_BASE_URL", ""))
