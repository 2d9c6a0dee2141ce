"""Several denoisers' guesses of one step side by side, and how their errors change along the run."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from diffviz.data.images import to_uint8
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.duel import Answer, Duel
from diffviz.engine.history import Run, Shows
from diffviz.engine.latest import LatestWorker
from diffviz.ui.theme import Role
from diffviz.ui.widgets.choice_field import Choice
from diffviz.ui.widgets.columns_stage import Column, ColumnsStage
from diffviz.ui.widgets.line_chart import ChartAxes, LineChart, Series
from diffviz.ui.widgets.plot_with_reason import PlotWithReason
from diffviz.ui.widgets.why_card import WeightedPicture

_MOST_POINTS = 17
_LEAST_ERROR = 1e-4
_LOOKS: dict[str, tuple[Role, str, float]] = {
    "Network": ("model", "dash", 0.5),
    "Exact": ("signal", "solid", 0.3),
    "Gaussian": ("noise", "solid", 0.7),
    "Blur": ("text2", "dot", 0.85),
}
_SHORT_NAMES = {"Network": "Net", "Gaussian": "Gauss"}


class DuelView(QObject):
    """
    Fills a stage with what denoisers say of the x_t of a run, computed behind the window, the newest first.

    Signals
    -------
    denoiser_chosen(object, str)
        A run, and the key of the denoiser with which it is wanted.
    timestep_requested(int)
        The user clicked at a time of the plot.
    failed(str, str)
        Headline and reason of a failure.
    """

    denoiser_chosen = Signal(object, str)
    timestep_requested = Signal(int)
    failed = Signal(str, str)

    def __init__(self, stage: ColumnsStage, shelf: DenoiserShelf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stage = stage
        self._duel = Duel(shelf)
        self._run: Run | None = None
        self._asked: int | None = None
        self._answers: dict[int, tuple[Answer, ...]] = {}
        tip = "Click or press an arrow key to go to a time"
        self.chart = LineChart("Error of each denoiser over t", tip, stage)
        self.below = PlotWithReason(self.chart, stage)
        self.below.hide()
        self.chart.set_hint("The errors along the run come one after the other")
        self.chart.place_requested.connect(self._on_place_requested)
        self._worker = LatestWorker(self)
        self._worker.answered.connect(self._on_answered)
        self._worker.failed.connect(self._on_failed)
        stage.action_requested.connect(self._on_action_requested)

    def choice(self, run: Run) -> Choice | None:
        """Offered for every run."""
        del run
        return Choice("duel", "Other denoisers", "What other denoisers take the same x_t for")

    def title(self, run: Run) -> tuple[str, str]:
        """Name and detail for the bar above the stage."""
        return "Duel of denoisers", f"on the steps of run {run.id}"

    def show(self, run: Run, t: int, shows: Shows) -> None:
        """Ask about the step of a run at time t, then about others; `shows` changes nothing."""
        del shows
        frame = run.frame_at(t)
        self._stage.set_below(self.below)
        if run is not self._run:
            self._run, self._asked, self._answers = run, None, {}
            self.chart.show_series((), ChartAxes((0.0, 1.0), (0.1, 1.0)))
            self.below.set_reason(is_known=False)
        self.chart.set_now(None if frame is None else float(frame.t))
        if frame is None:
            self._asked = None
            self._stage.set_columns([Column("", "", None)])
            self._stage.set_sentence("The run has not been here.")
        elif frame.t != self._asked:
            self._asked = frame.t
            if frame.t in self._answers:
                self._show_answers()
            else:
                self._ask(run, frame.t)

    def leave(self) -> None:
        """Take no late answers: something else is shown."""
        self._run = self._asked = None

    def shutdown(self) -> None:
        """End the worker; the window is closing."""
        self._worker.shutdown()

    def _ask(self, run: Run, t: int) -> None:
        frame = run.frame_at(t)
        if frame is not None:
            truth = run.context.guide if run.context is not None else None
            work = partial(self._duel.answers, run.request, frame.x_t, frame.t, truth)
            self._worker.ask((run, frame.t), work)

    @Slot(object, object)
    def _on_answered(self, tag: tuple[Run, int], answers: tuple[Answer, ...]) -> None:
        run, t = tag
        if run is not self._run:
            return
        self._answers[t] = answers
        self._show_chart(run)
        if t == self._asked:
            self._show_answers()
        if self._asked is not None and self._asked not in self._answers:
            return
        # Nobody waits: another point of the curves.
        if (missing := _next_missing(run, self._answers)) is not None:
            self._ask(run, missing)

    def _show_answers(self) -> None:
        run, t = self._run, self._asked
        if run is None or t is None:
            return
        self._stage.set_columns([_column(answer, run) for answer in self._answers[t]])
        why = next((answer.why for answer in self._answers[t] if answer.why is not None), None)
        if why is not None:
            heaviest = [WeightedPicture(one.pixels, one.weight) for one in why.heaviest]
            self.below.why.set_weights(heaviest, why.effective_count, why.num_pictures)
        self.below.set_reason(is_known=why is not None)
        has_truth = run.context is not None and run.context.guide is not None
        measure = "your picture" if has_truth else "the answer of the exact denoiser"
        self._stage.set_sentence(
            f"The same $x_t$ at t = {t}, and what each takes it for. Errors are root mean squares "
            f"to {measure}."
        )

    def _show_chart(self, run: Run) -> None:
        times = sorted(self._answers)
        series = []
        for name, (role, dash, preferred) in _LOOKS.items():
            errors = {
                t: answer.error
                for t in times
                for answer in self._answers[t]
                if answer.name == name and answer.error is not None and answer.error > _LEAST_ERROR
            }
            if len(errors) > 1:
                xs, ys = np.array(list(errors), float), np.array(list(errors.values()))
                series.append(Series(name, role, xs, ys, dash, preferred=preferred, has_points=True))  # type: ignore[arg-type]
        if not series:
            return
        total = run.request.schedule.num_timesteps
        values = np.concatenate([one.ys for one in series])
        ticks = tuple((float(t), f"{t:,}") for t in (0, total // 4, total // 2, 3 * total // 4, total))
        axes = ChartAxes((0.0, float(total)), (values.min() / 1.3, values.max() * 1.3), ticks)
        said = ", ".join(f"{one.name} {one.ys[0]:.2g} to {one.ys[-1]:.2g}" for one in series)
        self.chart.show_series(series, axes, f"From the image to the noise: {said}")

    @Slot(float)
    def _on_place_requested(self, place: float) -> None:
        self.timestep_requested.emit(round(place))

    @Slot(int)
    def _on_action_requested(self, column: int) -> None:
        if self._run is None or self._asked not in self._answers:
            return
        key = self._answers[self._asked][column].key
        if key is not None:
            self.denoiser_chosen.emit(self._run, key)

    @Slot(object, object)
    def _on_failed(self, tag: object, error: Exception) -> None:
        del tag
        self.failed.emit("The other denoisers could not be asked", str(error))


def _column(answer: Answer, run: Run) -> Column:
    error = "" if answer.error is None else f"error {answer.error:.3g} · "
    picture = None if answer.x_0 is None else to_uint8(answer.x_0)
    is_own = answer.key is None or answer.key == run.request.denoiser
    action = "" if is_own else f"Run with {answer.name}"
    return Column(
        "",
        answer.name,
        picture,
        f"{error}{answer.detail}",
        placeholder="Not at hand",
        short_name=_SHORT_NAMES.get(answer.name, answer.name),
        action=action,
        brief=error.removesuffix(" · "),
    )


def _next_missing(run: Run, known: dict[int, tuple[Answer, ...]]) -> int | None:
    """The next time to ask about, of some evenly chosen ones; None where all are known."""
    times = run.times()
    chosen = np.linspace(0, len(times) - 1, min(len(times), _MOST_POINTS)).round().astype(int)
    return next((times[place] for place in chosen if times[place] not in known and times[place] > 0), None)
