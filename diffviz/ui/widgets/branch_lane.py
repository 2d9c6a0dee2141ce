"""The tree of runs between two filmstrips: each run a line, each fork a ring, the active path in pink."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPainterPath, QPen, QPolygonF

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, metric
from diffviz.ui.widgets.strip_layout import MARGIN_PX

_BEND_PX = 18
_RING_PX = 4.0


@dataclass(frozen=True)
class Branch:
    """
    One run as a line.

    Parameters
    ----------
    name
        "B".
    start_t, reached_t
        Where its own line begins, at a fork on its parent's line, and how far it has come.
    parent
        Row of its parent; None for a run from the beginning.
    active_until
        Lowest time at which the line belongs to the path that is looked at; None: not at all.
    label
        What it does otherwise than its parent.
    is_active
        Whether this is the run that is looked at.
    """

    name: str
    start_t: int
    reached_t: int
    parent: int | None = None
    active_until: int | None = None
    label: str = ""
    is_active: bool = False


@dataclass(frozen=True)
class BranchLane:
    """
    Draws branches, the first at the top, and says which is where.

    Parameters
    ----------
    branches
        Parents before their forks.
    room
        Place of the lines.
    x_of
        Where a time lies.
    """

    branches: Sequence[Branch]
    room: QRectF
    x_of: Callable[[int], float]

    def y_of(self, row: int) -> float:
        """Height of a row's line."""
        pitch = self.room.height() / max(1, len(self.branches))
        return self.room.top() + (row + 0.5) * pitch

    def row_at(self, spot: QPointF) -> int | None:
        """The row at a place, labels included; None outside the lane."""
        inside = self.room.adjusted(-self.room.left(), 0, 0, 0).contains(spot)
        if not inside or not self.branches:
            return None
        pitch = self.room.height() / len(self.branches)
        return min(int((spot.y() - self.room.top()) / pitch), len(self.branches) - 1)

    def paint(self, painter: QPainter) -> None:
        """Draw all lines, the active path over the others."""
        for row, branch in enumerate(self.branches):
            self._paint_quiet(painter, row, branch)
        for row, branch in enumerate(self.branches):
            if branch.active_until is not None:
                self._paint_active(painter, row, branch)
        for row, branch in enumerate(self.branches):
            self._paint_words(painter, row, branch)

    def _paint_quiet(self, painter: QPainter, row: int, branch: Branch) -> None:
        pen = QPen(current_tokens().color("text3"), 1.5, Qt.PenStyle.DotLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._line(row, branch, branch.reached_t))

    def _paint_active(self, painter: QPainter, row: int, branch: Branch) -> None:
        assert branch.active_until is not None
        tokens = current_tokens()
        pen = QPen(tokens.color("model"), 2.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        # The dots of the quiet line would show through at its edges.
        painter.drawPath(self._line(row, branch, branch.active_until))
        if branch.is_active:
            x, y = self._x(branch.reached_t), self.y_of(row)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.color("model"))
            head = [QPointF(x - 5, y), QPointF(x + 3, y - 4.5), QPointF(x + 3, y + 4.5)]
            painter.drawPolygon(QPolygonF(head))

    def _line(self, row: int, branch: Branch, end_t: int) -> QPainterPath:
        """From the fork, or the beginning, down to a time."""
        start, y = QPointF(self._x(branch.start_t), self.y_of(row)), self.y_of(row)
        end = QPointF(min(self._x(end_t), start.x()), y)
        path = QPainterPath(start)
        if branch.parent is not None:
            above = QPointF(start.x(), self.y_of(branch.parent))
            bend = max(start.x() - metric(_BEND_PX), end.x())
            path = QPainterPath(above)
            middle = (above.x() + bend) / 2
            path.cubicTo(QPointF(middle, above.y()), QPointF(middle, y), QPointF(bend, y))
        path.lineTo(end)
        return path

    def _paint_words(self, painter: QPainter, row: int, branch: Branch) -> None:
        tokens = current_tokens()
        is_on_path = branch.active_until is not None
        role: Role = "model" if is_on_path else "text3"
        name = RichLine(branch.name, "tick", QFont.Weight.DemiBold)
        y = self.y_of(row)
        # Where rows are close, names stand beside each other.
        is_close = self.room.height() / len(self.branches) < name.height()
        shift = metric(14) * (row % 2) if is_close else 0
        left = self.room.left() - metric(8) - name.width() - shift
        name.paint(painter, left, y - name.height() / 2 + name.ascent(), tokens.color(role), tokens)
        if branch.parent is None:
            return
        x = self._x(branch.start_t)
        ring = QPointF(x, self.y_of(branch.parent))
        painter.setPen(QPen(tokens.color(role), 2.0))
        painter.setBrush(tokens.color("panel"))
        painter.drawEllipse(ring, _RING_PX, _RING_PX)
        words = RichLine(branch.label, "tick")
        if len(self.branches) > 2 and not branch.is_active:
            return
        room = QRectF(x + metric(10), y - words.height() / 2, words.width(), words.height())
        if branch.label and room.right() < self.room.right():
            painter.fillRect(room.adjusted(-3, 1, 3, -1), tokens.color("panel"))
            words.paint(painter, room.left(), room.top() + words.ascent(), tokens.color(role), tokens)

    def _x(self, t: int) -> float:
        return min(max(self.x_of(t), self.room.left() + 5), self.room.right() - 5)


def paint_heading(painter: QPainter, room: QRectF) -> None:
    """Name the lane at the left of it."""
    tokens = current_tokens()
    words = RichLine("Runs", "label")
    baseline = room.center().y() - words.height() / 2 + words.ascent()
    words.paint(painter, MARGIN_PX, round(baseline), tokens.color("text3"), tokens)
