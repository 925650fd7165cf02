"""Whatever happened to a file on its way, it is decoded as far as it goes or refused with a reason; nothing else."""

import random
from itertools import pairwise
from pathlib import Path

import pytest

from seehear.errors import MediaError
from seehear.media.audio import audio_at, audio_chunks
from seehear.media.decode import frames_at, probe
from seehear.media.subtitles import embedded_captions
from seehear.spans import Span
from tests.media.synth import Sound, tone, write

MAKES = {"mp4": "aac", "mkv": "flac", "ts": "mp2", "mov": "pcm_s16le"}


def damaged(data: bytes, chance: random.Random) -> bytes:
    spoiled = bytearray(data)
    at = chance.randrange(1, len(spoiled))
    match chance.choice(["cut", "bytes", "head", "block", "insert"]):
        case "cut":
            del spoiled[at:]
        case "bytes":
            for _ in range(50):
                spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
        case "head":
            for _ in range(5):
                spoiled[chance.randrange(1500)] = chance.randrange(256)
        case "block":
            spoiled[at : at + 2000] = chance.randbytes(min(2000, len(spoiled) - at))
        case "insert":
            spoiled[at:at] = chance.randbytes(1000)
    return bytes(spoiled)


@pytest.mark.parametrize("suffix", MAKES)
def test_damaged_files_are_read_as_far_as_they_go_or_refused(tmp_path: Path, suffix: str) -> None:
    cues = [(0.5, 1.0, "hello")] if suffix in ("mp4", "mkv") else []
    whole = write(
        tmp_path / f"whole.{suffix}", [n / 10 for n in range(30)], sounds=[Sound(tone(3.0), codec=MAKES[suffix])],
        subtitles=cues,
    ).read_bytes()  # fmt: skip
    path = tmp_path / f"damaged.{suffix}"
    chance = random.Random(suffix)
    readable = 0
    for _ in range(25):
        path.write_bytes(damaged(whole, chance))
        try:
            assert probe(path).duration_s >= 0
            chunks = list(audio_chunks(path, chunk_s=1.0))
            assert all(a.span.end_s <= b.start_s + 1e-6 for a, b in pairwise(chunks))
            audio_at(path, Span(1.0, 2.0))
            embedded_captions(path)
            assert all(frame.rgb.shape[2] == 3 for frame in frames_at(path, [0.0, 1.2, 2.9]))
            readable += 1
        except MediaError as error:
            assert error.message
    assert readable > 6
