"""Text that stands in a prompt or beside a printed time as what it is: nothing in it closes a fence or opens a turn.

A mark is never taken out: what is left on both sides of it could close up to another one. Its first sign is replaced
by one that looks alike, whatever the case of its letters, and people still read what stood there.
"""

from __future__ import annotations

import re

from seehear.units import clean

# What prompts are built of: <excerpts> and <text> of `prompts`, <read> of `backends.describing`.
_FENCE = re.compile(r"<(?=\s*/?\s*excerpts\b|\s*/\s*(?:text|read)\b|\s*(?:text|read)\s*>)", re.IGNORECASE)
# Turns of chat templates: <|im_end|>, <s>, <end_of_turn>, <<SYS>>; DeepSeek writes its bars full width.
_TURN = re.compile(
    r"<(?=[|｜]|\s*/?\s*(?:s|bos|eos|sys|think|end_of_utterance|(?:start|end)_of_\w+)\s*>)", re.IGNORECASE
)
_INSTRUCTION = re.compile(r"\[(?=\s*/?\s*(?:INST|SYS|IMG)\w*\s*\])", re.IGNORECASE)
# Where a model that sees or hears expects a picture or a sound.
_SLOT = re.compile(r"<(?=\s*/?\s*(?:image|img|video|audio|fake_token_around_image)\b[^<>]*>)", re.IGNORECASE)

_LOOKS_SQUARE = str.maketrans("[]", "［］")
_ROUND = str.maketrans("［］", "()")


def defused(text: str) -> str:
    """The same lines without turns of a chat and places for pictures, those of a whole message that has fences too."""
    lines = clean("\n".join(text.splitlines()))
    return _INSTRUCTION.sub("(", _SLOT.sub("‹", _without_turns(lines)))


def sealed(text: str) -> str:
    """The same lines as they may stand inside a fence: `defused`, and no fence either."""
    return _FENCE.sub("‹", defused(text))


def plain(text: str) -> str:
    """One line without anything that reads as a citation, a fence or a turn of a chat, fit to be printed.

    Square brackets are round ones afterwards: those are for times and citations alone.
    """
    one = _FENCE.sub("‹", _without_turns(" ".join(text.split())))
    return one.replace("[", "(").replace("]", ")").replace("```", "'''")


def verbatim(text: str) -> str:
    """Lines as they are quoted in print: each one `plain`, but indented as it was, with brackets that look square.

    A list in code is another thing in round ones, and what merely looks square reads as no time and no citation.
    """
    return "\n".join(_indent(line) + plain(line.translate(_LOOKS_SQUARE)) for line in text.splitlines())


def verbatim_line(text: str) -> str:
    """What `verbatim` gives, on one line."""
    return " ".join(verbatim(text).split())


def rounded(text: str) -> str:
    """What `plain` gives of a text, and of the same text `verbatim`: the two can be compared then."""
    return plain(text).translate(_ROUND)


def _indent(line: str) -> str:
    return " " * (len(line) - len(line.lstrip(" ")))


def sealed_line(text: str) -> str:
    """One line of a prompt whose lines are numbered: `sealed` and `plain`."""
    return plain(sealed(text))


def _without_turns(text: str) -> str:
    return _TURN.sub("‹", text).replace("|>", "| >").replace("｜>", "｜ >")
