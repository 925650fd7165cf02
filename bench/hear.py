"""How well and how cheaply speech is heard: word error rate per source, sentence times, invented words, CPU seconds.

    python bench/hear.py [--json out.json] [--only wer,times,invented]

Needs ../shared/data and the weights whisper-tiny.en and whisper-base (`seehear models pull whisper-tiny.en`).
CPU seconds are user + system of this process, one thread.
"""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import jiwer
import numpy as np
from numpy.typing import NDArray

from report import DATA, Table, finish, options
from seehear import weights
from seehear.backends.registry import open_speaker
from seehear.backends.whisper import RATE_HZ, Whisper
from seehear.media.audio import audio_chunks
from seehear.values import Audio

MODELS = ("tiny.en", "base")
Samples = NDArray[np.float32]

SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
UNITS = {word: n for n, word in enumerate(re.split(r"\s+", SMALL))}
TENS = {
    word: 10 * n for n, word in enumerate(re.split(" ", "twenty thirty forty fifty sixty seventy eighty ninety"), 2)
}
SPELLING = {"mr": "mister", "mrs": "missus", "dr": "doctor", "okay": "ok", "counselled": "counseled"}
CONTRACTED = (
    (r"won't", "will not"), (r"can't", "can not"), (r"n't\b", " not"), (r"'re\b", " are"), (r"'ve\b", " have"),
    (r"'ll\b", " will"), (r"'m\b", " am"), (r"\b(it|that|there|what|he|she)'s\b", r"\1 is"),
)  # fmt: skip


def plain(text: str) -> str:
    """Lower case, no punctuation, numbers in figures, contractions spelt out: differences that are no errors."""
    text = text.lower().replace("’", "'")
    for pattern, full in CONTRACTED:
        text = re.sub(pattern, full, text)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    out: list[str] = []
    pending: int | None = None
    for word in re.sub(r"[^\w\s]", " ", text.replace("'", "")).split():
        word = SPELLING.get(word, word)
        if word in TENS:
            out.append(str(TENS[word]))
            pending = TENS[word]
            continue
        if word in UNITS:
            value = UNITS[word]
            if pending is not None and 0 < value < 10:
                out[-1] = str(pending + value)
            else:
                out.append(str(value))
        else:
            out.append(word)
        pending = None
    # Years are read as two numbers, and written as one.
    return re.sub(r"\b(1[0-9]|20) ([1-9][0-9])\b", r"\1\2", " ".join(out))


def load(path: Path) -> Samples:
    return np.concatenate([chunk.samples for chunk in audio_chunks(path, on_gap=lambda gap: None)])


def cpu_s() -> float:
    used = os.times()
    return used.user + used.system


