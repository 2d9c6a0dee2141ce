"""Between the symbols of a formula and what they are on screen: whichever is pointed at, both light up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from diffviz.ui.targets import Target, bring_into_sight, seen_part
from diffviz.ui.theme import Role, color
from diffviz.ui.widgets.formula_line import FormulaLine

_RADIUS_PX = 5
_WIDTH_PX = 2
_WASH = 0.14


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
                seen_part(place.widget).setMouseTracking(True)
            if seen_part(place.widget) is not place.widget:
                seen_part(place.widget).installEventFilter(self)

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
            if key in shown and seen_part(place.widget) in (widget, seen_part(widget))
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
        super().__init__(seen_part(place.widget))
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
