"""Drawing of one term of the equation: sign, coefficient with a bar of its size, and the times sign."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from diffviz.ui.theme import Role, TextRole, current_tokens, font_for, metric
from diffviz.ui.widgets.stage_geometry import Rect

_BAR_PX = (64, 5)
_NARROW_BAR_PX = (48, 4)
_BAR_GAP_PX = 9
_WIDEST_NUMBER = "0.000"


def term_width(*, is_narrow: bool) -> float:
    """Width in px of the column that one term takes before its picture."""
    before, after = _gaps(is_narrow)
    signs = _sign_metrics(is_narrow)
    number = _number_width(is_narrow)
    return 2 * before + signs.horizontalAdvance("+") + number + 2 * after + signs.horizontalAdvance("×")


def term_height(*, is_narrow: bool) -> float:
    """Height in px of a coefficient with its bar."""
    numbers = QFontMetricsF(_number_font(is_narrow))
    return numbers.capHeight() + metric(_BAR_GAP_PX) + metric((_NARROW_BAR_PX if is_narrow else _BAR_PX)[1])


def number_place(column: Rect, *, is_narrow: bool) -> QRect:
    """Place of the coefficient and its bar in the column of a term."""
    after = _gaps(is_narrow)[1]
    width, height = _number_width(is_narrow), term_height(is_narrow=is_narrow)
    left = column.right - after - _sign_metrics(is_narrow).horizontalAdvance("×") - after - width
    margin = metric(6)
    place = QRectF(left, column.middle - height / 2, width, height)
    return place.adjusted(-margin, -margin, margin, margin).toAlignedRect()


def paint_term(
    painter: QPainter,
    column: Rect,
    sign: str,
    value: float,
    role: Role,
    sign_at: float | None = None,
    *,
    is_narrow: bool,
) -> None:
    """
    Draw one term into its column.

    Parameters
    ----------
    painter
        With antialiasing on.
    column
        Place between the picture before and the picture of this term.
    sign
        "=" or "+".
    value
        Coefficient, 0 to 1.
    role
        Colour of number and bar.
    sign_at
        Height of the sign's middle, which then stands alone in its column; None: in line with the number.
    is_narrow
        Smaller numbers for a narrow stage.
    """
    tokens = current_tokens()
    before, after = _gaps(is_narrow)
    numbers, signs = QFontMetricsF(_number_font(is_narrow)), _sign_metrics(is_narrow)
    times_left = column.right - after - signs.horizontalAdvance("×")
    number_left = times_left - after - _number_width(is_narrow)
    bar_width, bar_height = (metric(side) for side in (_NARROW_BAR_PX if is_narrow else _BAR_PX))
    gap = metric(_BAR_GAP_PX)
    middle = column.middle - (gap + bar_height) / 2
    baseline = round(middle + numbers.capHeight() / 2)

    painter.setFont(_number_font(is_narrow))
    painter.setPen(tokens.color(role))
    painter.drawText(QPointF(number_left, baseline), f"{value:.3f}")
    bar = QRectF(number_left, baseline + gap, bar_width, bar_height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tokens.color("line"))
    painter.drawRoundedRect(bar, bar_height / 2, bar_height / 2)
    if value > 0.0:
        # Never shorter than its own round ends, so that a small coefficient is still seen.
        bar.setWidth(max(bar_height, bar_width * min(1.0, value)))
        painter.setBrush(tokens.color(role))
        painter.drawRoundedRect(bar, bar_height / 2, bar_height / 2)

    painter.setFont(_sign_font(is_narrow))
    painter.setPen(tokens.color("text2"))
    rise = signs.capHeight() / 2
    painter.drawText(QPointF(times_left, round(middle + rise)), "×")
    sign_left = number_left - before - signs.horizontalAdvance(sign)
    if sign_at is not None:
        sign_left = (column.left + number_left - signs.horizontalAdvance(sign)) / 2
    painter.drawText(QPointF(sign_left, round((middle if sign_at is None else sign_at) + rise)), sign)


def _gaps(is_narrow: bool) -> tuple[int, int]:
    """Room on both sides of the leading sign, and on both sides of the times sign."""
    return (metric(8), metric(5)) if is_narrow else (metric(18), metric(11))


def _number_font(is_narrow: bool) -> QFont:
    role: TextRole = "readout" if is_narrow else "coefficient"
    return font_for(role, tabular=True)


def _sign_font(is_narrow: bool) -> QFont:
    return font_for("title" if is_narrow else "readout", QFont.Weight.Normal)


def _sign_metrics(is_narrow: bool) -> QFontMetricsF:
    return QFontMetricsF(_sign_font(is_narrow))


def _number_width(is_narrow: bool) -> float:
    bar = metric((_NARROW_BAR_PX if is_narrow else _BAR_PX)[0])
    return max(float(bar), QFontMetricsF(_number_font(is_narrow)).horizontalAdvance(_WIDEST_NUMBER))
