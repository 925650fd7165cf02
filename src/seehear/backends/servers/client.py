"""The one way to OpenAI and every server that speaks its protocol: time limits, retries, how many at once, an end."""

from __future__ import annotations

import random
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeVar

from seehear.backends.servers import sdk_errors
from seehear.backends.servers.limiter import Limiter
from seehear.backends.servers.meter import Meter, Unmetered, Use
from seehear.backends.servers.names import is_loopback
from seehear.errors import BackendError, BackendUnavailableError, CancelledError, MissingPackageError, SeehearError

Item = TypeVar("Item")
Made = TypeVar("Made")
Log = Callable[[str], None]

CONNECT_S = 5.0
HOSTED_READ_S = 60.0
OWN_READ_S = 300.0
"""A server on the user's own machine may think this long before its first byte: it has no more than that machine."""
NO_KEY = "none"
"""What is sent as a key where a server needs none; the SDK refuses to send nothing."""
IN_A_ROW = 3
"""So many calls in a row that failed after all their retries end the work: the server is down."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that speaks OpenAI's protocol; `kind` tells whether it is OpenAI itself."""

    base_url: str
    kind: Literal["openai", "compatible"]
    key: str = field(default="", repr=False)

    @property
    def label(self) -> str:
        """What to call it in a sentence."""
        return "OpenAI" if self.kind == "openai" else f"the server at {self.base_url}"

    @property
    def is_here(self) -> bool:
        """Whether what is sent to it stays on this machine."""
        return is_loopback(self.base_url)


