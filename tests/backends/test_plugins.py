"""Packages of other authors add backends; one that is broken is named, and disturbs no other."""

import json
import os
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.backends.subjects import PACKAGE, install
from tests.conftest import Run
from tests.servers.compatible import pictures

from seehear import errors
from seehear.backends import plugins, registry
from seehear.backends.protocols import Describer, Message
from seehear.errors import BackendError, ConfigError, MissingPackageError, SetupError

PAGE = Path(__file__).parents[2] / "docs" / "add-a-backend.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
Add = Callable[..., None]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """Install a package for this test alone: its name, code and entry points."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    before = set(sys.modules)

    def added(package: str, code: str, *points: str) -> None:
        install(site, package, code, *points)

    yield added
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(site)):
            del sys.modules[name]


def answerer(name: str) -> object:
    return registry.open_backend(name, "answer")


def test_a_package_is_found_without_being_imported_and_opened_by_its_name(add: Add) -> None:
    add("shouting", PACKAGE, "shout = shouting:Shout")
    assert [(one.prefix, one.label) for one in plugins.found()] == [("shout", "shouting 1.0")]
    registry.check("shout:x", "answer")
    assert "shouting" not in sys.modules
    assert registry.open_answerer("shout").card.name == "shout"
    assert registry.open_answerer("shout:x").card.name == "shout:x"


def test_the_example_of_the_documentation_works_as_it_stands(add: Add) -> None:
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    code = next(body for kind, body in blocks if kind == "python" and "class Shout" in body)
    project = tomllib.loads(next(body for kind, body in blocks if kind == "toml"))
    points = project["project"]["entry-points"][plugins.GROUP]
    add("seehear_shout", code, *(f"{name} = {value}" for name, value in points.items()))
    made = registry.open_answerer("shout:3")
    assert "".join(made.stream([Message("user", "what now")], max_tokens=5)) == "WHAT!!! NOW!!! "


def test_the_other_examples_of_the_documentation_work() -> None:
    blocks = [body for kind, body in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if kind == "python"]
    for body in blocks:
        if "class Shout" not in body:
            exec(body, {})


def test_one_that_cannot_be_imported_is_named_and_the_others_work(add: Add) -> None:
    add("shouting", PACKAGE, "shout = shouting:Shout")
    add("needing", "import nothing_of_this_name", "need = needing:Need")
    add("raising", "raise ZeroDivisionError('at once')", "raise = raising:Raise")
    with pytest.raises(MissingPackageError, match=r"need of the package needing 1\.0.*nothing_of_this_name") as refused:
        answerer("need")
    assert "pip uninstall needing" in refused.value.hint
    with pytest.raises(SetupError, match=r"raising 1\.0.*ZeroDivisionError: at once"):
        answerer("raise:me")
    assert answerer("shout") is not None
    assert answerer("extractive") is not None


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("Odd = 3", "must lead to something callable"),
        ("class Odd:\n    pass", "must lead to something callable"),
        ("class Odd:\n    capabilities = ('dance',)", "must lead to something callable"),
        ("class Odd:\n    capabilities = ('answer',)", "fails when it is made: TypeError"),
        (PACKAGE.replace("Shout", "Odd").replace("def stream", "def strum"), "keeps not the contract Answerer"),
        (PACKAGE.replace("Shout", "Odd"), "calls itself 'shout' on its card"),
        (PACKAGE.replace("Shout", "Odd").replace("self.card =", "self.label ="), "AttributeError"),
    ],
)  # fmt: skip
def test_one_that_breaks_its_contract_is_refused_before_it_is_used(add: Add, code: str, what: str) -> None:
    add("oddity", code, "odd = oddity:Odd")
    with pytest.raises(SetupError, match=what) as refused:
        answerer("odd")
    assert "oddity 1.0" in refused.value.message


def test_an_error_of_ours_that_a_package_raises_comes_out_as_it_is(add: Add) -> None:
    code = (
        "from seehear.errors import ConfigError\ndef odd(model, capability):\n    raise ConfigError('no such size')\n"
    )
    add("oddity", f"{code}odd.capabilities = ('answer',)", "odd = oddity:odd")
    with pytest.raises(ConfigError, match="no such size"):
        answerer("odd:huge")


FAILING = """
from seehear.backends.protocols import Card

