"""From a question to the words that can be looked up: content terms, exact strings, and a safe FTS5 expression."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from seehear.words import indexed_words, is_paired, parted, words_of

LONGEST = 2000
"""Characters of a question that are read."""

_QUOTED = re.compile(r"[`\"“”„「『]([^`\"“”„「」『』]{1,80})[`\"“”„」』]|(?:^|\s)'([^']{1,80})'(?=\W|$)")
# "How often is class mentioned?" asks for the word, "where is class Shape?" for a line of code.
_TELLS = (
    r"(?:(?:mention|explain|defin|discuss|describ|introduc|cover|us|call|display|show|talk|need)\w*ed|appear\w*|occur\w*"
    r"|comes?|mentions?|shown|said|spoken|written|typed|seen|taught|do|does|is|are|was|were|and|or|in|on|at|of|for|to"
    r"|with|actually|first|last|ever|mean|means|work|works)\b"
)
_IDENTIFIER = re.compile(
    r"[A-Za-z_][\w.]*\([^()\s]{0,40}\)|[A-Za-z]\w*(?:[._]\w+)+|__\w+__|\b[a-z]{1,40}[A-Z]\w*|"
    r"\b(?:def|class|import|return|lambda)\s+(?!" + _TELLS + r")[A-Za-z_]\w*|\b\d+(?:[.,:/-]\d+)+\b|\bO\([^()]{1,20}\)|"
    r"\b[A-Za-z_]\w*(?:\[[^\]\s]{1,20}\])+|[\w)\]]+\s?(?:\*\*|==|!=|<=|>=|\+=|-=|->|:=|\^)\s?[\w(\[]+|(?<!\S)--[a-z][\w-]+"
)

STOP = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between both but
    by can cannot could did do does doing down during each few for from further get gets give given go goes going
    had has have having he her here hers him his how however i if in into is it its just let lets like ll
    make makes many me more most much my no nor not now of off on once one only or other our out over own please
    really s same she should so some still such t tell than that the their them then there these they thing things
    this those through to too under until up upon us use used using ve very want was way we well were what when
    where which while who whom whose why will with would you your yours
    aren cant couldn d didn didnt doesn doesnt don dont hadn hasn haven hows im isn isnt ive m mightn mustn needn re
    shan shouldn thats theres wasn weren whats wheres whos whys won wont wouldn""".split()  # noqa: SIM905
)
"""Words that carry no topic; what is left of contractions, too ("doesn't", "whats")."""

FRAME = frozenset(
    """answer author clip code talk talks talked talking lecture lectures lecturer video videos recording speaker
    presenter presentation professor teacher instructor slide slides screen screens say says said saying speak
    speaks spoken mention mentions mentioned mentioning explain explains explained explaining explanation discuss
    discusses discussed discussing cover covers covered describe describes described introduce introduces
    introduced define defined defines show shows shown showing display displayed displays appear appears appeared
    written write writes see seen first time times timestamp moment minute minutes second seconds part point start
    starts begin begins called name named mean means meant exactly according happen happens does example examples
    question course early late beginning end whole many number able impossible instead possible possibly rather whether
    something somebody someone somewhere somehow anything anybody anyone anywhere nothing everything everybody
    everyone ever""".split()  # noqa: SIM905
)
"""Words of the question about the recording, or about nothing; they count only when nothing else is left."""
EMPTY = STOP | FRAME
"""Words that tell no subject: of the language itself, and of a question about the recording."""

_NAMED = re.compile(
    r"""\b(for|while|until|do)[\s-]loop\b
    |\b(while|until)[\s-]loops\b
    |(?:^|\b(?:a|and|are|between|called|do|does|explain\w*|how|of|on|or|the|to|uses?|using|versus|vs|what|with)\s+)
        (for)\ loops\b
    |\b(and|as|for|from|if|in|is|not|or|while|with)\s(?:keyword|operator)s?\b
    |\b(for|if|while|with)\s(?:statement|clause)s?\b""",
    re.VERBOSE,
)
"""Where a word that carries no topic is the name of a thing, in small letters: "the while loop"."""
_THINGS = ("loop", "keyword", "operator", "statement", "clause")
"""One of these stands wherever the pattern above fits."""
_ALONE = re.compile(
    r"""\b(?:about|by|of|using|with)\s(for|while)(?=\W*$|\s(?:and|or|versus|vs|loops?)\b)
    |^[^\S\n]*(for|while)\b[^\n]*[:{][^\S\n]*$""",
    re.VERBOSE | re.MULTILINE,
)
"""Where it is one by itself: "repeating with for", a line of code."""

