"""Never a surprise on the bill: the cap holds before each call, across threads, resumes and killed processes."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from seehear.errors import BudgetError, InputError
from seehear.spend import Ledger, Meter, Usage
from seehear.store import Store


def cents(used: object) -> float | None:
    """One cent for each input token; of the model `secret` no price is known."""
    model, tokens = used.model, used.input_tokens  # type: ignore[attr-defined]
    return None if model == "secret" else tokens / 100


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "library")
    yield made
    made.close()


def test_what_was_spent_is_kept_with_the_media(store: Store) -> None:
    meter = Meter(None, price=cents)
    lane = meter.lane(Ledger(store, "film"))
    lane.check(Usage("a", 10))
    lane.add(Usage("a", 12, 3, images=2, audio_s=1.5))
    lane.add(Usage("a", 8))
    lane.add(Usage("secret", 5))
    again = Ledger(store, "film")
    assert again.spent_usd == pytest.approx(0.20)
    a, secret = again.rows()
    assert a.usage == Usage("a", 20, 3, 2, 1.5, calls=2)
    assert (secret.usd, secret.unpriced) == (0.0, 1), "what has no price is counted, not called free"
    assert Ledger(store, "other film").rows() == []


def test_a_thousand_tiny_calls_add_up(store: Store) -> None:
    ledger = Ledger(store, "film")
    for _ in range(1000):
        ledger.add(Usage("a", 1), 0.0000004)
    assert Ledger(store, "film").spent_usd == pytest.approx(0.0004)


def test_a_call_over_the_budget_is_refused_before_it_is_made(store: Store) -> None:
    meter = Meter(0.50, price=cents)
    lane = meter.lane(Ledger(store, "film"))
    lane.check(Usage("a", 30))
    lane.add(Usage("a", 30))
    with pytest.raises(BudgetError, match=r"0\.50.*0\.3000 are spent.*0\.2500") as refused:
        lane.check(Usage("a", 25))
    assert "--budget" in refused.value.hint
    lane.check(Usage("a", 20))
    with pytest.raises(BudgetError):
        meter.lane(Ledger(store, "other")).check(Usage("a", 1))


def test_the_cap_holds_across_resumes_and_media(store: Store) -> None:
    Ledger(store, "first").add(Usage("a", 40), 0.40)
    meter = Meter(0.50, [Ledger(store, "first")], price=cents)
    lane = meter.lane(Ledger(store, "second"))
    with pytest.raises(BudgetError):
        lane.check(Usage("a", 11))
    lane.check(Usage("a", 10))


def test_what_one_client_holds_the_other_cannot_have(store: Store) -> None:
    meter = Meter(1.0, price=cents)
    see, hear = meter.lane(Ledger(store, "film")), meter.lane(Ledger(store, "film"))
    see.check(Usage("a", 60))
    with pytest.raises(BudgetError, match="under way"):
        hear.check(Usage("a", 50))
    see.check(Usage("a", 40))
    hear.check(Usage("a", 50))
    see.close()
    hear.check(Usage("a", 100))


def test_an_unknown_price_is_refused_with_a_budget_only(store: Store) -> None:
    with pytest.raises(BudgetError, match="price of secret is not known"):
        Meter(5.0, price=cents).lane(Ledger(store, "film")).check(Usage("secret", 1))
    Meter(None, price=cents).lane(Ledger(store, "film")).check(Usage("secret", 1))


def test_a_failed_call_gives_its_room_back(store: Store) -> None:
    meter, ledger = Meter(0.10, price=cents), Ledger(store, "film")
    with pytest.raises(ConnectionError), meter.call(ledger, Usage("a", 10)):
        raise ConnectionError
    with meter.call(ledger, Usage("a", 10)) as book:
        book(Usage("a", 7))
    assert meter.spent_usd == pytest.approx(0.07)


def test_what_was_promised_and_never_called_is_given_back_at_the_end(store: Store) -> None:
    meter = Meter(1.0, price=cents)
    lane = meter.lane(Ledger(store, "film"))
    lane.check(Usage("a", 30))
    lane.add(Usage("a", 10))
    assert Ledger(store, "film").spent_usd == pytest.approx(0.30), "so would a run that is killed here be counted"
    meter.close()
    meter.close()
    assert Ledger(store, "film").spent_usd == pytest.approx(0.10)


def test_the_client_for_servers_can_use_a_lane_as_its_meter(store: Store) -> None:
    from seehear.backends.servers.meter import Use
    from seehear.backends.servers.prices import cost_usd

    meter = Meter(0.01, price=cost_usd)
    lane = meter.lane(Ledger(store, "film"))
    lane.check(Use("gpt-4o", 1000, 100) + Use("gpt-4o", 1000, 100))
    lane.add(Use("gpt-4o", 1000, 100))
    assert meter.spent_usd == pytest.approx(0.0035)
    with pytest.raises(BudgetError):
        lane.check(Use("gpt-4o", 3000))
    assert Ledger(store, "film").rows()[0].usage == Usage("gpt-4o", 1000, 100)


def test_many_threads_never_spend_more_than_the_budget(store: Store) -> None:
    meter = Meter(1.00, price=cents)
    ledgers = [Ledger(store, f"film {number}") for number in range(4)]
    made: list[int] = []
    refused: list[BudgetError] = []
    gate = threading.Barrier(16)

    def work(number: int) -> None:
        gate.wait()
        for _ in range(6):
            try:
                with meter.call(ledgers[number % 4], Usage("a", 3)) as book:
                    book(Usage("a", 3))
                    made.append(3)
            except BudgetError as error:
                refused.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sum(made) == 99, "all that fits is allowed"
    assert len(made) + len(refused) == 96
    assert sum(Ledger(store, ledger.media_id).spent_usd for ledger in ledgers) == pytest.approx(0.99)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_a_call_cut_off_by_kill_9_counts_as_spent(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from seehear.spend import Ledger, Meter, Usage\n"
        "from seehear.store import Store\n"
        "lane = Meter(1.0, price=lambda u: u.input_tokens / 100).lane(Ledger(Store(Path(sys.argv[1])), 'film'))\n"
        "lane.check(Usage('a', 20)); lane.add(Usage('a', 20)); lane.check(Usage('a', 30))\n"
        "print('calling', flush=True); time.sleep(60)\n"
    )
    home = tmp_path / "library"
    process = subprocess.Popen([sys.executable, "-c", script, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "calling\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = Store(home)
    ledger = Ledger(store, "film")
    assert ledger.spent_usd == pytest.approx(0.50)
    with pytest.raises(BudgetError):
        Meter(1.0, price=cents).lane(ledger).check(Usage("a", 51))
    ledger.add(Usage("a", 1), 0.01)
    assert Ledger(store, "film").spent_usd == pytest.approx(0.51), "and it is counted once"
    store.close()


SPENDER = """
import sys, time
from pathlib import Path
from seehear.errors import BudgetError
from seehear.spend import Ledger, Meter, Usage
from seehear.store import Store
store = Store(Path(sys.argv[1]))
lane = Meter(1.0, price=lambda used: used.input_tokens / 100).lane(Ledger(store, 'film'))
print('ready', flush=True)
sys.stdin.readline()
made = 0
try:
    for _ in range(30):
        lane.check(Usage('a', 3))
        time.sleep(0.002)
        lane.add(Usage('a', 3))
        made += 1
