"""A button for the colour that transparent parts of a picture are laid over."""

from PySide6.QtCore import QRectF, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QColorDialog, QMenu, QWidget

from diffviz.ui.theme import color, metric
from diffviz.ui.widgets.buttons import Button

Colour = tuple[int, int, int]
_PRESETS: tuple[tuple[str, Colour], ...] = (
    ("White", (255, 255, 255)),
    ("Grey", (128, 128, 128)),
    ("Black", (0, 0, 0)),
)


class BackgroundButton(Button):
    """
    Opens a menu of colours.

    Signals
    -------
    background_chosen(object)
        The user chose an 8-bit (red, green, blue).
    """

    background_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("plain", "Background", "image", parent)
        self._background: Colour = (255, 255, 255)
        self.setAccessibleName("Background of transparent parts")
        self.setToolTip("Colour that the transparent parts of this picture are laid over")
        self.clicked.connect(self._on_clicked)

    def set_background(self, background: Colour) -> None:
        """Show a colour as chosen, silently."""
        self._background = background
        self.setAccessibleDescription(QColor(*background).name())

    def menu_of_colours(self) -> QMenu:
        """Menu with the colours at hand, and one of one's own."""
        menu = QMenu(self)
        for name, colour in _PRESETS:
            action = menu.addAction(_swatch(colour), name)
            action.setCheckable(True)
            action.setChecked(colour == self._background)
            action.setData(colour)
        menu.addSeparator()
        menu.addAction("Choose…").setData(None)
        return menu

    @Slot()
    def _on_clicked(self) -> None:
        menu = self.menu_of_colours()
        action = menu.exec(self.mapToGlobal(self.rect().bottomLeft()))
        if action is None:
            return
        if action.data() is not None:
            self.background_chosen.emit(tuple(action.data()))
            return
        chosen = QColorDialog.getColor(QColor(*self._background), self.window(), "Background")
        if chosen.isValid():
            self.background_chosen.emit((chosen.red(), chosen.green(), chosen.blue()))


def _swatch(colour: Colour) -> QIcon:
    side = metric(16)
    pixmap = QPixmap(side, side)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setBrush(QColor(*colour))
    painter.setPen(QPen(color("edge"), 1))
    painter.drawRoundedRect(QRectF(0.5, 0.5, side - 1, side - 1), 3, 3)
    painter.end()
    return QIcon(pixmap)
