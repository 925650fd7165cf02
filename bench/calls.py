"""What seehear sends to models on servers, against the pipelines one writes in an afternoon, counted at the server.

    python bench/calls.py [--minutes 30] [--work out/calls] [--json out.json]

The lecture is the example script over and over, each time with other names and numbers, rendered with a hum in place
of a voice (nobody transcribes here: its captions are used) and kept in `--work`. Everything goes over HTTP to the test
server, which counts calls, pictures, their tokens (as OpenAI counts them for gpt-4o: tiles of 512 px) and those of
texts (four letters each), for everybody alike. A picture covers what is on the slide when it is taken.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from obvious import by_clock, by_scene
from report import ROOT, Table, finish

sys.path.insert(0, str(ROOT))

from tests.servers.compatible import Compatible, Switches

from seehear.backends import describing
from seehear.generate.lecture import generate_lecture
from seehear.library import Library
from seehear.spans import clock
from seehear.timeline import Timeline
from seehear.values import Audio

SCRIPT = ROOT / "examples" / "lecture" / "script.md"
MODEL = "gpt-4o"
EVERY_S = 10.0
SCENE = 0.3
QUESTIONS = (
    "What does a function do?", "When are loops explained?", "What is a variable?", "Why is Python called Python?",
    "What is a parameter?", "What happens when you add text and a number?", "When is recursion explained?",
    "What are the two truth values?", "What is the type of a value for?", "How is a string written?",
)  # fmt: skip
# Each round of the lecture teaches the same with other things: no slide of one round is a slide of another.
WORDS_PER_S = 3.8
OLD = ("Python", "double", "hello", "Forty-two", "42", "seven", "7")
ROUNDS = (
    OLD,
    ("Ruby", "halve", "welcome", "Ninety", "90", "four", "4"),
    ("Julia", "triple", "good day", "Sixty", "60", "nine", "9"),
    ("Lua", "square", "evening", "Eleven", "11", "two", "2"),
    ("Perl", "negate", "morning", "Thirty", "30", "five", "5"),
    ("Scala", "tenfold", "night", "Eighty", "80", "six", "6"),
)


class Hum:
    """A voice for lectures that nobody listens to: a tone as long as the sentence would take."""

    def speak(self, text: str) -> Audio:
        """A tone at 16 kHz, as many words a second as the voice of the example says."""
        count = int(16_000 * max(0.6, len(text.split()) / WORDS_PER_S))
        return Audio((0.2 * np.sin(np.arange(count) * 0.1)).astype(np.float32), 16_000)


@dataclass
class Sent:
    """What reached the server."""

    calls: int = 0
    images: int = 0
    image_tokens: int = 0
    text_tokens: int = 0

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.image_tokens + self.text_tokens


def counted(server: Compatible) -> Sent:
    """What the server was sent since it was last asked, counted from the requests themselves."""
    sent = Sent()
    for asked in server.asked:
        if asked.path != "/chat/completions" or asked.status != 200:
            continue
        sent.calls += 1
        for message in asked.body["messages"]:
            content = message["content"]
            for part in content if isinstance(content, list) else [{"type": "text", "text": content}]:
                if part["type"] == "text":
                    sent.text_tokens += math.ceil(len(part["text"]) / 4)
                else:
                    sent.images += 1
                    sent.image_tokens += tiles(part["image_url"]["url"])
    server.asked.clear()
    return sent


def tiles(url: str) -> int:
    """Tokens of a picture as OpenAI counts them for gpt-4o at high detail: 85, and 170 for each tile of 512 px."""
    width, height = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).size
    scale = min(1.0, 2048 / max(width, height), 768 / min(width, height))
    return 85 + 170 * math.ceil(width * scale / 512) * math.ceil(height * scale / 512)


def build(folder: Path, minutes: float) -> tuple[Path, dict[str, Any]]:
    """The long lecture and its exact times, rendered once."""
    folder.mkdir(parents=True, exist_ok=True)
    lecture = folder / f"long-{minutes:g}.mp4"
    if not lecture.is_file():
        text = SCRIPT.read_text(encoding="utf-8")
        rounds = ROUNDS[: max(1, math.ceil(minutes / 5.2))]
        parts = [varied(text, words, number) for number, words in enumerate(rounds, start=1)]
        script = folder / "long.md"
        script.write_text("\n\n".join(parts), encoding="utf-8")
        generate_lecture(script, lecture, speaker=Hum())  # type: ignore[arg-type]
    return lecture, json.loads(lecture.with_suffix(".json").read_text(encoding="utf-8"))


def varied(text: str, words: Sequence[str], number: int) -> str:
    """One round of the script with other words; every round but the first begins with a slide, not with a title."""
    for old, new in zip(OLD, words, strict=True):
        text = re.sub(rf"(?<![\w.]){re.escape(old)}(?![\w.])", new, text)
    return text if number == 1 else re.sub(r"^# (.+)$", rf"## Lesson {number}: \1", text, count=1, flags=re.MULTILINE)


def states(truth: dict[str, Any]) -> list[tuple[float, float]]:
    """From when to when each slide stands complete: with all that is built up on it. That is what must be pictured."""
    found = []
    for slide in truth["slides"]:
        complete_s = max([slide["start_s"], *(build["end_s"] for build in slide["builds"])])
        found.append((complete_s, slide["end_s"]))
    return found


def covered(times_s: Sequence[float], truth: dict[str, Any]) -> int:
    """How many slides were pictured when they were complete."""
    return sum(any(start <= t < end for t in times_s) for start, end in states(truth))


def describe_each(server: Compatible, pictures: Sequence[tuple[float, Any]]) -> list[float]:
    """The obvious way: each picture by itself, as large as the others are sent, with one sentence of instruction."""
    import openai

    client = openai.OpenAI(base_url=server.url, api_key="none", max_retries=0)
    for _, rgb in pictures:
        data = base64.b64encode(describing.jpeg(rgb, longest_px=1024)).decode("ascii")
        picture = {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}", "detail": "high"}}
        words = {"type": "text", "text": "Describe this frame of a lecture in one sentence. Read out its text."}
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": [words, picture]}])  # type: ignore[misc, list-item]
    return [time_s for time_s, _ in pictures]


def ask_with_all(server: Compatible, timeline: Timeline) -> None:
    """The obvious way to ask: the whole timeline before every question."""
    import openai

    client = openai.OpenAI(base_url=server.url, api_key="none", max_retries=0)
    whole = "\n".join(event.line for event in timeline.events)
    for question in QUESTIONS:
        text = f"This is the timeline of a video:\n{whole}\n\nAnswer with timestamps: {question}"
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": text}])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30, help="at least so long, 32 at most")
    parser.add_argument("--work", type=Path, default=ROOT / "out" / "calls")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    chosen = parser.parse_args()
    lecture, truth = build(chosen.work, chosen.minutes)
    slides = len(truth["slides"])
    server = Compatible(Switches(models=[{"id": MODEL}]))
    try:
        with TemporaryDirectory() as folder:
            name = f"{server.url}#{MODEL}"
            with Library(Path(folder), see=name, answer=name, embed="minilm") as library:
                library.models.describer()
                server.asked.clear()  # the trial picture
                (row,) = library.index([lecture])
                assert row.error is None, row.error
                ours = counted(server)
                timeline = library.timeline(lecture)
                seen = [e for e in timeline.of_kind("visual") if e.frame]
                ours_s = [int(Path(e.frame).stem) / 1000 for e in seen]
                for question in QUESTIONS:
                    library.ask(question, media=[lecture])
                our_questions = counted(server)
        every_s = describe_each(server, list(by_clock(lecture, EVERY_S)))
        every = counted(server)
        scene_s = describe_each(server, list(by_scene(lecture, SCENE)))
        scene = counted(server)
        ask_with_all(server, timeline)
        whole = counted(server)
    finally:
        server.close()
    assert not server.faults, server.faults[:3]
    tables = [seeing(truth, slides, (ours, ours_s), (every, every_s), (scene, scene_s)), asking(our_questions, whole)]
    tables[0].note(f"The lecture lasts {clock(truth['duration_s'])} and has {slides} slides.")
    finish(tables, chosen.json)


Run = tuple[Sent, Sequence[float]]


def seeing(truth: dict[str, Any], slides: int, ours: Run, every: Run, scene: Run) -> Table:
    """Pictures and their tokens."""
    table = Table(f"Describing a lecture of {truth['duration_s'] / 60:.0f} minutes: what is sent")
    names = ("seehear", f"a picture every {EVERY_S:.0f} s", f"a picture at each change of scene (> {SCENE})")
    for name, (sent, times_s) in zip(names, (ours, every, scene), strict=True):
        found = covered(times_s, truth)
        table.add(
            name, f"{sent.calls} calls, {sent.images} pictures, {sent.image_tokens:,} tokens of pictures, "
            f"{sent.text_tokens:,} of text; {found} of {slides} slides when they are complete",
        )  # fmt: skip
    share = ours[0].image_tokens / every[0].image_tokens
    table.add(f"tokens of pictures against one every {EVERY_S:.0f} s", f"{share:.2f}", "≤ 0.33", met=share <= 1 / 3)
    mine, theirs = covered(ours[1], truth), max(covered(every[1], truth), covered(scene[1], truth))
    table.add("complete slides pictured, against the better of the two", f"{mine} : {theirs}", "at least as many",
              met=mine >= theirs)  # fmt: skip
    calls = ours[0].calls / every[0].calls
    table.add(f"calls against one every {EVERY_S:.0f} s", f"{calls:.2f}")
    return table


def asking(ours: Sent, whole: Sent) -> Table:
    """Tokens of questions."""
    table = Table(f"Asking: {len(QUESTIONS)} questions about it")
    mine, theirs = ours.tokens / len(QUESTIONS), whole.tokens / len(QUESTIONS)
    table.add("seehear, tokens sent per question", f"{mine:,.0f} in {ours.calls} calls")
    table.add("the whole timeline before every question", f"{theirs:,.0f} in {whole.calls} calls")
    table.add("tokens against the whole timeline", f"{mine / theirs:.2f}", "≤ 0.20", met=mine <= theirs / 5)
    return table


if __name__ == "__main__":
    main()
