"""A cut through the plane: density and score along a horizontal line."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import color, metric
from diffviz.ui.widgets.fields import SliderField
from diffviz.ui.widgets.line_chart import ChartAxes, LineChart, Series
from diffviz.ui.widgets.math_label import MathLabel


class CutView(QWidget):
    """Two charts over one axis, and the height of the line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line_height = SliderField(
            "Height of the line $y$",
            -3.0,
            3.0,
            step=0.05,
            value=0.0,
            text_of="{:.2f}".format,
            tooltip="Where the plane is cut",
        )
        self.density = LineChart("Density along the line")
        self.scores = LineChart("Score along the line")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(metric(6))
        column.addWidget(self.line_height)
        for words, chart in (
            ("Exact density $p_t(x, y)$", self.density),
            ("Score across, cut off at \u221212 and 12", self.scores),
        ):
            column.addWidget(MathLabel(words, "label", "text2", weight=QFont.Weight.DemiBold))
            column.addWidget(chart, 1)

    def show_nothing(self, reason: str) -> None:
        """Say why there are no curves."""
        for chart in (self.density, self.scores):
            chart.set_hint(reason)
            chart.show_series((), ChartAxes((-1.0, 1.0), (0.0, 1.0), log_y=False))

    def show_curves(
        self,
        density: Sequence[Series],
        density_axes: ChartAxes,
        scores: Sequence[Series],
        score_axes: ChartAxes,
    ) -> None:
        """Draw other curves."""
        self.density.show_series(density, density_axes)
        self.scores.show_series(scores, score_axes)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), color("stage"))
