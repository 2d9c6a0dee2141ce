"""A grid of live numbers, two to a row, in one well."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QRect, QRectF, QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine, plain_text
from diffviz.ui.theme import current_tokens, metric

_CELL_HEIGHT_PX = 60
_RADIUS_PX = 8


@dataclass(frozen=True)
class ReadOut:
    """One cell: label and value with the markup of ``rich_line``, and a unit."""

    label: str
    value: str
    unit: str = ""


class ReadOutGrid(QWidget):
    """Labels over values; digits have one width, so that a changing number stands still."""

    def __init__(
        self,
        cells: Sequence[ReadOut | tuple[str, str] | tuple[str, str, str]] = (),
        parent: QWidget | None = None,
        *,
        columns: int = 2,
    ) -> None:
        super().__init__(parent)
        self._cells: tuple[ReadOut, ...] = ()
        self._columns = columns
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_cells(cells)

    def set_cells(self, cells: Sequence[ReadOut | tuple[str, str] | tuple[str, str, str]]) -> None:
        """Show other cells."""
        new = tuple(cell if isinstance(cell, ReadOut) else ReadOut(*cell) for cell in cells)
        if new == self._cells:
            return
        if len(new) != len(self._cells):
            self.updateGeometry()
        self._cells = new
        self._tell_readers()
        self.update()

    def set_value(self, label: str, value: str, unit: str | None = None) -> None:
        """
        Show another value in the cell of that label; None keeps its unit.

        Raises
        ------
        KeyError
            No cell has that label.
        """
        if label not in (cell.label for cell in self._cells):
            raise KeyError(label)
        self.set_cells(
            [
                ReadOut(label, value, cell.unit if unit is None else unit) if cell.label == label else cell
                for cell in self._cells
            ]
        )

    def value(self, label: str) -> str:
        """
        Return the value shown under a label.

        Raises
        ------
        KeyError
            No cell has that label.
        """
        for cell in self._cells:
            if cell.label == label:
                return cell.value
        raise KeyError(label)

    def cell_place(self, label: str) -> QRect:
        """Place of the cell of a label; empty where there is none."""
        for index, cell in enumerate(self._cells):
            if cell.label == label:
                row, column = divmod(index, self._columns)
                width, height = self.width() // self._columns, metric(_CELL_HEIGHT_PX)
                return QRect(column * width, row * height, width, height)
        return QRect()

    @override
    def sizeHint(self) -> QSize:
        widest = max((self._cell_width(cell) for cell in self._cells), default=metric(80))
        return QSize(round(self._columns * widest), self._rows() * metric(_CELL_HEIGHT_PX) + 1)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._columns * metric(80), self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.color("line"), 1.0))
        painter.setBrush(tokens.color("field"))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, _RADIUS_PX, _RADIUS_PX)
        width, height = self.width() / self._columns, metric(_CELL_HEIGHT_PX)
        for row in range(1, self._rows()):
            painter.drawLine(QLineF(frame.left(), row * height + 0.5, frame.right(), row * height + 0.5))
        for column in range(1, self._columns):
            x = round(column * width) + 0.5
            painter.drawLine(QLineF(x, frame.top(), x, frame.bottom()))
        for index, cell in enumerate(self._cells):
            row, column = divmod(index, self._columns)
            self._paint_cell(painter, cell, QRectF(column * width, row * height, width, height))

    def _paint_cell(self, painter: QPainter, cell: ReadOut, rect: QRectF) -> None:
        tokens = current_tokens()
        painter.save()
        painter.setClipRect(rect.adjusted(1, 1, -2, -1))
        label = RichLine(cell.label, "label")
        value, unit = self._value_line(cell, rect.width()), RichLine(cell.unit, "label")
        gap = metric(3)
        top = rect.top() + (rect.height() - label.height() - gap - value.height()) / 2
        left = rect.left() + metric(12)
        label.paint(painter, left, round(top + label.ascent()), tokens.color("text2"), tokens)
        baseline = round(top + label.height() + gap + value.ascent())
        end = value.paint(painter, left, baseline, tokens.color("text"), tokens)
        unit.paint(painter, end + metric(4), baseline, tokens.color("text3"), tokens)
        painter.restore()

    def _value_line(self, cell: ReadOut, width: float) -> RichLine:
        """Value at its own size, or smaller where the cell is too narrow for it."""
        line = RichLine(cell.value, "readout", QFont.Weight.Medium, tabular=True)
        room = width - metric(20) - (RichLine(cell.unit, "label").width() + metric(4) if cell.unit else 0)
        return (
            line if line.width() <= room else RichLine(cell.value, "body", QFont.Weight.Medium, tabular=True)
        )

    def _cell_width(self, cell: ReadOut) -> float:
        value = (
            RichLine(cell.value, "readout", QFont.Weight.Medium).width()
            + RichLine(cell.unit, "label").width()
        )
        return max(RichLine(cell.label, "label").width(), value + metric(4)) + metric(24)

    def _rows(self) -> int:
        return max(1, -(-len(self._cells) // self._columns))

    def _tell_readers(self) -> None:
        words = (f"{plain_text(c.label)} {plain_text(c.value)} {c.unit}".strip() for c in self._cells)
        self.setAccessibleName(", ".join(words))