class Odd:
    capabilities = ("answer", "describe", "embed")
    card = Card(name="odd", capabilities=capabilities, runs="here", dimensions=4, licence="MIT")
    def __init__(self, model, capability): pass
    def start(self): raise RuntimeError("no start")
    def close(self): pass
    def count_tokens(self, text): return 1
    def stream(self, messages, *, max_tokens):
        yield "one "
        raise KeyError("two")
    def describe(self, sights, *, question="", on_described=None):
        for sight in sights:
            on_described(sight, None)
        return []
    def embed(self, texts):
        import numpy
        return numpy.zeros((1, 1), numpy.float32)
"""


def test_what_a_package_raises_while_it_works_is_told_as_its_own_and_not_as_a_bug_of_seehear(add: Add) -> None:
    add("oddity", FAILING, "odd = oddity:Odd")
    made = registry.open_answerer("odd")
    with pytest.raises(BackendError, match=r"odd of the package oddity 1\.0 failed: RuntimeError: no start"):
        made.start()
    pieces = made.stream([], max_tokens=9)
    assert next(pieces) == "one "
    with pytest.raises(BackendError, match="KeyError"):
        next(pieces)
    with pytest.raises(BackendError, match=r"shape \(1, 1\) for 2 texts"):
        registry.open_embedder("odd").embed(["a", "b"])


def returning(what: str, capability: str) -> str:
    """A package whose every method returns `what`, a piece of Python."""
    code = (
        "import numpy\nfrom seehear.backends.protocols import Card\nclass Odd:\n"
        f"    capabilities = ('{capability}',)\n"
        "    card = Card(name='odd', capabilities=capabilities, runs='here', dimensions=2, licence='MIT')\n"
        "    def __init__(self, model, capability): pass\n    def start(self): pass\n    def close(self): pass\n"
    )
    methods = (
        "embed(self, texts)", "rerank(self, question, texts)", "read(self, rgb)", "speak(self, text)",
        "describe(self, sights, *, question='', on_described=None)", "count_tokens(self, text)",
        "transcribe(self, audio, *, language=None, on_progress=None)", "stream(self, messages, *, max_tokens)",
    )  # fmt: skip
    return code + "".join(f"    def {method}: return {what}\n" for method in methods)


@pytest.mark.parametrize(
    ("capability", "what", "told"),
    [
        ("embed", "None", "shape"),
        ("embed", "[[1, 'x'], [0, 1]]", "ValueError"),
        ("embed", "[[1.0], [0.0, 1.0]]", "ValueError"),
        ("embed", "numpy.full((2, 2), numpy.nan)", "not finite"),
        ("rerank", "[1.0]", r"shape \(1,\) for 2 texts"),
        ("rerank", "[float('inf'), 1.0]", "not finite"),
        ("describe", "None", "descriptions"),
        ("describe", "[None]", "descriptions"),
        ("read", "'text'", "str instead of Screen"),
        ("hear", "'text'", "str instead of Transcript"),
        ("speak", "None", "NoneType instead of Audio"),
        ("answer", "None", "NoneType instead of pieces"),
        ("answer", "[b'bytes']", "bytes instead of a piece"),
    ],
)
def test_what_a_package_returns_wrongly_is_told_as_its_own(add: Add, capability: str, what: str, told: str) -> None:
    add("oddity", returning(what, capability), "odd = oddity:Odd")
    made: Any = registry.open_backend("odd", capability)  # type: ignore[arg-type]  # one of those above
    calls: dict[str, Callable[[], object]] = {
        "embed": lambda: made.embed(["a", "b"]),
        "rerank": lambda: made.rerank("a", ["b", "c"]),
        "describe": lambda: made.describe(pictures(["red"])),
        "read": lambda: made.read(pictures(["red"])[0].rgb),
        "hear": lambda: made.transcribe(None),
        "speak": lambda: made.speak("a"),
        "answer": lambda: list(made.stream([], max_tokens=3)),
    }
    with pytest.raises(BackendError, match=told) as refused:
        calls[capability]()
    assert "oddity 1.0" in refused.value.message and refused.value.hint


def test_a_package_may_return_plain_lists_of_numbers(add: Add) -> None:
    add("oddity", returning("[[1, 0], [0, 1]]", "embed"), "odd = oddity:Odd")
    made = registry.open_embedder("odd").embed(["a", "b"])
    assert made.dtype == "float32" and made.tolist() == [[1, 0], [0, 1]]


def test_what_the_caller_s_own_callback_raises_comes_out_of_a_package_as_it_is(add: Add) -> None:
    add("oddity", FAILING, "odd = oddity:Odd")
    describer = registry.open_backend("odd", "describe")
    assert isinstance(describer, Describer)

    def stop(sight: object, told: object) -> None:
        raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        describer.describe(pictures(["red"]), on_described=stop)
    with pytest.raises(BackendError, match="0 descriptions of 1"):
        describer.describe(pictures(["red"]), on_described=lambda sight, told: None)


def test_what_a_package_cannot_do_is_told_with_what_it_can(add: Add) -> None:
    add("shouting", PACKAGE, "shout = shouting:Shout")
    with pytest.raises(ConfigError, match="cannot hear") as refused:
        registry.open_backend("shout", "hear")
    assert "answer" in refused.value.hint


def test_names_of_seehear_cannot_be_taken_and_two_packages_are_told_apart(add: Add) -> None:
    add("thief", PACKAGE, "minilm = thief:Shout", "openai = thief:Shout")
    add("shouting", PACKAGE, "shout = shouting:Shout")
    add("crying", PACKAGE, "shout = crying:Shout")
    assert registry.open_embedder("minilm").card.licence == "Apache-2.0"
    with pytest.raises(ConfigError, match=r"crying 1\.0 and shouting 1\.0"):
        answerer("shout")
    there = plugins.found()
    wrong = {(one.prefix, one.package): plugins.problem_of(one, registry.prefixes(), there) for one in there}
    assert all(wrong.values())
    assert "seehear itself uses" in str(wrong["minilm", "thief"])


def test_a_name_that_nobody_brings_is_answered_with_those_of_packages_too(add: Add) -> None:
    add("shouting", PACKAGE, "shout = shouting:Shout")
    with pytest.raises(ConfigError) as refused:
        answerer("whisper-loudly")
    assert "shout" in refused.value.hint and "extractive" in refused.value.hint


def test_the_whole_command_line_uses_it(run: Run, library_home: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install(site, "shouting", PACKAGE, "shout = shouting:Shout")
    install(site, "needing", "import nothing_of_this_name", "need = needing:Need")
    env = {"PYTHONPATH": os.pathsep.join([str(site), str(Path(__file__).parents[2] / "src")])}
    question = ("ask", "what is a function?", "--json", "--answer")
    done = run(*question, "shout", home=library_home, env=env)
    assert done.code == 0, done.err
    assert done.json["backends"]["answer"] == "shout"
    broken = run(*question, "need", home=library_home, env=env)
    assert broken.code == errors.MissingPackageError.exit_code
    assert "needing 1.0" in broken.err
    findings = run("doctor", "--json", home=library_home, env=env).json["findings"]
    told = {one["what"]: one for one in findings if one["what"].startswith("backend ")}
    assert told["backend shout"]["ok"] and not told["backend need"]["ok"]
    assert "pip install --upgrade needing" in told["backend need"]["mend"]
    listed = run("backends", home=library_home, env=env)
    assert "shout[:MODEL] of shouting 1.0: answer" in listed.out
    assert json.loads(run("backends", "--json", home=library_home, env=env).out)
