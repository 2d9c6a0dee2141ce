"""A dialog in the window's own look: no frame of the desktop, the window behind it dimmed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractButton, QDialog, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import color, current_tokens, metric
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.math_label import MathLabel

RADIUS_PX = 12
_MARGIN_PX = 24


class Sheet(QDialog):
    """
    A modal dialog in the middle of its window, as large as it likes and the window allows.

    Parameters
    ----------
    title
        Its heading.
    parent
        A widget of the window that waits for it.
    size
        Width and height in px at 100 % text.
    """

    def __init__(self, title: str, parent: QWidget | None, size: tuple[int, int]) -> None:
        super().__init__(parent)
        self._preferred = size
        self._scrim: _Scrim | None = None
        self.setWindowFlags(Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._heading = MathLabel(title, "title")
        self.close_button = make_button("tool", "", "x", "Close", "Esc", accessible_name="Close")
        self.close_button.clicked.connect(self.reject)
        bar = _TitleBar(self)
        row = QHBoxLayout(bar)
        row.setContentsMargins(metric(24), 0, metric(16), 0)
        row.addWidget(self._heading, 1)
        row.addWidget(self.close_button)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(1, 1, 1, 1)
        self.column.setSpacing(0)
        self.column.addWidget(bar)
        self.set_title(title)

    def set_title(self, title: str) -> None:
        """Show another heading."""
        self._heading.set_markup(title)
        self.setWindowTitle(title)
        self.setAccessibleName(title)

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(self._preferred[0]), metric(self._preferred[1]))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        holder = self._holder()
        if holder is not None:
            self._scrim = _Scrim(holder)
            holder.installEventFilter(self)
        self._place()
        super().showEvent(event)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        holder = self._holder()
        if holder is not None:
            holder.removeEventFilter(self)
        if self._scrim is not None:
            self._scrim.hide()
            self._scrim.deleteLater()
            self._scrim = None

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move) and self._scrim is not None:
            self._scrim.cover()
            self._place()
        return super().eventFilter(watched, event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), RADIUS_PX, RADIUS_PX)
        # A mask instead of a translucent window, which is black at its corners where nothing composes.
        self.setMask(QRegion(path.toFillPolygon().toPolygon()))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        focused = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # Enter presses the button that has the keyboard and never, from within a field, another one.
            if isinstance(focused, QAbstractButton):
                focused.click()
            return
        super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # What shows outside the round corners is close to the dimmed window behind.
        painter.fillRect(self.rect(), tokens.color("stage" if tokens.is_dark else "edge"))
        painter.setPen(QPen(tokens.color("line"), 1.0))
        painter.setBrush(tokens.color("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PX, RADIUS_PX)

    def _holder(self) -> QWidget | None:
        parent = self.parentWidget()
        return parent.window() if parent is not None else None

    def _place(self) -> None:
        """Take the middle of the window behind, and no more than it has."""
        holder = self._holder()
        size = self.sizeHint()
        if holder is None:
            self.resize(size)
            return
        room = holder.size() - QSize(2 * _MARGIN_PX, 2 * _MARGIN_PX)
        spot = QRect(QPoint(0, 0), size.boundedTo(room))
        spot.moveCenter(QRect(holder.mapToGlobal(QPoint(0, 0)), holder.size()).center())
        self.setGeometry(spot)


class _TitleBar(QWidget):
    """The heading; by it the sheet is moved."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(sheet)
        self.setFixedHeight(metric(55))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        handle = self.window().windowHandle()
        if event.button() == Qt.MouseButton.LeftButton and handle is not None:
            handle.startSystemMove()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(0, self.height() - 1, self.width(), 1, color("line"))


class _Scrim(QWidget):
    """Dims the window behind."""

    def __init__(self, holder: QWidget) -> None:
        super().__init__(holder)
        self.cover()
        self.show()
        self.raise_()

    def cover(self) -> None:
        """Lie over the whole window."""
        holder = self.parentWidget()
        if holder is not None:
            self.setGeometry(holder.rect())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        shade = color("stage", 0.68) if current_tokens().is_dark else color("text", 0.38)
        QPainter(self).fillRect(self.rect(), shade)
