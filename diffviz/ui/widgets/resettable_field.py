"""A field with a way back to the value that a preset gives it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import metric
from diffviz.ui.widgets.buttons import Button
from diffviz.ui.widgets.fields import LabelledField


class ResetButton(Button):
    """A small arrow back; it keeps its place while it does not show."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("tool", "", "undo-2", parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self.hide()

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(24), metric(20))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        self._paint_content(painter)


class ResettableField(LabelledField):
    """
    A labelled field that shows, beside its label, a button back to the preset's value while it has another.

    Parameters
    ----------
    label, field, tooltip
        As in ``LabelledField``.

    Signals
    -------
    reset_requested()
        The user wants the preset's value back.
    """

    reset_requested = Signal()

    def __init__(
        self, label: str, field: QWidget, *, tooltip: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(label, field, tooltip=tooltip, parent=parent)
        self.reset = ResetButton()
        self.reset.clicked.connect(self._on_reset_clicked)
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.label, 1)
        row.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignVCenter)
        column = self.layout()
        if isinstance(column, QVBoxLayout):
            column.insertWidget(0, head)
            column.setSpacing(2)

    def set_preset(self, words: str | None) -> None:
        """
        Say what the preset has.

        Parameters
        ----------
        words
            The preset's value; None where the field has it.
        """
        self.reset.setVisible(words is not None)
        if words is not None:
            sentence = f"{self.label.plain}: back to {words}, as in the preset"
            self.reset.setToolTip(sentence)
            self.reset.setAccessibleName(sentence)

    @Slot()
    def _on_reset_clicked(self) -> None:
        # The button goes away now; the keyboard stays with the field.
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.reset_requested.emit()
