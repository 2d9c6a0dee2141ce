"""Samples as a network learns: one row for each moment, one column for each of the same starting noises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, font_for, metric
from diffviz.ui.widgets.picture_painting import paint_picture
from diffviz.ui.widgets.strip_pictures import fit_thumbnail

_GAP_PX = 6
_FEWEST_ROWS, _MOST_ROWS = 3, 7
_LEAST_SIDE_PX, _BEST_SIDE_PX, _MOST_SIDE_PX = 24, 54, 96
_NAMED_FROM_PX = 34
_MOVES = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}


@dataclass(frozen=True, eq=False)
class Sheet:
    """One moment: two lines of words, and its samples, uint8 (n, H, W, C)."""

    title: str
    subtitle: str
    pictures: NDArray[np.uint8]


class SheetGrid(QWidget):
    """
    Rows of samples; where there are more moments than rows fit, an even choice with the chosen one in it.

    Signals
    -------
    sheet_chosen(int)
        The user chose the moment of this place.
    column_chosen(int)
        The user chose this sample.
    """

    sheet_chosen = Signal(int)
    column_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheets: tuple[Sheet, ...] = ()
        self._names: tuple[str, ...] = ()
        self._chosen = 0
        self._column = 0
        self._scaled: dict[tuple[int, int, int], QImage] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty(RING_PROPERTY, 6)
        self.setToolTip(
            "Click a row to go to that moment, a picture to follow it below; Tab, then arrow keys"
        )
        self._tell_readers()

    @property
    def chosen(self) -> int:
        """Place of the moment that is looked at."""
        return self._chosen

    @property
    def column(self) -> int:
        """The sample that is followed."""
        return self._column

    def set_sheets(self, sheets: Sequence[Sheet], names: Sequence[str] = ()) -> None:
        """Show these moments, oldest first; names stand above the columns."""
        if len(sheets) < len(self._sheets) or (self._sheets and sheets[0] is not self._sheets[0]):
            self._scaled.clear()
        self._sheets, self._names = tuple(sheets), tuple(names)
        self._chosen = min(self._chosen, max(0, len(sheets) - 1))
        self._tell_readers()
        self.update()

    def set_chosen(self, place: int) -> None:
        """Look at a moment, silently."""
        self._chosen = min(max(place, 0), max(0, len(self._sheets) - 1))
        self._tell_readers()
        self.update()

    def set_column(self, column: int) -> None:
        """Follow a sample, silently."""
        self._column = column
        self.update()

    def rows(self) -> tuple[int, ...]:
        """Places of the moments that are shown, from top to bottom."""
        count = len(self._sheets)
        most = self._most_rows()
        if count <= most:
            return tuple(range(count))
        places = [round(place) for place in np.linspace(0, count - 1, most)]
        nearest = min(range(most), key=lambda row: abs(places[row] - self._chosen))
        places[nearest] = self._chosen
        return tuple(places)

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Place of a picture."""
        side, gap = self._side(), metric(_GAP_PX)
        left = self._labels_width() + column * (side + gap)
        return QRectF(left, self._names_height() + row * (side + gap) + 3, side, side)

    @override
    def sizeHint(self) -> QSize:
        return QSize(560, metric(320))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(320, metric(90))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._sheets:
            return
        shown = self.rows()
        top = self._names_height()
        row = int((event.position().y() - top) // (self._side() + metric(_GAP_PX)))
        if not 0 <= row < len(shown):
            return
        column = int((event.position().x() - self._labels_width()) // (self._side() + metric(_GAP_PX)))
        if 0 <= column < self._num_columns() and event.position().x() >= self._labels_width():
            self.column_chosen.emit(column)
        self.sheet_chosen.emit(shown[row])

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(Qt.Key(event.key()))
        if move is None or not self._sheets:
            super().keyPressEvent(event)
        elif move[0]:
            self.sheet_chosen.emit(min(max(self._chosen + move[0], 0), len(self._sheets) - 1))
        else:
            self.column_chosen.emit(min(max(self._column + move[1], 0), self._num_columns() - 1))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_names(painter)
        for row, place in enumerate(self.rows()):
            self._paint_label(painter, row, place)
            for column in range(self._num_columns()):
                self._paint_cell(painter, row, place, column)

    def _paint_names(self, painter: QPainter) -> None:
        if not self._names_height():
            return
        tokens = current_tokens()
        font = font_for("tick")
        side = self._side()
        painter.setFont(font)
        for column, name in enumerate(self._names[: self._num_columns()]):
            painter.setPen(tokens.color("accent" if column == self._column else "text3"))
            words = QFontMetricsF(font).elidedText(name, Qt.TextElideMode.ElideRight, side - 2)
            rect = self.cell_rect(0, column)
            place = QRectF(rect.left(), 0, rect.width() + _GAP_PX, self._names_height())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)

    def _paint_label(self, painter: QPainter, row: int, place: int) -> None:
        tokens, sheet = current_tokens(), self._sheets[place]
        title = RichLine(sheet.title, "label", QFont.Weight.DemiBold, tabular=True)
        subtitle = RichLine(sheet.subtitle, "label", tabular=True)
        rect = self.cell_rect(row, 0)
        role: Role = "accent" if place == self._chosen else "text"
        both = title.height() + subtitle.height()
        if both > rect.height():
            top = rect.center().y() - title.height() / 2
            title.paint(painter, 2, round(top + title.ascent()), tokens.color(role), tokens)
            return
        top = rect.center().y() - both / 2
        title.paint(painter, 2, round(top + title.ascent()), tokens.color(role), tokens)
        top += title.height()
        subtitle.paint(painter, 2, round(top + subtitle.ascent()), tokens.color("text2"), tokens)

    def _paint_cell(self, painter: QPainter, row: int, place: int, column: int) -> None:
        rect = self.cell_rect(row, column)
        ratio = self.devicePixelRatioF()
        side = round(rect.width() * ratio)
        key = (place, column, side)
        if key not in self._scaled:
            self._scaled[key] = fit_thumbnail(self._sheets[place].pictures[column], side, side)
        paint_picture(painter, QPointF(round(rect.left()), round(rect.top())), self._scaled[key], ratio)
        if place == self._chosen:
            is_followed = column == self._column
            painter.setPen(QPen(current_tokens().color("accent", 1.0 if is_followed else 0.6), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(-1.5, -1.5, 1.5, 1.5), 7, 7)

    def _num_columns(self) -> int:
        return len(self._sheets[0].pictures) if self._sheets else 0

    def _most_rows(self) -> int:
        wanted = min(metric(_BEST_SIDE_PX), self._side_across())
        rows = (self._room_down() + metric(_GAP_PX)) // (wanted + metric(_GAP_PX))
        return int(min(max(rows, 1), _MOST_ROWS))

    def _side(self) -> int:
        """Side of a picture: as large as columns and rows allow."""
        rows = max(min(len(self._sheets), self._most_rows()), _FEWEST_ROWS)
        gap = metric(_GAP_PX)
        down = max((self._room_down() + gap) / rows - gap, _LEAST_SIDE_PX)
        return int(min(self._side_across(), down, metric(_MOST_SIDE_PX)))

    def _side_across(self) -> float:
        gap = metric(_GAP_PX)
        across = (self.width() - self._labels_width() - 4 + gap) / max(1, self._num_columns()) - gap
        return max(_LEAST_SIDE_PX, across)

    def _room_down(self) -> float:
        return self.height() - (metric(18) if self._names else 0) - 6.0

    def _labels_width(self) -> int:
        lines = [sheet.title for sheet in self._sheets] + [sheet.subtitle for sheet in self._sheets]
        widest = max((RichLine(words, "label", QFont.Weight.DemiBold).width() for words in lines), default=0)
        return round(widest) + metric(16)

    def _names_height(self) -> int:
        is_readable = bool(self._names) and self._side_across() >= metric(_NAMED_FROM_PX)
        return metric(18) if is_readable else 0

    def _tell_readers(self) -> None:
        words = "Samples as it learns, none yet"
        if self._sheets:
            sheet = self._sheets[self._chosen]
            words = f"Samples as it learns, {sheet.title} {sheet.subtitle}, {len(self._sheets)} moments"
        self.setAccessibleName(words)
