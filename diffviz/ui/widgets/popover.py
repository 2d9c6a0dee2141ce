"""A card that opens beside a button with a few paragraphs, and closes at the next click or key."""

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.math_label import MathLabel

_RADIUS_PX = 8


class Popover(QWidget):
    """
    Help that stays out of the way until it is asked for.

    Parameters
    ----------
    title
        Heading.
    paragraphs
        Text with the markup of ``rich_line``.
    """

    def __init__(self, title: str, paragraphs: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAccessibleName(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(metric(16), metric(14), metric(16), metric(14))
        column.setSpacing(metric(8))
        column.addWidget(MathLabel(title, "heading"))
        for paragraph in paragraphs:
            column.addWidget(MathLabel(paragraph, "label", "text2", wraps=True))
        self.setFixedWidth(metric(320))

    def open_below(self, anchor: QWidget) -> None:
        """Show the card under a widget, moved so that it stays on the screen."""
        # adjustSize would take the height of the text at the width that it likes, not at this one.
        column = self.layout()
        assert column is not None
        self.setFixedHeight(column.totalHeightForWidth(self.width()))
        corner = anchor.mapToGlobal(QPoint(anchor.width() - self.width(), anchor.height() + 6))
        room = anchor.screen().availableGeometry()
        x = min(max(corner.x(), room.left() + 8), room.right() - self.width() - 8)
        y = min(corner.y(), room.bottom() - self.height() - 8)
        self.move(x, y)
        self.show()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.color("edge"), 1.0))
        painter.setBrush(tokens.color("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS_PX, _RADIUS_PX)
