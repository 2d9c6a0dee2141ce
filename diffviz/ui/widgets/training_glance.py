"""A training run at a glance: its loss over the floor, and where it stands."""

from __future__ import annotations

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QVBoxLayout, QWidget

from diffviz.ui.theme import metric
from diffviz.ui.widgets.loss_plot import FloatArray, LossPlot
from diffviz.ui.widgets.math_label import MathLabel

_PLOT_PX = 130


class TrainingGlance(QWidget):
    """Heading, plot and one line of words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = LossPlot(name="Loss of the network in training")
        self.plot.chart.name = "Loss of the network of points"
        self.plot.setFixedHeight(metric(_PLOT_PX))
        self._words = MathLabel("", "label", "text2", wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(MathLabel("In training", "label", "text2", weight=QFont.Weight.DemiBold))
        column.addWidget(self.plot)
        column.addWidget(self._words)

    @property
    def words(self) -> str:
        """What is said of the run."""
        return self._words.markup

    def show_run(self, loss: FloatArray, smoothed: FloatArray, floor: float | None, words: str) -> None:
        """
        Show a run.

        Parameters
        ----------
        loss, smoothed
            Loss of every step, and its moving average.
        floor
            What no network can go below; None while it is not known.
        words
            Where the run stands, with the markup of ``rich_line``.
        """
        self.plot.set_losses(loss, smoothed)
        self.plot.set_floor(floor, "" if floor is None else f"floor {floor:.4f}")
        self._words.set_markup(words)
