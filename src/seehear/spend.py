"""Money: what was spent on each media, kept in the library, and the cap that no call may break.

A call is written down as promised before it is made and as spent after it. What another process has promised counts as
spent, whether it runs or was killed in between: the cap holds over all processes, and errs on the side of the user's
money.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock

from seehear.errors import BudgetError, InputError, StorageError

_UNSETTLED = "(calls that were cut off)"


@dataclass(frozen=True, slots=True)
class Usage:
    """What calls of one model took: tokens (pictures and audio included), pictures, seconds of audio."""

    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    images: int = 0
    audio_s: float = 0.0
    calls: int = 1

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.model, self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens,
            self.images + other.images, self.audio_s + other.audio_s, self.calls + other.calls,
        )  # fmt: skip

    def __sub__(self, other: Usage) -> Usage:
        return Usage(
            self.model, self.input_tokens - other.input_tokens, self.output_tokens - other.output_tokens,
            self.images - other.images, self.audio_s - other.audio_s, self.calls - other.calls,
        )  # fmt: skip


class Counted(Protocol):
    """Whatever says what calls took; `Usage` does."""

    @property
    def model(self) -> str: ...  # noqa: D102 - told above
    @property
    def input_tokens(self) -> int: ...  # noqa: D102 - told above
    @property
    def output_tokens(self) -> int: ...  # noqa: D102 - told above
    @property
    def images(self) -> int: ...  # noqa: D102 - told above
    @property
    def audio_s(self) -> float: ...  # noqa: D102 - told above
    @property
    def calls(self) -> int: ...  # noqa: D102 - told above


class SpendStore(Protocol):
    """Where the ledger lives: the store of the library, in its folder `home`."""

    home: Path

    def cache_get(self, key: str) -> bytes | None:
        """Return what was put under `key`, or None."""
        ...

    def cache_put(self, key: str, value: bytes, *, media_id: str = "") -> None:
        """Keep `value` under `key`, durably once this returns."""
        ...


@dataclass(frozen=True, slots=True)
class Spent:
    """What one model took for one media; `usd` counts the calls whose price is known, `unpriced` the other calls."""

    usage: Usage
    usd: float = 0.0
    unpriced: int = 0

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a row of the ledger."""
        return {**asdict(self.usage), "usd": round(self.usd, 6), "unpriced": self.unpriced}


@dataclass(slots=True)
class _Page:
    """What is written down for one media: rows by model, and promises of calls by who makes them."""

    rows: dict[str, Spent]
    promised: dict[str, float]

    def promised_usd(self, own: Collection[str]) -> float:
        """USD promised by all others."""
        return sum(usd for name, usd in self.promised.items() if name not in own)


