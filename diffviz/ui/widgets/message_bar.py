"""Messages below the header that push the content down: errors stay, notes leave by themselves."""

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import QEasingCurve, QEvent, QRectF, Qt, QTimer, QVariantAnimation, Signal, Slot
from PySide6.QtGui import QEnterEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import Role, current_tokens, duration_ms, metric, paint_icon
from diffviz.ui.widgets.announce import announce
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.math_label import MathLabel

MessageLevel = Literal["error", "warn", "note"]
NOTE_MS = 6000
_MAX_MESSAGES = 3
_LOOKS: dict[MessageLevel, tuple[str, Role, Role, str]] = {
    "error": ("triangle-alert", "bad", "badbg", "Error"),
    "warn": ("triangle-alert", "warn", "warnbg", "Warning"),
    "note": ("info", "accent", "accsoft", "Note"),
}


class MessageBar(QWidget):
    """
    Holds up to three messages, the newest at the top. Empty, it takes no room.

    Signals
    -------
    emptied()
        The last message went.
    """

    emptied = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Message] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_message(
        self,
        level: MessageLevel,
        headline: str,
        detail: str = "",
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
    ) -> None:
        """
        Show a message: what failed, why, and what still works.

        Parameters
        ----------
        level
            "error" and "warn" stay until closed, "note" leaves after 6 s.
        headline
            What happened, set in semibold.
        detail
            Why, and what still works.
        actions
            Words of a button and what it does; a button also closes the message.
        """
        for row in list(self._rows):
            if row.words == (headline, detail):
                self._remove(row, at_once=True)
        while len(self._rows) >= _MAX_MESSAGES:
            self._remove(self._rows[-1], at_once=True)
        row = _Message(level, headline, detail, actions, self)
        row.closing.connect(self._on_row_closing)
        self._rows.insert(0, row)
        self._column.insertWidget(0, row)
        self.show()
        row.open()
        announce(self, f"{_LOOKS[level][3]}: {headline} {detail}", urgent=level == "error")

    def clear(self, level: MessageLevel | None = None) -> None:
        """Take away every message, or every one of a level."""
        for row in list(self._rows):
            if level is None or row.level == level:
                self._remove(row, at_once=True)

    def close_newest(self) -> None:
        """Close the newest message, if there is one, as its own button does."""
        if self._rows:
            self._remove(self._rows[0], at_once=False)

    @property
    def messages(self) -> tuple[tuple[MessageLevel, str, str], ...]:
        """Level, headline and detail of each message, the newest first."""
        return tuple((row.level, *row.words) for row in self._rows)

    @Slot(object)
    def _on_row_closing(self, row: "_Message") -> None:
        if row in self._rows:
            self._remove(row, at_once=False)

    def _remove(self, row: "_Message", *, at_once: bool) -> None:
        self._rows.remove(row)
        # The bar itself stays until its last row has slid shut.
        row.gone.connect(self._on_row_gone)
        row.leave(at_once)

    @Slot()
    def _on_row_gone(self) -> None:
        if not self._rows and not self.isHidden():
            self.hide()
            self.emptied.emit()


class _Message(QWidget):
    """One message: a strip in its level's colours that slides open and shut."""

    closing = Signal(object)
    gone = Signal()

    def __init__(
        self,
        level: MessageLevel,
        headline: str,
        detail: str,
        actions: Sequence[tuple[str, Callable[[], object]]],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.level: MessageLevel = level
        self.words = (headline, detail)
        self._handlers = [handler for _, handler in actions]
        name, _, _, word = _LOOKS[level]
        self._icon_name = name
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{word}: {headline} {detail}".strip())
        row = QHBoxLayout(self)
        row.setContentsMargins(metric(44), metric(8), metric(10), metric(9))
        row.setSpacing(metric(8))
        self.label = MathLabel(f"**{headline}** {detail}".strip(), wraps=True)
        row.addWidget(self.label, 1)
        self.buttons = []
        for index, (words, _) in enumerate(actions):
            button = make_button("outline", words)
            button.setProperty("actionIndex", index)
            button.clicked.connect(self._on_action_clicked)
            row.addWidget(button)
            self.buttons.append(button)
        self.close_button = make_button("tool", "", "x", "Close this message", "Esc")
        self.close_button.clicked.connect(self._on_close_clicked)
        row.addWidget(self.close_button)
        self._slide = QVariantAnimation(self)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.valueChanged.connect(self._on_slide_moved)
        self._slide.finished.connect(self._on_slide_finished)
        self._is_leaving = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(NOTE_MS)
        self._timer.timeout.connect(self._on_close_clicked)

    def open(self) -> None:
        """Slide open; a note starts to count its time."""
        self._slide_between(0, self._full_height())
        if self.level == "note":
            self._timer.start()

    def leave(self, at_once: bool) -> None:
        """Slide shut and go."""
        self._timer.stop()
        self._is_leaving = True
        if at_once:
            self._slide.stop()
            self._on_slide_finished()
        else:
            self._slide_between(self.height(), 0)

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._timer.stop()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self.level == "note" and not self._is_leaving:
            self._timer.start()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._on_close_clicked()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        _, ink, ground, _ = _LOOKS[self.level]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        painter.fillRect(rect, tokens.color(ground))
        painter.fillRect(QRectF(0, rect.bottom() - 2, rect.width(), 2), tokens.color(ink))
        side = metric(16)
        spot = QRectF(metric(16), (rect.height() - 2 - side) / 2, side, side)
        paint_icon(painter, self._icon_name, spot, tokens.color(ink))

    def _full_height(self) -> int:
        layout = self.layout()
        assert layout is not None
        parent = self.parentWidget()
        width = parent.width() if parent is not None else self.width()
        wrapped = layout.heightForWidth(width) if layout.hasHeightForWidth() else 0
        return max(wrapped, layout.sizeHint().height(), metric(46))

    def _slide_between(self, start: int, end: int) -> None:
        self._slide.stop()
        if duration_ms("panel") == 0:
            self._on_slide_moved(end)
            self._on_slide_finished()
            return
        self._slide.setDuration(duration_ms("panel"))
        self._slide.setStartValue(start)
        self._slide.setEndValue(end)
        self._slide.start()

    @Slot(object)
    def _on_slide_moved(self, height: int) -> None:
        self.setFixedHeight(int(height))

    @Slot()
    def _on_slide_finished(self) -> None:
        if self._is_leaving:
            self.hide()
            self.gone.emit()
            self.deleteLater()

    @Slot()
    def _on_action_clicked(self) -> None:
        index = int(self.sender().property("actionIndex"))
        self.closing.emit(self)
        self._handlers[index]()

    @Slot()
    def _on_close_clicked(self) -> None:
        self.closing.emit(self)
