"""The fake backend: the same for the same, by rules that can be stated, end to end without a model."""

from pathlib import Path

import numpy as np
import pytest
from tests.conftest import Run
from tests.servers.compatible import pictures, tones

from seehear.backends.fake import Fake
from seehear.backends.protocols import Message
from seehear.errors import InputError
from seehear.models import EMBEDDED
from seehear.spans import Span
from seehear.values import Audio, Description, Sight


def test_pictures_are_told_by_their_colour_and_what_was_read_on_them() -> None:
    red, blue, again = pictures(["red", "blue", "blue"])
    read = Sight(30.0, Span(30, 31), red.rgb, read="Recursion\nends")
    told = [one for one in Fake().describe([red, blue, again, read]) if isinstance(one, Description)]
    assert [one.text for one in told[:3]] == ["A red picture.", "A blue picture.", "A blue picture."]
    assert told[3].text == "A red picture that reads: Recursion ends"
    assert [one.fresh for one in told] == ["", "It is blue now.", "", "It is red now."]


def test_sounds_are_told_by_where_and_how_long_they_are() -> None:
    heard = Fake().transcribe(tones((1.0, 3.0), (8.0, 9.0), length_s=12.0, start_s=100.0))
    assert [segment.text.split()[:2] for segment in heard.segments] == [["Sound", "1"], ["Sound", "2"]]
    assert heard.segments[0].span.start_s == pytest.approx(101.0, abs=0.3)
    assert heard.segments[1].span.end_s == pytest.approx(109.0, abs=0.3)
    with pytest.raises(InputError):
        Fake().transcribe(Audio(np.zeros(8, np.float32), 8000))


def test_texts_that_share_words_are_near_each_other() -> None:
    function, same, other = Fake().embed(["what a function is", "a function is named", "bananas hold potassium"])
    assert function @ same > 0.4 > function @ other


def test_an_answer_quotes_the_first_excerpt_with_its_number() -> None:
    asked = [
        Message("system", "Answer."),
        Message("user", "[1] said: It calls itself.\n[2] shown: x\n\nQuestion: who?"),
    ]
    assert "".join(Fake().stream(asked, max_tokens=50)) == "It calls itself. [1] "


def test_it_is_never_chosen_by_itself() -> None:
    assert "fake" not in EMBEDDED.values()


def test_a_recording_is_indexed_and_asked_with_nothing_but_the_fake(run: Run, lesson: Path) -> None:
    choices = {f"SEEHEAR_{name}": "fake" for name in ("READ", "SEE", "HEAR", "EMBED", "ANSWER")}
    env = {**choices, "SEEHEAR_CAPTIONS": "never"}
    (row,) = run("index", lesson, "--json", env=env).json
    assert (row["status"], row["gaps"]) == ("indexed", 0)
    events = run("timeline", lesson, "--json", env=env).json["events"]
    assert any(event["text"].startswith("Sound 1 lasts") for event in events)
    assert any("picture that reads" in event["text"] for event in events if event["kind"] == "visual")
    answer = run("ask", lesson, "how long does sound 1 last?", "--json", env=env)
    assert answer.code == 0, answer.err
    assert answer.json["backends"] == {"embed": "fake", "answer": "fake"}
