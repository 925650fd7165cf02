"""What onnxruntime raises, for every backend that runs on it."""

from __future__ import annotations


def onnx_errors() -> tuple[type[Exception], ...]:
    """Every class of error that onnxruntime raises while it loads and runs a model; they share no base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    raised = [item for item in vars(state).values() if isinstance(item, type) and issubclass(item, Exception)]
    return (*raised, MemoryError, RuntimeError)
