"""The subject that a question names: read out of it, and the moments that fit it best."""

from __future__ import annotations

from dataclasses import replace

from seehear.answer.inquiry import Inquiry
from seehear.answer.refusal import fits
from seehear.backends.protocols import Reranker
from seehear.search import find
from seehear.search.terms import terms_of
from seehear.values import Moment, Route

TREATED = r"explained|covered|discussed|taught|treated|talked\ about"
"""What a recording does with its subjects, in a pattern; verbose ones too."""


def bare(text: str) -> str:
    """A question on one line, without the marks at its end."""
    return " ".join(text.split()).rstrip("?.! ")


def best_of(
    inquiry: Inquiry, subject: str, *, limit: int = 1, route: Route | None = None, reranker: Reranker | None = None
) -> tuple[Moment, ...]:
    """The moments that fit a subject best, at most `limit`; none where the material does not seem to hold it."""
    intent = replace(
        inquiry.intent, terms=terms_of(subject), first=False, want="what", route=route or inquiry.intent.route
    )
    found = find(
        inquiry.store, inquiry.embedder, intent, query=subject, media=inquiry.media, limit=limit, reranker=reranker
    )
    held = fits(found.signal, embedder=found.compared_by, across=bool(inquiry.tongue.compared_by))
    return found.moments if held else ()
