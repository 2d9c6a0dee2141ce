"""The list of lessons above the window: what each is about, which homework it answers, which are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine, plain_text
from diffviz.ui.theme import color, current_tokens, metric, paint_icon
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.math_label import MathLabel

_WIDTH_PX, _TOP_PX, _ROW_PX = 700, 64, 50
_RADIUS_PX = 8


@dataclass(frozen=True)
class LessonRow:
    """A lesson in the list: its key, title, one sentence, questions of a homework sheet, and whether done."""

    key: str
    title: str
    summary: str
    homework: tuple[str, ...] = ()
    is_done: bool = False
    cards: int = 0


class LessonList(QWidget):
    """
    Covers the window with a light wash and lists the lessons in the middle; a click outside closes it.

    Signals
    -------
    lesson_chosen(str)
        The person wants the lesson of that key.
    file_requested()
        The person wants to open a lesson file.
    """

    lesson_chosen = Signal(str)
    file_requested = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAccessibleName("Lessons")
        self._before: QWidget | None = None
        self.rows: list[_Row] = []
        self._card = QFrame(self)
        self._card.setProperty("surface", "card")
        title = MathLabel("Lessons", "title", weight=QFont.Weight.DemiBold)
        words = MathLabel(
            "Short tours in which you answer by moving something. Your own work waits and comes back.",
            "label",
            "text2",
            wraps=True,
        )
        self.open_button = make_button("flat", "Open a lesson…", "folder-open", "Open a lesson file (TOML)")
        self.open_button.clicked.connect(self._on_open_clicked)
        self.close_button = make_button("tool", "", "x", "Close the list", "Esc")
        self.close_button.clicked.connect(self.dismiss)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(self.open_button)
        head.addWidget(self.close_button)
        self._column = QVBoxLayout()
        self._column.setContentsMargins(metric(4), metric(4), metric(4), metric(4))
        self._column.setSpacing(2)
        holder = QWidget()
        holder.setLayout(self._column)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
        self._area.setWidget(holder)
        layout = QVBoxLayout(self._card)
        layout.setContentsMargins(metric(14), metric(10), metric(10), metric(12))
        layout.setSpacing(metric(6))
        layout.addLayout(head)
        layout.addWidget(words)
        layout.addWidget(self._area, 1)
        self.hide()
        window.installEventFilter(self)

    def open(self, lessons: Sequence[LessonRow], current: str = "") -> None:
        """Show these lessons and take the keyboard, at the current one or the first that is not done."""
        window = self.parentWidget()
        assert window is not None
        self._before = window.focusWidget()
        for row in self.rows:
            self._column.removeWidget(row)
            row.deleteLater()
        self.rows = [_Row(lesson) for lesson in lessons]
        for row in self.rows:
            row.clicked.connect(self._on_row_clicked)
            row.stepped.connect(self._on_stepped)
            self._column.addWidget(row)
        self.setGeometry(window.rect())
        self._place()
        self.show()
        self.raise_()
        wanted = next((row for row in self.rows if row.lesson.key == current), None)
        wanted = wanted or next((row for row in self.rows if not row.lesson.is_done), None)
        if wanted or self.rows:
            (wanted or self.rows[0]).setFocus(Qt.FocusReason.TabFocusReason)

    def dismiss(self) -> None:
        """Close without doing anything and give the keyboard back."""
        if self.isHidden():
            return
        self.hide()
        window = self.parentWidget()
        target = self._before or window
        if target is not None:
            target.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parentWidget() and event.type() == QEvent.Type.Resize and not self.isHidden():
            self._place()
        return False

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._card.geometry().contains(event.position().toPoint()):
            self.dismiss()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), QColor(0, 0, 0, 110 if current_tokens().is_dark else 60))

    def _place(self) -> None:
        window = self.parentWidget()
        assert window is not None
        self.setGeometry(window.rect())
        width = min(metric(_WIDTH_PX), self.width() - 2 * metric(24))
        wanted = metric(92) + len(self.rows) * (metric(_ROW_PX) + 2) + metric(16)
        height = min(wanted, self.height() - 2 * metric(24))
        top = max(metric(12), min(metric(_TOP_PX), (self.height() - height) // 2))
        self._card.setGeometry((self.width() - width) // 2, top, width, min(height, self.height() - top - 8))

    def _on_row_clicked(self) -> None:
        row = self.sender()
        assert isinstance(row, _Row)
        self._before = None
        self.dismiss()
        self.lesson_chosen.emit(row.lesson.key)

    def _on_open_clicked(self) -> None:
        self.dismiss()
        self.file_requested.emit()

    def _on_stepped(self, direction: int) -> None:
        row = self.sender()
        assert isinstance(row, _Row)
        place = (self.rows.index(row) + direction) % len(self.rows)
        self.rows[place].setFocus(Qt.FocusReason.TabFocusReason)
        self._area.ensureWidgetVisible(self.rows[place])


class _Row(QAbstractButton):
    """One lesson."""

    stepped = Signal(int)

    def __init__(self, lesson: LessonRow) -> None:
        super().__init__()
        self.lesson = lesson
        done = "done, " if lesson.is_done else ""
        homework = f", homework {', '.join(lesson.homework)}" if lesson.homework else ""
        self.setAccessibleName(f"{plain_text(lesson.title)}, {done}{lesson.cards} cards{homework}")
        self.setAccessibleDescription(plain_text(lesson.summary))
        self.setToolTip(plain_text(lesson.summary))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, _RADIUS_PX)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(320), metric(_ROW_PX))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(metric(200), metric(_ROW_PX))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in steps:
            self.stepped.emit(steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.color("raised"))
            painter.drawRoundedRect(QRectF(self.rect()), _RADIUS_PX, _RADIUS_PX)
        side = metric(18)
        place = QRectF(metric(10), (self.height() - side) / 2, side, side)
        icon = "check" if self.lesson.is_done else "lesson"
        paint_icon(painter, icon, place, color("good" if self.lesson.is_done else "text3"))
        left = place.right() + metric(12)
        right = self._paint_tags(painter)
        title = RichLine(self.lesson.title, "body", QFont.Weight.DemiBold)
        summary = RichLine(self.lesson.summary, "label")
        top = (self.height() - title.height() - summary.height() - 2) / 2
        title.paint(painter, left, round(top + title.ascent()), tokens.color("text"), tokens)
        painter.setClipRect(QRectF(left, 0, right - left - metric(8), self.height()))
        baseline = round(top + title.height() + 2 + summary.ascent())
        summary.paint(painter, left, baseline, tokens.color("text2"), tokens)

    def _paint_tags(self, painter: QPainter) -> float:
        """Draw the homework questions from the right; return where they begin."""
        tokens = current_tokens()
        right = float(self.width() - metric(10))
        if not self.lesson.homework:
            return right
        words = RichLine(f"HW {', '.join(self.lesson.homework)}", "tick")
        box = QRectF(0, 0, words.width() + metric(14), words.height() + metric(6))
        box.moveCenter(QRectF(self.rect()).center())
        box.moveRight(right)
        painter.setPen(QPen(tokens.color("line"), 1.0))
        painter.setBrush(tokens.color("field"))
        painter.drawRoundedRect(box, 4, 4)
        baseline = box.center().y() - words.height() / 2 + words.ascent()
        words.paint(painter, box.left() + metric(7), baseline, tokens.color("text2"), tokens)
        return box.left()
