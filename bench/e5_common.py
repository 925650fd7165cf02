"""What the vectors of multilingual-e5-small have in common: the mean of 600 texts and of 300 questions on screencasts.

    python bench/e5_common.py

writes `src/seehear/data/e5_common.json`. Texts and questions are drawn from tutorialvqa, split train.
"""

from __future__ import annotations

import json
import random

import numpy as np

from retrieval import ROOT, tutorialvqa
from seehear.backends.batches import unit
from seehear.backends.e5 import E5
from seehear.search.passages import cut_up, unit_text

OUT = ROOT / "src/seehear/data/e5_common.json"


def main() -> None:
    timelines, questions = tutorialvqa()
    chosen = random.Random(1)
    asked = sorted({q.text for q in questions if q.split == "train"})
    media = {q.media for q in questions if q.split == "train"}
    told = sorted({unit_text(u) for t in timelines if t.media.id in media for u in cut_up(t).units})
    model = E5()
    found: dict[str, object] = {"command": "python bench/e5_common.py"}
    for name, texts, count in (("question", asked, 300), ("text", told, 600)):
        rows = unit(model.as_they_are(name, chosen.sample(texts, min(count, len(texts)))))
        found[name] = [round(float(value), 5) for value in np.mean(rows, axis=0)]
    OUT.write_text(json.dumps(found) + "\n")
    print(
        f"{OUT.relative_to(ROOT)}: lengths", *(round(float(np.linalg.norm(found[n])), 3) for n in ("question", "text"))
    )


if __name__ == "__main__":
    main()
