"""What all fields share: the well with its border, and the small marks at its right end."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from diffviz.ui.theme import DISABLED_OPACITY, current_tokens, font_for, metric

FIELD_RADIUS_PX = 6
TEXT_INSET_PX = 10
ARROW_STRIP_PX = 20


def paint_field_frame(painter: QPainter, widget: QWidget, *, is_invalid: bool = False) -> None:
    """Draw the well of a field: 1 px edge, brighter under the mouse, in the bad colour when invalid."""
    tokens = current_tokens()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if not widget.isEnabled():
        painter.setOpacity(DISABLED_OPACITY)
    if is_invalid:
        border = tokens.color("bad")
    elif widget.isEnabled() and widget.underMouse():
        border = tokens.blend("edge", "text", 0.35)
    else:
        border = tokens.color("edge")
    painter.setPen(QPen(border, 1.0))
    painter.setBrush(tokens.color("field"))
    rect = QRectF(widget.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.drawRoundedRect(rect, FIELD_RADIUS_PX, FIELD_RADIUS_PX)


def paint_chevron(painter: QPainter, center: QPointF, half_width: float, *, points_up: bool) -> None:
    """Draw an open arrow head in the colour of help text."""
    height = half_width * 0.55 * (-1 if points_up else 1)
    pen = QPen(current_tokens().color("text2"), 1.4)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(
        QPolygonF(
            [
                center + QPointF(-half_width, -height),
                center + QPointF(0, height),
                center + QPointF(half_width, -height),
            ]
        )
    )


def paint_triangle(painter: QPainter, center: QPointF, half_width: float, *, points_up: bool) -> None:
    """Draw a small filled arrow head, as on spin boxes."""
    height = half_width * 0.6 * (-1 if points_up else 1)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(current_tokens().color("text2"))
    painter.drawPolygon(
        QPolygonF(
            [
                center + QPointF(-half_width, -height),
                center + QPointF(half_width, -height),
                center + QPointF(0, height),
            ]
        )
    )


def paint_unit(painter: QPainter, widget: QWidget, unit: str, right: float) -> None:
    """Write the unit of a field, ending at ``right``."""
    painter.setFont(font_for("label"))
    painter.setPen(current_tokens().color("text3"))
    rect = QRectF(0, 0, right, widget.height())
    painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, unit)


def text_inset() -> int:
    """Distance of a field's text from its left edge in px."""
    return metric(TEXT_INSET_PX)
