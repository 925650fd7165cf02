"""One question on its way to an answer: what it asks, where to look, who may write, and what was decided so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from seehear.answer.evidence import Told
from seehear.answer.follow import FollowUp
from seehear.answer.support import UNCONFIRMED, judge
from seehear.answer.translate import Tongue
from seehear.backends.protocols import Answerer, Embedder, Reranker
from seehear.search.route import Intent
from seehear.spans import Span, clock
from seehear.store import MediaRow, Store
from seehear.values import Answer, Citation, Judged, Moment, Sentence, Weighed, Why


class Sayer:
    """Collects the answer and hands each piece on as it comes."""

    def __init__(self, on_text: Callable[[str], None] | None = None) -> None:
        self._on_text = on_text
        self.text = ""

    def say(self, piece: str) -> None:
        """Add a sentence, or lines when the piece starts with a line break."""
        joined = piece if not self.text or piece.startswith("\n") or self.text.endswith("\n") else " " + piece
        self.text += joined
        if self._on_text is not None:
            self._on_text(joined)


@dataclass(slots=True)
class Trace:
    """What was decided on the way, as `Why` tells it."""

    steps: list[str] = field(default_factory=list)
    weighed: tuple[Weighed, ...] = ()
    sentences: list[Judged] = field(default_factory=list)
    likelihood: float | None = None
    threshold: float | None = None
    features: dict[str, float] = field(default_factory=dict)
    absent: str = ""
    """A word whose first or last mention was asked for, and that stands nowhere."""

    def step(self, text: str) -> None:
        """Note a decision in words."""
        self.steps.append(text)

    def judge(self, text: str, reason: str, *, kept: bool) -> None:
        """Note a written sentence and what became of it."""
        self.sentences.append(Judged(text, kept, reason))


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question with all that answering it takes; `rows` are the recordings it is asked of.

    `store` is the library as it stood when it was asked, until `let_go` is called: whatever an answer is made of is
    read before its first word is written.

    `read_as` is the question with what a follow-up left out put in, as `follow` tells; `media` are the ids it is
    limited to, None for the whole library; `writer` is None where nothing but quoting is possible.
    """

    question: str
    read_as: str
    follow: FollowUp
    intent: Intent
    store: Store
    rows: tuple[MediaRow, ...]
    media: tuple[str, ...] | None
    embedder: Embedder | None
    writer: Answerer | None
    backends: dict[str, str]
    say: Sayer
    trace: Trace
    let_go: Callable[[], None]
    on_moments: Callable[[Sequence[Moment]], None] | None = None
    limit: int = 5
    told: list[Sentence] = field(default_factory=list)
    tongue: Tongue = field(default_factory=lambda: Tongue(""))
    taken: tuple[tuple[str, str], ...] = ()
    reranker: Reranker | None = None

    @property
    def several(self) -> bool:
        """Whether a printed time needs the name of its recording."""
        return len(self.rows) > 1

    def show(self, moments: Sequence[Moment]) -> None:
        """Hand moments on before a word is written; from here on nothing is read from the library."""
        # What follows lasts as long as a model writes and somebody reads, minutes perhaps. A transaction that is open
        # keeps nobody from writing, but nothing that is written meanwhile leaves SQLite's log, which grows without end.
        self.let_go()
        if self.on_moments is not None:
            self.on_moments(moments)

    def tell(self, told: Told) -> None:
        """Say one sentence with its times; it is marked where what it cites does not bear it out."""
        citations = tuple(evidence.citation for evidence in told.evidence)
        quotes = [citation.quote for citation in citations]
        found = judge(told.text, quotes, question=self.read_as, embedder=self.embedder)
        if not found.holds:
            self.trace.step(f"Marked as unconfirmed ({found.reason}): {told.text}")
        if "“" not in told.text:
            # Checked in the language of the recording, then told in that of the question; quotes stay as they are.
            told = replace(told, text=self.tongue.back(told.text))
        self.told.append(Sentence(told.text, found.holds, citations))
        self.say.say(told.printed if found.holds else f"{told.printed} {UNCONFIRMED}")

    def span(self, row: MediaRow) -> Span:
        """Where to look in one recording."""
        return self.intent.span(row.duration_s) or Span(0.0, max(row.duration_s, 0.0))

    @property
    def where(self) -> str:
        """The stretch as an answer names it, with a space before it; empty when the whole recording is meant."""
        spans = {self.intent.span(row.duration_s) for row in self.rows}
        if len(spans) != 1 or (span := spans.pop()) is None:
            return "" if spans == set() else " in that part"
        end_s = min(span.end_s, max(row.duration_s for row in self.rows))
        return f" between {clock(span.start_s)} and {clock(max(span.start_s, end_s))}"

    def done(
        self, moments: Sequence[Moment], citations: Sequence[Citation], *, supported: bool = True
    ) -> Answer:  # fmt: skip
        """The answer from what was said so far."""
        trace, terms = self.trace, self.intent.terms
        if self.taken:
            words = ", ".join(f"“{word}” as “{other}”" for word, other in self.taken)
            self.say.say(f"\n(Read {words}, which is said or shown here and sounds or is spelt nearly the same.)")
        if self.tongue.caveat:
            self.say.say(f"\n({self.tongue.caveat})")
        why = Why(
            self.read_as, self.intent.want, self.intent.route, terms.names, terms.exact, tuple(trace.steps),
            trace.weighed, tuple(trace.sentences), trace.likelihood, trace.threshold, dict(trace.features),
        )  # fmt: skip
        unique = tuple(dict.fromkeys(citations))
        return Answer(
            self.question, self.say.text, supported, self.intent.route, tuple(moments), unique, dict(self.backends),
            why, tuple(self.told),
        )  # fmt: skip
