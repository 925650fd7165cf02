"""The ways to answer a question, one file for each kind of question."""

from __future__ import annotations

from collections.abc import Callable

from seehear.answer.inquiry import Inquiry
from seehear.answer.ways.across import answer_across
from seehear.answer.ways.beside import answer_beside
from seehear.answer.ways.broad import answer_broadly
from seehear.answer.ways.differences import answer_differences
from seehear.answer.ways.facts import answer_fact
from seehear.answer.ways.lasting import answer_lasting
from seehear.answer.ways.listing import answer_listing
from seehear.answer.ways.mentions import answer_mentions
from seehear.answer.ways.narrow import answer_narrowly
from seehear.answer.ways.order import answer_neighbour, answer_order
from seehear.answer.ways.stretch import answer_outside, answer_stretch
from seehear.values import Answer

WAYS: tuple[Callable[[Inquiry], Answer | None], ...] = (
    answer_beside,  # "and before that?", after another question
    answer_outside,  # a stretch beyond the end
    answer_differences,  # "what stands on the slides that is never said?"
    answer_fact,  # "how long is it?", "who speaks?"
    answer_lasting,  # "how long are loops explained?"
    answer_across,  # "which lecture explains recursion best?"
    answer_mentions,  # "how often is recursion mentioned?"
    answer_listing,  # "how many slides?", "the second example"
    answer_order,  # "what is the third topic?", "which comes first, loops or functions?"
    answer_neighbour,  # "what comes after variables?"
    answer_broadly,  # "summarise it", "list the topics"
    answer_stretch,  # "what is said between 3:00 and 3:30?"
    answer_narrowly,  # everything else
)
"""The ways to answer, in the order they are tried: the first one that does not return None has answered."""
