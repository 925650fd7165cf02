"""How an answer came about, in words for `seehear ask --why`."""

from __future__ import annotations

from seehear.surfaces.cli.console import flat, plain, say
from seehear.values import Answer, Why

SHOWN = 5
SMALLEST = 0.005


def print_why(answer: Answer) -> None:
    """Print what the question was taken for, what was found with which scores, and what became of each sentence."""
    why = answer.why
    if why is None:
        return
    say("\nHow this answer came about", bold=True)
    if why.read_as != answer.question:
        _row("read as", flat(why.read_as))
    _row("asked for", f"{_WANTS.get(why.want, why.want)}; {_ROUTES[why.routed]}")
    if why.terms or why.exact:
        exact = "; exactly as typed: " + ", ".join(flat(text) for text in why.exact) if why.exact else ""
        _row("looked up", flat(", ".join(why.terms)) + exact)
    for step in why.steps:
        _row("", plain(step))
    _print_likelihood(why)
    for rank, found in enumerate(why.weighed[:SHOWN], start=1):
        moment = found.moment
        parts = [f"{name} {value:.2f}" for name, value in found.parts.items() if abs(value) >= SMALLEST]
        reranked = "" if found.reranked is None else f", reranked {found.reranked:.2f}"
        _row(f"moment {rank}", f"{moment.clock} {flat(moment.title, width=30)}, score {moment.score:.2f}{reranked}")
        if parts:
            _row("", " + ".join(parts).replace("+ vague -", "- vague "))
    for sentence in why.sentences:
        verdict = "kept" if sentence.kept else "dropped"
        _row(verdict, f"{flat(sentence.text, width=90)} ({plain(sentence.reason)})")


_WANTS = {"when": "a time", "what": "something said or shown", "broad": "the whole of it"}
_ROUTES = {"said": "what was said", "shown": "what was on screen", "both": "what was said or shown"}


def _print_likelihood(why: Why) -> None:
    if why.likelihood is None or why.threshold is None:
        return
    features = ", ".join(f"{name} {value:.2f}" for name, value in why.features.items())
    verdict = "answered" if why.likelihood >= why.threshold else "not covered"
    _row("answerable", f"{why.likelihood:.2f}, {verdict} by the threshold {why.threshold:.2f} ({features})")


def _row(label: str, text: str) -> None:
    say(f"  {label:<11}", newline=False, dim=True)
    say(text)
