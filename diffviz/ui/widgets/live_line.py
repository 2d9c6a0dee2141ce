"""One line of text that changes at every step of a scrub without moving anything around it."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, TextRole, current_tokens


class LiveLine(QWidget):
    """
    A line with the markup of ``rich_line``, painted by hand.

    A QLabel has its whole panel laid out anew for every text, a fifth of the time of a frame.

    Parameters
    ----------
    markup
        The text.
    role, color_role, weight
        Place in the type scale, colour of text without a colour of its own, another weight.
    """

    def __init__(
        self,
        markup: str = "",
        role: TextRole = "body",
        color_role: Role = "text",
        parent: QWidget | None = None,
        *,
        weight: QFont.Weight | None = None,
    ) -> None:
        super().__init__(parent)
        self._line = RichLine(markup, role, weight, tabular=True)
        self._color_role: Role = color_role
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self._line.plain)

    @property
    def plain(self) -> str:
        """Words alone."""
        return self._line.plain

    def set_markup(self, markup: str) -> None:
        """Show another text."""
        if markup != self._line.markup:
            self._line = self._line._replace(markup=markup)
            self.setAccessibleName(self.plain)
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(round(self._line.width() + 1), round(self._line.height()))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        with QPainter(self) as painter:
            self._line.paint(painter, 0, round(self._line.ascent()), tokens.color(self._color_role), tokens)
