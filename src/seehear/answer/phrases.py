"""Phrases out of which titles are made: things ("layer mask") and what is done to them ("add a layer mask").

What is a verb and what a noun is read off the recording itself: what follows "to" or "let's" is done, what follows
"the" is a thing. That needs no tagger; outside English it finds runs of telling words only, and in
scripts without word spaces what a question would ask for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from seehear.search.terms import EMPTY, STOP, stem
from seehear.words import is_paired

LONGEST_WORDS = 6
LONGEST_THING = 4
LONGEST_LETTERS = 32
LONGEST_SIGNS = 8
"""Longer runs of Han, kana or Hangul without a space are clauses rather than names."""
_FILLER = frozenset(
    """able absolutely actually allow allows alright another anything around available away back basically become
    becomes bit bottom button called change changed choose chose click clicking closer come comes coming contains
    corresponding couple course different double drag else end ends enter essentially etc even everything follow
    follows gonna good going great hello hey hit hold icon important indicates instead involve involves kind know known
    later let lie lies little long look looking lot lots maybe menu mostly need needs new next nice okay ok often option
    per press pressing problem provide provides put quick quite reason release remain remains requires returns right
    scroll select selecting series several simply somebody something somewhere sort step steps sure take takes talk
    thank thanks thing things therefore today tomorrow top left try two three type upper useful uses various video
    wanna want way ways welcome whatever whole without word words work works yeah yes yet across along although among
    behind beside besides inside outside since though toward towards unless via whether within""".split()  # noqa: SIM905
)
_PLAIN = frozenset("answer code display name number point question questions screen slide slides".split())  # noqa: SIM905
"""Words about the recording in a question, but words of its subject in a phrase; none of them is a title by itself."""
_DULL = (EMPTY | _FILLER) - _PLAIN
_WEAK = STOP | _FILLER | frozenset(
    """ask begin bring call check cover describe discuss ensure explain explore find give happen help introduce learn
    leave mean mention notice play remember say see seem show start stop study tell think turn understand wait
    wonder""".split()  # noqa: SIM905
)  # fmt: skip
_VERBS_ANYWAY = frozenset({"change"})
_BEFORE_VERBS = frozenset(
    "to let's can could will i'll we'll you'll gonna and then now also just easily quickly us how".split()  # noqa: SIM905
)
_ARTICLES = frozenset({"a", "an", "the", "your"})
_JOINTS = frozenset("for from in into of on onto to with as at by".split())  # noqa: SIM905
_PARTS_OF_NAMES = frozenset({"new", "type"})
_SKIPPED = frozenset({"some", "any", "my", "our", "all", "these", "those", "just"})
_WORD = re.compile(r"_{0,2}[^\W_](?:[\w'’+#.-]*[\w+#])?", re.UNICODE)
_CLAUSE = re.compile(r"[,.;:!?()\n…]+(?:\s|$)|[()\n…、。，；：？！]|\s[-–—]+\s")
_DONE = re.compile(
    r"\b(?:to|let['’]s|let us|can|could|will|i['’]ll|we['’]ll|you['’]ll|gonna)\s+"
    r"(?:(?:also|now|then|just|quickly|easily|always|simply|first|actually|even)\s+)*([a-z][a-z-]+)\b(?!['’])",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\b(?:the|an?|this|your|my|our|each|every)\s+([a-z][a-z-]+)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of a stretch: its words in lower case, how often and from which sentence on it is said there.

    `acts` where it is a verb with its object; `whole` is the share of its places where no telling word follows, so
    that nothing of it is cut off; `announced` where the speaker says that this comes now.
    """

    words: tuple[str, ...]
    count: int
    first: int
    acts: bool
    whole: float
    announced: bool = False

    @property
    def text(self) -> str:
        """The words with blanks between."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the whole recording tells of its words: which are verbs, and how each is written inside a sentence."""

    verbs: frozenset[str]
    only_verbs: frozenset[str]
    spelling: dict[str, str]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Lexicon:
        """Read it off the sentences of a recording."""
        done = Counter(match.lower() for text in texts for match in _DONE.findall(text))
        named = {match.lower() for text in texts for match in _NAMED.findall(text)}
        verbs = frozenset(verb for verb in done if (verb not in _WEAK or verb in _VERBS_ANYWAY) and _may_be_verb(verb))
        return cls(verbs, verbs - named, _spelling(texts))

    def written(self, text: str) -> str:
        """A title with its first letter large, and names and code as they are written."""
        words = [self.spelling.get(word.lower(), word) for word in text.split()]
        joined = " ".join(words)
        named = any(c.isupper() or c in "._" for c in words[0][1:])
        return joined if named else joined[:1].upper() + joined[1:]


