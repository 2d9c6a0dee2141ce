"""Shows a reverse run at one time: pictures, who made them, why, and how close they come to the start."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from diffviz.core.schedules import build_schedule
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.history import Run
from diffviz.engine.latest import LatestWorker
from diffviz.engine.run_words import run_words
from diffviz.engine.tasks import ExactExplanation, explain_exact
from diffviz.ui.widgets.denoise_panel import DenoiserOption
from diffviz.ui.widgets.reverse_stage import ReverseStage
from diffviz.ui.widgets.stage_bar import StageBar
from diffviz.ui.widgets.why_card import WeightedPicture
from diffviz.ui.workspaces.run_pictures import PsnrCurves, batch_pixels

_WORDS = {
    "exact": "It is the true posterior mean over its pictures, not a network.",
    "gaussian": "It knows mean and covariance of {trained_on} alone: the best linear guess.",
    "blur": "It knows no pictures: it smooths as widely as the noise asks.",
    "network": "It was trained on {trained_on}.",
}


class RunPresenter(QObject):
    """
    Brings a run and a time to the stage.

    Signals
    -------
    failed(str, str)
        Headline and reason of a failure.
    """

    failed = Signal(str, str)

    def __init__(
        self, stage: ReverseStage, bar: StageBar, shelf: DenoiserShelf, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._stage = stage
        self._bar = bar
        self._shelf = shelf
        self._run: Run | None = None
        self._curves: PsnrCurves | None = None
        self._worker = LatestWorker(self)
        self._worker.answered.connect(self._on_explained)
        self._worker.failed.connect(self._on_explaining_failed)

    def shutdown(self) -> None:
        """End the worker; the window is closing."""
        self._worker.shutdown()

    def show_run(self, run: Run | None, t: int, option: DenoiserOption | None, *, is_busy: bool) -> None:
        """
        Show what a run has at time t.

        Parameters
        ----------
        run
            The run, or None before the first.
        t
            The playhead.
        option
            The denoiser that is chosen, named while nothing was sampled.
        is_busy
            Whether the run is still going on.
        """
        self._run = run
        self._show_maker(run, option)
        frame = run.frame_at(t) if run is not None else None
        if run is None or frame is None:
            self._show_nothing(run, t, is_busy)
            return
        stage = self._stage
        stage.set_time(frame.t)
        shown = batch_pixels(frame)
        stage.set_pictures(shown.x_t, shown.x_0, shown.noise)
        self._show_comparison(run, t)
        self._ask_why(run, frame.t)

    def _show_nothing(self, run: Run | None, t: int, is_busy: bool) -> None:
        stage = self._stage
        stage.set_pictures(None, None, None)
        stage.set_time(t)
        stage.set_reason(why=False, comparison=False)
        if run is None:
            stage.set_placeholders("Press Run to start from noise", "The denoiser's answer appears here")
        elif not run.steps:
            words = "Getting the denoiser ready" if is_busy else "The run ended before its first step"
            stage.set_placeholders(words, words)
        else:
            beyond = t > run.steps[0].t
            words = "The run started below this noise level" if beyond else "Not sampled yet"
            stage.set_placeholders(words, words)

    def _show_maker(self, run: Run | None, option: DenoiserOption | None) -> None:
        context = run.context if run is not None else None
        if run is None or context is None:
            if option is not None:
                words = "is ready. Nothing was sampled yet."
                self._stage.set_maker(option.kind, option.detail or option.name, words)
            self._bar.set_title("No run yet", "")
            return
        info = context.info
        words = _WORDS[info.kind].format(trained_on=info.trained_on)
        self._stage.set_maker(info.kind, info.detail or info.name, f"made both predictions. {words}")
        self._bar.set_title(f"Run {run.id}", run_words(run))

    def _show_comparison(self, run: Run, t: int) -> None:
        has_guide = run.context is not None and run.context.guide is not None
        self._stage.set_reason(comparison=has_guide)
        if not has_guide:
            return
        if self._curves is None or self._curves.run is not run:
            self._curves = PsnrCurves(run)
        self._curves.catch_up()
        card = self._stage.comparison
        total = build_schedule(run.request.schedule).num_timesteps
        card.set_curves(self._curves.forward, self._curves.reverse, self._curves.predicted, total)
        card.set_t(t, self._curves.way_in_db(t))

    def _ask_why(self, run: Run, t: int) -> None:
        context = run.context
        frame = run.frame_at(t)
        if context is None or frame is None or context.info.kind != "exact" or context.guide is not None:
            self._stage.set_reason(why=False)
            return
        request, shelf, x_t = run.request, self._shelf, frame.x_t

        def explain() -> object:
            return explain_exact(request, shelf, x_t, t)

        work: Callable[[], object] = explain
        self._worker.ask(run.id, work)

    @Slot(object, object)
    def _on_explained(self, run_id: str, answer: ExactExplanation | None) -> None:
        is_current = self._run is not None and self._run.id == run_id and answer is not None
        self._stage.set_reason(why=is_current)
        if is_current and answer is not None:
            self._stage.why.set_weights(
                [WeightedPicture(p.pixels, p.weight) for p in answer.heaviest],
                answer.effective_count,
                answer.num_pictures,
            )

    @Slot(object, object)
    def _on_explaining_failed(self, run_id: object, error: Exception) -> None:
        del run_id
        self.failed.emit("The weights of the exact denoiser could not be computed", str(error))
