"""What users rely on when sound is heard: the words, their true times, and silence about silence."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from seehear.backends.registry import open_speaker
from seehear.backends.speech import is_believable, is_sign_off, repetitiveness, sentences
from seehear.backends.whisper import RATE_HZ, Whisper
from seehear.errors import CancelledError, ConfigError, InputError, WeightsError
from seehear.spans import Span
from seehear.values import Audio, Segment, Transcript, Word

DATA = Path(__file__).parents[3] / "shared" / "data"
SIZE = 12 * RATE_HZ
CLOCK = np.arange(SIZE) / RATE_HZ
LINES = (
    "A function is a named piece of work.",
    "You define it once and call it as often as you like.",
    "The parameter is the name in the definition.",
    "Every loop needs a condition that becomes false.",
    "Recursion means that a function calls itself.",
)


@pytest.fixture(scope="module")
def hearer(small_weights: None) -> Whisper:
    return Whisper("base")


@pytest.fixture(scope="module")
def quick(small_weights: None) -> Whisper:
    """A smaller model, where it is not the model that is asked about."""
    return Whisper("tiny.en")


def load(path: Path) -> Audio:
    from seehear.media.audio import audio_chunks

    if not path.is_file():
        pytest.skip(f"{path.name} is not in ../shared/data")
    chunks = list(audio_chunks(path, on_gap=lambda gap: None))
    return Audio(np.concatenate([chunk.samples for chunk in chunks]), RATE_HZ, chunks[0].start_s)


def text_of(transcript: Transcript) -> str:
    return " ".join(segment.text for segment in transcript.segments)


def chords() -> np.ndarray:
    notes = sum(np.sin(2 * np.pi * f * h * CLOCK) / h for f in (220, 277, 330) for h in (1, 2, 3))
    return (0.1 * notes * np.exp(-2 * (CLOCK % 1))).astype(np.float32)


def drums() -> np.ndarray:
    noise = np.random.default_rng(1).standard_normal(SIZE)
    return (0.4 * np.exp(-25 * (CLOCK % 0.5)) * noise).astype(np.float32)


SOUNDS = {
    "silence": np.zeros(SIZE, dtype=np.float32),
    "white noise": (0.2 * np.random.default_rng(2).standard_normal(SIZE)).astype(np.float32),
    "a tone": (0.3 * np.sin(2 * np.pi * 440 * CLOCK)).astype(np.float32),
    "chords": chords(),
    "drums": drums(),
    "chords and drums": chords() + drums(),
    "nothing at all": np.zeros(0, dtype=np.float32),
    "broken samples": np.full(SIZE, np.nan, dtype=np.float32),
}


@pytest.mark.parametrize("sound", SOUNDS)
def test_nothing_is_invented_where_nobody_speaks(hearer: Whisper, sound: str) -> None:
    heard = hearer.transcribe(Audio(SOUNDS[sound], RATE_HZ))
    assert heard.segments == ()
    assert heard.language == ""


@pytest.mark.parametrize("sound", ["white noise", "chords", "drums"])
def test_the_second_guard_holds_when_the_first_lets_noise_through(hearer: Whisper, sound: str) -> None:
    """Voice detection is not the only thing between music and words: the recogniser's own figures refuse them too."""
    from seehear.backends import whisper

    size = 5 * RATE_HZ
    whole = [whisper._Piece(0, size, 0, size)]
    kept, gaps = hearer._read(SOUNDS[sound], whole, "en", 0.0)
    assert kept == []
    assert [gap.stage for gap in gaps] == ["hear"]


def test_no_words_in_a_film_without_speech(hearer: Whisper) -> None:
    assert hearer.transcribe(load(DATA / "videos" / "nospeech_big_buck_bunny_small.mp4")).segments == ()


def test_a_silence_between_two_sentences_stays_empty(hearer: Whisper) -> None:
    heard = hearer.transcribe(load(DATA / "videos" / "auto_editor_example_speech_timecode.mp4"))
    assert heard.language == "en"
    assert "example video" in text_of(heard)
    assert not [s for s in heard.segments if s.span.overlap_s(Span(17.4, 39.8)) > 0]
    assert heard.segments[-1].text.lower().startswith("banana")


