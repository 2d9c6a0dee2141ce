"""The head of the lab's left side: which points, how many of them, and painting one's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from diffviz.ui.widgets.availability import set_unavailable
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.data_cards import DataCards
from diffviz.ui.widgets.fields import IntegerField
from diffviz.ui.widgets.labelled_control import LabelledControl
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.side_panel import Divider
from diffviz.ui.widgets.stacking_row import StackingRow

_HOW_TO_PAINT = "Drag over the plane to paint points; hold Shift to wipe them away; Esc ends it."


class LabData(QWidget):
    """
    Cards of the sets, the number of points, and the brush.

    Signals
    -------
    data_chosen(str)
        The user chose the set of that key.
    count_edited(int)
        The user wants the exact score to know so many points.
    painting_chosen(bool)
        The user takes up the brush, or lays it down.
    clear_requested()
        The user wants all painted points gone.
    """

    data_chosen = Signal(str)
    count_edited = Signal(int)
    painting_chosen = Signal(bool)
    clear_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Distribution")
        self.cards = DataCards("Distributions")
        self.cards.chosen.connect(self.data_chosen)
        self.brush = make_button("plain", "Draw your own", "pencil", "Paint points of your own on the plane")
        self.brush.setCheckable(True)
        self.brush.clicked.connect(self.painting_chosen)
        self.clear = make_button(
            "plain", "", "trash-2", "Take all painted points away", accessible_name="Clear painted points"
        )
        self.clear.clicked.connect(self.clear_requested)
        self.count = IntegerField(1, 5000, accessible_name="Data points")
        self.count.value_edited.connect(self.count_edited)
        self._count_field = LabelledControl("Points", self.count)
        self.count.setToolTip("How many points of the set the exact score knows")
        self._words = MathLabel(_HOW_TO_PAINT, "label", "text2", wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 5, 0, 0)
        column.setSpacing(10)
        column.addWidget(MathLabel("Distribution", "heading"))
        column.addWidget(self.cards)
        column.addWidget(StackingRow([self.brush, self._count_field, self.clear], (5, 4, 1), is_centred=True))
        column.addWidget(self._words)
        column.addWidget(Divider())

    def set_cards(self, cards: Sequence[tuple[str, str, NDArray[np.uint8]]]) -> None:
        """Show these sets, silently."""
        self.cards.set_cards(cards)

    def show_data(self, key: str, count: int, *, is_own: bool, is_painting: bool, painted: int) -> None:
        """Show what is chosen, silently."""
        self.cards.set_current(key)
        self.count.set_value(count)
        self._count_field.setVisible(not is_own)
        self.brush.setChecked(is_painting)
        self.brush.set_label("Stop drawing" if is_painting else "Draw your own")
        self._words.setVisible(is_painting)
        self.clear.setVisible(is_own)
        set_unavailable(self.clear, None if painted else "Nothing is painted yet")

    @Slot()
    def lay_brush_down(self) -> None:
        """Stop painting, as if the button had been pressed."""
        if self.brush.isChecked():
            self.brush.click()
