"""A stretch of the time axis, chosen by two handles over a strip of thumbnails; noise is at the right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.theme import DISABLED_OPACITY, color, metric
from diffviz.ui.widgets.strip_pictures import fit_thumbnail

_HEIGHT_PX = 34
_HANDLE_PX = 9
_REACH_PX = 14
_RADIUS_PX = 5
_WASH = 0.72
_FEWEST_CELLS, _MOST_CELLS = 6, 30


class TimeRange(QWidget):
    """
    Two handles on the time axis, at least one step apart.

    Drag a handle, or the part between them; Tab reaches each handle, arrows move it by one step, Shift and
    arrows by ten, Home and End to its end.

    Signals
    -------
    range_edited(int, int)
        The user moved a handle: first and last time. Setters stay silent.
    """

    range_edited = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limits = (0, 1000)
        self._pictures: list[NDArray[np.uint8] | None] = []
        self._rendered: dict[int, tuple[int, int, QImage]] = {}
        self._grip: tuple[str, int, tuple[int, int]] | None = None
        self.low = _Handle("First time of the range", is_low=True, parent=self)
        self.high = _Handle("Last time of the range", is_low=False, parent=self)
        self.setAccessibleName("Range of t")
        self.setToolTip("Drag the ends, or the part between them; Tab, then arrows: step by step")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(metric(_HEIGHT_PX))
        self.set_limits(0, 1000)
        self.set_range(0, 1000)
        for handle in (self.low, self.high):
            handle.valueChanged.connect(self._on_handle_moved)

    @property
    def first(self) -> int:
        """Smaller of the two times."""
        return self.low.value()

    @property
    def last(self) -> int:
        """Larger of the two times."""
        return self.high.value()

    def cells_for(self, aspect: float) -> tuple[tuple[int, ...], tuple[int, int]]:
        """
        Cells that pictures of a shape fill.

        Parameters
        ----------
        aspect
            Width of a picture over its height.

        Returns
        -------
        times, size
            Time of each cell, evenly spaced from one limit to the other; width and height in device px.
        """
        left, right = self._ends()
        count = min(max(round((right - left) / (self.height() * aspect)), _FEWEST_CELLS), _MOST_CELLS)
        times = np.linspace(*self._limits, count)
        ratio = self.devicePixelRatioF()
        width = round((right - left) / count * ratio)
        return tuple(round(t) for t in times), (width, round(self.height() * ratio))

    def set_limits(self, start: int, end: int) -> None:
        """Let the range lie between these times, silently; it is pulled inside where it does not."""
        if (start, end) != self._limits:
            self._limits = (start, max(end, start + 1))
            self.set_range(self.first, self.last)

    def set_range(self, first: int, last: int) -> None:
        """Show a range, silently."""
        start, end = self._limits
        first = min(max(first, start), end - 1)
        last = min(max(last, first + 1), end)
        blockers = QSignalBlocker(self.low), QSignalBlocker(self.high)
        for handle in (self.low, self.high):
            handle.setRange(start, end)
        self.low.setValue(first)
        self.high.setValue(last)
        self.low.setRange(start, last - 1)
        self.high.setRange(first + 1, end)
        for blocker in blockers:
            blocker.unblock()
        self._place_handles()

    def clear_thumbnails(self) -> None:
        """Forget the pictures."""
        self._pictures = []
        self._rendered.clear()
        self.update()

    def set_thumbnails(self, pictures: Sequence[NDArray[np.uint8] | None]) -> None:
        """Show pictures, uint8 (H, W, C), evenly spaced over the limits; see `cells_for`."""
        self._pictures = list(pictures)
        self._rendered.clear()
        self.update()

    @Slot(int)
    def _on_handle_moved(self, value: int) -> None:
        del value
        self.set_range(self.first, self.last)
        self.range_edited.emit(self.first, self.last)

    # Geometry

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(300), metric(_HEIGHT_PX))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(metric(120), metric(_HEIGHT_PX))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._rendered.clear()
        self._place_handles()

    def x_of(self, t: int) -> float:
        """Where a time lies in this widget, in px."""
        start, end = self._limits
        left, right = self._ends()
        return left + (t - start) / (end - start) * (right - left)

    def _t_at(self, x: float) -> int:
        start, end = self._limits
        left, right = self._ends()
        return round(start + (x - left) / max(1.0, right - left) * (end - start))

    def _ends(self) -> tuple[float, float]:
        inset = metric(_HANDLE_PX)
        return inset, max(inset + 1, self.width() - inset)

    def _place_handles(self) -> None:
        width = metric(_HANDLE_PX)
        self.low.setGeometry(round(self.x_of(self.first)) - width, 0, width, self.height())
        self.high.setGeometry(round(self.x_of(self.last)), 0, width, self.height())
        self.update()

    # Mouse

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        low, high = self.x_of(self.first), self.x_of(self.last)
        reach = metric(_REACH_PX)
        if low + reach < x < high - reach:
            self._grip = ("both", self._t_at(x), (self.first, self.last))
            return
        part = "low" if abs(x - low) < abs(x - high) or x < low else "high"
        near = low if part == "low" else high
        # Where the bracket itself is pressed it keeps its distance to the pointer; elsewhere it comes.
        offset = self._t_at(x) - self._t_at(near) if abs(x - near) <= reach else 0
        self._grip = (part, offset, (self.first, self.last))
        (self.low if part == "low" else self.high).setFocus(Qt.FocusReason.MouseFocusReason)
        self._drag_to(x)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._drag_to(event.position().x())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None

    def _drag_to(self, x: float) -> None:
        assert self._grip is not None
        part, held, (first, last) = self._grip
        start, end = self._limits
        if part == "both":
            shift = min(max(self._t_at(x) - held, start - first), end - last)
            wanted = (first + shift, last + shift)
        elif part == "low":
            wanted = (min(max(self._t_at(x) - held, start), self.last - 1), self.last)
        else:
            wanted = (self.first, max(min(self._t_at(x) - held, end), self.first + 1))
        if wanted != (self.first, self.last):
            self.set_range(*wanted)
            self.range_edited.emit(*wanted)

    # Painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(DISABLED_OPACITY)
        left, right = self._ends()
        strip = QRectF(left, 0, right - left, self.height())
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()), _RADIUS_PX, _RADIUS_PX)
        painter.setClipPath(outline)
        painter.fillRect(self.rect(), color("field"))
        self._paint_thumbnails(painter, strip)
        low, high = self.x_of(self.first), self.x_of(self.last)
        wash = color("panel", _WASH)
        painter.fillRect(QRectF(0, 0, low, self.height()), wash)
        painter.fillRect(QRectF(high, 0, self.width() - high, self.height()), wash)
        painter.setClipping(False)
        painter.setPen(QPen(color("accent"), 2))
        painter.drawLine(QPointF(low, 1), QPointF(high, 1))
        painter.drawLine(QPointF(low, self.height() - 1), QPointF(high, self.height() - 1))

    def _paint_thumbnails(self, painter: QPainter, strip: QRectF) -> None:
        ratio = self.devicePixelRatioF()
        pitch = strip.width() / max(1, len(self._pictures))
        for cell, pixels in enumerate(self._pictures):
            if pixels is None:
                continue
            start = round((strip.left() + cell * pitch) * ratio)
            size = round((strip.left() + (cell + 1) * pitch) * ratio) - start, round(strip.height() * ratio)
            ready = self._rendered.get(cell)
            if ready is None or ready[:2] != size:
                ready = (*size, fit_thumbnail(pixels, *size))
                self._rendered[cell] = ready
            image = ready[2]
            image.setDevicePixelRatio(ratio)
            spare = (size[0] - image.width()) / 2, (size[1] - image.height()) / 2
            painter.drawImage(QPointF((start + spare[0]) / ratio, spare[1] / ratio), image)


class _Handle(QAbstractSlider):
    """One end of the range: a bracket that the keyboard reaches; the strip moves it for the mouse."""

    def __init__(self, name: str, *, is_low: bool, parent: TimeRange) -> None:
        super().__init__(parent)
        self._is_low = is_low
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setProperty(RING_PROPERTY, _RADIUS_PX)
        self.setPageStep(50)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}
        move = moves.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
            return
        stride = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        self.setValue(self.value() + stride * move)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(DISABLED_OPACITY)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color("accent"))
        rect = QRectF(self.rect())
        # Round outside, straight where it meets the strip.
        rounded = rect.adjusted(0, 0, _RADIUS_PX, 0) if self._is_low else rect.adjusted(-_RADIUS_PX, 0, 0, 0)
        painter.setClipRect(rect)
        painter.drawRoundedRect(rounded, _RADIUS_PX, _RADIUS_PX)
        painter.setPen(QPen(color("onacc"), 1.5))
        middle, half = rect.center(), metric(5)
        painter.drawLine(middle + QPointF(0, -half), middle + QPointF(0, half))