def test_speech_between_music_is_found_at_its_place(hearer: Whisper) -> None:
    speech = load(DATA / "speech" / "jfk" / "jfk.flac").samples
    sound = np.concatenate([chords(), speech, chords()])
    heard = hearer.transcribe(Audio(sound, RATE_HZ))
    assert "ask what you can do for your country" in text_of(heard).lower()
    assert 12.0 <= heard.segments[0].span.start_s <= 12.8
    assert heard.segments[-1].span.end_s <= 12.0 + len(speech) / RATE_HZ


def test_sentences_start_and_end_when_they_are_spoken(hearer: Whisper) -> None:
    speaker = open_speaker()
    parts, truth, at = [], [], 0
    for line in LINES:
        spoken = speaker.speak(line)
        size = int(len(spoken.samples) * RATE_HZ / spoken.rate_hz)
        samples = np.interp(
            np.arange(size) / RATE_HZ, np.arange(len(spoken.samples)) / spoken.rate_hz, spoken.samples
        ).astype(np.float32)
        silence = np.zeros(int(0.6 * RATE_HZ), dtype=np.float32)
        loud = np.flatnonzero(np.abs(samples) > 0.02)
        at += len(silence)
        truth.append(((at + loud[0]) / RATE_HZ, (at + loud[-1]) / RATE_HZ))
        at += len(samples)
        parts += [silence, samples]
    heard = hearer.transcribe(Audio(np.concatenate(parts), RATE_HZ, start_s=100.0))
    assert len(heard.segments) == len(LINES)
    for segment, (start_s, end_s) in zip(heard.segments, truth, strict=True):
        assert segment.span.start_s == pytest.approx(100.0 + start_s, abs=0.3)
        assert segment.span.end_s == pytest.approx(100.0 + end_s, abs=0.5)
        assert segment.words[0].span.start_s == segment.span.start_s
        assert all(a.span.start_s <= b.span.start_s for a, b in zip(segment.words, segment.words[1:], strict=False))


