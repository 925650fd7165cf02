"""Questions drafted from a timeline, for a person to correct: what it holds is known, so its true places are too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from seehear import prompts
from seehear.answer.outline import heading, topics
from seehear.answer.phrases import Lexicon
from seehear.answer.summing import central
from seehear.backends.protocols import Answerer, Message
from seehear.evaluate.question import Question
from seehear.search.passages import cut_up
from seehear.search.sentences import sentences
from seehear.search.terms import EMPTY, content_stems
from seehear.spans import Span
from seehear.timeline import Timeline
from seehear.units import clean
from seehear.values import Event

ABSENT_SHARE = 0.2
NEAR_S = 2.0
FEWEST_BULLETS = 3
MOST_TITLE_WORDS = 8
MOST_TOKENS = 48
FACT_S = 60.0

_GENERIC = re.compile(
    r"^(?:agenda|outline|overview|contents?|table of contents|introduction|intro|summary|recap|conclusions?|questions?"
    r"|q ?& ?a|thank(?:s| you).*|references|welcome.*|the end|before you go|home ?work|exercises?|untitled.*)$",
    re.IGNORECASE,
)
_OPENS = (
    r"^(?:(?:so|now|well|and|ok|okay|here),?\s+)?(?P<article>(?:a|an|the)\s+)?"
    r"(?P<subject>[a-z][\w'’-]*(?:\s+[a-z][\w'’-]*){0,3}?)\s+"
)
_DEFINES = tuple(
    re.compile(_OPENS + verb, re.IGNORECASE)
    for verb in (
        r"(?P<verb>is|are)\s+(?:an?|the|one|some)\s+\w",
        r"(?P<verb>means?|refers? to|stands? for)\s+\w",
        r"(?P<verb>is|are)\s+(?:defined|known)\s+as\s+\w",
    )
)
_NO_SUBJECT = EMPTY | frozenset(
    """something anything everything nothing someone everyone one two three way reason idea problem answer result
    difference goal rest today tomorrow yes no okay ok let say said think know see look want need call called don
    didn doesn isn aren wasn won won't there's that's it's what's he's she's guess sure good great main best only
    important interesting""".split()  # noqa: SIM905 - as text it wraps
)  # fmt: skip
_DEF = re.compile(r"\b(def|class|function|func|fn|struct|interface)\s+([A-Za-z_]\w*)")
_CODE = {"def": "function", "function": "function", "func": "function", "fn": "function"}
_ASKS = frozenset(("what", "how", "why", "when", "where", "who", "which"))
_VERBS = frozenset(
    ("is", "are", "was", "were", "has", "have", "can", "may", "must", "will", "should", "does", "do", "needs", "means")
)
_BULLET = re.compile(r"^\s*(?:[-–—•*▪◦]|\d{1,2}[.)])\s+")
_CODELIKE = re.compile(r"[={};]|\breturn\b|\bimport\b|\(\)|>>>|\$ ")
_ASKED_OF_TEXT = re.compile(r"\b(?:excerpt|passage|text|quotation|sentence|speaker say|according to)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Idea:
    """A question in the making: `subject` is what it is about, `excerpt` what a model may phrase it from."""

    question: Question
    subject: str
    excerpt: str = ""


def draft(
    timelines: Sequence[tuple[str, Timeline]],
    *,
    count: int,
    others: Sequence[Timeline] = (),
    writer: Answerer | None = None,
) -> list[Question]:
    """Draft about `count` questions on recordings, given as what to call them and their timelines.

    By rule: slide titles or, without any, the topics of speech ("when"), definitions that are said, names that code on
    screen defines ("shown"), points under a title ("list"). A fifth of them is asked of a recording that does not hold
    what they ask for, drawn from the other recordings (these and `others`). With a `writer` definitions are put into a
    listener's words, and up to a third are about central sentences, asked in its words. The same input gives the same
    questions. Raises BackendError from the writer.
    """
    found = [(name, timeline, ideas(name, timeline)) for name, timeline in timelines]
    more = [facts(name, timeline) for name, timeline in timelines] if writer is not None else []
    foreign = [(timeline, some) for _, timeline, some in found]
    foreign += [(other, ideas("", other)) for other in others if other.media.id not in {t.media.id for t, _ in foreign}]
    absent = [_absent(name, timeline, foreign) for name, timeline, _ in found] if len(foreign) > 1 else []
    wanted = round(count * ABSENT_SHARE) if any(absent) else 0
    drafted = [_phrased(idea, writer) for idea in _deal(more, (count - wanted) // 3)] if writer is not None else []
    left = count - wanted - sum(question is not None for question in drafted)
    drafted += [_phrased(idea, writer) for idea in _deal([_spread(some) for _, _, some in found], left)]
    drafted += [idea.question for idea in _deal(absent, wanted)]
    order = {name: place for place, (name, _, _) in enumerate(found)}
    return sorted(
        {(q.text, q.media): q for q in drafted if q is not None}.values(),
        key=lambda q: (order[q.media], not q.answerable, q.spans[:1]),
    )


def ideas(media: str, timeline: Timeline) -> list[Idea]:
    """Everything that can be asked of one recording by rule, in order of kind and time."""
    shown = [event for event in timeline.of_kind("visual") if event.text.strip() or event.screen.strip()]
    titled = list(_titles(media, shown)) or list(_topics(media, timeline))
    return [*titled, *_definitions(media, timeline), *_code(media, shown), *_points(media, shown)]


def facts(media: str, timeline: Timeline) -> list[Idea]:
    """Central sentences that only a model can make questions of; without its words there is none."""
    made = cut_up(timeline)
    told = [i for i, unit in enumerate(made.units) if unit.kind == "transcript"]
    chosen = central(made, None, told, count=max(4, round(timeline.media.duration_s / FACT_S)))
    return [
        Idea(
            Question("", media, (made.units[i].span,), made.units[i].text, kind="said", draft=True),
            made.units[i].title or made.units[i].text, made.units[i].text,
        )
        for i in chosen
    ]  # fmt: skip


def _titles(media: str, shown: Sequence[Event]) -> Iterator[Idea]:
    for title, events in _by_title(shown).items():
        if _CODELIKE.search(title):
            continue
        text = f"When does the lecture {_about(title)}?"
        yield Idea(Question(text, media, _stretches(events), kind="when", draft=True), title)


def _topics(media: str, timeline: Timeline) -> Iterator[Idea]:
    """Where nothing is titled: the stretches whose words differ most from what comes before and after."""
    made = cut_up(timeline)
    found = topics(timeline, made, None)
    verbs = Lexicon.of([unit.text for unit in made.units]).verbs
    for topic in found if len(found) > 1 else ():
        first, *object_ = topic.title.split()
        if topic.units and content_stems(topic.title):
            tells = "show how to" if object_ and first.lower() in verbs else "talk about"
            text = f"When does the lecture {tells} {_lowered(topic.title)}?"
            yield Idea(Question(text, media, (topic.span,), kind="when", draft=True), topic.title)


def _definitions(media: str, timeline: Timeline) -> Iterator[Idea]:
    told: dict[str, Idea] = {}
    for span, text in sentences(timeline.of_kind("transcript")):
        match = next((m for m in (pattern.match(text) for pattern in _DEFINES) if m), None)
        if match is None or not 6 <= len(text.split()) <= 40 or text.rstrip().endswith("?"):
            continue
        subject = match["subject"]
        words = re.findall(r"[\w'’-]+", subject.lower())
        if not words or any(word in _NO_SUBJECT or len(word) < 2 for word in words):
            continue
        many = match["verb"].lower() in ("are", "mean", "refer to", "stand for")
        article = " ".join((match["article"] or "").lower().split())
        asked = f"What {'are' if many else 'is'} {article + ' ' if article else ''}{_lowered(subject)}?"
        key = " ".join(content_stems(subject))
        if key in told:
            known = told[key].question
            told[key] = replace(told[key], question=replace(known, spans=(*known.spans, span)))
        elif key:
            told[key] = Idea(Question(asked, media, (span,), text, kind="said", draft=True), subject, text)
    yield from told.values()


def _code(media: str, shown: Sequence[Event]) -> Iterator[Idea]:
    places: dict[tuple[str, str], list[Event]] = {}
    lines: dict[tuple[str, str], str] = {}
    for event in shown:
        for line in (event.screen or event.text).splitlines():
            for keyword, name in _DEF.findall(line):
                # "class hierarchy" in a sentence is no class.
                if not re.search(rf"\b{keyword}\s+{name}\s*[({{:<]", line):
                    continue
                lines.setdefault((keyword, name), " ".join(clean(line).split()))
                at = places.setdefault((keyword, name), [])
                if event not in at:
                    at.append(event)
    for (keyword, name), events in places.items():
        asked = f"Where is the {_CODE.get(keyword, keyword)} {name} defined?"
        answer = lines[keyword, name]
        yield Idea(Question(asked, media, _stretches(events), answer, kind="shown", draft=True), name)


def _points(media: str, shown: Sequence[Event]) -> Iterator[Idea]:
    for title, events in _by_title(shown).items():
        lines = [line for event in events for line in (event.screen or event.text).splitlines()]
        points = dict.fromkeys(
            " ".join(_BULLET.sub("", clean(line)).split()) for line in lines
            if _BULLET.match(line) and not _CODELIKE.search(line) and len(line.split()) <= 16
        )  # fmt: skip
        if len(points) >= FEWEST_BULLETS:
            asked = f"Which points are listed about {_lowered(title)}?"
            question = Question(asked, media, _stretches(events), "; ".join(points), kind="list", draft=True)
            yield Idea(question, title)


def _by_title(shown: Sequence[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    names: dict[str, str] = {}
    for event in shown:
        title = heading(event.title)
        letters = sum(c.isalpha() or c.isspace() for c in title)
        if not content_stems(title) or len(title.split()) > MOST_TITLE_WORDS or letters < 0.8 * len(title):
            continue
        if not _GENERIC.match(title):
            found.setdefault(names.setdefault(title.casefold(), title), []).append(event)
    return found


def _stretches(events: Sequence[Event]) -> tuple[Span, ...]:
    """The spans of events, those that follow each other at once made one."""
    merged: list[Span] = []
    for span in sorted(event.span for event in events):
        if merged and span.start_s - merged[-1].end_s <= NEAR_S:
            merged[-1] = merged[-1].union(span)
        else:
            merged.append(span)
    return tuple(merged)


def _about(title: str) -> str:
    """What a lecture does under a title, in words that ask for it: a title may be a noun, a sentence or a question."""
    low = title.lower().split()
    if low[0] in _ASKS:
        return f"tell {_lowered(title)}"
    if any(word in _VERBS for word in low[1:]):
        return f"explain that {_lowered(title)}"
    return f"cover {_lowered(title)}"


def _lowered(text: str) -> str:
    """A title inside a sentence: its first letter small, unless its word is a name or an abbreviation."""
    first, *rest = text.split()
    name = any(c.isupper() for c in first[1:]) or any(word[:1].isupper() for word in rest)
    return text if name else text[:1].lower() + text[1:]


def _spread(some: Sequence[Idea]) -> list[Idea]:
    """Ideas in an order whose beginning holds every kind and the whole length of a recording."""
    kinds: dict[str, list[Idea]] = {}
    for idea in some:
        kinds.setdefault(idea.question.kind, []).append(idea)
    lists = [_halving(sorted(each, key=lambda i: i.question.spans[0])) for each in kinds.values()]
    return [each[at] for at in range(max(map(len, lists), default=0)) for each in lists if at < len(each)]


def _halving(some: list[Idea]) -> list[Idea]:
    """The middle one, then those in the middle of what is left on either side, and so on."""
    queue, order = [(0, len(some))], list[Idea]()
    while queue:
        low, high = queue.pop(0)
        if low < high:
            middle = (low + high) // 2
            order.append(some[middle])
            queue += [(low, middle), (middle + 1, high)]
    return order


def _deal(lists: Sequence[Sequence[Idea]], count: int) -> list[Idea]:
    """So many ideas, from one recording after the other in turn."""
    longest = max(map(len, lists), default=0)
    dealt = [each[at] for at in range(longest) for each in lists if at < len(each)]
    return dealt[: max(0, count)]


def _absent(name: str, timeline: Timeline, foreign: Sequence[tuple[Timeline, Sequence[Idea]]]) -> list[Idea]:
    """Questions of other recordings whose subject is nowhere in this one: one of its words does not occur at all."""
    here = {stem for event in timeline.events for stem in content_stems(f"{event.text} {event.screen} {event.title}")}
    found: dict[str, Idea] = {}
    for other, some in foreign:
        if other.media.id == timeline.media.id:
            continue
        for idea in _spread([i for i in some if i.question.kind != "list"]):
            subject = content_stems(idea.subject)
            if subject and not set(subject) <= here:
                asked = Question(idea.question.text, name, kind="absent", answerable=False, draft=True)
                found.setdefault(" ".join(subject), Idea(asked, idea.subject))
    return list(found.values())


def _phrased(idea: Idea, writer: Answerer | None) -> Question | None:
    """The question in a listener's words; as the rule has it where the model writes none that fits."""
    ruled = idea.question if idea.question.text else None
    if writer is None or not idea.excerpt:
        return ruled
    messages = [Message(role, text) for role, text in prompts.question(idea.excerpt, idea.subject)]
    written = "".join(writer.stream(messages, max_tokens=MOST_TOKENS)).strip()
    line = " ".join(written.splitlines()[0].split()).strip('"“”') if written else ""
    asked, told = set(content_stems(line)), set(content_stems(idea.excerpt))
    if not (line.endswith("?") and 3 <= len(line.split()) <= 25 and asked & told and line.count("?") == 1):
        return ruled
    # A question that holds its answer, or asks about "the excerpt", is none.
    if _ASKED_OF_TEXT.search(line) or told <= asked:
        return ruled
    return replace(idea.question, text=line)