except BudgetError:
    pass
lane.close()
print(made, flush=True)
"""


def test_two_processes_that_spend_on_one_recording_keep_one_budget(tmp_path: Path) -> None:
    home = tmp_path / "library"
    Store(home).close()
    pipes: dict[str, int] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    spenders = [
        subprocess.Popen([sys.executable, "-c", SPENDER, str(home)], text=True, **pipes)  # type: ignore[call-overload]
        for _ in range(2)
    ]
    for one in spenders:
        assert one.stdout.readline() == "ready\n"
    for one in spenders:
        one.stdin.write("go\n")
        one.stdin.flush()
    made = [int(one.communicate(timeout=60)[0]) for one in spenders]
    assert sum(made) == 33, "what one may still need, the other cannot have"
    store = Store(home)
    (row,) = Ledger(store, "film").rows()
    assert row.usage == Usage("a", 3 * sum(made), calls=sum(made)), "no booking of one was lost to the other"
    store.close()


def test_a_call_under_way_in_another_process_is_not_free_to_spend(store: Store) -> None:
    here, there = (Meter(1.0, price=cents).lane(Ledger(store, "film")) for _ in range(2))
    here.check(Usage("a", 60))
    with pytest.raises(BudgetError):
        there.check(Usage("a", 50))
    here.add(Usage("a", 45))
    here.close()
    there.check(Usage("a", 50))


def test_many_questions_on_one_library_count_each_call_once(store: Store) -> None:
    meter = Meter(1.0, price=cents)
    for _ in range(3):
        lane = meter.lane(Ledger(store, "questions"))
        lane.check(Usage("a", 20))
        lane.add(Usage("a", 20))
        lane.close()
    assert meter.spent_usd == pytest.approx(0.60)


@pytest.mark.parametrize("budget", [-1.0, float("nan")])
def test_a_budget_that_makes_no_sense_is_refused(budget: float) -> None:
    with pytest.raises(InputError):
        Meter(budget, price=cents)


def test_a_budget_of_nothing_allows_what_costs_nothing(store: Store) -> None:
    lane = Meter(0.0, price=lambda used: 0.0).lane(Ledger(store, "film"))
    lane.check(Usage("local", 10_000))
