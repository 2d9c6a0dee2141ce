"""A rounded line under a picture that spells out arithmetic; its numbers do not jitter when they change."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, TextRole, current_tokens, metric


@dataclass(frozen=True)
class Cell:
    """
    A piece of the line.

    ``markup`` is shown in ``color_role``; ``widest`` is the longest text that may stand here, whose width is
    kept, and the text stands at its right end.
    """

    markup: str
    color_role: Role = "text"
    widest: str = ""
    is_strong: bool = False


class Pill(QAbstractButton):
    """A line of cells in a half-round frame; a button when it is clickable."""

    def __init__(
        self, role: TextRole = "body", parent: QWidget | None = None, *, clickable: bool = False
    ) -> None:
        super().__init__(parent)
        self._cells: tuple[Cell, ...] = ()
        self._role: TextRole = role
        self._clickable = clickable
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if clickable else Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setProperty(RING_PROPERTY, 99)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover, clickable)
        if not clickable:
            self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @property
    def plain(self) -> str:
        """The words alone."""
        return "".join(RichLine(cell.markup).plain for cell in self._cells)

    def set_cells(self, cells: Sequence[Cell]) -> None:
        """Show another line."""
        new = tuple(cells)
        if new == self._cells:
            return
        widths_change = [self._reserved(c) for c in new] != [self._reserved(c) for c in self._cells]
        self._cells = new
        self.setAccessibleName(self.plain)
        if widths_change:
            self.updateGeometry()
        self.update()

    def set_role(self, role: TextRole) -> None:
        """Take another place in the type scale, for narrow stages."""
        if role != self._role:
            self._role = role
            self.updateGeometry()
            self.update()

    @override
    def sizeHint(self) -> QSize:
        width = sum(max(self._line(c).width(), self._reserved_width(c)) for c in self._cells)
        return QSize(round(width + 2 * metric(16)), metric(34))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        is_lit = self._clickable and self.underMouse()
        painter.setPen(QPen(tokens.color("edge" if is_lit else "line"), 1.0))
        painter.setBrush(tokens.color("panel"))
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        left = float(metric(16))
        for cell in self._cells:
            line = self._line(cell)
            width, kept = line.width(), self._reserved_width(cell)
            start = left + max(0.0, kept - width)
            baseline = round(self.height() / 2 - line.height() / 2 + line.ascent())
            line.paint(painter, start, baseline, tokens.color(cell.color_role), tokens)
            left += max(width, kept)

    def _line(self, cell: Cell) -> RichLine:
        weight = QFont.Weight.Medium if cell.is_strong else QFont.Weight.Normal
        return RichLine(cell.markup, self._role, weight, tabular=True)

    def _reserved(self, cell: Cell) -> str:
        return cell.widest or cell.markup

    def _reserved_width(self, cell: Cell) -> float:
        return self._line(Cell(cell.widest, is_strong=cell.is_strong)).width() if cell.widest else 0.0
