"""What people write around a question: greetings, thanks, excuses. It is left out where meanings are compared."""

from __future__ import annotations

import re
from collections.abc import Callable

from seehear.search.terms import EMPTY

CHATTER = frozenset(
    """advance anybody anyone anyway appreciate appreciated asap ask asked asking basic believe bit btw cheers clarify
    clarification clear confused confusing confusion curious dear dr dumb elaborate enlighten everybody everyone feel
    figure find found good grateful greetings guess guys happy hello help helpful hey hi hint idea kindly know little
    look looked looking lost lot madam maybe morning need perhaps prof problem quick quite regarding rewatched silly
    simple sir somebody someone something sorry struggle struggling stuck stupid sure thank thanks thanx think thought
    tried try trying twice unclear understand understanding understood unsure wanted watch watched watching wonder
    wondered wondering""".split()  # noqa: SIM905
)
"""Words that carry no topic where nothing but their like stands in a clause."""

_COURTESY = re.compile(
    r"""^\W*(?:(?:hi|hello|hey|please|so|ok(?:ay)?|well)\b[\s,]*)*
    (?:(?:can|could|would|will)\ (?:you|somebody|someone|anyone)\ (?:(?:please|kindly|maybe|perhaps)\ )*
        (?:tell|show|explain\ to|remind)\ (?:me|us)
    |(?:do|does)\ (?:you|anyone|anybody|someone)\ (?:happen\ to\ )?(?:know|remember)
    |(?:please\ )?(?:tell|show|remind)\ (?:me|us)
    |i(?:['’]d|\ would)?\ (?:like|want|need|wish)\ to\ know
    |(?:i(?:['’]m|\ am|\ was)\ )?(?:just\ )?wondering)\b[\s,:]*(?:please\b[\s,]*)?
    (?=(?:about|at|in|on|if|whether|what|when|where|which|who|whose|why|how)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
"""What makes a question polite, before the question itself."""
_CLAUSES = re.compile(r"(?<=[.?!;])\s+|(?<=:)\s+|\n+|,?\s+\bbut\s+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_ASKS = re.compile(r"\b(?:what|when|where|which|who|whose|why|how)\b", re.IGNORECASE)
_EMPTY = CHATTER | EMPTY


def without_chatter(question: str) -> str:
    """The question without courtesies and clauses that neither ask nor name anything, as long as something is left."""
    return _kept(_COURTESY.sub("", question), lambda clause: _names(clause) or _ASKS.search(clause) is not None)


def core(question: str) -> str:
    """The clauses of a question that name something, for its vector; as it is where none does."""
    return _kept(_COURTESY.sub("", question), _names)


def _kept(question: str, holds: Callable[[str], bool]) -> str:
    clauses = [clause for clause in _CLAUSES.split(question) if clause.strip()]
    kept = [clause for clause in clauses if holds(clause)]
    if len(kept) == len(clauses) or not any(_names(clause) for clause in kept):
        return question
    return " ".join(clause.strip() for clause in kept)


def _names(clause: str) -> bool:
    return any(word not in _EMPTY for word in _WORD.findall(clause.lower()))
