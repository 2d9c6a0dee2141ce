"""How pictures and what lies on them are drawn, the same wherever a picture is shown."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QFont, QImage, QPainter, QPen

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, font_for, metric

PICTURE_RADIUS_PX = 6
MARGIN_PX = 3
"""Room around a picture for its 2 px outline, kept whether or not it has one, so that sizes agree."""
_OUTLINE_PX = 2
_MARKER_PX = 13


def title_height() -> int:
    """Height of the title row above a picture in px, its gap included."""
    return metric(26)


def title_width(symbol: str, name: str, detail: str) -> int:
    """Width of a whole title row in px."""
    width = RichLine(name, "body", QFont.Weight.DemiBold).width()
    if symbol:
        width += RichLine(f"${symbol}$", "readout").width() + metric(6)
    if detail:
        width += metric(6) + RichLine(detail, "body", tabular=True).width()
    return round(width + 1)


def paint_title(
    painter: QPainter,
    top_left: QPointF,
    room: float,
    symbol: str,
    name: str,
    detail: str,
    short_name: str = "",
) -> None:
    """
    Draw a title row: symbol in mathematics, semibold name, and a grey detail where ``room`` px allow.

    Where the name does not fit, the short name stands for it, and where that does not fit either, none.
    """
    tokens = current_tokens()
    names = (name, short_name or name, "")
    fitting = next(words for words in names if not words or title_width(symbol, words, "") <= room)
    line = RichLine(fitting, "body", QFont.Weight.DemiBold)
    baseline = round(top_left.y() + title_height() - metric(8) - line.height() + line.ascent())
    left = top_left.x()
    if symbol:
        left = RichLine(f"${symbol}$", "readout").paint(painter, left, baseline, tokens.color("text"), tokens)
        left += metric(6)
    end = line.paint(painter, left, baseline, tokens.color("text"), tokens) + metric(6)
    rest = RichLine(detail, "body", tabular=True)
    if detail and end + rest.width() <= top_left.x() + room:
        rest.paint(painter, end, baseline, tokens.color("text2"), tokens)


def paint_picture(painter: QPainter, top_left: QPointF, scaled: QImage, pixel_ratio: float) -> None:
    """Draw a picture that already has its size in device px, with round corners."""
    painter.save()
    painter.translate(top_left)
    painter.scale(1 / pixel_ratio, 1 / pixel_ratio)
    painter.setPen(Qt.PenStyle.NoPen)
    # A brush, not a clip path: corners stay smooth and the middle stays a plain copy.
    painter.setBrush(QBrush(scaled))
    radius = PICTURE_RADIUS_PX * pixel_ratio
    painter.drawRoundedRect(QRectF(0, 0, scaled.width(), scaled.height()), radius, radius)
    painter.restore()


def paint_outline(painter: QPainter, rect: QRectF, role: Role) -> None:
    """Draw the 2 px line around a picture that says who made it."""
    half = _OUTLINE_PX / 2
    painter.setPen(QPen(current_tokens().color(role), _OUTLINE_PX))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    radius = PICTURE_RADIUS_PX + half
    painter.drawRoundedRect(rect.adjusted(-half, -half, half, half), radius, radius)


def paint_marker(painter: QPainter, rect: QRectF, picture: tuple[int, int], pixel: tuple[int, int]) -> None:
    """Draw the square around a pixel of a picture shown in ``rect``."""
    across, down = rect.width() / picture[0], rect.height() / picture[1]
    center = QPointF(rect.left() + (pixel[0] + 0.5) * across, rect.top() + (pixel[1] + 0.5) * down)
    width, height = max(across + 2, _MARKER_PX), max(down + 2, _MARKER_PX)
    box = QRectF(center.x() - width / 2, center.y() - height / 2, width, height)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    # White on black: it shows on any picture.
    for color, pen_width in ((Qt.GlobalColor.black, 4.0), (Qt.GlobalColor.white, 1.8)):
        painter.setPen(QPen(color, pen_width))
        painter.drawRoundedRect(box, 3, 3)


def paint_placeholder(painter: QPainter, room: QRectF, sentence: str, *, centered: bool) -> None:
    """Draw the dashed square that stands where a picture will be, with words where they fit whole."""
    tokens = current_tokens()
    side = min(room.width(), room.height())
    left = room.center().x() - side / 2 if centered else room.left()
    box = QRectF(left + 0.5, room.top() + 0.5, side - 1, side - 1)
    painter.setPen(QPen(tokens.color("edge"), 1.0, Qt.PenStyle.DashLine))
    painter.setBrush(tokens.color("field", 0.5))
    painter.drawRoundedRect(box, PICTURE_RADIUS_PX, PICTURE_RADIUS_PX)
    painter.setFont(font_for("label"))
    painter.setPen(tokens.color("text2"))
    words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    inner = box.adjusted(12, 12, -12, -12)
    needed = painter.boundingRect(inner, words, sentence)
    if inner.adjusted(-1, -1, 1, 1).contains(needed):
        painter.drawText(inner, words, sentence)
