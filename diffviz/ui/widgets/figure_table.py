"""A small table of live figures in a well: names at the left, numbers in columns at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine, plain_text
from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.plot_frame import paint_well

_ROW_PX = 30


class FigureTable(QWidget):
    """
    Rows of words and figures, with the markup of ``rich_line``.

    Parameters
    ----------
    name
        What it tells, for screen readers.
    heads
        Heads of the columns; the first is that of the names.
    spare
        Indices of columns that are left to screen readers where there is no room, the first one first.
    """

    def __init__(
        self, name: str, heads: Sequence[str], parent: QWidget | None = None, *, spare: Sequence[int]
    ) -> None:
        super().__init__(parent)
        self._name = name
        self._heads = tuple(heads)
        self._spare = tuple(spare)
        self._rows: tuple[tuple[str, ...], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(name)
        self.setAccessibleName(name)

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Cells as they are shown, without markup."""
        return tuple(tuple(plain_text(cell) for cell in row) for row in self._rows)

    def set_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Show other rows, each with as many cells as there are heads."""
        new = tuple(tuple(row) for row in rows)
        if new == self._rows:
            return
        before = self.sizeHint()
        self._rows = new
        if self.sizeHint() != before:
            self.updateGeometry()
        heads = [plain_text(head) for head in self._heads]
        told = (", ".join(f"{h} {c}".strip() for h, c in zip(heads, row, strict=True)) for row in self.rows)
        self.setAccessibleName(f"{self._name}: {'; '.join(told)}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        columns = range(len(self._heads))
        return QSize(self._needed(columns), metric(_ROW_PX) * (1 + max(1, len(self._rows))) + 1)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._needed(self._columns_within(0)), self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        paint_well(painter, QRectF(self.rect()))
        columns = self._columns_within(self.width())
        lefts = self._lefts(columns)
        height = metric(_ROW_PX)
        for index, row in enumerate((self._heads, *self._rows)):
            top = index * height
            if index:
                painter.setPen(QPen(tokens.color("line"), 1.0))
                painter.drawLine(QPointF(1, top + 0.5), QPointF(self.width() - 1, top + 0.5))
            for column in columns:
                cell = row[column]
                line = self._line(cell, is_head=index == 0, is_name=column == 0)
                baseline = round(top + (height - line.height()) / 2 + line.ascent())
                ink = tokens.color("text2" if index == 0 else "text")
                left = lefts[column] if column == 0 else lefts[column] - line.width()
                line.paint(painter, left, baseline, ink, tokens)

    def _line(self, cell: str, *, is_head: bool, is_name: bool) -> RichLine:
        if is_head:
            return RichLine(cell, "label")
        return RichLine(cell, "body", None if is_name else QFont.Weight.Medium, tabular=True)

    def _widths(self) -> list[float]:
        lines = [
            [
                self._line(cell, is_head=index == 0, is_name=column == 0).width()
                for column, cell in enumerate(row)
            ]
            for index, row in enumerate((self._heads, *self._rows))
        ]
        return [max(column) for column in zip(*lines, strict=True)]

    def _needed(self, columns: Sequence[int]) -> int:
        """Width in px that some of the columns need."""
        widths = self._widths()
        return round(sum(widths[column] for column in columns)) + metric(20) + metric(10) * (len(columns) - 1)

    def _columns_within(self, width: int) -> list[int]:
        """The columns that are shown in so many px."""
        columns = list(range(len(self._heads)))
        for column in self._spare:
            if self._needed(columns) <= width:
                break
            columns.remove(column)
        return columns

    def _lefts(self, columns: Sequence[int]) -> dict[int, float]:
        """Left edge of the names, right edges of the columns of figures."""
        side = float(metric(10))
        widths = self._widths()
        spare = self.width() - 2 * side - sum(widths[column] for column in columns)
        gap = max(metric(6), spare / max(1, len(columns) - 1))
        places, edge = {columns[0]: side}, side + widths[columns[0]]
        for column in columns[1:]:
            edge += gap + widths[column]
            places[column] = edge
        return places
