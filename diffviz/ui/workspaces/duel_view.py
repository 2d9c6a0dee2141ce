"""Several denoisers' guesses of one step side by side, computed behind the window, the newest first."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from diffviz.data.images import to_uint8
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.duel import Answer, Duel
from diffviz.engine.latest import LatestWorker
from diffviz.engine.run import Run
from diffviz.ui.widgets.columns_stage import Column, ColumnsStage


class DuelView(QObject):
    """
    Fills a stage with what denoisers say of the x_t of a run.

    Signals
    -------
    failed(str, str)
        Headline and reason of a failure.
    """

    failed = Signal(str, str)

    def __init__(self, stage: ColumnsStage, shelf: DenoiserShelf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stage = stage
        self._duel = Duel(shelf)
        self._asked: tuple[str, int] | None = None
        self._worker = LatestWorker(self)
        self._worker.answered.connect(self._on_answered)
        self._worker.failed.connect(self._on_failed)

    def show_run(self, run: Run, t: int) -> None:
        """Ask about the step of a run at time t; the answers come when they are there."""
        frame = run.frame_at(t)
        if frame is None:
            self.leave()
            self._stage.set_columns([Column("", "", None)])
            self._stage.set_sentence("The run has not been here.")
            return
        question = (run.id, frame.t)
        if question == self._asked:
            return
        self._asked = question
        duel, request, x_t, at = self._duel, run.request, frame.x_t, frame.t
        truth = run.context.guide if run.context is not None else None
        self._worker.ask((question, truth is not None), lambda: duel.answers(request, x_t, at, truth))

    def leave(self) -> None:
        """Take no late answers: something else is shown."""
        self._asked = None

    def shutdown(self) -> None:
        """End the worker; the window is closing."""
        self._worker.shutdown()

    @Slot(object, object)
    def _on_answered(self, tag: tuple[tuple[str, int], bool], answers: tuple[Answer, ...]) -> None:
        question, has_truth = tag
        if question != self._asked:
            return
        self._stage.set_columns([_column(answer) for answer in answers])
        measure = "your picture" if has_truth else "the answer of the exact denoiser"
        self._stage.set_sentence(
            f"The same $x_t$ at t = {question[1]}, and what each takes it for. Errors are root mean squares "
            f"to {measure}."
        )

    @Slot(object, object)
    def _on_failed(self, tag: object, error: Exception) -> None:
        del tag
        self.failed.emit("The other denoisers could not be asked", str(error))


def _column(answer: Answer) -> Column:
    error = "" if answer.error is None else f"error {answer.error:.3g} · "
    picture = None if answer.x_0 is None else to_uint8(answer.x_0)
    return Column("", answer.name, picture, f"{error}{answer.detail}", placeholder="Not at hand")
