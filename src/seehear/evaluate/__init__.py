"""Measuring on one's own recordings: questions with their true places in, numbers out."""

from seehear.evaluate.comparison import Comparison, compare_runs
from seehear.evaluate.drafting import draft
from seehear.evaluate.question import Question, check_places, read_questions, write_questions
from seehear.evaluate.run import Run, run
from seehear.evaluate.saved import read_run

__all__ = [
    "Comparison",
    "Question",
    "Run",
    "check_places",
    "compare_runs",
    "draft",
    "read_questions",
    "read_run",
    "run",
    "write_questions",
]