def phrases(sentences: Sequence[str], lexicon: Lexicon) -> list[Phrase]:
    """Everything in the sentences of one stretch that could be its title, the earliest first."""
    found: dict[tuple[str, ...], list[tuple[int, bool, bool]]] = {}
    for ordinal, text in enumerate(sentences):
        for clause in _CLAUSE.split(text):
            if is_paired(clause):
                from seehear.search.cjk_topics import kernels

                for name in kernels(clause):
                    if 2 <= len(name) <= LONGEST_SIGNS:
                        found.setdefault((name,), []).append((ordinal, False, True))
                continue
            words = [word.replace("’", "'").lower() for word in _WORD.findall(clause)]
            for run, whole in _things(words, lexicon):
                found.setdefault(run, []).append((ordinal, False, whole))
            for run in _actions(words, lexicon):
                found.setdefault(run, []).append((ordinal, True, True))
    return [
        Phrase(
            run, len({ordinal for ordinal, _, _ in places}), places[0][0], any(acts for _, acts, _ in places),
            sum(whole for _, _, whole in places) / len(places),
        )
        for run, places in found.items()
    ]  # fmt: skip


def telling(word: str) -> bool:
    """Whether a word in lower case carries a subject."""
    return word not in _DULL and 2 < len(word) <= LONGEST_LETTERS and "'" not in word and not word.isdigit()


def own_stems(text: str) -> set[str]:
    """The stems of a title's telling words, by which two titles are told apart."""
    words = (word.lower() for word in _WORD.findall(text))
    return {stem(word) for word in words if word not in _DULL and word not in _PLAIN}


def _things(words: Sequence[str], lexicon: Lexicon) -> Iterator[tuple[tuple[str, ...], bool]]:
    for start, word in enumerate(words):
        if not telling(word) or word.endswith("ly") or word in lexicon.only_verbs:
            continue
        if _is_participle(word) and start + 1 < len(words) and words[start + 1] in _JOINTS:
            continue
        for end in range(start + 1, min(start + LONGEST_THING, len(words)) + 1):
            run = words[start:end]
            alone = len(run) == 1 and (word in lexicon.verbs or word in _WEAK)
            if _ends(run, lexicon) and _holds_together(run, lexicon) and not alone and not _PLAIN.issuperset(run):
                yield tuple(run), end == len(words) or not telling(words[end])


def _ends(run: Sequence[str], lexicon: Lexicon) -> bool:
    last = run[-1]
    if not telling(last) or last.endswith("ly") or _is_participle(last):
        return False
    return len(run) == 1 or not lexicon.only_verbs & {last, last.removesuffix("s")}


def _may_be_verb(word: str) -> bool:
    """Not what looks like a plural or a gerund: "to" stands before nouns too."""
    return not word.endswith(("ly", "ing")) and (not word.endswith("s") or word.endswith("ss"))


def _is_participle(word: str) -> bool:
    return word.endswith("ed") and not word.endswith("eed") and len(word) > 4


def _holds_together(run: Sequence[str], lexicon: Lexicon) -> bool:
    """Telling words, joined by "of" and the like; an article only after such a joint, no verb after "and" or "to"."""

    def fits(before: str, word: str) -> bool:
        if word in _ARTICLES:
            return before in _JOINTS
        if before in ("and", "to") and (word in lexicon.verbs or word in _WEAK):
            return False
        return word in _JOINTS or word == "and" or (telling(word) and not word.endswith("ly"))

    return all(fits(before, word) for before, word in pairwise(run))


def _actions(words: Sequence[str], lexicon: Lexicon) -> Iterator[tuple[str, ...]]:
    for start, verb in enumerate(words):
        if verb not in lexicon.verbs or (start and words[start - 1] not in _BEFORE_VERBS):
            continue
        run = [verb]
        for at in range(start + 1, len(words)):
            word = words[at]
            following = words[at + 1] if at + 1 < len(words) else ""
            if word in _SKIPPED:
                continue
            if len(run) == LONGEST_WORDS or not _goes_on(run, word, following, lexicon):
                break
            run.append(word)
            if telling(word) and not word.endswith("ly") and not _is_participle(word) and not telling(following):
                yield tuple(run)


def _goes_on(run: Sequence[str], word: str, following: str, lexicon: Lexicon) -> bool:
    """Whether a word belongs to the object of the verb that the run begins with."""
    if word == "and":
        return len(run) > 1 and following not in lexicon.verbs
    if word in _ARTICLES:
        return len(run) == 1 or run[-1] in _JOINTS
    if word == "on" and len(run) == 1:
        return False
    return word in _JOINTS or telling(word) or word in _PARTS_OF_NAMES


def _spelling(texts: Sequence[str]) -> dict[str, str]:
    """How words are written where no sentence begins; nothing of it where everything is written large."""
    forms: dict[str, Counter[str]] = {}
    for text in texts:
        for place, word in enumerate(_WORD.findall(text)):
            if place or any(c.isupper() for c in word[1:]):
                forms.setdefault(word.lower(), Counter())[word] += 1
    usual = {low: max(counts, key=lambda form: (counts[form], form)) for low, counts in forms.items()}
    large = sum(form.isupper() and len(form) > 1 for form in usual.values())
    return {} if large > len(usual) / 2 else {low: form for low, form in usual.items() if form != low}