def test_speech_that_the_recogniser_dropped_is_read_again(quick: Whisper, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model sometimes ends its text early; what a voice said after that must not vanish without a trace."""
    speech = load(DATA / "speech" / "jfk" / "jfk.flac")
    complete = quick._hear
    calls: list[float] = []

    def early(samples, window, language, start_s):  # type: ignore[no-untyped-def]
        words, no_speech, logprob = complete(samples, window, language, start_s)
        calls.append(window[0].start / RATE_HZ)
        return ([w for w in words if w.span.end_s < 5.0] if len(calls) == 1 else words), no_speech, logprob

    monkeypatch.setattr(quick, "_hear", early)
    heard = quick.transcribe(speech, language="en")
    assert len(calls) == 2 and calls[1] >= 4.0
    assert "fellow Americans" in text_of(heard) and "you can do for your country" in text_of(heard)


def test_progress_moves_forward_and_cancelling_stops_at_once(quick: Whisper) -> None:
    lesson = load(DATA / "speech" / "azure" / "customspeech" / "en-US_general_training" / "audio2.wav").samples
    speech = load(DATA / "speech" / "jfk" / "jfk.flac").samples
    sound = Audio(np.concatenate([lesson, speech]), RATE_HZ, start_s=5.0)
    seen: list[float] = []
    quick.transcribe(sound, language="en", on_progress=seen.append)
    assert seen == sorted(seen) and len(seen) >= 3
    assert seen[-1] == pytest.approx(sound.span.end_s)

    def stop(at_s: float) -> None:
        calls.append(at_s)
        raise CancelledError("stopped")

    calls: list[float] = []
    with pytest.raises(CancelledError):
        quick.transcribe(sound, language="en", on_progress=stop)
    assert len(calls) == 1


def test_what_it_cannot_hear_is_said_with_what_to_do_next() -> None:
    with pytest.raises(InputError, match="16000 Hz"):
        Whisper("base").transcribe(Audio(np.zeros(100, dtype=np.float32), 44_100))
    with pytest.raises(ConfigError, match="English only"):
        Whisper("tiny.en").transcribe(Audio(np.zeros(100, dtype=np.float32), RATE_HZ), language="de")
    with pytest.raises(ConfigError, match="no Whisper model"):
        Whisper("enormous")


def test_a_language_it_does_not_know_is_refused_and_no_gap(hearer: Whisper) -> None:
    speech = load(DATA / "speech" / "jfk" / "jfk.flac")
    with pytest.raises(ConfigError, match="does not know the language 'ab'"):
        hearer.transcribe(speech, language="ab")


def test_missing_or_damaged_weights_are_named(small_weights: None, tmp_path: Path) -> None:
    from seehear import weights

    speech = load(DATA / "speech" / "jfk" / "jfk.flac")
    with pytest.raises(WeightsError, match="whisper-base") as missing:
        Whisper("base", folder=tmp_path).transcribe(speech)
    assert "seehear models pull" in missing.value.hint
    large = shutil.ignore_patterns("model.bin")
    shutil.copytree(weights.locate("whisper-base"), tmp_path / "whisper-base", ignore=large)
    (tmp_path / "whisper-base" / "model.bin").write_bytes(b"not a model")
    with pytest.raises(WeightsError, match="cannot be loaded"):
        Whisper("base", folder=tmp_path).transcribe(speech)


def test_closing_twice_is_safe_and_it_loads_again(small_weights: None) -> None:
    own = Whisper("base")
    own.close()
    own.close()
    assert own.card.word_times
    assert own.transcribe(Audio(np.zeros(RATE_HZ, dtype=np.float32), RATE_HZ)).segments == ()


def words(text: str, *, step_s: float = 0.3, start_s: float = 0.0, trust: float = 0.9) -> list[Word]:
    return [
        Word(Span(start_s + i * step_s, start_s + i * step_s + 0.25), f" {word}", trust)
        for i, word in enumerate(text.split())
    ]


def test_sentences_end_at_punctuation_but_not_inside_abbreviations_or_numbers() -> None:
    found = sentences(words("Dr. Smith waited, e.g. until 3.5 seconds passed. Then he left! Why? Nobody knows"))
    assert [s.text for s in found] == [
        "Dr. Smith waited, e.g. until 3.5 seconds passed.", "Then he left!", "Why?", "Nobody knows",
    ]  # fmt: skip
    assert found[1].span.start_s == found[1].words[0].span.start_s


def test_a_long_silence_ends_a_sentence_without_punctuation() -> None:
    found = sentences(words("and so on") + words("next topic", start_s=9.0))
    assert [s.text for s in found] == ["and so on", "next topic"]


def test_endless_sentences_are_cut() -> None:
    found = sentences(words(" ".join(f"word{i}" for i in range(100))))
    assert max(len(s.words) for s in found) <= 40
    assert sum(len(s.words) for s in found) == 100


def one(text: str, *, trust: float, step_s: float = 0.3) -> Segment:
    return sentences(words(text, trust=trust, step_s=step_s))[0]


def test_real_words_pass_and_typical_inventions_do_not() -> None:
    assert is_believable(one("Thank you very much", trust=0.95), no_speech=0.02, logprob=-0.2)
    assert is_believable(one("Recursion needs a base case", trust=0.8), no_speech=0.7, logprob=-0.4)
    assert not is_believable(one("Thank you", trust=0.4), no_speech=0.1, logprob=-0.4)
    assert not is_believable(one("Thanks for watching", trust=0.9), no_speech=0.8, logprob=-0.4)
    assert is_believable(one("재귀에는 반드시 끝나는 조건이 있어야 합니다", trust=0.8), no_speech=0.1, logprob=-0.4)
    assert not is_believable(one("험수" + 60 * "구", trust=0.8), no_speech=0.1, logprob=-0.4)
    assert not is_believable(one("I never said any of this", trust=0.2), no_speech=0.1, logprob=-0.4)
    assert not is_believable(
        one("so many words in no time at all", trust=0.9, step_s=0.01), no_speech=0.1, logprob=-0.4
    )
    assert not is_believable(one("go " * 60, trust=0.9), no_speech=0.1, logprob=-0.4)
    assert not is_believable(one("...", trust=0.9), no_speech=0.1, logprob=-0.4)


def test_sign_offs_and_loops_are_recognised() -> None:
    assert (
        is_sign_off("Thanks for watching!") and is_sign_off(" you") and is_sign_off("Please subscribe to my channel.")
    )
    assert not is_sign_off("Thank you for the question about loops.")
    assert repetitiveness("la la la " * 40) > 2.4 > repetitiveness("A function is a named piece of work in a program.")
