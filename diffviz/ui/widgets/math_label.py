"""Labels that may hold mathematics and colours, and follow the theme."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFont, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, TextRole, current_tokens, font_for


class MathLabel(QLabel):
    """
    A label with the markup of ``rich_line``: ``Noise level $σ_t$``, ``[signal]0.687[/]``, ``**bold**``.

    Parameters
    ----------
    markup
        The text.
    role
        Place in the type scale.
    color_role
        Colour of text without a colour of its own.
    wraps
        Whether long text breaks into lines.
    """

    def __init__(
        self,
        markup: str = "",
        role: TextRole = "body",
        color_role: Role = "text",
        parent: QWidget | None = None,
        *,
        weight: QFont.Weight | None = None,
        wraps: bool = False,
    ) -> None:
        super().__init__(parent)
        self._markup = markup
        self._role: TextRole = role
        self._color_role: Role = color_role
        self._weight = weight
        self._is_dressing = False
        self._is_stale = False
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(wraps)
        self._dress()

    @property
    def markup(self) -> str:
        """Text with its markup."""
        return self._markup

    @property
    def plain(self) -> str:
        """Words alone."""
        return RichLine(self._markup).plain

    def set_markup(self, markup: str) -> None:
        """Show another text."""
        if markup == self._markup:
            return
        self._markup = markup
        if self.isVisible() and self.visibleRegion().isEmpty():
            # Scrolled out of sight: a text that changes with every frame would lay out the panel each time.
            self._is_stale = True
            self.setAccessibleName(self.plain)
            self.update()
        else:
            self._dress()

    def set_color_role(self, role: Role) -> None:
        """Take another colour of the theme."""
        if role != self._color_role:
            self._color_role = role
            self._dress()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._is_stale:
            self._dress()
        super().paintEvent(event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        kinds = (QEvent.Type.PaletteChange, QEvent.Type.ApplicationFontChange, QEvent.Type.StyleChange)
        if event.type() in kinds and not self._is_dressing:
            self._dress()

    def _dress(self) -> None:
        """Write colours and fonts of the theme into the text; palette changes that follow are our own."""
        tokens = current_tokens()
        line = RichLine(self._markup, self._role, self._weight)
        ink = getattr(tokens, self._color_role)
        self._is_dressing = True
        self._is_stale = False
        self.setFont(font_for(self._role, self._weight))
        self.setText(f'<span style="color:{ink}">{line.html(tokens)}</span>')
        self.setAccessibleName(line.plain)
        self._is_dressing = False
