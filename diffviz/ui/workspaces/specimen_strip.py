"""The filmstrip of the Theory workspace: the image under test, noised at the denoiser's own size."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from diffviz.core.forward import ForwardProcess
from diffviz.data.images import Picture, to_uint8
from diffviz.engine.theory_question import TheoryQuestion
from diffviz.ui.widgets.timeline import Timeline

_CELLS_PER_TURN = 2


class SpecimenStrip(QObject):
    """
    Fills one strip a few cells at a time.

    Parameters
    ----------
    timeline
        Has one strip.
    """

    def __init__(self, timeline: Timeline, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timeline = timeline
        self._question: TheoryQuestion | None = None
        self._process: ForwardProcess | None = None
        self._waiting: list[int] = []
        self._filling = QTimer(self)
        self._filling.setInterval(0)
        self._filling.timeout.connect(self._on_filling_timeout)
        timeline.set_even_in_visible(False)
        timeline.cells_changed.connect(self._refill)

    def show_process(self, question: TheoryQuestion, x_0: Picture) -> None:
        """Show the forward process of a question's picture, float32 (H, W, C)."""
        if question == self._question:
            if self._waiting:
                self._filling.start()
            return
        self._question, self._process = question, question.process(x_0)
        self._refill()

    def stop(self) -> None:
        """Draw no more for now."""
        self._filling.stop()

    @Slot()
    def _refill(self) -> None:
        self._waiting = list(range(len(self._timeline.cell_times())))
        if self._process is not None:
            self._filling.start()

    @Slot()
    def _on_filling_timeout(self) -> None:
        times = self._timeline.cell_times()
        for _ in range(_CELLS_PER_TURN):
            if not self._waiting or self._process is None:
                self._filling.stop()
                return
            cell = self._waiting.pop(0)
            if cell < len(times) and times[cell] <= self._process.schedule.num_timesteps:
                self._timeline.set_thumbnail(0, cell, to_uint8(self._process.x_t(times[cell])))
