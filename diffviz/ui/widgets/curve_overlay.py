"""What moves above the schedule plot: the now line, the handles, and the words beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPen, QPolygonF

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, font_for, metric

HANDLE_PX = 8.0
HIT_PX = 24.0
HALO_PX = 18.0
_LINE_PX = 1.5
_DOT_RADIUS_PX = 4.0
_HALO_OPACITY = 0.25


@dataclass(frozen=True)
class HandleMark:
    """A handle to draw: where, and in which state."""

    position: QPointF
    is_selected: bool = False
    is_hovered: bool = False
    is_invalid: bool = False


def now_line_rect(x: float, plot: QRectF) -> QRectF:
    """Everything that the now line at ``x`` may cover with its label on either side."""
    reach = metric(58)
    return QRectF(x - reach, plot.top() - 8, 2 * reach, plot.height() + 16)


def paint_now(painter: QPainter, spot: QPointF, plot: QRectF) -> None:
    """Draw the line of the present time with a dot where it meets the curve."""
    tokens = current_tokens()
    accent = tokens.color("accent")
    painter.setPen(QPen(accent, _LINE_PX))
    painter.drawLine(QPointF(spot.x(), plot.top() - 2), QPointF(spot.x(), plot.bottom()))
    painter.setPen(QPen(tokens.color("field"), 1.5))
    painter.setBrush(accent)
    painter.drawEllipse(spot, _DOT_RADIUS_PX + 0.75, _DOT_RADIUS_PX + 0.75)


def paint_now_label(painter: QPainter, x: float, top: float, t: int, plot: QRectF) -> None:
    """Write the present time beside its line, to the right of it where there is room."""
    line = RichLine(f"t {t}", "label", QFont.Weight.Bold, tabular=True)
    gap = metric(6)
    left = x + gap
    if left + line.width() > plot.right() + 4:
        left = x - gap - line.width()
    _paint_halo_text(painter, line, left, top + line.ascent(), "accent")


def paint_handle(painter: QPainter, mark: HandleMark, role: Role) -> None:
    """Draw a diamond: hollow, filled when selected, red when its last place was not possible."""
    tokens = current_tokens()
    shown: Role = "bad" if mark.is_invalid else role
    if mark.is_hovered or mark.is_selected or mark.is_invalid:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.color(shown, _HALO_OPACITY))
        painter.drawEllipse(mark.position, HALO_PX / 2, HALO_PX / 2)
    # 8 px along each side, as a square that stands on its corner.
    half = HANDLE_PX / 2**0.5
    x, y = mark.position.x(), mark.position.y()
    diamond = QPolygonF(
        [QPointF(x, y - half), QPointF(x + half, y), QPointF(x, y + half), QPointF(x - half, y)]
    )
    pen = QPen(tokens.color(shown), 1.8)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    painter.setBrush(tokens.color(shown) if mark.is_selected else tokens.color("field"))
    painter.drawPolygon(diamond)


def paint_read_out(
    painter: QPainter, words: str, spot: QPointF, plot: QRectF, names: Sequence[QRectF]
) -> None:
    """Draw the numbers of the handle in hand beside it, inside the plot and clear of names if it can be."""
    tokens = current_tokens()
    line = RichLine(words, "tick", QFont.Weight.DemiBold, tabular=True)
    width, height = line.width() + metric(12), line.height() + metric(6)
    gap = metric(12)
    room = plot.adjusted(-8, -4, 8, 4)
    corners = [
        QPointF(x, y)
        for y in (spot.y() - gap - height, spot.y() + gap)
        for x in (spot.x() + gap, spot.x() - gap - width)
    ]
    places = [
        place for place in (QRectF(c.x(), c.y(), width, height) for c in corners) if room.contains(place)
    ]
    clear = [place for place in places if not any(place.intersects(name) for name in names)]
    fallback = QRectF(
        min(max(spot.x() + gap, room.left()), room.right() - width), corners[0].y(), width, height
    )
    pill = (clear or places or [fallback])[0]
    painter.setPen(QPen(tokens.color("line"), 1.0))
    painter.setBrush(tokens.color("raised"))
    painter.drawRoundedRect(pill, 5, 5)
    baseline = pill.center().y() - line.height() / 2 + line.ascent()
    line.paint(painter, pill.left() + metric(6), baseline, tokens.color("text"), tokens)


def paint_problem(painter: QPainter, sentence: str, well: QRectF) -> None:
    """Say why a point cannot be where it was dragged, along the foot of the plot."""
    tokens = current_tokens()
    painter.setFont(font_for("label", QFont.Weight.Medium))
    room = well.width() - metric(12) - metric(16)
    flags = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
    measured = painter.boundingRect(QRectF(0, 0, room, well.height()), flags, sentence)
    box = QRectF(
        well.left() + metric(6),
        well.bottom() - metric(6) - measured.height() - metric(8),
        well.width() - metric(12),
        measured.height() + metric(8),
    )
    painter.setPen(QPen(tokens.color("bad"), 1.0))
    painter.setBrush(tokens.color("badbg"))
    painter.drawRoundedRect(box, 6, 6)
    painter.setPen(tokens.color("bad"))
    painter.drawText(box.adjusted(metric(8), metric(4), -metric(8), -metric(4)), flags, sentence)


def _paint_halo_text(painter: QPainter, line: RichLine, left: float, baseline: float, role: Role) -> None:
    """Text that stays readable where a curve runs below it."""
    tokens = current_tokens()
    for shift in (QPointF(-1, 0), QPointF(1, 0), QPointF(0, -1), QPointF(0, 1)):
        line.paint(painter, left + shift.x(), baseline + shift.y(), tokens.color("field", 0.7), tokens)
    line.paint(painter, left, baseline, tokens.color(role), tokens)
