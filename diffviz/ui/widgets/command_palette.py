"""Every command of the program behind one key: type a few letters, press Enter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Slot,
)
from PySide6.QtGui import QAction, QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import DISABLED_OPACITY, current_tokens, font_for, icon, metric
from diffviz.ui.widgets.buttons import native_keys
from diffviz.ui.widgets.fuzzy import fuzzy_match
from diffviz.ui.widgets.surfaces import make_rule

_WIDTH_PX = 560
_TOP_PX = 84
_ROW_PX = 36
_MAX_ROWS = 10
_AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class PaletteCommand:
    """
    One command.

    Parameters
    ----------
    title
        Its name, as in menus.
    run
        What it does.
    shortcut
        Its keys, such as "Ctrl+O".
    reason
        Why it cannot be used now; empty: it can.
    keywords
        More words by which it is found.
    """

    title: str
    run: Callable[[], object]
    shortcut: str = ""
    reason: str = ""
    keywords: str = ""


class CommandPalette(QWidget):
    """Covers its window with a light wash and shows the list in the middle; a click outside closes it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._commands: tuple[PaletteCommand, ...] = ()
        self._before: QWidget | None = None
        self._card = QFrame(self)
        self._card.setProperty("surface", "card")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a command")
        self.search.setAccessibleName("Find a command")
        self.search.setToolTip("Type a few letters of a command")
        self._lens = QAction(icon("search", "text3"), "", self.search)
        self.search.addAction(self._lens, QLineEdit.ActionPosition.LeadingPosition)
        self.search.setFrame(False)
        self.search.setProperty(RING_PROPERTY, -1)
        self.search.setStyleSheet("background: transparent; border: none;")
        self.search.textEdited.connect(self._on_text_edited)
        self.search.installEventFilter(self)
        self._model = _CommandModel(self)
        self.list = QListView()
        self.list.setAccessibleName("Commands")
        self.list.setModel(self._model)
        self.list.setItemDelegate(_CommandDelegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setStyleSheet("background: transparent;")
        self.list.entered.connect(self.list.setCurrentIndex)
        self.list.clicked.connect(self._on_clicked)
        column = QVBoxLayout(self._card)
        column.setContentsMargins(metric(8), metric(6), metric(8), metric(8))
        column.setSpacing(metric(6))
        column.addWidget(self.search)
        column.addWidget(make_rule())
        column.addWidget(self.list)
        self.setAccessibleName("Command palette")
        self.hide()
        window.installEventFilter(self)

    def open(self, commands: Sequence[PaletteCommand]) -> None:
        """Show these commands and take the keyboard."""
        self._commands = tuple(commands)
        window = self.parentWidget()
        assert window is not None
        self._before = window.focusWidget()
        self.search.clear()
        self.search.setFont(font_for("title", QFont.Weight.Normal))
        self.search.setMinimumHeight(metric(36))
        self._lens.setIcon(icon("search", "text3"))
        self._on_text_edited("")
        self.setGeometry(window.rect())
        self.show()
        self.raise_()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def dismiss(self) -> None:
        """Close without doing anything and give the keyboard back."""
        if self.isHidden():
            return
        self.hide()
        if self._before is not None:
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        elif (window := self.parentWidget()) is not None:
            # Hiding would hand the keyboard to whatever comes next, and single keys would go there.
            window.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None

    def titles(self) -> tuple[str, ...]:
        """Titles of the commands that are listed now."""
        return tuple(command.title for command, _ in self._model.rows)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            watched is self.parentWidget()
            and event.type() == QEvent.Type.Resize
            and isinstance(watched, QWidget)
        ):
            self.setGeometry(watched.rect())
            self._place_card()
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._took_key(Qt.Key(event.key()))
        return False

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._card.geometry().contains(event.position().toPoint()):
            self.dismiss()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0, 110 if tokens.is_dark else 60))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        card = QRectF(self._card.geometry())
        painter.setBrush(QColor(0, 0, 0, 7))
        for spread in range(1, 24, 2):
            radius = 8.0 + spread
            painter.drawRoundedRect(card.adjusted(-spread, -spread / 2, spread, spread), radius, radius)

    def _took_key(self, key: Qt.Key) -> bool:
        steps = {
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_PageUp: -_MAX_ROWS,
            Qt.Key.Key_PageDown: _MAX_ROWS,
        }
        if key == Qt.Key.Key_Escape:
            self.dismiss()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentIndex().row())
        elif key in steps and self._model.rows:
            last = len(self._model.rows) - 1
            row = min(max(self.list.currentIndex().row() + steps[key], 0), last)
            self.list.setCurrentIndex(self._model.index(row))
        else:
            # The palette is one place for the keyboard: Tab goes nowhere.
            return key == Qt.Key.Key_Tab
        return True

    def _run(self, row: int) -> None:
        if not 0 <= row < len(self._model.rows):
            return
        command, _ = self._model.rows[row]
        if command.reason:
            return
        self.dismiss()
        command.run()

    def _place_card(self) -> None:
        rows = min(max(1, len(self._model.rows)), _MAX_ROWS)
        width = min(metric(_WIDTH_PX), self.width() - 2 * metric(24))
        height = metric(36) + 2 * metric(6) + 1 + rows * metric(_ROW_PX) + metric(14) + 4
        top = min(metric(_TOP_PX), max(metric(8), (self.height() - height) // 2))
        self._card.setGeometry((self.width() - width) // 2, top, width, min(height, self.height() - top - 8))
        self._card.update()

    @Slot(str)
    def _on_text_edited(self, query: str) -> None:
        self._model.set_rows(_ranked(self._commands, query))
        if self._model.rows:
            self.list.setCurrentIndex(self._model.index(0))
        self._place_card()
        self.update()

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        self._run(index.row())


def _ranked(commands: Sequence[PaletteCommand], query: str) -> list[tuple[PaletteCommand, tuple[int, ...]]]:
    """Commands that answer a query, the best first, and the letters of their titles that do."""
    found: list[tuple[float, int, PaletteCommand, tuple[int, ...]]] = []
    for order, command in enumerate(commands):
        match = fuzzy_match(query, command.title)
        hidden = fuzzy_match(query, command.keywords) if match is None and command.keywords else None
        if match is not None:
            found.append((-match.score, order, command, match.positions))
        elif hidden is not None:
            found.append((2.0 - hidden.score, order, command, ()))
    found.sort(key=lambda entry: entry[:2])
    return [(command, positions) for _, _, command, positions in found]


class _CommandModel(QAbstractListModel):
    """Rows of the palette."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[tuple[PaletteCommand, tuple[int, ...]]] = []

    def set_rows(self, rows: list[tuple[PaletteCommand, tuple[int, ...]]]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    @override
    def rowCount(self, parent: _AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    @override
    def data(self, index: _AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        command, positions = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return command.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return command.reason or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{command.title} {native_keys(command.shortcut)} {command.reason}".strip()
        if role == Qt.ItemDataRole.UserRole:
            return (command, positions)
        return None


class _CommandDelegate(QStyledItemDelegate):
    """Draws a row: found letters in the accent, keys at the right, the reason where it cannot be used."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: _AnyIndex) -> QSize:
        return QSize(metric(200), metric(_ROW_PX))

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        tokens = current_tokens()
        command, positions = index.data(Qt.ItemDataRole.UserRole)
        rect = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.color("raised"))
            painter.drawRoundedRect(rect, 6, 6)
        if command.reason:
            painter.setOpacity(DISABLED_OPACITY)
        hits = set(positions)
        markup = "".join(
            f"[accent]**{letter}**[/]" if i in hits else letter for i, letter in enumerate(command.title)
        )
        line = RichLine(markup, "body")
        baseline = round(rect.center().y() - line.height() / 2 + line.ascent())
        end = line.paint(painter, rect.left() + metric(12), baseline, tokens.color("text"), tokens)
        right = rect.right() - metric(12)
        if command.shortcut:
            keys = RichLine(native_keys(command.shortcut), "label")
            box = QRectF(0, 0, keys.width() + metric(12), keys.height() + metric(4))
            box.moveCenter(rect.center())
            box.moveRight(right)
            painter.setPen(QPen(tokens.color("line"), 1.0))
            painter.setBrush(tokens.color("field"))
            painter.drawRoundedRect(box, 4, 4)
            keys.paint(painter, box.left() + metric(6), baseline, tokens.color("text2"), tokens)
            right = box.left() - metric(8)
        if command.reason:
            reason = RichLine(command.reason, "label")
            start = end + metric(12)
            if start + reason.width() < right:
                painter.setOpacity(1.0)
                reason.paint(painter, start, baseline, tokens.color("text3"), tokens)
        painter.restore()
