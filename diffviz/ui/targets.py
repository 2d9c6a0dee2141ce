"""Places on screen that something speaks of: a widget or a part of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QAbstractScrollArea, QScrollArea, QWidget

from diffviz.ui.widgets.image_view import ImageView


@dataclass(frozen=True)
class Target:
    """
    A widget on screen, or a part of one.

    Attributes
    ----------
    widget
        Where it is.
    part
        Tells which part of the widget, in its own px; None: all of it. An empty rectangle is not there.
    """

    widget: QWidget
    part: Callable[[], QRect] | None = None

    def rect(self) -> QRect:
        """Place in the widget's own px."""
        return self.widget.rect() if self.part is None else self.part()


def picture_of(view: ImageView) -> Target:
    """Return the picture in a view, which is not there while the view has none."""

    def place() -> QRect:
        return view.picture_rect().toAlignedRect() if view.picture is not None else QRect()

    return Target(view, place)


def bring_into_sight(widget: QWidget, rect: QRect) -> None:
    """Scroll the panel that a widget lies in until a part of it is seen."""
    ancestor = widget.parentWidget()
    while ancestor is not None:
        if isinstance(ancestor, QScrollArea) and (content := ancestor.widget()) is not None:
            spot = widget.mapTo(content, rect.center())
            ancestor.ensureVisible(spot.x(), spot.y(), rect.width() // 2 + 12, rect.height() // 2 + 12)
            return
        ancestor = ancestor.parentWidget()


def seen_part(widget: QWidget) -> QWidget:
    """What of a widget gets the mouse: of a scrolled one its window."""
    return widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