def noisy(samples: Samples, *, ratio_db: float) -> Samples:
    rng = np.random.default_rng(7)
    spectrum = np.fft.rfft(rng.standard_normal(len(samples))) / np.sqrt(np.arange(len(samples) // 2 + 1) + 1)
    noise = np.fft.irfft(spectrum, len(samples))
    power = float(np.mean(samples**2)) / 10 ** (ratio_db / 10)
    return (samples + noise * np.sqrt(power / np.mean(noise**2))).astype(np.float32)


def references() -> list[tuple[str, Path, str]]:
    folder = DATA / "speech"
    with (folder / "refs.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [
        (r["audio"].split("/")[0], folder / r["audio"], r["reference"]) for r in rows if (folder / r["audio"]).is_file()
    ]


def error_rate(pairs: list[tuple[str, str]]) -> float:
    return float(jiwer.wer([a for a, _ in pairs], [b for _, b in pairs]))


def measure_words(hearers: dict[str, Whisper]) -> Table:
    cases = [(source, load(path), plain(text)) for source, path, text in references()]
    seconds = sum(len(samples) for _, samples, _ in cases) / RATE_HZ
    table = Table(f"Words that are wrong in {len(cases)} clips, {seconds:.0f} s of speech")
    for name, hearer in hearers.items():
        for label in ("clean", "pink noise 10 dB", "pink noise 5 dB"):
            pairs: dict[str, list[tuple[str, str]]] = {}
            start = cpu_s()
            for source, samples, text in cases:
                sound = samples if label == "clean" else noisy(samples, ratio_db=float(label.split()[2]))
                said = hearer.transcribe(Audio(sound, RATE_HZ), language="en")
                pairs.setdefault(source, []).append((text, plain(" ".join(s.text for s in said.segments))))
            every = error_rate([pair for found in pairs.values() for pair in found])
            sources = ", ".join(f"{source} {100 * error_rate(found):.1f}" for source, found in pairs.items())
            cost = (cpu_s() - start) / seconds
            table.add(f"{name}, {label}", f"{100 * every:.1f} % ({sources}); {cost:.3f} CPU s a second")
    return table


def spoken(count: int) -> tuple[Samples, list[tuple[float, float, str]]]:
    """Sentences of course videos read aloud by the embedded voice, with their true starts and ends."""
    speaker = open_speaker()
    rng = np.random.default_rng(0)
    parts: list[Samples] = []
    truth: list[tuple[float, float, str]] = []
    at = 0
    for sentence in course_sentences()[:count]:
        speech = speaker.speak(sentence)
        samples = resample(speech.samples, speech.rate_hz)
        loud = np.flatnonzero(np.abs(samples) > 0.02)
        silence = np.zeros(int(rng.uniform(0.25, 0.8) * RATE_HZ), dtype=np.float32)
        at += len(silence)
        truth.append(((at + loud[0]) / RATE_HZ, (at + loud[-1]) / RATE_HZ, sentence))
        at += len(samples)
        parts += [silence, samples]
    sound = np.concatenate(parts)
    return (sound + 0.003 * rng.standard_normal(len(sound))).astype(np.float32), truth


def course_sentences() -> list[str]:
    found: list[str] = []
    for path in sorted((DATA / "transcripts" / "hf_course_en").glob("*.srt")):
        text = re.sub(r"(?m)^\d+\s*$|^.*-->.*$|<[^>]+>", "", path.read_text(encoding="utf-8-sig"))
        for sentence in re.split(r"(?<=[.?!])\s+", " ".join(text.split())):
            sentence = sentence.lstrip("- ").strip()
            if 6 <= len(sentence.split()) <= 24 and re.fullmatch(r"[A-Za-z0-9 ,.'?!\-]+", sentence):
                found.append(sentence)
    np.random.default_rng(3).shuffle(found)
    return found


def resample(samples: Samples, rate_hz: int) -> Samples:
    size = int(len(samples) * RATE_HZ / rate_hz)
    spectrum = np.fft.rfft(samples)[: size // 2 + 1]
    return (np.fft.irfft(spectrum, size) * size / len(samples)).astype(np.float32)


def measure_times(hearers: dict[str, Whisper], *, count: int = 60) -> Table:
    sound, truth = spoken(count)
    table = Table(f"Where {count} sentences start and end, {len(sound) / RATE_HZ:.0f} s of speech with known times")
    for name, hearer in hearers.items():
        start = cpu_s()
        said = hearer.transcribe(Audio(sound, RATE_HZ), language="en")
        cost = (cpu_s() - start) * RATE_HZ / len(sound)
        starts = np.array([s.span.start_s for s in said.segments])
        ends = np.array([s.span.end_s for s in said.segments])
        start_off = [float(np.abs(starts - a).min()) for a, _, _ in truth]
        end_off = [float(np.abs(ends - b).min()) for _, b, _ in truth]
        pair = (plain(" ".join(t for _, _, t in truth)), plain(" ".join(s.text for s in said.segments)))
        table.add(f"{name}, start off by, median", f"{np.median(start_off):.3f} s, at most {max(start_off):.2f} s")
        table.add(f"{name}, end off by, median", f"{np.median(end_off):.3f} s")
        table.add(f"{name}, words wrong", f"{100 * error_rate([pair]):.1f} %; {cost:.3f} CPU s a second")
    return table


def measure_invented(hearers: dict[str, Whisper]) -> Table:
    rng = np.random.default_rng(1)
    size = 20 * RATE_HZ
    clock = np.arange(size) / RATE_HZ
    beat = np.exp(-25 * (clock % 0.5)) * rng.standard_normal(size)
    chord = sum(np.sin(2 * np.pi * f * h * clock) / h for f in (220, 277, 330) for h in (1, 2, 3)) * np.exp(
        -2 * (clock % 1)
    )
    sounds: dict[str, Samples] = {
        "silence": np.zeros(size, np.float32),
        "white noise": (0.2 * rng.standard_normal(size)).astype(np.float32),
        "tone": (0.3 * np.sin(2 * np.pi * 440 * clock)).astype(np.float32),
        "chords": (0.1 * chord).astype(np.float32),
        "chords and drums": (0.1 * chord + 0.3 * beat).astype(np.float32),
        "film without speech": load(DATA / "videos" / "nospeech_big_buck_bunny_small.mp4"),
    }
    table = Table("Words heard where nobody speaks")
    for name, hearer in hearers.items():
        for sound, samples in sounds.items():
            said = " ".join(segment.text for segment in hearer.transcribe(Audio(samples, RATE_HZ)).segments)
            table.add(f"{name}, {sound}", said or "none", "none", met=not said)
    return table


def main() -> None:
    parser = options(__doc__, lecture=False)
    parser.add_argument("--only", default="wer,times,invented")
    chosen = parser.parse_args()
    for model in MODELS:
        weights.locate(f"whisper-{model}")
    hearers = {model: Whisper(model) for model in MODELS}
    for hearer in hearers.values():
        hearer.transcribe(Audio(load(DATA / "speech" / "jfk" / "jfk.flac"), RATE_HZ), language="en")
    parts = {"wer": measure_words, "times": measure_times, "invented": measure_invented}
    finish([parts[part](hearers) for part in chosen.only.split(",")], chosen.json)


if __name__ == "__main__":
    main()
