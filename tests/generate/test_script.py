"""What a teacher's Markdown means: paragraphs are spoken, everything else is shown, order is time."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seehear.errors import InputError, NotFoundError
from seehear.generate.script import Say, Show, keystrokes, parse_script, read_script, sentences

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "lecture"


def parse(text: str, folder: Path = Path()) -> Any:
    return parse_script(text, folder / "script.md")


def outline(text: str) -> list[str]:
    (slide,) = parse(text).slides
    return [
        f"show {slide.elements[step.index].text}" if isinstance(step, Show)
        else f"say {step.text}" if isinstance(step, Say)
        else f"pause {step.length_s}"
        for step in slide.steps
    ]  # fmt: skip


def test_order_in_the_script_is_order_in_time() -> None:
    assert outline("## T\n\nFirst.\n\n- one\n\nThen this. And that.\n\n<!-- pause 1.5 -->\n\n- two\n") == [
        "say First.", "show one", "say Then this.", "say And that.", "pause 1.5", "show two",
    ]  # fmt: skip


def test_a_paragraph_inside_a_bullet_is_spoken_after_it() -> None:
    assert outline("## T\n\n- one\n\n  About one.\n\n  - part\n\n- two\n") == [
        "show one", "say About one.", "show part", "show two",
    ]  # fmt: skip


def test_bullets_know_their_marker_and_depth() -> None:
    (slide,) = parse("## T\n\n3. three\n4. four\n   - deeper\n").slides
    assert [(e.marker, e.level, e.text) for e in slide.elements] == [
        ("3.", 0, "three"),
        ("4.", 0, "four"),
        ("•", 1, "deeper"),
    ]


def test_code_is_typed_unless_it_is_still_or_output() -> None:
    (slide,) = parse("## T\n\n```python\nx\n```\n\n```python still\ny\n```\n\n```output\nz\n```\n").slides
    assert [(e.kind, e.typed, e.language) for e in slide.elements] == [
        ("code", True, "python"), ("code", False, "python"), ("output", False, ""),
    ]  # fmt: skip


def test_a_table_keeps_its_rows_and_a_quote_is_shown_not_spoken() -> None:
    assert outline("## T\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n> Exam in *room* 4\n") == [
        "show a\tb\n1\t2", "show Exam in room 4",
    ]  # fmt: skip


def test_elements_after_a_column_comment_stand_in_the_next_column() -> None:
    (slide,) = parse("## T\n\n- left\n\n<!-- column -->\n\n- right\n\n<!-- any other remark -->\n").slides
    assert [e.column for e in slide.elements] == [0, 1]


def test_headings_of_level_one_are_front_slides_and_name_the_lecture() -> None:
    script = parse("# My `lecture`\n\n## A **bold** title\n\n### A part\n")
    assert script.title == "My lecture"
    assert [(s.title_text, s.front, s.line) for s in script.slides] == [
        ("My lecture", True, 1),
        ("A bold title", False, 3),
    ]
    assert script.slides[1].elements[0].kind == "heading"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three? Four…", ["One.", "Two!", "Three?", "Four…"]),
        ("Ask Dr. Smith, e.g. on Monday. He knows.", ["Ask Dr. Smith, e.g. on Monday.", "He knows."]),
        ("It is 3.14 today. OK.", ["It is 3.14 today.", "OK."]),
        ("He said “Stop.” Then he left.", ["He said “Stop.”", "Then he left."]),
        ("… ! Well.", ["Well."]),
        ("", []),
    ],
)
def test_narration_is_cut_into_sentences(text: str, parts: list[str]) -> None:
    assert list(sentences(text)) == parts


def test_indentation_comes_with_the_first_key_of_its_line() -> None:
    code = "if x:\n    y"
    assert [code[:n] for n in keystrokes(code)][-3:] == ["if x:", "if x:\n", "if x:\n    y"]


def test_a_picture_is_shown_and_the_words_beside_it_are_spoken(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a b.png")
    (slide,) = parse("## T\n\n![a square](<a b.png>) Look at this.\n", tmp_path).slides
    assert (slide.elements[0].text, slide.elements[0].path) == ("a square", (tmp_path / "a b.png").resolve())
    assert slide.steps[1] == Say("Look at this.", True, 3)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("missing.png", "there is no picture"),
        ("../outside.png", "outside the script's folder"),
        ("link.png", "outside the script's folder"),
        ("http://example.org/x.png", "not a local file"),
        ("file:///etc/hostname", "not a local file"),
        ("//host/x.png", "not a local file"),
        ("/etc/hostname", "outside the script's folder"),
    ],
)
def test_only_pictures_beside_the_script_can_be_shown(tmp_path: Path, source: str, problem: str) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "outside.png")
    folder = tmp_path / "lecture"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(InputError, match=problem) as caught:
        parse(f"## T\n\nwords\n\n![x]({source})\n", folder)
    assert "line 5" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("Hello.\n\n## T\n", 1, "before the first slide"),
        ("## T\n\n<div>box</div>\n", 3, "HTML is not drawn"),
        ("## T\n\n<!-- pause soon -->\n", 3, "a pause lasts"),
        ("## T\n\n<!-- pause 3600 -->\n", 3, "a pause lasts"),
        ("## T\n\n```python\n\n```\n", 3, "code block is empty"),
        ("## T\n\n##\n", 3, "no title"),
        ("## T\n\n> - a list\n", 3, "quote box"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        parse(text)
    assert f"script.md, line {line}:" in str(caught.value)
    assert caught.value.hint


def test_an_empty_script_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "script.md").write_text("\n<!-- nothing -->\n")
    with pytest.raises(InputError, match="holds no slide") as caught:
        read_script(tmp_path / "script.md")
    assert "# My lecture" in caught.value.hint


def test_a_missing_script_and_a_folder_are_not_found(tmp_path: Path) -> None:
    for path in (tmp_path / "no.md", tmp_path):
        with pytest.raises(NotFoundError):
            read_script(path)


def test_a_script_in_another_encoding_is_refused_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "script.md").write_bytes("# Früh\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"line 1: this is not UTF-8"):
        read_script(tmp_path / "script.md")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "script.md").write_bytes(b"\xef\xbb\xbf# T\r\n\r\nHello\r\nthere.\r\n")
    script = read_script(tmp_path / "script.md")
    assert script.slides[0].steps == (Say("Hello there.", True, 3),)


def test_the_documented_example_is_a_script() -> None:
    page = (EXAMPLE.parent.parent / "docs" / "generate-lecture.md").read_text("utf-8")
    example = page.split("````markdown\n")[1].split("````")[0]
    front, slide = parse(example).slides
    assert front.front and front.elements[0].text == "Lesson 1"
    assert [element.kind for element in slide.elements] == ["bullet", "code", "output"]


def test_every_question_on_the_example_names_one_place_in_its_script() -> None:
    script = read_script(EXAMPLE / "script.md")
    titles = [slide.title_text for slide in script.slides]
    builds = [element.text for slide in script.slides for element in slide.elements]
    said = [step.text for slide in script.slides for step in slide.steps if isinstance(step, Say)]
    questions = [json.loads(line) for line in (EXAMPLE / "questions.jsonl").read_text("utf-8").splitlines()]
    assert len(questions) == 20
    assert sum(not q["answerable"] for q in questions) == 5
    assert {q["kind"] for q in questions} == {"said", "shown", "both", "when", "what", "list"}
    for question in questions:
        assert bool(question["at"]) == bool(question["answer"]) == question["answerable"]
        for place in question["at"]:
            ((kind, words),) = place.items()
            texts = {"slide": titles, "build": builds, "sentence": said}[kind]
            fits = [t for t in texts if (t == words if kind == "slide" else t.startswith(words))]
            assert len(fits) == 1, place


def test_the_example_says_and_shows_one_thing_only_once() -> None:
    script = read_script(EXAMPLE / "script.md")
    shown = " ".join(e.text for slide in script.slides for e in slide.elements)
    said = " ".join(step.text for slide in script.slides for step in slide.steps if isinstance(step, Say))
    assert "room B 204" in shown and "B 204" not in said and "exam " not in said.lower()
    assert "Monty Python" in said and "Monty" not in shown
    assert 12 <= len(script.slides) <= 16