class Client:
    """Calls to one server from any number of threads.

    Each call is tried up to `tries` times within `total_s` seconds, waiting with full jitter between tries or as long
    as the server asks. A reply that no retry changes (key, permission, credit, model) ends all work of this client at
    once: calls under way on other threads fail with the same error when they next try.
    """

    def __init__(
        self, server: Server, *, meter: Meter | None = None, log: Log | None = None, tries: int = 5,
        total_s: float = 300.0, read_s: float | None = None, connect_s: float = CONNECT_S, first_wait_s: float = 0.5,
        limiter: Limiter | None = None,
    ) -> None:  # fmt: skip
        self.server = server
        self._meter: Meter = meter or Unmetered()
        self._log = log or (lambda line: None)
        self._tries, self._total_s, self._first_wait_s = tries, total_s, first_wait_s
        self._read_s = read_s if read_s is not None else (OWN_READ_S if server.is_here else HOSTED_READ_S)
        self._connect_s = connect_s
        self._limiter = limiter or Limiter(start=4 if server.kind == "openai" else 2)
        self._sdk: Any = None
        self._lock = threading.Lock()
        self._metering = threading.Lock()
        self._under_way: Use | None = None
        self._stop: SeehearError | None = None
        self._ended = threading.Event()
        self._failed_in_a_row = 0

    def __repr__(self) -> str:
        return f"Client({self.server!r})"

    @property
    def limit(self) -> int:
        """How many calls may be under way now."""
        return self._limiter.limit

    def log(self, line: str) -> None:
        """Tell the user something worth knowing, such as a fallback; keys are taken out."""
        self._log(sdk_errors.redacted(line, self._secrets))

    def close(self) -> None:
        """Stop calls that wait for another try, and let the connections go; safe to call twice."""
        self._ended.set()
        with self._lock:
            sdk, self._sdk = self._sdk, None
        if sdk is not None:
            sdk.close()

    def call(self, what: Callable[[Any], Made], *, estimate: Use, used: Callable[[Made], Use] | None = None) -> Made:
        """Do `what` with the SDK's client, again where that helps, and return what it returned.

        `used` reads from the result what the call took; without it the estimate is booked. Raises BudgetError before
        the call, BackendUnavailableError when all tries failed, BackendRefusedError or ConfigError when the server says
        no, BackendError when the reply cannot be read, CancelledError after `close`, MissingPackageError.
        """
        with self._metered(estimate) as book:
            made = self._retried(lambda: what(self._client()), model=estimate.model)
            book(used(made) if used is not None else estimate)
            return made

    def stream(
        self, begin: Callable[[Any], Any], *, estimate: Use, used: Callable[[Any], Use | None]
    ) -> Generator[Any, None, None]:
        """Yield the pieces of a streamed reply; closing the iterator closes the connection.

        Only the beginning is tried again, never once pieces have been yielded. `used` reads the usage from a piece that
        has it. Raises as `call`, and BackendUnavailableError when the stream breaks.
        """
        with self._metered(estimate) as book:
            pieces = self._retried(lambda: begin(self._client()), model=estimate.model)
            spent = estimate
            try:
                arriving = iter(pieces)
                while True:
                    try:
                        piece = next(arriving, None)
                    except self._foreign() as error:
                        raise self._broken(error, estimate.model) from sdk_errors.Reply.of(error, self._secrets)
                    if piece is None:
                        break
                    spent = used(piece) or spent
                    yield piece
            finally:
                pieces.close()
                book(spent)

    def map(
        self, work: Callable[[Item], Made], items: Sequence[Item], *, done: Callable[[Item, Made], None] | None = None
    ) -> list[Made]:
        """Do `work` on every item, as many at once as the server bears; results in order of the items.

        `done` is called in the caller's thread as results come in, so that what is finished can be kept. The first
        error stops the rest: items not begun are not begun. So does an interruption of the caller.
        """
        waiting = deque(enumerate(items))
        results: dict[int, Made] = {}
        finished: deque[tuple[int, BaseException | None]] = deque()
        changed, stop = threading.Condition(), threading.Event()

        def serve() -> None:
            while not stop.is_set():
                # A slot is taken before an item is, so that items are begun in their order.
                with self._limiter.slot(stop.is_set):
                    with changed:
                        if stop.is_set() or not waiting:
                            return
                        number, item = waiting.popleft()
                    failure: BaseException | None = None
                    try:
                        results[number] = work(item)
                    except BaseException as error:  # noqa: BLE001 - it is raised in the caller's thread
                        failure = error
                    with changed:
                        finished.append((number, failure))
                        changed.notify()

        # Not an executor: its threads would keep the process alive until the last reply came or timed out.
        for _ in range(min(len(items), self._limiter.most)):
            threading.Thread(target=serve, daemon=True).start()
        try:
            for _ in items:
                with changed:
                    while not finished:
                        changed.wait(timeout=0.5)
                    number, failure = finished.popleft()
                if failure is not None:
                    raise failure
                if done is not None:
                    done(items[number], results[number])
        finally:
            stop.set()
        return [results[number] for number in range(len(items))]

    def _client(self) -> Any:
        with self._lock:
            if self._ended.is_set():
                raise CancelledError("the work with this server was stopped")
            if self._sdk is None:
                try:
                    import openai
                except ImportError as error:
                    raise MissingPackageError(
                        "talking to model servers needs the package openai", hint="pip install 'seehear[servers]'"
                    ) from error
                timeout = openai.Timeout(self._read_s, connect=self._connect_s)
                # A proxy is for the way out; what is here is reached directly.
                http = openai.DefaultHttpxClient(trust_env=not self.server.is_here, timeout=timeout)
                self._sdk = openai.OpenAI(
                    api_key=self.server.key or NO_KEY, base_url=self.server.base_url, timeout=timeout, max_retries=0,
                    http_client=http,
                )  # fmt: skip
                weakref.finalize(self, self._sdk.close)
                if self.server.kind != "openai":
                    # The SDK reads these from the environment; they are nobody's business but OpenAI's.
                    self._sdk.organization = self._sdk.project = None
            return self._sdk

    def _retried(self, what: Callable[[], Made], *, model: str) -> Made:
        begun = time.monotonic()
        foreign = self._foreign()
        for number in range(1, self._tries + 1):
            self._check()
            epoch = self._limiter.epoch
            try:
                made = what()
            except RuntimeError as error:
                if self._ended.is_set():  # its connections were closed under it
                    raise CancelledError("the work with this server was stopped") from error
                raise
            except foreign as error:
                if sdk_errors.status_of(error) == 429 and not sdk_errors.has_no_credit(error):
                    self._limiter.slower(epoch)
                wait_s = self._wait_s(error, number)
                late = wait_s is not None and time.monotonic() - begun + wait_s > self._total_s
                if wait_s is None or late or number == self._tries:
                    raise self._given_up(error, model) from sdk_errors.Reply.of(error, self._secrets)
                self._ended.wait(wait_s)
            else:
                self._limiter.faster()
                self._failed_in_a_row = 0
                return made
        raise AssertionError("a loop of tries ends by return or raise")

    def _wait_s(self, error: BaseException, number: int) -> float | None:
        """Seconds to wait before the next try, None where another try is of no use."""
        if sdk_errors.is_final(error) or not sdk_errors.is_retryable(error):
            return None
        if "APITimeoutError" in {cls.__name__ for cls in type(error).__mro__} and number >= 2:
            return None  # whoever let two requests run out of time will not be faster for a third
        asked_s = retry_after_s(getattr(getattr(error, "response", None), "headers", {}))
        if asked_s is not None:
            return asked_s + random.uniform(0, self._first_wait_s / 2)
        return random.uniform(0, min(30.0, self._first_wait_s * 2.0**number))

    def _given_up(self, error: BaseException, model: str) -> SeehearError:
        ours = sdk_errors.mapped(error, where=self.server.label, model=model, secrets=self._secrets)
        if sdk_errors.is_final(error):
            self._stop = self._stop or ours
        elif isinstance(ours, BackendUnavailableError):
            self._failed_in_a_row += 1
            names = {cls.__name__ for cls in type(error).__mro__}
            unreachable = "APIConnectionError" in names and "APITimeoutError" not in names
            if unreachable or self._failed_in_a_row >= IN_A_ROW:
                self._stop = self._stop or ours
        return ours

    def _broken(self, error: BaseException, model: str) -> SeehearError:
        ours = sdk_errors.mapped(error, where=self.server.label, model=model, secrets=self._secrets)
        if isinstance(ours, BackendUnavailableError):
            why = sdk_errors.redacted(str(error.__cause__ or error), self._secrets)
            return BackendUnavailableError(
                f"{self.server.label} broke off in the middle of its reply: {' '.join(why.split())[:200]}",
                hint="is it still running? then ask again",
            )
        return ours

    @property
    def is_stopped(self) -> bool:
        """Whether no further call will be made."""
        return self._stop is not None or self._ended.is_set()

    def _check(self) -> None:
        if self._ended.is_set():
            raise CancelledError("the work with this server was stopped")
        if self._stop is not None:
            raise type(self._stop)(self._stop.message, hint=self._stop.hint)

    @contextmanager
    def _metered(self, estimate: Use) -> Iterator[Callable[[Use], None]]:
        """Reserve before the call, book after it: calls under way count against the budget, failed ones are free."""
        self._check()
        with self._metering:
            wanted = estimate if self._under_way is None else self._under_way + estimate
            self._meter.check(wanted)
            self._under_way = wanted
        booked: list[Use] = []
        try:
            yield booked.append
        finally:
            with self._metering:
                self._under_way = (self._under_way or estimate) - estimate
                for used in booked:
                    self._meter.add(used)

    def _foreign(self) -> tuple[type[Exception], ...]:
        self._client()
        import openai

        return (openai.OpenAIError, ValueError)  # ValueError: JSON that is none

    @property
    def _secrets(self) -> tuple[str, ...]:
        return (self.server.key,) if self.server.key else ()


def retry_after_s(headers: Any) -> float | None:
    """Seconds that a reply asks to wait (`retry-after-ms`, `Retry-After` in seconds or as a date), at most 120."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return min(120.0, max(0.0, float(headers.get(name, "")) * unit_s))
        except ValueError:
            continue
    try:
        moment = parsedate_to_datetime(headers.get("retry-after", ""))
        return min(120.0, max(0.0, moment.timestamp() - time.time()))
    except (TypeError, ValueError):
        return None


def unreadable(server: Server, what: str) -> BackendError:
    """The error for a reply that came and is not what the protocol says."""
    return BackendError(f"{server.label} sent {what}", hint="is it a server that speaks OpenAI's protocol?")
