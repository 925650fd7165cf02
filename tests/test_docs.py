"""The documentation is executed: every command in it runs, every Python example works, the reference is current."""

import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest

from tests.conftest import run_seehear

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FETCHES = {"pull", "verify"}


def blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(page.read_text(encoding="utf-8")) if kind == language]


def commands() -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for page in PAGES:
        for block in blocks(page, "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("seehear "):
                    found.setdefault(line.split("  #")[0].split(" > ")[0].strip(), page.name)
    return [(page, line) for line, page in found.items()]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, lesson: Path, indexed_home: Path) -> Path:
    """A folder as the documentation assumes one: a lecture, its slide as a picture, and a copy of the library."""
    desk = tmp_path_factory.mktemp("desk")
    shutil.copyfile(lesson, desk / "lecture.mp4")
    shutil.copyfile(lesson, desk / "talk.mp3")
    shutil.copytree(ROOT / "examples", desk / "examples")
    shutil.copytree(indexed_home, desk / "home")
    (desk / "talks").mkdir()
    (desk / "talks" / "talk.srt").write_text("1\n00:00:01,000 --> 00:00:04,000\nRecursion calls itself.\n")
    (desk / "questions.jsonl").write_text(
        '{"question": "what is a function?", "media": "lecture.mp4", "spans": [["0:05", "0:20"]], "kind": "what"}\n'
    )
    picture = next(iter(sorted((indexed_home / "frames").rglob("*.jpg"))))
    shutil.copyfile(picture, desk / "slide.png")
    return desk


@pytest.mark.parametrize(("page", "line"), commands(), ids=lambda value: value)
def test_a_documented_command_runs(desk: Path, page: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What a user keeps at home is not for tests to read or to write.
    words = [word.replace("~", str(desk)) for word in shlex.split(line)[1:]]
    if FETCHES & set(words):
        pytest.skip("fetches or hashes large weights; tests/test_weights.py has small ones")
    if words[0] == "generate" and "examples/lecture/script.md" in words:
        pytest.skip("renders five minutes; the lesson of these tests was made by the same command")
    if words[0] in ("ask", "eval"):
        words += ["--answer", "extractive"]
    monkeypatch.chdir(desk)
    if words[0] in ("remove",) or "remove" in words:
        # Whatever is removed here is needed by the other commands.
        shutil.copytree(desk / "home", desk / "scrap")
        done = run_seehear(*words, home=desk / "scrap")
        shutil.rmtree(desk / "scrap")
    else:
        done = run_seehear(*words, home=desk / "home")
    assert done.code in ((0, 10) if words[0] == "doctor" else (0,)), done.err


@pytest.mark.parametrize(
    "block", [b for page in ("README", "docs/python", "docs/asking") for b in blocks(ROOT / f"{page}.md", "python")]
)
def test_a_documented_example_works(desk: Path, block: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(desk)
    monkeypatch.setenv("SEEHEAR_HOME", str(desk / "home"))
    monkeypatch.setenv("SEEHEAR_ANSWER", "extractive")
    script = tmp_path / "example.py"
    script.write_text(block, encoding="utf-8")
    runpy.run_path(str(script))


def test_the_command_reference_is_current() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_cli_reference.py"))["reference"]()
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == made, "run: python docs/make_cli_reference.py"


def prose(page: Path) -> str:
    return re.sub(r"^(```+).*?^\1", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_documentation_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(page))):
        if "://" not in target:
            name, _, anchor = target.partition("#")
            led_to = page.parent / name if name else page
            assert led_to.exists(), f"{page.name} links to {target}"
            assert not anchor or anchor in anchors(led_to), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_measurement_names_a_script_and_options_that_there_are(page: Path) -> None:
    shared = (ROOT / "bench" / "report.py").read_text(encoding="utf-8")
    for script, rest in re.findall(r"python (bench/\w+\.py)([^`\n|()]*)", page.read_text(encoding="utf-8")):
        assert (ROOT / script).is_file(), f"{page.name} names {script}"
        taken = (ROOT / script).read_text(encoding="utf-8") + shared
        for option in re.findall(r"--[a-z-]+", rest):
            assert f'"{option}"' in taken, f"{page.name} names {option} of {script}"


def test_every_page_of_the_documentation_is_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [page.name for page in PAGES[1:] if f"docs/{page.name}" not in readme]
    assert missing == []