class Ledger:
    """What was spent on one media so far, by model; every change is stored before it returns.

    Usable from several threads and by several processes at once: each change is made to what stands in the library at
    that moment.
    """

    def __init__(self, store: SpendStore, media_id: str) -> None:
        self._store, self.media_id = store, media_id
        self._own: set[str] = set()
        # Two processes may spend on one media, and each must see what the other has promised.
        self._guard = FileLock(store.home / "locks" / "spending.lock", timeout=60.0)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other process and thread from changing any ledger of the library meanwhile; may be nested."""
        try:
            Path(self._guard.lock_file).parent.mkdir(parents=True, exist_ok=True)
            self._guard.acquire(poll_interval=0.005)
        except OSError as error:  # a timeout is one too
            raise StorageError(
                f"the library folder {self._store.home} cannot be written, so spending cannot be counted: {error}",
                hint="make it writable, or choose another with --home DIR",
            ) from error
        try:
            yield
        finally:
            self._guard.release()

    @property
    def spent_usd(self) -> float:
        """USD spent; calls of other processes that were cut off or are under way count with what they may cost.

        What was promised through this object is not in it.
        """
        page = self._read()
        return sum(row.usd for row in page.rows.values()) + page.promised_usd(self._own)

    def rows(self) -> list[Spent]:
        """What each model took, in the order of its first call, and at last what other processes left unsettled."""
        page = self._read()
        left = page.promised_usd(self._own)
        if left:
            before = page.rows.pop(_UNSETTLED, Spent(Usage(_UNSETTLED, calls=0)))
            calls = before.usage.calls + len(set(page.promised) - self._own)
            page.rows[_UNSETTLED] = Spent(replace(before.usage, calls=calls), before.usd + left, before.unpriced)
        return list(page.rows.values())

    def promise(self, name: str, usd: float) -> None:
        """Write down that calls under the `name` may cost so much; 0 takes the promise back."""
        with self._changed() as page:
            self._promise(page, name, usd)

    def add(self, used: Counted, usd: float | None, *, name: str = "", promised_usd: float = 0.0) -> None:
        """Book what a call took, None where its price is not known, and what is still promised under `name`."""
        with self._changed() as page:
            self._promise(page, name, promised_usd)
            before = page.rows.get(used.model, Spent(Usage(used.model, calls=0)))
            total = replace(
                before.usage, input_tokens=before.usage.input_tokens + used.input_tokens,
                output_tokens=before.usage.output_tokens + used.output_tokens,
                images=before.usage.images + used.images, audio_s=before.usage.audio_s + used.audio_s,
                calls=before.usage.calls + used.calls,
            )  # fmt: skip
            unknown = used.calls if usd is None else 0
            page.rows[used.model] = Spent(total, before.usd + (usd or 0.0), before.unpriced + unknown)

    def _promise(self, page: _Page, name: str, usd: float) -> None:
        if usd > 0:
            page.promised[name] = usd
            self._own.add(name)
        else:
            page.promised.pop(name, None)
            self._own.discard(name)

    @contextmanager
    def _changed(self) -> Iterator[_Page]:
        with self.held():
            page = self._read()
            yield page
            # Unrounded: a thousand tiny calls must add up.
            rows = [{**asdict(row.usage), "usd": row.usd, "unpriced": row.unpriced} for row in page.rows.values()]
            raw = json.dumps({"version": 1, "rows": rows, "promised": page.promised}).encode()
            self._store.cache_put(self._key(), raw, media_id=self.media_id)

    def _key(self) -> str:
        return f"spend:{self.media_id}"

    def _read(self) -> _Page:
        raw = self._store.cache_get(self._key())
        data = {"rows": [], "promised": {}} if raw is None else json.loads(raw)
        rows: dict[str, Spent] = {}
        for row in data["rows"]:
            usage = Usage(**{name: row[name] for name in Usage.__dataclass_fields__})
            rows[usage.model] = Spent(usage, float(row["usd"]), int(row["unpriced"]))
        return _Page(rows, dict(data["promised"]))


Pricing = Callable[[Counted], float | None]


class Meter:
    """Forbids calls that would go over a budget and books those that were made; usable from several threads.

    `budget_usd` None counts without forbidding. The cap holds over everything in `ledgers` and what is booked through
    the lanes, earlier runs and other processes included. `price` turns usage into USD, None where a price is unknown:
    with a budget such a call is forbidden. Raises InputError for a budget below zero.
    """

    def __init__(self, budget_usd: float | None, ledgers: Sequence[Ledger] = (), *, price: Pricing) -> None:
        if budget_usd is not None and not budget_usd >= 0:
            raise InputError(f"a budget of {budget_usd} USD makes no sense", hint="write --budget 2.00")
        self.budget_usd = budget_usd
        self._price = price
        self._lock = threading.Lock()
        self._ledgers = list(ledgers)
        self._reserved: dict[str, float] = {}
        self._lanes: list[Lane] = []

    def close(self) -> None:
        """Give back the room of calls that were never made, on all lanes; safe to call twice.

        A promise that nobody takes back counts as spent from the next run on.
        """
        with self._lock:
            lanes, self._lanes = self._lanes, []
        for lane in lanes:
            lane.close()

    @property
    def spent_usd(self) -> float:
        """USD spent over all ledgers."""
        return sum(ledger.spent_usd for ledger in self._ledgers)

    def lane(self, ledger: Ledger) -> Lane:
        """The meter as one client uses it, for calls about the media of `ledger`."""
        with self._lock:
            # One object per media, or what was spent on it would count twice.
            known = next((one for one in self._ledgers if one.media_id == ledger.media_id), None)
            if known is None:
                self._ledgers.append(ledger)
            made = Lane(self, known or ledger)
            self._lanes.append(made)
        return made

    @contextmanager
    def call(self, ledger: Ledger, estimate: Counted) -> Iterator[Callable[[Counted], None]]:
        """Hold room for one call: yields the function that books what it took. Raises BudgetError before the call.

        A call that fails without being booked gives its room back.
        """
        lane = self.lane(ledger)
        try:
            lane.check(estimate)
            yield lane.add
        finally:
            lane.close()

    def _usd(self, used: Counted) -> float:
        usd = self._price(used)
        if usd is not None:
            return usd
        if self.budget_usd is None:
            return 0.0
        raise BudgetError(
            f"the price of {used.model} is not known, so a budget cannot be kept",
            hint="choose a model with a known price, or leave --budget out",
        )

    def _reserve(self, lane: str, ledger: Ledger, estimate: Counted) -> None:
        usd = self._usd(estimate)
        with self._lock, ledger.held():
            others = sum(held for name, held in self._reserved.items() if name != lane)
            spent = self.spent_usd
            if self.budget_usd is not None and spent + others + usd > self.budget_usd + 1e-9:
                running = f", calls under way may take {others:.4f}" if others else ""
                raise BudgetError(
                    f"the budget of {self.budget_usd:.2f} USD is used up: {spent:.4f} are spent{running}, and the next "
                    f"call to {estimate.model} may cost {usd:.4f}",
                    hint="what was paid for is kept: raise --budget and run the same command again",
                )
            self._reserved[lane] = usd
            if usd:
                ledger.promise(lane, usd)

    def _book(self, lane: str, ledger: Ledger, used: Counted) -> None:
        usd = self._price(used)
        with self._lock:
            left = max(0.0, self._reserved.get(lane, 0.0) - (usd or 0.0))
            self._reserved[lane] = left
            ledger.add(used, usd, name=lane, promised_usd=left)

    def _release(self, closed: Lane, lane: str, ledger: Ledger) -> None:
        with self._lock:
            self._lanes = [other for other in self._lanes if other is not closed]
            if self._reserved.pop(lane, 0.0):
                ledger.promise(lane, 0.0)


class Lane:
    """One client's way to the meter. Its estimates are of all its calls under way together, the next one included."""

    def __init__(self, meter: Meter, ledger: Ledger) -> None:
        self._meter, self._ledger = meter, ledger
        self._name = uuid.uuid4().hex[:12]

    def check(self, estimate: Counted) -> None:
        """Hold room for `estimate`, in place of what this lane held before.

        Raises BudgetError, with the room held before unchanged, when it does not fit.
        """
        self._meter._reserve(self._name, self._ledger, estimate)

    def add(self, used: Counted) -> None:
        """Book what a finished call took."""
        self._meter._book(self._name, self._ledger, used)

    def close(self) -> None:
        """Give back the room of calls that were never made; safe to call twice."""
        self._meter._release(self, self._name, self._ledger)