_SUFFIXES = ("ations", "ation", "ings", "ing", "ies", "ied", "edly", "ers", "er", "ed", "es", "ly", "s", "e", "y")


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a question is looked up: stems with their surface words, and strings wanted exactly as typed.

    `whole` are the words as people write them, where `words` are pairs of signs.
    """

    words: tuple[str, ...]
    stems: tuple[str, ...]
    exact: tuple[str, ...]
    whole: tuple[str, ...] = ()

    @property
    def topic(self) -> str:
        """The content words on their own, for a vector free of the question's frame."""
        return " ".join(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """The content words as they are written."""
        return self.whole or self.words


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A rough English stem, the same for a word's usual forms: `functions`, `function`; `copied`, `copy`."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            root = word[: -len(suffix)]
            if len(root) >= 4 and root[-1] == root[-2] and suffix in ("ing", "ings", "ed", "er", "ers"):
                root = root[:-1]
            return root.rstrip("ie") if len(root.rstrip("ie")) >= 3 else root
    return word


FRAME_STEMS = frozenset(stem(word) for word in FRAME)


def stems_of(text: str) -> list[str]:
    """Every word of a text as a stem, in order."""
    return [stem(word) for word in words_of(text)]


def named(text: str) -> set[str]:
    """The words of a text that are on the list of those without a topic, and yet name a thing in it."""
    # Asked of every unit that is weighed: most have none of the words that it takes.
    plain = text.lower()
    found = _NAMED.findall(plain) if any(thing in plain for thing in _THINGS) else []
    alone = _ALONE.findall(plain) if "for" in plain or "while" in plain else []
    return {word for groups in (*found, *alone) for word in groups if word}


def content_stems(text: str) -> list[str]:
    """The stems of a text's words that carry a topic."""
    return _content(words_of(text), text)


def _content(words: Iterable[str], text: str) -> list[str]:
    named_here = named(text)
    return [stem(word) for word in words if word not in STOP or word in named_here]


def indexed_stems(text: str) -> list[str]:
    """What of a text questions are compared with: its content stems and, of runs of signs, each sign alone."""
    return _content(indexed_words(text), text)


def terms_of(question: str) -> Terms:
    """Take the topic out of a question; never fails, whatever the text."""
    question = question[:LONGEST]
    exact = [(a or b).strip() for a, b in _QUOTED.findall(question)]
    exact += [match.group().strip() for match in _IDENTIFIER.finditer(parted(question))]
    exact = [text for text in dict.fromkeys(exact) if words_of(text)]
    quoted = named(question) | {word for text in exact for word in words_of(text)}
    whole: tuple[str, ...] = ()
    if is_paired(question):
        from seehear.search.cjk_topics import kernels

        whole = tuple(w for w in kernels(question.lower()) if w in quoted or w not in EMPTY)
    words = list(dict.fromkeys(word for text in whole or (question,) for word in words_of(text)))
    content = [w for w in words if w in quoted or (w not in STOP and w not in FRAME)]
    content = content or [w for w in words if w not in STOP] or words
    return Terms(tuple(content), tuple(dict.fromkeys(stem(w) for w in content)), tuple(exact), whole)


def match_expression(terms: Terms, *, media_numbers: Sequence[int] = ()) -> str:
    """An FTS5 expression that finds any of the terms, within some media when given; empty when nothing can be found."""
    parts = [_phrase(word) for word in terms.words[:40]]
    parts += [_phrase(" ".join(words_of(text))) for text in terms.exact[:10]]
    parts = [part for part in dict.fromkeys(parts) if part != '""']
    if not parts:
        return ""
    any_of = "{title said shown} : (" + " OR ".join(parts) + ")"
    if not media_numbers:
        return any_of
    scope = " OR ".join(f'"m{number}"' for number in media_numbers)
    return f"{any_of} AND {{media}} : ({scope})"


def _phrase(text: str) -> str:
    return '"' + text.replace('"', " ").replace("\0", " ") + '"'
