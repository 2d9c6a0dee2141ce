"""The formula that is at work now, with the numbers of this very step under its symbols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.math_layout import Extent, Node, Words
from diffviz.ui.rich_line import RichLine, plain_text
from diffviz.ui.tab_order import follow_in_tab_order, last_in_tab_order
from diffviz.ui.theme import Role, TextRole, color, current_tokens, metric

_ROLES: tuple[TextRole, ...] = ("title", "body", "label", "tick")
_PADDING_PX = 3
_RADIUS_PX = 5
_SIDE_PX = 12
_GAP_PX = 3
_LIT_OPACITY = 0.20


@dataclass(frozen=True)
class FormulaPart:
    """
    A symbol or a sign of a formula.

    Attributes
    ----------
    node
        How it is typeset.
    value
        What stands under it, with the markup of ``rich_line``: its number now, or the sign again.
    key
        What it is; parts of one key are one thing. Signs have none.
    meaning
        One sentence on what it is, for the tooltip and for screen readers.
    role
        Its colour.
    widest
        The longest value that may stand here, whose width is kept.
    """

    node: Node
    value: str = ""
    key: str = ""
    meaning: str = ""
    role: Role = "text2"
    widest: str = ""


def sign(markup: str) -> FormulaPart:
    """A sign between symbols, the same in both lines."""
    return FormulaPart(Words(markup), markup)


class FormulaLine(QWidget):
    """
    A formula over its numbers; in low windows the numbers alone.

    Each symbol takes the keyboard and the mouse by itself and lights up, and so does what it is on screen
    (``ui.symbol_links``).

    Signals
    -------
    symbol_lit(str)
        The mouse or the keyboard is on the symbol of that key; "": on none.
    symbol_pressed(str)
        The person pressed a symbol to be shown what it is.
    """

    symbol_lit = Signal(str)
    symbol_pressed = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._parts: tuple[FormulaPart, ...] = ()
        self._spots: list[_Spot] = []
        self._places: list[QRect] = []
        self._baselines = (0.0, 0.0)
        self._lit = ""
        self._is_compact = False
        self._role: TextRole = _ROLES[0]
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    @property
    def parts(self) -> tuple[FormulaPart, ...]:
        """What is shown."""
        return self._parts

    @property
    def plain(self) -> str:
        """Formula and numbers in words."""
        symbols = "".join(part.node.plain for part in self._parts)
        values = "".join(plain_text(part.value) for part in self._parts)
        return f"{symbols}; {values}"

    @property
    def lit(self) -> str:
        """Key of the symbols that are lit."""
        return self._lit

    def spot(self, key: str) -> QAbstractButton:
        """
        Return the first symbol of a key.

        Raises
        ------
        KeyError
            No symbol has that key.
        """
        for spot in self._spots:
            if spot.part.key == key and not spot.isHidden():
                return spot
        raise KeyError(key)

    def set_formula(self, parts: Sequence[FormulaPart]) -> None:
        """Show a formula, or the same one with other numbers."""
        new = tuple(parts)
        if new == self._parts:
            return
        is_same_shape = [_shape(part) for part in new] == [_shape(part) for part in self._parts]
        self._parts = new
        self.setAccessibleDescription(self.plain)
        symbols = [part for part in new if part.key]
        while len(self._spots) < len(symbols):
            before = self._spots[-1] if self._spots else last_in_tab_order(self.parentWidget() or self)
            spot = _Spot(self)
            follow_in_tab_order(before, spot)
            self._spots.append(spot)
        for spot, part in zip(self._spots, symbols):
            spot.show_part(part)
        for spot in self._spots[len(symbols) :]:
            spot.hide()
        if not is_same_shape or self._is_overfull():
            self.updateGeometry()
            self._arrange()

    def set_compact(self, compact: bool) -> None:
        """Show the numbers alone, for low windows."""
        if compact != self._is_compact:
            self._is_compact = compact
            self.updateGeometry()
            self._arrange()

    def set_lit(self, key: str) -> None:
        """Light the symbols of a key, silently; "": none."""
        if key != self._lit:
            self._lit = key
            for spot in self._spots:
                spot.update()

    # How it is drawn

    def is_lit(self, part: FormulaPart) -> bool:
        """Whether a symbol is lit."""
        return bool(part.key) and part.key == self._lit

    def _width_of(self, part: FormulaPart) -> float:
        """Room of a part from left to right."""
        values = [self._value_line(part.value).width()]
        if part.widest:
            values.append(self._value_line(part.widest).width())
        width = max(values) if self._is_compact else max(*values, part.node.extent(self._role).width)
        return width + (2 * _PADDING_PX if part.key else 0)

    def _value_line(self, markup: str) -> RichLine:
        """A line of the lower row, which stands alone in low windows."""
        role = self._role if self._is_compact else _smaller(self._role)
        return RichLine(markup, role, QFont.Weight.Medium, tabular=True)

    def _find_baselines(self) -> tuple[float, float]:
        """Baselines of the symbols and of the values; of the values alone where it is compact."""
        line = self._value_line("x")
        if self._is_compact:
            middle = (self.height() - line.height()) / 2 + line.ascent()
            return middle, middle
        above, below = self._reach()
        gap = metric(_GAP_PX)
        top = (self.height() - above - below - gap - line.height()) / 2
        return round(top + above), round(top + above + below + gap + line.ascent())

    def _reach(self) -> tuple[float, float]:
        extents = [part.node.extent(self._role) for part in self._parts]
        return max((e.ascent for e in extents), default=0.0), max((e.descent for e in extents), default=0.0)

    def _width(self) -> float:
        return sum(self._width_of(part) for part in self._parts)

    def _is_overfull(self) -> bool:
        """Whether a value is longer than the room that is kept for it."""
        return any(self._width_of(part) > place.width() + 1 for part, place in zip(self._parts, self._places))

    def _arrange(self) -> None:
        """Put the symbols beside each other in the middle, as large as the width allows."""
        for self._role in _ROLES:
            if self._width() <= self.width() - 2 * metric(_SIDE_PX):
                break
        left = (self.width() - self._width()) / 2
        self._places = []
        for part in self._parts:
            right = left + self._width_of(part)
            self._places.append(QRect(round(left), 0, round(right) - round(left), self.height()))
            left = right
        self._baselines = self._find_baselines()
        places = [place for place, part in zip(self._places, self._parts) if part.key]
        for spot, place in zip(self._spots, places):
            spot.setGeometry(place)
            spot.update()
        self.update()

    def paint_part(self, painter: QPainter, part: FormulaPart, place: QRect) -> None:
        """Draw a symbol or a sign, and what stands under it."""
        upper, lower = self._baselines
        tokens = current_tokens()
        ink = tokens.color(part.role)
        if not self._is_compact:
            width = part.node.extent(self._role).width
            at = QPointF(place.left() + (place.width() - width) / 2, upper)
            part.node.paint(painter, at, self._role, ink, tokens)
        value = self._value_line(part.value)
        value.paint(painter, place.left() + (place.width() - value.width()) / 2, lower, ink, tokens)

    @override
    def sizeHint(self) -> QSize:
        line = RichLine("x", _ROLES[0])
        if self._is_compact:
            return QSize(metric(400), round(line.height()) + metric(10))
        extents = [part.node.extent(_ROLES[0]) for part in self._parts] or [Extent(0.0, 0.0, 0.0)]
        height = max(e.ascent for e in extents) + max(e.descent for e in extents)
        values = RichLine("x", _smaller(_ROLES[0])).height()
        return QSize(metric(400), round(height + values) + metric(_GAP_PX + 14))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationFontChange):
            self.updateGeometry()
            self._arrange()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), color("stage"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for part, place in zip(self._parts, self._places):
            if not part.key:
                self.paint_part(painter, part, place)


class _Spot(QAbstractButton):
    """One symbol, with what stands under it."""

    def __init__(self, line: FormulaLine) -> None:
        super().__init__(line)
        self._line = line
        self._part = FormulaPart(Words(""))
        self.setProperty(RING_PROPERTY, _RADIUS_PX)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(self._on_clicked)

    @property
    def part(self) -> FormulaPart:
        """What it shows."""
        return self._part

    def show_part(self, part: FormulaPart) -> None:
        """Show another part, or the same with another number."""
        before, self._part = self._part, part
        self.setAccessibleName(f"{part.node.plain} {plain_text(part.value)}".strip())
        if before.meaning != part.meaning:
            self.setToolTip(part.meaning)
            self.setAccessibleDescription(part.meaning)
        self.show()
        if before != part:
            self.update()

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._light(self._part.key)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._light("")

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._light(self._part.key)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._light("")

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._line.is_lit(self._part):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(self._part.role, _LIT_OPACITY))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0, 2, 0, -2), _RADIUS_PX, _RADIUS_PX)
        self._line.paint_part(painter, self._part, self.rect())

    def _light(self, key: str) -> None:
        self._line.set_lit(key)
        self._line.symbol_lit.emit(key)

    def _on_clicked(self) -> None:
        self._line.symbol_pressed.emit(self._part.key)


def _shape(part: FormulaPart) -> tuple[object, ...]:
    """What of a part decides the room that it takes."""
    return part.node, part.widest or part.value, bool(part.key)


def _smaller(role: TextRole) -> TextRole:
    return _ROLES[min(_ROLES.index(role) + 1, len(_ROLES) - 1)]
