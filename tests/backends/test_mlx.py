"""Hearing on Apple silicon keeps the promises of every transcriber; elsewhere it says what to use instead."""

import itertools
import platform
import sys
from typing import Any

import numpy as np
import pytest

from seehear.backends import mlx, protocols
from seehear.errors import InputError, MissingPackageError
from seehear.spans import Span
from seehear.values import Audio

APPLE = (sys.platform, platform.machine()) == ("darwin", "arm64")


def row(start_s: float, *words: str, **figures: float) -> dict[str, Any]:
    """One segment in the shape that mlx-whisper documents for `word_timestamps=True`."""
    spoken = [
        {"word": word, "start": start_s + 0.4 * i, "end": start_s + 0.4 * i + 0.3, "probability": 0.9}
        for i, word in enumerate(words)
    ]
    return {
        "id": 0, "seek": 0, "start": start_s, "end": start_s + 0.4 * len(words), "text": "".join(words),
        "tokens": [1, 2], "temperature": 0.0, "avg_logprob": -0.2, "compression_ratio": 1.2, "no_speech_prob": 0.01,
        "words": spoken, **figures,
    }  # fmt: skip


def test_words_become_sentences_with_the_times_of_the_recording() -> None:
    result = {"language": "en", "segments": [row(1.0, " Recursion", " calls"), row(1.8, " itself.", " It", " ends.")]}
    first, second = mlx.heard(result, Span(100.0, 130.0))
    assert (first.text, second.text) == ("Recursion calls itself.", "It ends.")
    assert first.span.start_s == pytest.approx(101.0) and first.span.end_s == pytest.approx(102.1)
    assert [word.text for word in second.words] == ["It", "ends."]


def test_what_the_recogniser_itself_doubts_is_not_heard() -> None:
    silence = row(0.0, " Thanks", " for", " watching.", no_speech_prob=0.9, avg_logprob=-0.9)
    assert mlx.heard({"segments": [silence]}, Span(0.0, 5.0)) == []


def test_no_time_leaves_the_audio() -> None:
    (late,) = mlx.heard({"segments": [row(29.9, " over", " the", " edge.")]}, Span(0.0, 30.0))
    assert late.span.end_s <= 30.0


def test_a_segment_without_words_is_kept_as_a_whole() -> None:
    bare = {"start": 2.0, "end": 4.0, "text": " A function.", "avg_logprob": -0.1, "no_speech_prob": 0.0}
    (kept,) = mlx.heard({"segments": [bare]}, Span(10.0, 20.0))
    assert (kept.text, kept.span) == ("A function.", Span(12.0, 14.0))
    assert mlx.heard({}, Span(0.0, 1.0)) == []


def test_a_long_line_of_chinese_without_words_is_kept_as_a_whole() -> None:
    line = "".join(chr(0x4E00 + 7 * i) for i in range(90))
    bare = {"start": 0.0, "end": 30.0, "text": line, "avg_logprob": -0.1, "no_speech_prob": 0.0}
    (kept,) = mlx.heard({"segments": [bare]}, Span(0.0, 30.0))
    assert (kept.text, kept.span) == (line, Span(0.0, 30.0))


def test_long_audio_is_cut_where_it_is_quiet_and_nothing_is_lost() -> None:
    samples = np.full(int(mlx.RATE_HZ * 610), 0.5, np.float32)
    quiet = int(mlx.RATE_HZ * 291.0)
    samples[quiet : quiet + mlx.RATE_HZ // 2] = 0.0
    cuts = list(mlx.pieces(samples))
    assert cuts[0][0] == 0 and cuts[-1][1] == len(samples)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(cuts))
    assert quiet <= cuts[0][1] <= quiet + mlx.RATE_HZ // 2
    assert list(mlx.pieces(np.zeros(0, np.float32))) == []


def test_it_is_a_transcriber_that_loads_nothing_when_made() -> None:
    made = mlx.MlxWhisper()
    assert isinstance(made, protocols.Transcriber)
    assert made.card.word_times and "hear" in made.card.capabilities
    made.close()
    made.close()
    with pytest.raises(InputError, match="16000"):
        made.transcribe(Audio(np.zeros(10, np.float32), 44_100))


@pytest.mark.skipif(APPLE, reason="this is the machine for it")
def test_elsewhere_it_says_what_to_use_instead() -> None:
    with pytest.raises(MissingPackageError, match="Apple silicon") as refused:
        mlx.MlxWhisper().transcribe(Audio(np.zeros(16_000, np.float32), 16_000))
    assert "whisper:base" in refused.value.hint


@pytest.mark.slow
@pytest.mark.skipif(not APPLE, reason="mlx-whisper runs on Apple silicon only")
def test_it_hears_nothing_in_silence_and_speech_at_its_time() -> None:
    pytest.importorskip("mlx_whisper", reason="pip install 'seehear[mlx]'")
    from seehear.backends import registry

    transcriber = mlx.MlxWhisper()
    assert transcriber.transcribe(Audio(np.zeros(48_000, np.float32), 16_000, start_s=100.0)).segments == ()
    speech = registry.open_speaker().speak("A function is a named piece of work.")
    times = np.arange(int(len(speech.samples) * 16_000 / speech.rate_hz)) * speech.rate_hz / 16_000
    samples = np.interp(times, np.arange(len(speech.samples)), speech.samples).astype(np.float32)
    spoken = transcriber.transcribe(Audio(samples, 16_000, start_s=100.0))
    assert "function" in spoken.segments[0].text.lower()
    assert 100.0 <= spoken.segments[0].span.start_s < 100.6
    transcriber.close()
