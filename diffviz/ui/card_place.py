"""Where a card may float so that it covers nothing that it speaks of."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize

MARGIN_PX = 8
"""Between the card and the edges of its room."""
_STEPS = 16
_SPOKEN_OF = 1000.0


def place_card(
    size: QSize, room: QRect, spoken_of: Sequence[QRect], others: Sequence[tuple[QRect, float]]
) -> QPoint:
    """
    Return the best corner for a card.

    Parameters
    ----------
    size
        Of the card.
    room
        Where it may lie.
    spoken_of
        What it must not cover, as far as that can be had.
    others
        What it should rather not cover, and how dear a px of each is; 1 is much.
    """
    inside = room.adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX)
    wide, high = max(0, inside.width() - size.width()), max(0, inside.height() - size.height())
    corners = [
        QPoint(inside.left() + wide * column // _STEPS, inside.top() + high * row // _STEPS)
        # From the right and from the top, so that of equal places the upper right one wins.
        for column in range(_STEPS, -1, -1)
        for row in range(_STEPS + 1)
    ]

    def cost(corner: QPoint) -> float:
        card = QRect(corner, size)
        covered = sum(_SPOKEN_OF * _area(card.intersected(place)) for place in spoken_of)
        return covered + sum(price * _area(card.intersected(place)) for place, price in others)

    return min(corners, key=cost)


def _area(rect: QRect) -> float:
    return float(rect.width() * rect.height()) if rect.isValid() else 0.0
