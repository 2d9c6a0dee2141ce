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
    """

    def __init__(self, name: str, heads: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._heads = tuple(heads)
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
        return QSize(
            round(sum(self._widths())) + 2 * metric(12) + metric(14) * (len(self._heads) - 1),
            metric(_ROW_PX) * (1 + max(1, len(self._rows))) + 1,
        )

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        paint_well(painter, QRectF(self.rect()))
        lefts = self._lefts()
        height = metric(_ROW_PX)
        for index, row in enumerate((self._heads, *self._rows)):
            top = index * height
            if index:
                painter.setPen(QPen(tokens.color("line"), 1.0))
                painter.drawLine(QPointF(1, top + 0.5), QPointF(self.width() - 1, top + 0.5))
            for column, cell in enumerate(row):
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

    def _lefts(self) -> list[float]:
        """Left edge of the names, right edges of the columns of figures."""
        side = float(metric(12))
        widths = self._widths()
        spare = self.width() - 2 * side - sum(widths)
        gap = max(metric(6), spare / max(1, len(widths) - 1))
        places, edge = [side], side + widths[0]
        for width in widths[1:]:
            edge += gap + width
            places.append(edge)
        return places
