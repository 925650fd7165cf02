"""Calls to servers: what is tried again, what ends the work, what never gets out."""

import inspect
import logging
import ssl
import threading
import time
import traceback
from typing import Any

import httpx
import openai
import pytest
from tests.servers.compatible import KEY, Compatible, Failure, serving, wait_until

from seehear.backends.servers import sdk_errors
from seehear.backends.servers.client import Client, Server, retry_after_s
from seehear.backends.servers.limiter import Limiter
from seehear.backends.servers.meter import Use
from seehear.backends.servers.trust import trusted
from seehear.errors import (
    BackendError,
    BackendRefusedError,
    BackendUnavailableError,
    BudgetError,
    CancelledError,
    ConfigError,
    SeehearError,
)

USE = Use("test-model", 10, 10)
BUSY = Failure(429, "rate_limit_exceeded", headers={"Retry-After": "0"})


@pytest.fixture
def server() -> Any:
    with serving() as running:
        yield running


def client_of(server: Compatible, **options: Any) -> Client:
    chosen = {"first_wait_s": 0.01, **options}
    return Client(Server(server.url, "compatible", KEY), **chosen)


def say(client: Client, text: str = "hello") -> str:
    made = client.call(
        lambda sdk: sdk.chat.completions.create(model="test-model", messages=[{"role": "user", "content": text}]),
        estimate=USE,
    )
    return str(made.choices[0].message.content)


def classes() -> set[type[BaseException]]:
    # Looking at each of its names loads all of the SDK: whoever only collects the tests should not wait for that.
    import openai._exceptions as module

    public = [value for value in list(vars(openai).values()) if inspect.isclass(value)]
    every = [*public, *(value for value in vars(module).values() if inspect.isclass(value))]
    return {cls for cls in every if issubclass(cls, Exception) and not cls.__name__.startswith("_")}


def test_every_exception_of_the_sdk_has_an_error_of_ours() -> None:
    every = {cls.__name__ for cls in classes()}
    assert len(every) > 10
    assert every - set(sdk_errors.EXCEPTIONS) == set()
    assert all(issubclass(sdk_errors.EXCEPTIONS[name], SeehearError) for name in every)


def test_a_busy_server_is_asked_again_until_it_answers(server: Compatible) -> None:
    server.switches.failures = [BUSY, Failure(500), Failure(503)]
    assert say(client_of(server)) == "You said: hello"
    assert [asked.status for asked in server.asked] == [429, 500, 503, 200]


def test_it_waits_as_long_as_the_server_asks(server: Compatible) -> None:
    server.switches.failures = [Failure(429, "rate_limit_exceeded", headers={"retry-after-ms": "300"})]
    begun = time.monotonic()
    say(client_of(server))
    assert 0.3 <= time.monotonic() - begun < 2


def test_the_wait_is_read_in_every_form_it_comes_in() -> None:
    from email.utils import formatdate

    assert retry_after_s(httpx.Headers({"Retry-After": "7"})) == 7
    assert retry_after_s(httpx.Headers({"retry-after-ms": "1500", "Retry-After": "7"})) == 1.5
    assert 2 < (retry_after_s(httpx.Headers({"Retry-After": formatdate(time.time() + 5, usegmt=True)})) or 0) <= 5
    assert retry_after_s(httpx.Headers({"Retry-After": "soon"})) is None
    assert retry_after_s(httpx.Headers()) is None
    assert retry_after_s(httpx.Headers({"Retry-After": "86400"})) == 120


def test_five_tries_are_enough(server: Compatible) -> None:
    server.switches.always = Failure(500)
    with pytest.raises(BackendUnavailableError, match="told to fail"):
        say(client_of(server))
    assert len(server.asked) == 5


