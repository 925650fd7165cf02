"""What is put before a model with a question, and what is not."""

import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from seehear import look
from seehear.backends.protocols import Card, Kind, Message
from seehear.look import Looker
from seehear.spans import Span
from seehear.values import Segment, Transcript


class Hears:
    """A model that hears, and tells how many sounds were put before it."""

    card = Card(name="hears", capabilities=("answer",), runs="here")

    def observer(self, *kinds: Kind) -> "Hears":
        return self

    def takes(self, kind: Kind) -> bool:
        return True

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        sounds = [thing for thing in messages[-1].attached if not isinstance(thing, str)]
        yield f"{len(sounds)} sounds, [1]."


@pytest.mark.parametrize(("length_s", "sounds"), [(20, 1), (40, 0)])
def test_sound_too_long_for_a_request_is_transcribed_and_never_read_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length_s: int, sounds: int
) -> None:
    path = tmp_path / "talk.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8_000)
        out.writeframes(bytes(2 * 8_000 * length_s))
    read: list[Path] = []
    sound_of = look.sound_of

    def counted(path: Path) -> Any:
        read.append(path)
        return sound_of(path)

    monkeypatch.setattr(look, "sound_of", counted)
    monkeypatch.setattr(look, "LONGEST_SOUND_S", 30.0)
    notes: list[str] = []
    said = Transcript("en", (Segment(Span(3.0, 5.0), "Hello there."),), "test")
    models: Any = Hears()
    looker = Looker(models, read=lambda rgb: pytest.fail(), transcribe=lambda path: said, note=notes.append)
    looked = looker.look([path], "what is said?")
    assert looked.text == f"{sounds} sounds, {'(talk.wav)' if sounds else '[0:03]'}."
    assert len(read) == sounds
    assert [put.sent_as for put in looked.puts] == ["sound" if sounds else "transcript"]
    assert bool(notes) == (not sounds)
    assert all("0:40 of sound are more than one request takes; it is transcribed first" in note for note in notes)
