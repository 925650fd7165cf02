"""Files of questions: what may be written, and that every wrong line is named."""

from pathlib import Path

import pytest

from seehear.errors import InputError, NotFoundError
from seehear.evaluate import read_questions, write_questions
from seehear.spans import Span


def write(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_line_holds_a_question_its_recording_and_its_places(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '{"question": " When are  loops shown? ", "media": "talk.mp4", "spans": [[62.5, 80], ["1:30", "1:02:03"]]}',
        "",
        '{"question": "Who won in 1998?", "media": "talk.mp4", "answerable": false, "kind": "absent", "split": "x"}',
        '{"question": "What is it about?", "media": "talk.mp4", "spans": [], "answerable": true, "answer": "Loops"}',
    )
    first, second, third = read_questions(path)
    assert first.text == "When are loops shown?"
    assert first.spans == (Span(62.5, 80), Span(90, 3723))
    assert (first.answerable, first.draft, first.line) == (True, False, 1)
    assert (second.answerable, second.kind, second.line) == (False, "absent", 3)
    assert (third.answerable, third.answer, third.spans) == (True, "Loops", ())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"media": "a.mp4", "spans": [[1, 2]]}', "question is missing"),
        ('{"question": 3}', '"question" is no text'),
        ('{"question": "q?", "media": "a.mp4"}', "say where the answer is"),
        ('{"question": "q?", "spans": [[1, 2]]}', 'names its "media"'),
        ('{"question": "q?", "media": "a.mp4", "spans": [1, 2]}', "list of [start, end]"),
        ('{"question": "q?", "media": "a.mp4", "spans": [[9, 2]]}', "cannot end"),
        ('{"question": "q?", "media": "a.mp4", "spans": [[1, null]]}', "no time"),
        ('{"question": "q?", "media": "a.mp4", "spans": [["soon", 2]]}', "is not a time"),
        ('{"question": "q?", "media": "a.mp4", "spans": [[1, 2]], "answerable": "yes"}', "true or false"),
        ('{"question": "q?", "media": "a.mp4", "spans": [[1, 2]], "answerable": false}', "not answerable"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(tmp_path: Path, line: str, told: str) -> None:
    good = '{"question": "q?", "media": "a.mp4", "spans": [[1, 2]]}'
    with pytest.raises(InputError) as caught:
        read_questions(write(tmp_path, good, line, good))
    assert "line 2: " in caught.value.message
    assert told in caught.value.message
    assert "docs/evaluating.md" in caught.value.hint


def test_all_wrong_lines_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_questions(write(tmp_path, *["{"] * 7))
    assert "line 5" in caught.value.message
    assert "2 more lines" in caught.value.message


def test_no_file_and_no_questions_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_questions(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="holds no questions"):
        read_questions(write(tmp_path, "", " "))


def test_media_are_found_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").touch()
    path = write(tmp_path, '{"question": "q?", "media": "talk.mp4", "spans": [[1, 2]]}')
    assert read_questions(path)[0].media == str(tmp_path / "talk.mp4")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = write(tmp_path, '{"question": "q?", "media": "a", "spans": [[1.5, 2]], "answer": "x", "draft": true}')
    again = tmp_path / "again.jsonl"
    again.write_text(write_questions(read_questions(path)), encoding="utf-8")
    assert read_questions(again) == read_questions(path)
