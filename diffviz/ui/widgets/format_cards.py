"""A row of cards of which one is chosen: name in large, what it is good for in small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import DISABLED_OPACITY, current_tokens, metric
from diffviz.ui.widgets.availability import set_unavailable

_HEIGHT_PX = 52
_RADIUS_PX = 6
_GAP_PX = 6
_MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}


@dataclass(frozen=True)
class FormatCard:
    """Key, name, two words on what it is good for, and a sentence for the tooltip."""

    key: str
    label: str
    summary: str
    tooltip: str = ""


class FormatCards(QWidget):
    """
    Exclusive cards side by side, in several rows where one has no room for them.

    Arrow keys move the choice, Tab leaves the cards.

    Signals
    -------
    selected(str)
        The user chose the card of that key. Setters stay silent.
    """

    selected = Signal(str)

    def __init__(
        self, cards: Sequence[FormatCard], accessible_name: str = "Format", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(accessible_name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_GAP_PX)
        self._num_columns = 0
        self._buttons = {card.key: _CardButton(card, self) for card in cards}
        self._arrange(len(self._buttons))
        self._mark(next(iter(self._buttons), ""))

    @property
    def current(self) -> str:
        """Key of the chosen card."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def keys(self) -> tuple[str, ...]:
        """Keys of all cards in their order."""
        return tuple(self._buttons)

    def set_current(self, key: str) -> None:
        """
        Show a card as chosen, silently.

        Raises
        ------
        KeyError
            There is no card of that key.
        """
        if key not in self._buttons:
            raise KeyError(key)
        self._mark(key)

    def set_unavailable(self, key: str, reason: str | None) -> None:
        """Disable a card and say why in its tooltip; None enables it again."""
        button = self._buttons[key]
        set_unavailable(button, reason)
        button.setAccessibleDescription(button.toolTip())

    def button(self, key: str) -> QAbstractButton:
        """Return the button of a card."""
        return self._buttons[key]

    def choose_by_user(self, key: str) -> None:
        """Choose as a click does: mark, and tell of it if it is another card."""
        changes = key != self.current
        self._mark(key)
        if changes:
            self.selected.emit(key)

    def step(self, direction: int) -> None:
        """Choose the next available card before (−1) or after (+1) the chosen one."""
        keys = [key for key, button in self._buttons.items() if button.isEnabled()]
        if self.current in keys:
            self._choose_by_key(keys[(keys.index(self.current) + direction) % len(keys)])

    def choose_end(self, *, last: bool) -> None:
        """Choose the first or the last available card."""
        keys = [key for key, button in self._buttons.items() if button.isEnabled()]
        if keys:
            self._choose_by_key(keys[-1 if last else 0])

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._card_width(), super().minimumSizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        fitting = (self.width() + _GAP_PX) // (self._card_width() + _GAP_PX)
        self._arrange(min(max(1, fitting), len(self._buttons)))

    def _card_width(self) -> int:
        return max(button.minimumSizeHint().width() for button in self._buttons.values())

    def _arrange(self, num_columns: int) -> None:
        if num_columns == self._num_columns:
            return
        self._num_columns = num_columns
        for place, button in enumerate(self._buttons.values()):
            self._grid.addWidget(button, *divmod(place, num_columns))
        for column in range(len(self._buttons)):
            self._grid.setColumnStretch(column, 1 if column < num_columns else 0)
        self.updateGeometry()

    def _choose_by_key(self, key: str) -> None:
        self._buttons[key].setFocus(Qt.FocusReason.TabFocusReason)
        self.choose_by_user(key)

    def _mark(self, chosen: str) -> None:
        for key, button in self._buttons.items():
            button.setChecked(key == chosen)
            # One stop of the Tab key for the whole row, as in a group of radio buttons.
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if key == chosen else Qt.FocusPolicy.ClickFocus)


class _CardButton(QAbstractButton):
    """One card."""

    def __init__(self, card: FormatCard, cards: FormatCards) -> None:
        super().__init__(cards)
        self._card = card
        self._cards = cards
        self.setCheckable(True)
        self.setText(card.label)
        self.setToolTip(card.tooltip or f"{card.label}: {card.summary}")
        self.setAccessibleName(f"{card.label}, {card.summary}")
        self.setAccessibleDescription(self.toolTip())
        self.setProperty(RING_PROPERTY, _RADIUS_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    @override
    def nextCheckState(self) -> None:
        self._cards.choose_by_user(self._card.key)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _MOVES:
            self._cards.step(_MOVES[key])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._cards.choose_end(last=key == Qt.Key.Key_End)
        else:
            super().keyPressEvent(event)

    @override
    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    @override
    def minimumSizeHint(self) -> QSize:
        widest = max(self._title().width(), self._summary().width())
        return QSize(round(widest + 2 * metric(3)), metric(_HEIGHT_PX))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(DISABLED_OPACITY)
        is_lit = self.isEnabled() and self.underMouse()
        width = 2.0 if self.isChecked() else 1.0
        edge = tokens.color("accent") if self.isChecked() else tokens.blend("edge", "text", 0.35 * is_lit)
        painter.setPen(QPen(edge, width))
        painter.setBrush(tokens.blend("field", "text", 0.04 * is_lit))
        inset = width / 2
        rect = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(rect, _RADIUS_PX, _RADIUS_PX)
        title, summary = self._title(), self._summary()
        top = (self.height() - title.height() - summary.height() - metric(2)) / 2
        for line, ink in ((title, tokens.color("text")), (summary, tokens.color("text2"))):
            left = (self.width() - line.width()) / 2
            line.paint(painter, left, round(top + line.ascent()), ink, tokens)
            top += line.height() + metric(2)

    def _title(self) -> RichLine:
        return RichLine(self._card.label, "body", QFont.Weight.DemiBold)

    def _summary(self) -> RichLine:
        return RichLine(self._card.summary, "tick", QFont.Weight.Normal)
