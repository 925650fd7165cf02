"""What a question wants: said or shown, one moment or the whole, first mention or explanation, which stretch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from seehear.errors import InputError
from seehear.search import cjk_cues as cues
from seehear.search.chatter import without_chatter
from seehear.search.terms import EMPTY, FRAME, STOP, Terms, terms_of
from seehear.spans import Span, parse_clock
from seehear.values import Route
from seehear.words import is_paired, words_of

Want = Literal["when", "what", "broad"]

_FLAGS = re.IGNORECASE | re.VERBOSE
_SHOWN = re.compile(
    r"""\bon\ (?:(?:the|a|this|his|her|their)\ )?(?:\w+\ )?
        (?:slides?|screen|board|whiteboard|blackboard|display|terminal|picture)\b
    |\b(?:shown?|shows|showing|displayed|written|visible|appears?|drawn|depicted|typed|pictured)\b
    |\b(?:slide|screenshot|diagram|figure|chart|caption|heading)\b
    |\bcode\b.{0,20}\b(?:screen|slide|look)|\b(?:can|do)\ (?:we|you|i)\ see\b|\bseen\b|\bwhat\ colou?r\b""",
    _FLAGS,
)
_SAID = re.compile(
    r"""\b(?:says?|said|saying|talks?|talked|talking|speak(?:s|ing)?|spoken|spoke|tells?|told
    |hear|heard|pronounce[sd]?|aloud|out\ loud|narrat\w+
    |(?:speaker|lecturer|professor|presenter|instructor|teacher)(?:'s)?)\b""",
    _FLAGS,
)
_TELL_ME = re.compile(r"(?:^|[,.;:]|\b(?:you|and|please|then|just))\s*tell\ (?:me|us)\b", _FLAGS)
"""Said to whoever answers; in "what does she tell us" it is the recording that tells."""
_WORD_APPEARS = re.compile(r"(?<=\bword|\bterm|\bname)\ (?:\S+\ ){1,4}appears?\b", _FLAGS)
"""Words appear in speech, too."""
_FIRST = re.compile(
    r"""\bfirst\ (?:mention|time|use|appear|occur|shown|said|say|seen|come|hear|talk|see|introduc)\w*
    |\bfirst\b.{0,40}\bmention|\bearliest\b
    |\b(?:mentioned|appears?|used|seen|shown|said|introduced|come\ up)\ (?:for\ the\ )?first\b|"""
    + cues.FIRST,
    _FLAGS,
)
_TOPICS = r"(?:topics?|concepts?|sections?|chapters?|subjects?)"
_EACH = r"(?:the|all|every|each|any|some|what|which|how|where|my|your)"
LISTS = rf"""^(?:(?:please|can|could|would|you|just)\ )*(?:list|enumerate)\ (?:(?:me|out|up|down)\ )?
        (?:{_EACH}|(?:\w+\ )?\w+s)\b
    |(?:[.,;:!?]|\b(?:please|you|and|then|also|just|to))\s+(?:list|enumerate)\ {_EACH}\b"""
"""That something is to be listed, in a verbose pattern: lists themselves are what many a lecture is about."""
_LIST = re.compile(
    rf"""{LISTS}|\blist\ of\ (?:all\ )?(?:the\ )?(?:\w+\ )?{_TOPICS}\b
    |\b(?:outline|table\ of\ contents|chapters|agenda|overview)\b
    |\b(?:what|which)\ (?:are\ )?(?:all\ )?(?:the\ )?(?:(?:main|key|different|other)\ )?(?:{_TOPICS}|points|ideas)\b
    |\ball\ (?:the\ )?{_TOPICS}\b|\bhow\ many\ (?:different\ )?{_TOPICS}\b""",
    _FLAGS,
)
_COVERED = re.compile(
    r"""^(?:and\ )?what\ (?:all\ )?(?:is|was|will\ be|gets)\ (?:all\ )?(?:being\ )?(?:covered|taught|discussed)\b
        (?!\ (?:about|by|of|on))""",
    _FLAGS,
)
_DEFINES = re.compile(
    r"""^(?:and\ )?what(?:['’]s|\ is|\ are)\ (?:an?\ )?
        (?:lists?|outlines?|overviews?|agendas?|summar(?:y|ies)|chapters?)\W*$""",
    _FLAGS,
)
"""What such a thing is, rather than that of this recording: "the outline"."""
_RECORDING = r"(?:video|lecture|talk|recording|presentation|clip|course)"
_SUMMARY = re.compile(
    rf"""\b(?:summari[sz]e|summary|sum\ (?:(?:it|this|that)\ )?(?:all\ )?up|recap|gist|tl;?dr
    |(?:study|lecture|revision)\ notes|main\ (?:idea|message|takeaways?|points?)|key\ (?:points|takeaways?))\b
    |\bwhat(?:['’]?s|\ is|\ was)\ (?:the|this|that|it)\ ?(?:whole\ |entire\ )?(?:{_RECORDING}|thing)?(?:\ all)?\ about\b
    |\bwhat(?:['’]?s|\ is|\ was|\ happens)\ (?:explained\ )?in\ (?:the|this)\ (?:whole\ |entire\ )?{_RECORDING}\W*$
    |\bwhat\ does\ (?:the|this)\ {_RECORDING}\ (?:cover|teach|discuss|explain)\b(?!\ about)|{cues.SUMMARY}""",
    _FLAGS,
)
_WHEN = re.compile(
    r"""\b(?:when|at\ what\ (?:time|point|minute|second)|where\ in|where\ (?:is|are|does|do)|timestamps?
    |which\ (?:minute|part|moment))\b|"""
    + cues.WHEN,
    _FLAGS,
)
_ASKED_OF = re.compile(
    r"""\b(?:tell|know|knows|find|see|say|says|said|show|shows|remember|wonder|wondering|ask|sure|about|from|since|until|till
    |by|to|of|out|and|or|me|us|exactly|minute|time|list|please|roughly|but|just)\W*$""",
    _FLAGS,
)
"""What may stand before a "when" that asks; after anything else, "what happens when …", it only joins two clauses."""
_GOES_ON = re.compile(r",\s*(?:then\s+)?(?:what|why|how|who|which|does|do|did|is|are|can|could|will|should)\b", _FLAGS)
_BROAD_NOUN = re.compile(rf"\b(?:{_TOPICS}|outline|agenda|overview|table\ of\ contents)\b", _FLAGS)
_CLOCK = r"(\d{1,3}:[0-5]\d(?::[0-5]\d)?)(?![\d:])"
_BETWEEN = re.compile(
    rf"\b(?:between|from)\s+{_CLOCK}\s+(?:and|to|until|till|-|–)\s+{_CLOCK}|{_CLOCK}\s*(?:[-–]|to|until|till)\s*{_CLOCK}",
    re.IGNORECASE,
)
_AT = re.compile(rf"\bat\s+(?:minute\s+)?{_CLOCK}|\bat (?:minute|min)\s+(\d{{1,3}})\b", re.IGNORECASE)
_AROUND = re.compile(rf"\b(?:around|about|near)\s+(?:minute\s+)?{_CLOCK}", re.IGNORECASE)
_AFTER = re.compile(rf"\b(?:after|since|from)\s+{_CLOCK}", re.IGNORECASE)
_BEFORE = re.compile(rf"\b(?:before|until|till|up to)\s+{_CLOCK}", re.IGNORECASE)
_COUNT = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "fifteen": 15, "twenty": 20,
    "thirty": 30, "a": 1, "few": 5,
}  # fmt: skip
_EDGE = re.compile(
    r"\b(first|last|opening|initial|final)\s+(?:(?:the\s+)?(\d{1,3}|"
    + "|".join(_COUNT)
    + r")\s*(seconds?|secs?|s|minutes?|mins?|m|hours?)|(minute|hour))\b",
    re.IGNORECASE | re.ASCII,
)
# "List the …" asks for something; lists themselves may be a topic.
_COMMAND = re.compile(
    r"^(?:please\s+)?(?:list|name|enumerate|find|give|show|tell)(?:\s+(?:me|us))?"
    r"(?=\s+(?:the|all|every|each|any|some|a few|three|four|five|\d+|what|how|where|when|why|which|about)\b)",
    re.IGNORECASE,
)
_SUM_UP = re.compile(
    r"""^\s*(?:(?:please|can|could|would|you|give|show|write|make|me|us|an?|the|short|brief|quick)\s+)*
    (?:summari[sz]e|recap|sum\ (?:up|(?:it|this|that)\ up)|tl;?dr|(?:summary|recap|gist|overview|outline)\ of)\b""",
    _FLAGS,
)
"""That something is to be summed up; what that is follows."""
_SAYS_OF = re.compile(
    r"""\b(?:sa(?:y|ys|id)|explains?|tells?|told|taught|teach(?:es)?)\ (?:\w+\ )?(?:about|of|on)\ \w
    |\bwhat\b.{0,30}\btalk(?:s|ed)?\ about\ \w""",
    _FLAGS,
)
_COMPARES = re.compile(
    r"""\b(?:what(?:['’]s|\ is|\ are|\ was)\ )?(?:the\ )?(?:main\ |key\ )?(?:differences?|comparison)\ (?:between|of)\b
    |\bcompar(?:es?|ed|ing)\b(?:\ (?:to|with)\b)?|\b(?:differs?|different)\ from\b|\bversus\b|\bvs\b\.?""",
    _FLAGS,
)
"""That two things are to be held against each other; the things are what it is about."""
_TAKES_PLACE = re.compile(r"\b(?:takes?|taking|took|taken)\ place\b|\bheld(?=\W*$)", re.IGNORECASE)
# "at the end of the loop" is not the end of the recording.
_OF = rf"(?!\ of\ (?!(?:the|this)\ {_RECORDING}))"
_PART = tuple(
    (re.compile(pattern, _FLAGS), part)
    for pattern, part in (
        (rf"""\b(?:early|first|opening|initial)\ (?:part|third|section)\b{_OF}|\bearly\ on\b
        |\b(?:at|in|near)\ the\ (?:very\ )?(?:beginning|start)\b{_OF}|\bbeginning\ of\ (?:the|this)\ {_RECORDING}""",
         (0.0, 1 / 3)),
        (rf"\b(?:first|early)\ half\b{_OF}", (0.0, 0.5)),
        (rf"\b(?:second|latter|last|later)\ half\b{_OF}", (0.5, 1.0)),
        (rf"\bmiddle\ (?:part|third|section)\b{_OF}|\bin\ the\ middle\b{_OF}", (1 / 3, 2 / 3)),
        (rf"""\b(?:late|later|last|final|closing)\ (?:part|third|section)\b{_OF}
        |\b(?:at|near|towards?)\ the\ (?:very\ )?end\b{_OF}""", (2 / 3, 1.0)),
    )
)  # fmt: skip
_WHO = rf"(?:it|he|she|they|we|(?:the|this)\ (?:{_RECORDING}|speaker|lecturer|teacher|professor))"
_EDGES = tuple(
    (
        re.compile(
            rf"""\b(?:{place})\ (?:things?|words?|sentences?)(?:\ that)?
            (?:\ (?:is|are|was|were)\ said|\ {_WHO}\ sa(?:ys?|id))
            (?:\ in\ (?:the|this)\ {_RECORDING})?\W*$|\bhow\ (?:does|did|do)\ {_WHO}\ (?:{verb})\W*$""",
            _FLAGS,
        ),
        stretch,
    )
    for place, verb, stretch in (
        ("first|opening", "start|begin|open", (0.0, 20.0)),
        ("last|final|closing", "end|finish|close|conclude", (-20.0, None)),
    )
)
"""What is said right at the beginning or the end, and nothing but that."""
_TELLS = re.compile(
    rf"""\b(?:announc|appear|cover|defin|describ|discuss|displa|explain|explan|giv|go(?:es)?\ over|happen|introduc|learn
    |list|mention|present|recommend|refer|sa(?:y|id)|show|speak|spok|summar|talk|taught|teach|tell|told|treat)\w*
    |\bcomes?\ up\b|\b{_TOPICS}\b|\b(?:the|this|that)\ {_RECORDING}\b|\bslides?\b|\bon\ (?:the\ )?screen\b""",
    _FLAGS,
)
"""What is asked of a recording rather than of its subject: "at the end" is then the end of the recording."""
_ASKS = re.compile(
    r"\b(?:what|when|where|which|who|whose|why|how|is|are|was|were|do|does|did|can|could|should)\b", _FLAGS
)
_SENTENCES = re.compile(
    r"\b(?:in|with)\s+(\d|one|two|three|four|five|six)(?:\s*(?:-|–|to|or)\s*(\d|one|two|three|four|five|six))?"
    r"\s+sentences?\b",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a recording: in seconds, or as fractions of its length; negative seconds count from the end.

    Around a single time that was asked for, `at_s`, it holds what is said there.
    """

    start_s: float | None = None
    end_s: float | None = None
    start_part: float | None = None
    end_part: float | None = None
    at_s: float | None = None

    def span(self, duration_s: float) -> Span:
        """The stretch on a recording of this length, clipped to it."""
        start_s = self.start_s if self.start_s is not None else (self.start_part or 0.0) * duration_s
        end_s = self.end_s if self.end_s is not None else (1.0 if self.end_part is None else self.end_part) * duration_s
        start_s = min(max(0.0, start_s + duration_s if start_s < 0 else start_s), duration_s)
        return Span(start_s, min(max(start_s, end_s), max(duration_s, start_s)))


@dataclass(frozen=True, slots=True)
class Intent:
    """How a question is to be answered; `list_` and `summary` are the two halves of a broad one."""

    route: Route
    want: Want
    terms: Terms
    first: bool = False
    list_: bool = False
    summary: bool = False
    sentences: int = 3
    stretch: Stretch | None = None
    within: Span | None = None

    def span(self, duration_s: float) -> Span | None:
        """Where to look in a recording of this length; None for all of it. Empty where the two limits do not meet."""
        if self.stretch is None:
            return self.within
        asked = self.stretch.span(duration_s)
        if self.within is None:
            return asked
        start_s = max(asked.start_s, self.within.start_s)
        return Span(start_s, max(start_s, min(asked.end_s, self.within.end_s)))


def read_question(question: str, *, route: Route | None = None) -> Intent:
    """Read what a question asks for; `route` overrides what its words say. Raises InputError when it is empty."""
    text = " ".join(question.split())
    if not text:
        raise InputError("the question is empty", hint='seehear ask lecture.mp4 "when are functions explained?"')
    text = without_chatter(text)
    defines = _DEFINES.match(text) is not None
    summary, list_ = (
        not defines and bool(_SUMMARY.search(text)),
        not defines and bool(_LIST.search(text) or _COVERED.match(text)),
    )
    of_recording = _asks_of_recording(text)
    terms = terms_of(_topical(_strip_times(text, around=of_recording, parts=of_recording)))
    # "List the bullet points on the recursion slide" has a topic of its own: a narrow question after all.
    left = [word for word in terms.words if word not in ASKING | FRAME | STOP]
    left = list(terms.whole) if is_paired(text) else left
    # "Summarise what the lecture says about recursion" is about recursion, "summarise this talk about bees" is not.
    whole = not left or (re.search(rf"\b{_RECORDING}\b", text, re.IGNORECASE) is not None and not _SAYS_OF.search(text))
    broad = (summary and whole) or (list_ and _is_broad_list(text, terms))
    want: Want = "broad" if broad else "when" if _asks_when(text) else "what"
    return Intent(
        route or _route(text), want, terms, bool(_FIRST.search(text)), broad and list_, broad and summary,
        _sentences(text), _stretch(text, about_it=broad or of_recording),
    )  # fmt: skip


def _asks_when(text: str) -> bool:
    """Tell whether a time is asked for: "what happens when …" and "when you call it, what …" ask for something else."""
    for match in _WHEN.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        if match.group().lower() != "when":
            return True
        opens = not re.search(r"\w", before) or re.search(r"[.?!:;,]\s*$", before)
        if (opens and not _GOES_ON.search(after)) or (not opens and _ASKED_OF.search(before)):
            return True
    return False


def _topical(text: str) -> str:
    """The text without the words that only say what is to be done with what it names."""
    for pattern in (_SUM_UP, _COMMAND, _COMPARES, _TAKES_PLACE):
        text = pattern.sub(" ", text)
    return text


def _route(text: str) -> Route:
    text = _WORD_APPEARS.sub(" ", _TELL_ME.sub(" ", text))
    shown, said = bool(_SHOWN.search(text)), bool(_SAID.search(text))
    return "shown" if shown and not said else "said" if said and not shown else "both"


ASKING = frozenset(
    """list enumerate outline chapter chapters agenda overview table contents topic topics concept concepts section
    sections subject subjects idea ideas key main taught teach learn learned learnt summary summarise summarize
    short brief sentences sentence two three four five half middle opening closing final last different each
    points message messages notes study revision tl dr tldr gist recap sum takeaway takeaways""".split()  # noqa: SIM905
)
"""Words that tell how the whole of a recording is to be told."""


def _is_broad_list(text: str, terms: Terms) -> bool:
    if _COVERED.match(text):
        return True
    if _BROAD_NOUN.search(text):
        return sum(word not in ASKING for word in terms.words) <= 2
    return all(word in ASKING for word in terms.words)


def _sentences(text: str) -> int:
    match = _SENTENCES.search(text)
    if match is None:
        return 3
    most = match.group(2) or match.group(1)
    return max(1, min(6, int(most) if most.isdigit() else _COUNT[most.lower()]))


def _asks_of_recording(text: str) -> bool:
    """Tell whether a place in words is one in the recording: it tells there, or nothing but the place is asked for.

    "And near the end?", and words to search for, "recursion in the first 20 seconds".
    """
    if _TELLS.search(text) or not _ASKS.search(text):
        return True
    for pattern, _ in _PART:
        text = pattern.sub(" ", text)
    left = words_of(_strip_times(text, around=True, parts=True))
    return all(word in EMPTY | {"come", "comes"} for word in left)


def _stretch(text: str, *, about_it: bool) -> Stretch | None:
    """The part of a recording that is meant; places in words only where the question is `about_it`, the recording.

    "Why is the sum zero at the beginning?" may be asked of any minute.
    """
    if match := _BETWEEN.search(text):
        a, b, c, d = match.groups()
        start_s, end_s = parse_clock(a or c), parse_clock(b or d)
        return Stretch(min(start_s, end_s), max(start_s, end_s))
    if match := _EDGE.search(text):
        count = (match.group(2) or "one").lower()
        unit_s = {"s": 1, "m": 60, "h": 3600}[(match.group(3) or match.group(4))[0].lower()]
        long_s = float((int(count) if count.isdigit() else _COUNT[count]) * unit_s)
        if about_it or unit_s > 1:
            return Stretch(start_s=-long_s) if match.group(1).lower() in ("last", "final") else Stretch(0.0, long_s)
    for pattern, (start, end) in _EDGES:
        if pattern.search(text):
            return Stretch(start, end)
    # "A ratio of about 80:20" is no time.
    if match := _AT.search(text) or (_AROUND.search(text) if about_it else None):
        time_s = parse_clock(match.group(1)) if match.group(1) else 60.0 * int(match.group(2))
        return Stretch(max(0.0, time_s - 5.0), time_s + 20.0, at_s=time_s)
    if match := _BEFORE.search(text):
        return Stretch(0.0, parse_clock(match.group(1)))
    if match := _AFTER.search(text):
        return Stretch(parse_clock(match.group(1)))
    for pattern, (start_part, end_part) in _PART:
        if about_it and pattern.search(text):
            return Stretch(start_part=start_part, end_part=end_part)
    return None


def _strip_times(text: str, *, around: bool, parts: bool) -> str:
    """The text without the places it names; those `around` a time, and in words, only where they mean places."""
    named = tuple(pattern for pattern, _ in (*_EDGES, *_PART)) if parts else ()
    for pattern in (_BETWEEN, _EDGE, _AT, *((_AROUND,) if around else ()), _BEFORE, _AFTER, _SENTENCES, *named):
        text = pattern.sub(" ", text)
    return text
