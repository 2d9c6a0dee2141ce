"""Losses along the chain and their timing, computed behind the window while their page is seen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.job import JobRunner
from diffviz.engine.outcome import JobOutcome, JobStatus
from diffviz.engine.theory_question import TheoryQuestion
from diffviz.engine.theory_tasks import loss_steps, timing_steps

if TYPE_CHECKING:
    from diffviz.evaluation.agreement import AnswerErrors
    from diffviz.evaluation.timing import LossTimings

__all__ = ["LossSurvey"]


class LossSurvey(QObject):
    """
    Asks one question at a time about losses, and measures them when wanted.

    Signals
    -------
    changed()
        More is known.
    noted(str)
        A measurement is done.
    failed(str, str)
        Headline and reason of a failure.
    """

    changed = Signal()
    noted = Signal(str)
    failed = Signal(str, str)

    def __init__(self, shelf: DenoiserShelf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self.runner, self.timer = JobRunner(self), JobRunner(self)
        self.found: dict[int, AnswerErrors] = {}
        self.timings: LossTimings | None = None
        self._question: TheoryQuestion | None = None
        for runner in (self.runner, self.timer):
            runner.ended.connect(self._on_ended)
        self.runner.available.connect(self._on_available)
        self.timer.available.connect(self._on_timer_available)

    @property
    def is_timing(self) -> bool:
        """Whether a measurement is under way."""
        return self.timer.busy

    def ask(self, question: TheoryQuestion) -> None:
        """Ask along the chain, unless that is known or under way."""
        if question == self._question:
            return
        if self._question is not None and self._question.request != question.request:
            self.timings = None
        self._question = question
        self.found = {}
        self.runner.start(partial(loss_steps, question, self._shelf), name="Asking for losses", tag=question)

    def toggle_timing(self, question: TheoryQuestion, t: int) -> None:
        """Measure how long the losses take, or stop that."""
        if self.timer.busy:
            self.timer.cancel()
            return
        self.timings = None
        self.timer.start(partial(timing_steps, question, t, self._shelf), name="Timing the losses")
        self.changed.emit()

    def stop(self) -> None:
        """Ask no more; what was not finished is asked anew next time."""
        if self.runner.busy:
            self._question = None
        self.runner.cancel()
        self.timer.cancel()

    def shutdown(self) -> None:
        """End the workers."""
        self.runner.shutdown()
        self.timer.shutdown()

    @Slot()
    def _on_available(self) -> None:
        from diffviz.evaluation.agreement import AnswerErrors

        records = self.runner.drain()
        if self.runner.tag == self._question:
            self.found.update({r.t: r for r in records if isinstance(r, AnswerErrors)})
            self.changed.emit()

    @Slot()
    def _on_timer_available(self) -> None:
        from diffviz.evaluation.timing import LossTimings

        for record in self.timer.drain():
            if isinstance(record, LossTimings):
                self.timings = record
        self.changed.emit()

    @Slot(object)
    def _on_ended(self, outcome: JobOutcome) -> None:
        self.changed.emit()
        if outcome.status is JobStatus.FAILED:
            self.failed.emit(outcome.headline, f"{outcome.reason.rstrip('.')}. {outcome.hint}".strip())
        elif self.sender() is self.timer and outcome.status is JobStatus.SUCCEEDED:
            self.noted.emit("Both losses are timed")
