"""How a job ended, and how to say so."""

from __future__ import annotations

import errno
import traceback
from dataclasses import dataclass
from enum import StrEnum

from diffviz.models.memory import ran_out_of_memory

__all__ = ["JobOutcome", "JobStatus"]

_LONGEST_REASON = 240


class JobStatus(StrEnum):
    """The three ways in which a job can end."""

    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class JobOutcome:
    """The end of one job.

    Attributes
    ----------
    status
        Exactly one of the three ends.
    name
        What the job was, as the first words of a sentence: "Sampling".
    error
        The exception of a failed job, without its traceback: frames would keep the tensors of the
        failed step, and with them the memory that just ran out.
    details
        The traceback as text, for the log.
    """

    status: JobStatus
    name: str = "The job"
    error: BaseException | None = None
    details: str = ""

    @classmethod
    def failed(cls, name: str, error: BaseException) -> JobOutcome:
        """The outcome of a job that raised `error`; lets go of the frames in which it was raised."""
        details = "".join(traceback.format_exception(error))
        _drop_tracebacks(error)
        return cls(JobStatus.FAILED, name, error, details)

    @property
    def headline(self) -> str:
        """What happened, without the reason: "Sampling failed"."""
        verb = {
            JobStatus.SUCCEEDED: "finished",
            JobStatus.CANCELLED: "was stopped",
            JobStatus.FAILED: "failed",
        }[self.status]
        return f"{self.name} {verb}"

    @property
    def reason(self) -> str:
        """Why it failed in one line; empty for the other ends."""
        if self.error is None:
            return ""
        if self.out_of_memory:
            return "the memory ran out"
        lines = str(self.error).strip().splitlines()
        text = lines[0].strip() if lines else ""
        if len(text) > _LONGEST_REASON:
            text = text[: _LONGEST_REASON - 1].rstrip() + "…"
        return text or type(self.error).__name__

    @property
    def hint(self) -> str:
        """What the person can do about a failure; empty where nothing general can be said."""
        if self.out_of_memory:
            return "Fewer samples at once, smaller pictures or another device need less memory."
        if isinstance(self.error, OSError) and self.error.errno == errno.ENOSPC:
            return "The disk is full: free some space or choose another folder."
        if isinstance(self.error, ImportError):
            return "A part of the program is missing: install it again."
        return ""

    @property
    def out_of_memory(self) -> bool:
        """Whether the job failed for want of memory, in the computer or on the accelerator."""
        return ran_out_of_memory(self.error)

    def message(self) -> str:
        """One or two sentences for the message bar."""
        if self.status is not JobStatus.FAILED:
            return f"{self.headline}."
        reason = self.reason.rstrip(".")
        return f"{self.headline}: {reason}. {self.hint}".rstrip()


def _drop_tracebacks(error: BaseException) -> None:
    """Forget the frames of an exception and of everything it was raised from."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.__traceback__ = None
        waiting += [current.__cause__, current.__context__]
