"""A part of a panel that folds away under its heading."""

from PySide6.QtCore import QEasingCurve, QRectF, QSize, Qt, QVariantAnimation, Signal, Slot
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine, plain_text
from diffviz.ui.theme import current_tokens, duration_ms, metric, paint_icon

_UNLIMITED = 16_777_215


class Collapsible(QWidget):
    """
    A heading that shows or hides what lies under it.

    Signals
    -------
    opened(bool)
        The user opened (True) or closed it. Setters stay silent.
    """

    opened = Signal(bool)

    def __init__(
        self, title: str, content: QWidget, *, is_open: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.content = content
        self._head = _Head(title)
        self._head.setChecked(is_open)
        self._head.clicked.connect(self._on_head_clicked)
        self._slide = QVariantAnimation(self)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.valueChanged.connect(self._on_slide_moved)
        self._slide.finished.connect(self._on_slide_finished)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(metric(6))
        column.addWidget(self._head)
        column.addWidget(content)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        content.setVisible(is_open)

    @property
    def is_open(self) -> bool:
        """Whether the content shows."""
        return self._head.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Show or hide the content, silently and at once."""
        self._slide.stop()
        self._head.setChecked(is_open)
        self.content.setMaximumHeight(_UNLIMITED)
        self.content.setVisible(is_open)

    @Slot(bool)
    def _on_head_clicked(self, is_open: bool) -> None:
        full = self.content.sizeHint().height()
        start = self.content.height() if self.content.isVisible() else 0
        self._slide.stop()
        if duration_ms("panel") == 0 or not self.isVisible():
            self.set_open(is_open)
        else:
            self.content.setMaximumHeight(start)
            self.content.setVisible(True)
            self._slide.setDuration(duration_ms("panel"))
            self._slide.setStartValue(start)
            self._slide.setEndValue(full if is_open else 0)
            self._slide.start()
        self.opened.emit(is_open)

    @Slot(object)
    def _on_slide_moved(self, height: int) -> None:
        self.content.setMaximumHeight(int(height))

    @Slot()
    def _on_slide_finished(self) -> None:
        self.set_open(self._head.isChecked())


class _Head(QAbstractButton):
    """Heading with a chevron that points down when open."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self.setCheckable(True)
        self.setText(plain_text(title))
        self.setAccessibleName(plain_text(title))
        self.setToolTip("Show or hide this part")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, 6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    @override
    def sizeHint(self) -> QSize:
        return QSize(round(self._line().width()) + metric(28), metric(26))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = tokens.color("text" if self.underMouse() else "text2")
        line = self._line()
        baseline = round(self.height() / 2 - line.height() / 2 + line.ascent())
        line.paint(painter, 0, baseline, ink, tokens)
        side = metric(16)
        spot = QRectF(self.width() - side, (self.height() - side) / 2, side, side)
        paint_icon(painter, "chevron-down" if self.isChecked() else "chevron-right", spot, ink)

    def _line(self) -> RichLine:
        return RichLine(self._title, "label", QFont.Weight.DemiBold)
