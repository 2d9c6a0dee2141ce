"""Telling a want of memory from other failures. Importing this does not import torch."""

from __future__ import annotations

_PHRASES = ("out of memory", "can't allocate memory", "not enough memory", "unable to allocate")


def ran_out_of_memory(error: BaseException | None) -> bool:
    """Whether an exception says that memory ran out, in the computer or on the accelerator."""
    # torch.OutOfMemoryError is a RuntimeError; its name is asked for so that torch need not be imported.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(phrase in str(error).lower() for phrase in _PHRASES)
