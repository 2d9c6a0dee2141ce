"""Drawing of the playhead, a line through the strips with its time in a pill, and of its faint forerunner."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPen

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, metric
from diffviz.ui.widgets.strip_layout import MARGIN_PX, PILL_WIDTH_PX, StripLayout, strip_left

_RADIUS_PX = 6.0
_WIDTH_PX = 3.0
_HALO_PX = 1.0
_RING_OFFSET_PX = 3.0


def playhead_rect(x: float, layout: StripLayout, width: int) -> QRectF:
    """Everything that a playhead at ``x`` may cover in a filmstrip of ``width``, in logical px."""
    half = float(metric(PILL_WIDTH_PX))
    left = min(max(x - half, 0.0), width - 2 * half)
    return QRectF(left, 0, 2 * half, layout.playhead_bottom + 2)


def paint_playhead(painter: QPainter, x: float, t: int, layout: StripLayout, width: int) -> None:
    """Draw the playhead of time ``t`` at ``x``."""
    tokens = current_tokens()
    # The middle of a device pixel keeps the edges of the line crisp.
    x = round(x - 0.5) + 0.5
    top, bottom = layout.pill_height - 2.0, float(layout.playhead_bottom)
    reach = _WIDTH_PX / 2 + _HALO_PX
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tokens.color("stage", 0.75) if tokens.is_dark else tokens.color("text", 0.35))
    painter.drawRoundedRect(QRectF(x - reach, top, 2 * reach, bottom - top + _HALO_PX), reach, reach)
    painter.setBrush(tokens.color("accent"))
    painter.drawRoundedRect(QRectF(x - _WIDTH_PX / 2, top, _WIDTH_PX, bottom - top), 1.5, 1.5)
    line = RichLine(f"t {t}", "label", QFont.Weight.Bold, tabular=True)
    _paint_pill(painter, x, line, layout, width, "accent", "onacc")


def paint_hover(painter: QPainter, x: float, t: int, layout: StripLayout, width: int) -> None:
    """Draw where a click would take the playhead."""
    tokens = current_tokens()
    x = round(x - 0.5) + 0.5
    painter.setPen(QPen(tokens.color("text", 0.7), 1.0))
    painter.drawLine(QPointF(x, layout.pill_height), QPointF(x, layout.playhead_bottom - 2.0))
    painter.setPen(Qt.PenStyle.NoPen)
    _paint_pill(painter, x, RichLine(f"t {t}", "label", tabular=True), layout, width, "raised", "text2")


def paint_ring(painter: QPainter, layout: StripLayout, width: int) -> None:
    """Draw the ring of the keyboard focus around strips and lane."""
    left = strip_left() - _RING_OFFSET_PX
    right = width - MARGIN_PX + _RING_OFFSET_PX
    top = layout.pill_height - _RING_OFFSET_PX
    bottom = layout.playhead_bottom - 2 + _RING_OFFSET_PX
    painter.setPen(QPen(current_tokens().color("accent"), 2.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(left, top, right - left, bottom - top), 8, 8)


def _paint_pill(
    painter: QPainter, x: float, line: RichLine, layout: StripLayout, width: int, ground: Role, ink: Role
) -> None:
    tokens = current_tokens()
    pill_width = max(float(metric(PILL_WIDTH_PX)), line.width() + metric(14))
    left = min(max(x - pill_width / 2, strip_left() - 8.0), width - 4.0 - pill_width)
    pill = QRectF(round(left), 0, round(pill_width), layout.pill_height)
    painter.setBrush(tokens.color(ground))
    painter.drawRoundedRect(pill, _RADIUS_PX, _RADIUS_PX)
    baseline = pill.center().y() - line.height() / 2 + line.ascent()
    line.paint(painter, pill.center().x() - line.width() / 2, baseline, tokens.color(ink), tokens)
