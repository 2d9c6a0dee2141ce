"""A picture inverted and sampled again with more and more steps: what comes back, and its error."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from diffviz.data.images import to_uint8
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.history import Run, Shows
from diffviz.engine.job import JobRunner
from diffviz.engine.outcome import JobOutcome, JobStatus
from diffviz.engine.request import ReverseRequest
from diffviz.engine.round_trip import RoundTrip, RoundTripCall, round_trips
from diffviz.ui.widgets.choice_field import Choice
from diffviz.ui.widgets.columns_stage import Column, ColumnsStage
from diffviz.ui.widgets.line_chart import ChartAxes, LineChart, Series
from diffviz.ui.workspaces.comparison_subject import maker_words
from diffviz.ui.workspaces.run_pictures import brightest_words, difference_pixels

_LEAST_ERROR = 1e-6


class RoundTripView(QObject):
    """
    Fills a stage with the round trips of the picture that a run began with.

    Signals
    -------
    failed(str, str)
        Headline and reason of a failure.
    """

    failed = Signal(str, str)

    def __init__(self, stage: ColumnsStage, shelf: DenoiserShelf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stage, self._shelf = stage, shelf
        self._run: Run | None = None
        self._request: ReverseRequest | None = None
        self._found: list[RoundTrip] = []
        self._progress = RoundTripCall(0, 1)
        self._is_whole = False
        self.chart = LineChart("Error of the round trip over the number of steps", parent=stage)
        self.chart.hide()
        self.runner = JobRunner(self)
        self.runner.available.connect(self._on_available)
        self.runner.ended.connect(self._on_ended)

    def choice(self, run: Run) -> Choice | None:
        """Offered where a run began with the noise that a picture comes from."""
        if not run.request.is_inverted:
            return None
        words = "Up into the noise and down again, with more and more steps"
        return Choice("round trip", "Round trip", words)

    def title(self, run: Run) -> tuple[str, str]:
        """Name and detail for the bar above the stage."""
        return "Round trip of my picture", f"up to t = {run.request.start_t} and down again"

    def show(self, run: Run, t: int, shows: Shows) -> None:
        """Begin the round trips of a run's picture, or show how far they are; t changes nothing."""
        del t, shows
        self._run = run
        self._stage.set_below(self.chart)
        asked = run.request.settings
        if asked != self._request:
            self._request, self._found, self._progress = asked, [], RoundTripCall(0, 1)
            self._is_whole = False
            self.chart.show_series((), ChartAxes((1.0, 10.0), (0.1, 1.0)))
            self.chart.set_hint("The first round trip is under way")
            work = partial(round_trips, run.request, self._shelf)
            self.runner.start(work, name="Round trip", tag=asked)
        self._show_found()

    def leave(self) -> None:
        """Stop: something else is shown."""
        if self._request is not None and self.runner.busy:
            self.runner.cancel()
            self._request = None
        self._run = None

    def shutdown(self) -> None:
        """Stop for good; the window is closing."""
        self.runner.shutdown()

    @Slot()
    def _on_available(self) -> None:
        # What a job that was replaced still had to tell is of another run.
        is_current = self.runner.tag == self._request
        for record in self.runner.drain() if is_current else ():
            if isinstance(record, RoundTrip):
                self._found.append(record)
            elif isinstance(record, RoundTripCall):
                self._progress = record
        if self._run is not None:
            self._show_found()

    @Slot(object)
    def _on_ended(self, outcome: JobOutcome) -> None:
        if outcome.status is JobStatus.FAILED:
            self.failed.emit(outcome.headline, f"{outcome.reason.rstrip('.')}. {outcome.hint}".strip())
        elif outcome.status is JobStatus.SUCCEEDED and self.runner.tag == self._request:
            self._is_whole = True
            self._on_available()

    def _show_found(self) -> None:
        run = self._run
        guide = run.context.guide if run is not None and run.context is not None else None
        if run is None or guide is None:
            return
        columns = [Column("x_0", "My picture", to_uint8(guide), "as the denoiser gets it", "signal")]
        shown = [self._found[0], self._found[-1]] if len(self._found) > 1 else self._found
        for trip in shown:
            words = f"error {trip.error:.3g} · {maker_words(run)}"
            brief = f"error {trip.error:.3g}"
            columns.append(Column("", f"{trip.num_steps} steps", to_uint8(trip.x_0), words, brief=brief))
        if shown:
            apart, largest = difference_pixels(guide[None], shown[-1].x_0[None])
            columns.append(Column("", "Error", apart, brightest_words(largest), outline=None))
        self._stage.set_columns(columns)
        self._stage.set_sentence(self._sentence())
        if _slope(self._found) is not None:
            self._show_chart()
        elif self._found:
            self.chart.set_hint("No error that could be drawn")

    def _sentence(self) -> str:
        if not self._is_whole:
            return f"Network call {self._progress.done} of {self._progress.total}."
        slope = _slope(self._found)
        if slope is None:
            return "The picture comes back whole but for rounding, with any number of steps."
        return (
            "Inversion takes ε̂ at the wrong end of each step, an error of first order: twice the steps, half "
            f"the error, as long as the denoiser changes smoothly. Here the slope is {_signed(slope)}."
        )

    def _show_chart(self) -> None:
        steps = np.array([trip.num_steps for trip in self._found], float)
        errors = np.array([max(trip.error, _LEAST_ERROR) for trip in self._found])
        first_order = errors[-1] * steps[-1] / steps
        both = np.concatenate([errors, first_order])
        ticks = tuple((float(n), f"{n:.0f}") for n in steps)
        axes = ChartAxes(
            (steps[0] / 1.15, steps[-1] * 1.15), (both.min() / 1.4, both.max() * 1.4), ticks, log_x=True
        )
        curves = [
            Series("first order", "text3", steps, first_order, "dot", 1.5, preferred=0.2),
            Series("error", "model", steps, errors, preferred=0.6, has_points=True),
        ]
        said = ", ".join(f"{trip.num_steps} steps {trip.error:.2g}" for trip in self._found)
        self.chart.show_series(curves, axes, said)


def _slope(found: list[RoundTrip]) -> float | None:
    """Of the error over the number of steps, both in logarithms, over the last two round trips; if any."""
    if len(found) < 2 or found[-1].error < _LEAST_ERROR:
        return None
    a, b = found[-2:]
    return float(np.log(b.error / max(a.error, _LEAST_ERROR)) / np.log(b.num_steps / a.num_steps))


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
