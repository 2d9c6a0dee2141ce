"""A column of controls that scrolls under a bar which takes no room from it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QScrollBar, QWidget
from typing_extensions import override

_CLEARANCE_PX = 12


class ScrollColumn(QScrollArea):
    """
    Scrolls vertically; the bar lies over the column's margin.

    A bar beside the column would make it narrower when it comes, wrap its words anew and move what is under
    the pointer.

    Parameters
    ----------
    body
        The column; its right margin leaves room for the bar.
    """

    def __init__(self, body: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._bar = QScrollBar(Qt.Orientation.Vertical, self)
        self._bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._bar.setAccessibleName("Scroll the panel")
        self._bar.hide()
        hidden = self.verticalScrollBar()
        hidden.rangeChanged.connect(self._on_range_changed)
        hidden.valueChanged.connect(self._bar.setValue)
        self._bar.valueChanged.connect(hidden.setValue)
        self._body = body
        self.setWidget(body)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus_changed)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._body.minimumSizeHint().width(), super().minimumSizeHint().height())

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            # The column may need another width now, of which Qt's own scroll areas tell nobody.
            self.updateGeometry()
        return super().viewportEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = self._bar.sizeHint().width()
        self._bar.setGeometry(self.width() - width, 0, width, self.height())
        self._on_range_changed()

    @Slot(QWidget, QWidget)
    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        """Bring what the keyboard came to into sight; under the mouse nothing moves."""
        del old
        is_by_key = QApplication.mouseButtons() == Qt.MouseButton.NoButton
        if new is not None and is_by_key and self.isAncestorOf(new):
            # Not Qt's own ensureWidgetVisible: of a graphics view it shows the upper edge alone.
            middle = new.mapTo(self._body, new.rect().center()).y()
            reach = min(new.height() // 2 + _CLEARANCE_PX, self.viewport().height() // 2)
            self.ensureVisible(0, middle, 0, reach)

    @Slot()
    def _on_range_changed(self) -> None:
        hidden = self.verticalScrollBar()
        self._bar.setRange(hidden.minimum(), hidden.maximum())
        self._bar.setPageStep(hidden.pageStep())
        self._bar.setSingleStep(hidden.singleStep())
        self._bar.setValue(hidden.value())
        self._bar.setVisible(hidden.maximum() > hidden.minimum())
        self._bar.raise_()
