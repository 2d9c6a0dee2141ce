"""The well of a plot that is painted by hand, its grid and its tick labels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import current_tokens, metric

_RADIUS_PX = 8


def paint_well(painter: QPainter, rect: QRectF) -> None:
    """Draw the sunken ground of a plot."""
    tokens = current_tokens()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(tokens.color("line"), 1.0))
    painter.setBrush(tokens.color("field"))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS_PX, _RADIUS_PX)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_levels(painter: QPainter, area: QRectF, levels: Sequence[tuple[float, str]]) -> None:
    """Draw horizontal lines with words before them, each at its height in px."""
    tokens = current_tokens()
    for y, words in levels:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(tokens.color("line"), 1.0))
        painter.drawLine(QPointF(area.left(), round(y)), QPointF(area.right(), round(y)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = RichLine(words, "tick", tabular=True)
        baseline = round(y - line.height() / 2 + line.ascent())
        left = area.left() - metric(8) - line.width()
        line.paint(painter, left, baseline, tokens.color("text3"), tokens)


def paint_below(painter: QPainter, area: QRectF, places: Sequence[tuple[float, str]]) -> None:
    """Draw words under a plot, each centred at its place in px and kept inside."""
    tokens = current_tokens()
    end = area.left() - metric(40)
    for x, words in places:
        line = RichLine(words, "tick", tabular=True)
        left = min(max(x - line.width() / 2, area.left() - metric(4)), area.right() - line.width())
        if left < end + metric(10):
            continue
        baseline = round(area.bottom() + metric(5) + line.ascent())
        end = line.paint(painter, left, baseline, tokens.color("text3"), tokens)
