"""Between the symbols of a formula and what they are on screen: whichever is pointed at, both light up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QScrollArea, QWidget
from typing_extensions import override

from diffviz.ui.theme import Role, color
from diffviz.ui.widgets.formula_line import FormulaLine
from diffviz.ui.widgets.image_view import ImageView

_RADIUS_PX = 5
_WIDTH_PX = 2
_WASH = 0.14


@dataclass(frozen=True)
class Target:
    """
    What a symbol is on screen: a widget, or a part of one.

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


class SymbolLinks(QObject):
    """
    Links the symbols of one formula line to their places on screen.

    Parameters
    ----------
    line
        The formula.
    targets
        Places of each key.
    """

    def __init__(self, line: FormulaLine, targets: Mapping[str, Iterable[Target]]) -> None:
        super().__init__(line)
        self._line = line
        self._targets: dict[str, list[Target]] = {}
        self._marks: list[_Mark] = []
        line.symbol_lit.connect(self._on_symbol_lit)
        line.symbol_pressed.connect(self._on_symbol_pressed)
        for key, places in targets.items():
            self.add(key, *places)

    def add(self, key: str, *places: Target) -> None:
        """Link more places to a key."""
        self._targets.setdefault(key, []).extend(places)
        for place in places:
            place.widget.installEventFilter(self)
            if place.part is not None:
                _seen(place.widget).setMouseTracking(True)
            if _seen(place.widget) is not place.widget:
                _seen(place.widget).installEventFilter(self)

    def targets(self, key: str) -> tuple[Target, ...]:
        """Places of a key."""
        return tuple(self._targets.get(key, ()))

    @property
    def marked(self) -> tuple[QWidget, ...]:
        """Widgets that are lit now."""
        return tuple(mark.place.widget for mark in self._marks if mark.isVisible())

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Resize and self._marks:
            # The widget lays itself out first.
            QTimer.singleShot(0, self, self._mark_again)
        elif kind == QEvent.Type.Leave:
            self._light("")
        elif kind in (QEvent.Type.MouseMove, QEvent.Type.Enter) and isinstance(watched, QWidget):
            if isinstance(event, QMouseEvent):
                self._light(self._key_at(watched, event.position().toPoint()))
            else:
                self._light(self._key_at(watched, watched.mapFromGlobal(watched.cursor().pos())))
        return False

    def _key_at(self, widget: QWidget, spot: QPoint) -> str:
        """Key of the smallest place under the mouse that the formula speaks of now."""
        shown = {part.key for part in self._line.parts}
        found = [
            (rect.width() * rect.height(), key)
            for key, places in self._targets.items()
            for place in places
            if key in shown and _seen(place.widget) in (widget, _seen(widget))
            if (rect := place.rect()).contains(spot)
        ]
        return min(found)[1] if found else ""

    def _light(self, key: str) -> None:
        if key != self._line.lit:
            self._line.set_lit(key)
            self._mark(key)

    def _mark(self, key: str) -> None:
        """Mark the places of a key, and no others."""
        roles: list[Role] = [part.role for part in self._line.parts if part.key == key]
        places = [p for p in self._targets.get(key, ()) if p.widget.isVisible() and p.rect().isValid()]
        for mark in self._marks:
            mark.hide()
            mark.deleteLater()
        self._marks = [_Mark(place, roles[0]) for place in places if roles]

    @Slot()
    def _mark_again(self) -> None:
        self._mark(self._line.lit)

    @Slot(str)
    def _on_symbol_lit(self, key: str) -> None:
        self._mark(key)

    @Slot(str)
    def _on_symbol_pressed(self, key: str) -> None:
        """Scroll to what the symbol is."""
        for place in self._targets.get(key, ()):
            bring_into_sight(place.widget, place.rect())
        self._mark(key)


class _Mark(QWidget):
    """A ring around a place, in the colour of its symbol; takes no mouse and no room."""

    def __init__(self, place: Target, role: Role) -> None:
        super().__init__(_seen(place.widget))
        self.place = place
        self._role: Role = role
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setGeometry(place.rect())
        self.show()
        self.raise_()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        half = _WIDTH_PX / 2
        painter.setPen(QPen(color(self._role), _WIDTH_PX))
        is_small = self.width() * self.height() < 200 * 100
        painter.setBrush(color(self._role, _WASH) if is_small else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(half, half, -half, -half), _RADIUS_PX, _RADIUS_PX
        )


def bring_into_sight(widget: QWidget, rect: QRect) -> None:
    """Scroll the panel that a widget lies in until a part of it is seen."""
    ancestor = widget.parentWidget()
    while ancestor is not None:
        if isinstance(ancestor, QScrollArea) and (content := ancestor.widget()) is not None:
            spot = widget.mapTo(content, rect.center())
            ancestor.ensureVisible(spot.x(), spot.y(), rect.width() // 2 + 12, rect.height() // 2 + 12)
            return
        ancestor = ancestor.parentWidget()


def _seen(widget: QWidget) -> QWidget:
    """What of a widget gets the mouse: of a scrolled one its window."""
    return widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
