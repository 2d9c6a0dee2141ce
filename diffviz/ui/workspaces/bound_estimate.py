"""The bound as it is estimated behind the window: asked for when the session rests, kept once it is known."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.job import JobRunner
from diffviz.engine.outcome import JobOutcome, JobStatus
from diffviz.engine.session import SessionState
from diffviz.engine.theory_question import BoundQuestion
from diffviz.engine.theory_tasks import BoundNews, bound_steps
from diffviz.ui.widgets.bound_panel import BoundFigures, BoundPanel, total_words
from diffviz.ui.widgets.cost_bars import CostBars

__all__ = ["BoundEstimate"]

_REST_MS = 400
_MOST_KEPT = 12
_WAITING = "The bars come one after the other, from the noise to the image"


class BoundEstimate(QObject):
    """
    Runs one estimate at a time and shows its bars and figures.

    Signals
    -------
    changed()
        More is known, or something else is asked.
    noted(str)
        An estimate is done.
    failed(str, str)
        Headline and reason of a failure.
    """

    changed = Signal()
    noted = Signal(str)
    failed = Signal(str, str)

    def __init__(
        self, shelf: DenoiserShelf, bars: CostBars, panel: BoundPanel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._shelf, self._bars, self._panel = shelf, bars, panel
        self.runner = JobRunner(self)
        self._question: BoundQuestion | None = None
        self._known: OrderedDict[BoundQuestion, BoundNews] = OrderedDict()
        self._is_refused = False
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_REST_MS)
        self._resting.timeout.connect(self._on_resting_timeout)
        self.runner.available.connect(self._on_available)
        self.runner.ended.connect(self._on_ended)
        bars.set_hint(_WAITING)

    @property
    def news(self) -> BoundNews | None:
        """What is known of the present question."""
        return None if self._question is None else self._known.get(self._question)

    @property
    def is_whole(self) -> bool:
        """Whether all of the present question is known."""
        news = self.news
        return news is not None and news.bound.so_far.evaluations_done == news.bound.so_far.evaluations

    @property
    def total(self) -> float | None:
        """The bound in bits per dimension, once it is whole."""
        news = self.news
        return news.bound.so_far.total if news is not None and self.is_whole else None

    def ask(
        self,
        state: SessionState,
        images: ImageStore,
        class_names: tuple[str, ...] = (),
        *,
        anew: bool = False,
    ) -> None:
        """Ask what the state asks for, unless it is known or under way; `anew` after it was stopped."""
        question = BoundQuestion.from_state(state, images, class_names)
        if question == self._question and not anew:
            return
        self._question = question
        self._is_refused = False
        if self.runner.busy and self.runner.tag != question:
            self.runner.cancel()
        self._show()
        if self.is_whole:
            self._resting.stop()
        else:
            self._resting.start()

    def show_t(self, t: int) -> None:
        """Mark a time on the bars."""
        self._bars.set_t(t)

    def describe(self) -> str:
        """What the bars are, in words."""
        size = self._bars.steps_per_bar
        steps = "one step" if size == 1 else f"{size} steps"
        return f"Cost of each step in bits/dim, {steps} per bar"

    @Slot()
    def stop(self) -> None:
        """Estimate no more; what is known stays."""
        self._resting.stop()
        self._is_refused = True
        self.runner.cancel()
        self._show()

    def shutdown(self) -> None:
        """End the worker."""
        self._resting.stop()
        self.runner.shutdown()

    @Slot()
    def _on_resting_timeout(self) -> None:
        question = self._question
        if question is None or (self.runner.busy and self.runner.tag == question):
            return
        self._known.pop(question, None)
        self.runner.start(
            partial(bound_steps, question, self._shelf), name="Estimating the bound", tag=question
        )

    @Slot()
    def _on_available(self) -> None:
        news = [record for record in self.runner.drain() if isinstance(record, BoundNews)]
        if not news:
            return
        last = news[-1]
        self._known[last.question] = last
        self._known.move_to_end(last.question)
        while len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)
        if last.question == self._question:
            self._show()

    @Slot(object)
    def _on_ended(self, outcome: JobOutcome) -> None:
        self._on_available()
        self._show()
        if self.runner.tag != self._question:
            return
        if outcome.status is JobStatus.FAILED:
            self._is_refused = True
            self._show()
            self.failed.emit(outcome.headline, f"{outcome.reason.rstrip('.')}. {outcome.hint}".strip())
        elif outcome.status is JobStatus.SUCCEEDED and self.total is not None and self.news is not None:
            self.noted.emit(f"Bound {total_words(self.total)} bits/dim, from {self.news.words}")

    def _show(self) -> None:
        news = self.news
        if news is None:
            total = 0 if self._question is None else self._question.schedule.num_timesteps
            self._bars.set_costs(np.full(total + 1, np.nan))
            self._panel.show_bound(BoundFigures(progress=None if self._is_refused else 0.0))
            self.changed.emit()
            return
        costs, so_far = news.bound.costs, news.bound.so_far
        self._bars.set_costs(costs)
        known = np.nansum(costs[2:])
        is_whole = so_far.total is not None
        is_running = not self.is_whole and not self._is_refused
        seconds = self.runner.seconds_per_step if self.runner.busy else None
        left = so_far.evaluations - so_far.evaluations_done
        self._panel.show_bound(
            BoundFigures(
                total=so_far.total if is_whole else float(np.nansum(costs)),
                prior=float(costs[0]),
                steps=so_far.steps if is_whole else float(known),
                decoder=so_far.decoder if is_whole else None,
                standard_error=so_far.standard_error,
                is_whole=is_whole,
                words=f"mean of {news.words}, each asked at {news.question.num_terms} times",
                progress=so_far.evaluations_done / so_far.evaluations if is_running else None,
                remaining_s=None if seconds is None else seconds * left,
            )
        )
        self.changed.emit()
