"""The same 48 questions on a course in English, asked in English and in German, by the vectors of sentences alone.

    python bench/languages.py

prints for each embedder how many questions have their place nearest of all sentences within their recording, and over
all of them, with the median cosine of the nearest and the mean of all. German stands in `hf_course_de.txt`. Then what
"meaning" of e5 in `refusal.json` does to the German questions, asked of their own recording and of each of cs241's.
"""

from __future__ import annotations

import json

import numpy as np

from report import options
from retrieval import ROOT, Question, cs241, hf_course
from seehear.backends.e5 import E5
from seehear.backends.minilm import MiniLM
from seehear.search.matching import QuestionEmbedder
from seehear.search.passages import cut_up, unit_text


def main() -> None:
    options(__doc__, lecture=False).parse_args()
    timelines, questions = hf_course()
    questions = [q for q in questions if q.answerable and q.split in ("train", "test")]
    german = (ROOT / "bench/questions/hf_course_de.txt").read_text(encoding="utf-8").splitlines()
    asked_of = {q.media for q in questions}
    units = [(t.media.id, unit) for t in timelines if t.media.id in asked_of for unit in cut_up(t).units]
    media = np.array([found for found, _ in units])
    for embedder in (MiniLM(), E5()):
        stored = embedder.embed([unit_text(unit) for _, unit in units])
        ask = embedder.embed_questions if isinstance(embedder, QuestionEmbedder) else embedder.embed
        for language, texts in (("English", [q.text for q in questions]), ("German", german)):
            alike = ask(texts) @ stored.T
            inside = np.where(media == np.array([[q.media] for q in questions]), alike, -1.0)

            def right(rows: np.ndarray) -> int:
                return sum(_is_there(q, *units[int(i)]) for q, i in zip(questions, rows.argmax(axis=1), strict=True))

            if (embedder.card.name, language) == ("e5", "German"):
                _refused(embedder, texts, inside.max(axis=1))
            print(
                f"{embedder.card.name:7} {language:8} within {right(inside)}, over all {right(alike)} of {len(texts)};"
                f" nearest {np.median(inside.max(axis=1)):.2f}, any {alike.mean():.2f}"
            )


def _refused(embedder: E5, texts: list[str], own: np.ndarray) -> None:
    row = json.loads((ROOT / "src/seehear/data/refusal.json").read_text(encoding="utf-8"))["e5"]["meaning"]
    least = -row["bias"] / row["cosine"]
    asked = embedder.embed_questions(texts)
    strange = [
        (asked @ embedder.embed([unit_text(unit) for unit in cut_up(timeline).units]).T).max(axis=1)
        for timeline in cs241()[0]
    ]
    answered = np.concatenate(strange) >= least
    print(
        f"refused {int((own < least).sum())} of {len(own)}, on cs241 answered {int(answered.sum())} of {answered.size}"
    )


def _is_there(question: Question, media: str, unit) -> bool:  # type: ignore[no-untyped-def]
    return media == question.media and any(unit.span.overlap_s(gold) > 0 for gold in question.spans)


if __name__ == "__main__":
    main()