def test_a_wait_that_would_take_too_long_is_not_begun(server: Compatible) -> None:
    server.switches.always = Failure(429, "rate_limit_exceeded", headers={"Retry-After": "60"})
    with pytest.raises(BackendUnavailableError, match="too many requests"):
        say(client_of(server, total_s=5.0))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("failure", "kind", "words"),
    [
        (Failure(401, "invalid_api_key"), BackendRefusedError, "key"),
        (Failure(403, "unsupported_country"), BackendRefusedError, "not allow"),
        (Failure(429, "insufficient_quota"), BackendRefusedError, "credit"),
        (Failure(402, "billing_not_active"), BackendRefusedError, "credit"),
        (Failure(404, "model_not_found"), ConfigError, "test-model"),
    ],
)
def test_what_no_waiting_helps_ends_the_work_at_once(
    server: Compatible, failure: Failure, kind: type[SeehearError], words: str
) -> None:
    server.switches.always = failure
    client = client_of(server)
    for _ in range(3):
        with pytest.raises(kind, match=words) as caught:
            say(client)
        assert caught.value.hint
    assert len(server.asked) == 1


def test_when_one_thread_is_refused_no_other_asks_any_more(server: Compatible) -> None:
    server.switches.always = Failure(401, "invalid_api_key")
    server.switches.delay_s = 0.02
    client = client_of(server, limiter=Limiter(start=3))
    with pytest.raises(BackendRefusedError):
        client.map(lambda text: say(client, text), [str(n) for n in range(40)])
    time.sleep(0.1)
    assert len(server.asked) <= 3


def test_a_server_that_is_not_there_is_told_at_once() -> None:
    client = Client(Server("http://127.0.0.1:9/v1", "compatible"), tries=2, first_wait_s=0.01)
    with pytest.raises(BackendUnavailableError, match="cannot be reached"):
        say(client)
    assert client.is_stopped


def test_a_server_that_never_answers_does_not_hang_a_run(server: Compatible) -> None:
    server.switches.hang_s = 30
    begun = time.monotonic()
    with pytest.raises(BackendUnavailableError, match="in time"):
        say(client_of(server, read_s=0.2))
    assert time.monotonic() - begun < 3
    assert len(server.asked) <= 2


def test_a_reply_that_is_no_json_is_an_error_and_not_a_text(server: Compatible) -> None:
    server.switches.malformed = True
    with pytest.raises(BackendError):
        say(client_of(server))


def test_the_key_is_in_no_message_repr_log_or_traceback(server: Compatible, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="seehear")
    lines: list[str] = []
    wrong = "wrong-key-very-secret-42"
    client = Client(Server(server.url, "compatible", wrong), log=lines.append)
    try:
        say(client)
    except BackendRefusedError as error:
        told = "".join(traceback.format_exception(error)) + str(error) + repr(error) + repr(error.__cause__)
    client.log(f"odd: {wrong}")
    assert "Incorrect API key" in told
    for text in (told, repr(client), repr(client.server), *lines, caplog.text):
        assert wrong not in text


def test_anything_shaped_like_a_key_is_taken_out() -> None:
    said = "Incorrect API key provided: sk-proj-abc***xyz. Authorization: Bearer abc.def was sent"
    assert "abc" not in sdk_errors.redacted(said)


