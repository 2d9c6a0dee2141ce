"""One line of text that changes at every step of a scrub without moving anything around it."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, TextRole, current_tokens, metric


class LiveLine(QWidget):
    """
    A line with the markup of ``rich_line``, painted by hand.

    A QLabel has its whole panel laid out anew for every text, a fifth of the time of a frame. An ``aside``,
    fainter and of the same size, may stand at the right end; it is left away where there is no room for it.

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
        self._aside = RichLine("", role, tabular=True)
        self._color_role: Role = color_role
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self._line.plain)

    @property
    def plain(self) -> str:
        """Words alone."""
        return self._line.plain

    def set_markup(self, markup: str, aside: str = "") -> None:
        """Show another text, and another aside."""
        if (markup, aside) != (self._line.markup, self._aside.markup):
            self._line = self._line._replace(markup=markup)
            self._aside = self._aside._replace(markup=aside)
            self.setAccessibleName(", ".join(filter(None, (self.plain, self._aside.plain))))
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
            baseline = round(self._line.ascent())
            end = self._line.paint(painter, 0, baseline, tokens.color(self._color_role), tokens)
            left = self.width() - self._aside.width()
            if self._aside.markup and left >= end + metric(8):
                self._aside.paint(painter, left, baseline, tokens.color("text2"), tokens)
