"""A filmstrip of training: one sample through the moments at which it was looked at, the untrained first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleValueChangeEvent,
    QFont,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui import theme
from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, metric
from diffviz.ui.widgets.strip_layout import CELL_GAP_PX, MARGIN_PX, strip_left
from diffviz.ui.widgets.strip_pictures import fit_thumbnail

_CELL_PX, _COMPACT_CELL_PX = 64, 48
_PITCH_PX, _NARROW_PITCH_PX = 88, 56
_MOST_CELLS = 14
_RADIUS_PX = 6
_NOTCH = 120
_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageDown: -5,
    Qt.Key.Key_PageUp: 5,
}


@dataclass(frozen=True, eq=False)
class MomentCell:
    """A moment: what stands under its cell, what on the playhead, and its picture, uint8 (H, W, C)."""

    words: str
    pill: str
    picture: NDArray[np.uint8]


class MomentStrip(QAbstractSlider):
    """
    Cells from the first to the last and a playhead that a person drags; a slider to screen readers.

    Parameters
    ----------
    name
        What the cells are, for screen readers.
    has_labels
        Whether there is room for two lines before the strip.

    Signals
    -------
    moment_requested(int)
        The user wants the moment of this place.
    """

    moment_requested = Signal(int)

    def __init__(
        self,
        name: str = "Moments of the training",
        parent: QWidget | None = None,
        *,
        has_labels: bool = True,
    ) -> None:
        super().__init__(parent)
        self._name, self._has_labels = name, has_labels
        self._cells: tuple[MomentCell, ...] = ()
        self._labels = ("Samples", "")
        self._waiting = ""
        self._is_compact = False
        self._wheel_rest = 0
        self._rendered: dict[tuple[int, int, int], tuple[MomentCell, QImage]] = {}
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, 8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.notifier.changed.connect(self._fit_height)
        self._fit_height()
        self._report(0)

    @property
    def place(self) -> int:
        """Place of the moment under the playhead."""
        return self.value()

    @property
    def count(self) -> int:
        """How many moments there are."""
        return len(self._cells)

    def set_labels(self, title: str, subtitle: str) -> None:
        """Show two lines before the strip, with the markup of ``rich_line``."""
        self._labels = (title, subtitle)
        self.update()

    def set_cells(self, cells: Sequence[MomentCell], waiting: str) -> None:
        """Show moments, oldest first, and words where later ones will come; empty: none will."""
        if len(cells) < len(self._cells):
            self._rendered.clear()
        self._cells, self._waiting = tuple(cells), waiting
        self._report(min(self.place, max(0, len(cells) - 1)))
        self.update()

    def set_place(self, place: int) -> None:
        """Move the playhead, silently."""
        self._report(min(max(place, 0), max(0, self.count - 1)))
        self.update()

    def set_compact(self, compact: bool) -> None:
        """Make the strip low, for windows below 820 px."""
        self._is_compact = compact
        self._fit_height()

    def shown(self) -> tuple[int, ...]:
        """Places of the moments that have a cell, from left to right."""
        most = self._num_cells()
        if self.count <= most:
            return tuple(range(self.count))
        return tuple(round(place) for place in np.linspace(0, self.count - 1, most))

    def x_of(self, place: int) -> float:
        """Where the playhead stands for a moment."""
        shown = self.shown()
        position = float(np.interp(place, shown, np.arange(len(shown)))) if shown else 0.0
        return self._left() + (position + 0.5) * self._pitch()

    @override
    def sizeHint(self) -> QSize:
        return QSize(1440, self._height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(560 if self._has_labels else 200, self._height())

    @override
    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        """Do nothing: it is painted by hand."""

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and event.position().x() >= self._left() - 8:
            self._ask_at(event.position().x())
        else:
            event.ignore()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask_at(event.position().x())

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        self._wheel_rest += event.angleDelta().y() or event.angleDelta().x()
        steps = int(self._wheel_rest / _NOTCH)
        self._wheel_rest -= steps * _NOTCH
        if steps:
            self.step_by(steps)
        event.accept()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _STEPS:
            self.step_by(_STEPS[key])
        elif key == Qt.Key.Key_Home:
            self.ask(0)
        elif key == Qt.Key.Key_End:
            self.ask(self.count - 1)
        else:
            event.ignore()

    @Slot(int)
    def step_by(self, steps: int) -> None:
        """Ask for the moment some places on; negative: back."""
        self.ask(self.place + steps)

    def ask(self, place: int) -> None:
        """Move the playhead at once and tell of the wish."""
        place = min(max(place, 0), max(0, self.count - 1))
        if self.count and place != self.place:
            self.set_place(place)
            self.moment_requested.emit(place)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), current_tokens().color("panel"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._has_labels:
            self._paint_labels(painter)
        shown = self.shown()
        for cell, place in enumerate(shown):
            self._paint_cell(painter, self._cell_rect(cell), place, is_first=cell == 0)
        if self._waiting and len(shown) < self._num_cells():
            self._paint_waiting(painter, len(shown))
        if self.count:
            self._paint_playhead(painter)

    def _paint_labels(self, painter: QPainter) -> None:
        tokens = current_tokens()
        title, subtitle = RichLine(self._labels[0], "heading"), RichLine(self._labels[1], "label")
        middle = self._top() + self._cell_height() / 2
        top = middle - (title.height() + 1 + subtitle.height()) / 2
        painter.save()
        painter.setClipRect(QRectF(0, 0, self._left() - 4, self.height()))
        title.paint(painter, MARGIN_PX, round(top + title.ascent()), tokens.color("text"), tokens)
        top += title.height() + 1
        subtitle.paint(painter, MARGIN_PX, round(top + subtitle.ascent()), tokens.color("text2"), tokens)
        painter.restore()

    def _paint_cell(self, painter: QPainter, rect: QRectF, place: int, *, is_first: bool) -> None:
        tokens, cell = current_tokens(), self._cells[place]
        painter.save()
        if is_first:
            outline = QPainterPath()
            outline.addRoundedRect(rect.adjusted(0, 0, _RADIUS_PX, 0), _RADIUS_PX, _RADIUS_PX)
            painter.setClipPath(outline)
        painter.fillRect(rect, tokens.color("stage"))
        ratio = self.devicePixelRatioF()
        side = round(rect.height() * ratio)
        key = (place, round(rect.width() * ratio), side)
        known = self._rendered.get(key)
        if known is None or known[0] is not cell:
            known = (cell, fit_thumbnail(cell.picture, min(side, key[1]), side))
            self._rendered[key] = known
        image = known[1]
        width, height = image.width() / ratio, image.height() / ratio
        left = round(rect.left() + (rect.width() - width) / 2)
        painter.drawImage(QRectF(left, round(rect.top()), width, height), image)
        painter.restore()
        line = RichLine(cell.words, "tick", tabular=True)
        baseline = round(rect.bottom() + metric(5) + line.ascent())
        role: Role = "accent" if place == self.place else "text3"
        left_px = rect.center().x() - line.width() / 2
        line.paint(painter, left_px, baseline, tokens.color(role), tokens)

    def _paint_waiting(self, painter: QPainter, first: int) -> None:
        tokens = current_tokens()
        rect = self._cell_rect(first).united(self._cell_rect(self._num_cells() - 1))
        pen = QPen(tokens.color("edge"), 1.0)
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS_PX, _RADIUS_PX)
        line = RichLine(self._waiting, "label")
        if line.width() < rect.width() - 16:
            baseline = round(rect.center().y() - line.height() / 2 + line.ascent())
            left = rect.center().x() - line.width() / 2
            line.paint(painter, left, baseline, tokens.color("text2"), tokens)

    def _paint_playhead(self, painter: QPainter) -> None:
        tokens = current_tokens()
        x = round(self.x_of(self.place))
        bottom = self._top() + self._cell_height() + 2
        painter.fillRect(
            QRectF(x - 2.5, self._top() - 2, 5, bottom - self._top() + 2), tokens.color("win", 0.7)
        )
        painter.fillRect(
            QRectF(x - 1.5, self._top() - 2, 3, bottom - self._top() + 2), tokens.color("accent")
        )
        line = RichLine(self._cells[self.place].pill, "label", QFont.Weight.DemiBold, tabular=True)
        width = max(metric(44), line.width() + metric(14))
        left = min(max(x - width / 2, self._left() - 8.0), self.width() - 4.0 - width)
        pill = QRectF(round(left), 0, round(width), metric(20))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.color("accent"))
        painter.drawRoundedRect(pill, _RADIUS_PX, _RADIUS_PX)
        center = QPointF(pill.center())
        baseline = round(center.y() - line.height() / 2 + line.ascent())
        line.paint(painter, center.x() - line.width() / 2, baseline, tokens.color("onacc"), tokens)

    def _cell_rect(self, cell: int) -> QRectF:
        left = round(self._left() + cell * self._pitch())
        right = round(self._left() + (cell + 1) * self._pitch()) - CELL_GAP_PX
        return QRectF(left, self._top(), right - left, self._cell_height())

    def _num_cells(self) -> int:
        width = self.width() - self._left() - MARGIN_PX
        wide, narrow = (int(width / metric(pitch)) for pitch in (_PITCH_PX, _NARROW_PITCH_PX))
        # Samples are all there at once, so that cells need room for no others.
        most = wide if self._has_labels else min(narrow, max(self.count, wide))
        return max(2, min(_MOST_CELLS, most))

    def _left(self) -> int:
        return strip_left() if self._has_labels else MARGIN_PX

    def _pitch(self) -> float:
        return (self.width() - self._left() - MARGIN_PX) / self._num_cells()

    def _top(self) -> int:
        return metric(20)

    def _cell_height(self) -> int:
        return max(_COMPACT_CELL_PX if self._is_compact else _CELL_PX, metric(36))

    def _height(self) -> int:
        return self._top() + self._cell_height() + metric(22)

    def _ask_at(self, x: float) -> None:
        shown = self.shown()
        if shown:
            position = (x - self._left()) / self._pitch() - 0.5
            self.ask(round(float(np.interp(position, np.arange(len(shown)), shown))))

    def _report(self, place: int) -> None:
        with QSignalBlocker(self):
            self.setRange(0, max(0, self.count - 1))
            self.setValue(place)
        words = f"{self._name}, none yet"
        if self.count:
            words = f"{self._name}, {self._cells[place].words}, {place + 1} of {self.count}"
        self.setAccessibleName(words)
        QAccessible.updateAccessibility(QAccessibleValueChangeEvent(self, place))

    @Slot()
    def _fit_height(self) -> None:
        self.setFixedHeight(self._height())
        self.update()
