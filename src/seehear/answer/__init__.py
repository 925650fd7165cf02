"""Answering: checked sentences, quoted evidence, outlines, refusal."""

from seehear.answer.dispatch import ask
from seehear.answer.ways.narrow import extract

__all__ = ["ask", "extract"]
