"""A plot with the card beside it that explains the exact denoiser's answer, where there is room for both."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import metric
from diffviz.ui.widgets.why_card import WhyCard

_CARD_PX = 330
_LEAST_PLOT_PX = 320
_GAP_PX = 12


class PlotWithReason(QWidget):
    """
    A plot, and to its right the pictures that the exact denoiser thinks of.

    Parameters
    ----------
    plot
        Takes what the card leaves.
    """

    def __init__(self, plot: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.why = WhyCard("Why the exact $x̂_0$?", is_narrow=True)
        self._has_reason = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_GAP_PX)
        row.addWidget(plot, 1)
        row.addWidget(self.why, 0, Qt.AlignmentFlag.AlignTop)
        self.why.hide()

    def set_reason(self, *, is_known: bool) -> None:
        """Show the card, where it fits, or put it away."""
        self._has_reason = is_known
        self._fit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        card = self.why.sizeHint().height()
        room = metric(_CARD_PX + _LEAST_PLOT_PX) + _GAP_PX
        self.why.setFixedWidth(round(metric(_CARD_PX)))
        self.why.setVisible(self._has_reason and self.width() >= room and self.height() >= card)
