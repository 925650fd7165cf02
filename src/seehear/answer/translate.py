"""A question in another language than the recording: translated where a language model can, told where none can.

What a model writes is checked in the recording's language, and only then translated; numbers must survive it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from seehear import prompts
from seehear.answer.recordings import rows_of
from seehear.backends.protocols import Answerer, Card, Embedder, Message
from seehear.fences import plain
from seehear.language import NAMES, language_of, language_of_all
from seehear.store import MediaRow, Store

SAMPLED_UNITS = 40
SAMPLED_MEDIA = 4
MOST_TOKENS = 160
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Tongue:
    """How a question is read across languages; `caveat` tells what could not be done, `back` translates answers.

    `read_as` is the question in the language of the recording; `asked` and `spoken` are ISO 639-1 codes.
    """

    read_as: str
    asked: str = ""
    spoken: str = ""
    step: str = ""
    caveat: str = ""
    writer: Answerer | None = None
    compared_by: str = ""
    """The embedder by whose vectors alone the two languages are compared."""

    def back(self, text: str) -> str:
        """A sentence in the language of the question; as it is where that fails or would change its numbers."""
        if self.writer is None:
            return text
        return translate(text, self.asked, self.writer) or text


def understand(
    question: str, *, store: Store, media: Sequence[str] | None, embedder: Embedder | None, writer: Answerer | None
) -> Tongue:
    """Tell whether a question is in another language than the recordings, and do about it what can be done.

    Raises NotFoundError on unknown media, BackendError from the writer.
    """
    asked = language_of(question)
    if asked is None:
        return Tongue(question)
    with store.read() as seen:
        rows, stored = rows_of(seen, media)[:SAMPLED_MEDIA], seen.embedder()
        spoken = [code for row in rows if (code := _spoken(seen, row)) is not None]
    # Han signs alone may be Japanese.
    if not spoken or asked in spoken or (asked == "zh" and "ja" in spoken):
        return Tongue(question)
    there = spoken[0]
    languages = f"The question is in {NAMES[asked]}, the recording in {NAMES[there]}"
    if writer is not None and _knows(writer.card, asked) and _knows(writer.card, there):
        found = translate(question, there, writer)
        if found:
            step = f"{languages}; {writer.card.name} translated it: {plain(found)}"
            return Tongue(found, asked, there, step, writer=writer)
    fits = embedder is not None and stored in ("", embedder.card.name)
    if embedder is not None and fits and _knows(embedder.card, asked) and _knows(embedder.card, there):
        name = embedder.card.name
        return Tongue(question, asked, there, f"{languages}; {name} compares the two by meaning.", compared_by=name)
    name = "nothing" if embedder is None else f"{embedder.card.name}, which knows {_listed(embedder.card)},"
    if not fits and embedder is not None:
        name = f"{stored}, whose vectors this library holds,"
    caveat = (
        f"{languages}; {name} compares meanings and no language model is there to translate it, so that only words"
        " spelt the same were found. --answer names a model that can; --embed e5 with a --home of its own compares"
        " about a hundred."
    )
    return Tongue(question, asked, there, f"{languages}; nobody is there to translate it.", caveat)


def translate(text: str, language: str, writer: Answerer) -> str:
    """One line in another language (ISO 639-1), empty where the reply is no translation of it. Raises BackendError."""
    messages = [Message(role, words) for role, words in prompts.translation(text, NAMES[language])]
    reply = "".join(islice(writer.stream(messages, max_tokens=MOST_TOKENS), 4 * MOST_TOKENS)).strip()
    line = re.sub(r"</?text>", "", reply).strip().strip('"“”').strip()
    sane = line and "\n" not in line and len(line) <= 3 * len(text) + 40
    if not sane or sorted(_NUMBER.findall(line)) != sorted(_NUMBER.findall(text)):
        return ""
    return plain(line)


def _spoken(store: Store, row: MediaRow) -> str | None:
    units = list(store.units(row.number).values())
    said = (unit.text for unit in units if unit.kind == "transcript")
    return language_of_all(islice(said, SAMPLED_UNITS)) or language_of_all(unit.text for unit in units[:SAMPLED_UNITS])


def _knows(card: Card, language: str) -> bool:
    # No languages listed means about a hundred.
    return not card.languages or language in card.languages


def _listed(card: Card) -> str:
    return " and ".join(NAMES.get(code, code) for code in card.languages[:4])