def test_a_server_on_this_machine_needs_no_key_and_gets_none_of_ours(
    server: Compatible, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-secret")
    say(Client(Server(server.url, "compatible")))
    sent = str(server.asked[0].headers)
    assert KEY not in sent
    assert "org-secret" not in sent
    assert "proj-secret" not in sent


def test_a_proxy_is_not_asked_for_what_is_on_this_machine(server: Compatible, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert say(client_of(server)) == "You said: hello"


def test_it_learns_how_many_calls_at_once_the_server_bears(server: Compatible) -> None:
    server.switches.most_at_once = 3
    server.switches.delay_s = 0.02
    client = client_of(server, limiter=Limiter(start=12, most=12), tries=12)
    texts = [str(n) for n in range(40)]
    assert client.map(lambda text: say(client, text), texts) == [f"You said: {text}" for text in texts]
    assert client.limit <= 6
    # Twelve at once throughout would be refused three times as often as answered.
    assert len(server.asked) < 120


def test_the_number_at_once_halves_once_per_wave_and_grows_by_one() -> None:
    limiter = Limiter(start=8, most=9)
    wave = limiter.epoch
    limiter.slower(wave)
    limiter.slower(wave)
    assert limiter.limit == 4
    for _ in range(4):
        limiter.faster()
    assert limiter.limit == 5
    for _ in range(100):
        limiter.faster()
    assert limiter.limit == 9
    for _ in range(9):
        limiter.slower(limiter.epoch)
    assert limiter.limit == 1


def test_never_more_calls_at_once_than_the_limit(server: Compatible) -> None:
    server.switches.delay_s = 0.01
    client = client_of(server, limiter=Limiter(start=2, most=2))
    client.map(lambda text: say(client, text), list("abcdefgh"))
    assert server.most_seen_at_once <= 2


def test_what_is_finished_is_handed_over_before_the_rest_fails(server: Compatible) -> None:
    kept: list[str] = []
    client = client_of(server, limiter=Limiter(start=1, most=1))

    def work(text: str) -> str:
        if text == "c":
            server.switches.always = Failure(401, "invalid_api_key")
        return say(client, text)

    with pytest.raises(BackendRefusedError):
        client.map(work, list("abcd"), done=lambda text, made: kept.append(text))
    assert kept == ["a", "b"]


def test_an_interruption_keeps_finished_calls_and_begins_no_more(server: Compatible) -> None:
    kept: list[str] = []
    client = client_of(server, limiter=Limiter(start=1, most=1))

    def done(text: str, made: str) -> None:
        kept.append(text)
        if len(kept) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.map(lambda text: say(client, text), [str(n) for n in range(30)], done=done)
    time.sleep(0.1)
    assert kept == ["0", "1"]
    assert len(server.asked) < 8


def test_closing_ends_a_wait_for_the_next_try(server: Compatible) -> None:
    server.switches.always = Failure(429, "rate_limit_exceeded", headers={"Retry-After": "30"})
    client = client_of(server)
    threading.Timer(0.2, client.close).start()
    begun = time.monotonic()
    with pytest.raises(CancelledError):
        say(client)
    assert time.monotonic() - begun < 5


class Purse:
    """A meter with room for so many calls."""

    def __init__(self, calls: int) -> None:
        self.left, self.booked = calls, []  # type: ignore[var-annotated]

    def check(self, estimate: Use) -> None:
        if estimate.calls > self.left:
            raise BudgetError("no more")

    def add(self, used: Use) -> None:
        self.left -= used.calls
        self.booked.append(used)


def test_a_budget_is_checked_before_each_call_also_with_many_at_once(server: Compatible) -> None:
    server.switches.delay_s = 0.02
    purse = Purse(3)
    client = client_of(server, meter=purse, limiter=Limiter(start=8, most=8))
    with pytest.raises(BudgetError):
        client.map(lambda text: say(client, text), list("abcdefghij"))
    assert wait_until(lambda: len(purse.booked) == 3)
    assert len(server.asked) == 3


def test_certificates_are_checked_against_authorities_that_are_read_once() -> None:
    held = trusted(trust_env=True)
    assert held.check_hostname and held.verify_mode is ssl.CERT_REQUIRED
    assert trusted(trust_env=True) is held


def test_a_failed_call_is_not_booked(server: Compatible) -> None:
    purse = Purse(3)
    server.switches.always = Failure(400)
    with pytest.raises(BackendRefusedError):
        say(client_of(server, meter=purse))
    assert purse.booked == []


def test_a_server_that_fails_again_and_again_is_given_up(server: Compatible) -> None:
    server.switches.always = Failure(500)
    client = client_of(server, tries=2)
    for _ in range(6):
        with pytest.raises(BackendUnavailableError):
            say(client)
    assert len(server.asked) == 6


def test_nothing_of_the_sdk_is_loaded_by_importing_the_client() -> None:
    import subprocess
    import sys

    code = "import sys, seehear.backends.servers.discovery, seehear.backends.openai.see; print('openai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
