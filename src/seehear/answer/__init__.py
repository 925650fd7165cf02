"""Answering: checked sentences, quoted evidence, outlines, refusal."""

from seehear.answer.narrow import ask, extract

__all__ = ["ask", "extract"]
