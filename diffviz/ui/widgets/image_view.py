"""One picture with its title: sharp when enlarged, smooth when reduced, a pixel probe, and ways out."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QMenu, QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from diffviz.export.whole_file import ExportError
from diffviz.ui.focus_ring import RING_PROPERTY, RING_RECT_PROPERTY
from diffviz.ui.rich_line import RichLine
from diffviz.ui.save_dialog import ask_where_to_save
from diffviz.ui.theme import Role, icon, metric
from diffviz.ui.widgets.picture_fit import PictureFit, fit_picture
from diffviz.ui.widgets.picture_output import (
    copy_picture,
    drag_out,
    file_stem,
    save_picture,
)
from diffviz.ui.widgets.picture_painting import (
    MARGIN_PX,
    PICTURE_RADIUS_PX,
    paint_marker,
    paint_outline,
    paint_picture,
    paint_placeholder,
    paint_title,
    title_height,
    title_width,
)
from diffviz.ui.widgets.pixels import picture_from_array, scaled_picture

_ARROWS = {
    Qt.Key.Key_Left: QPoint(-1, 0),
    Qt.Key.Key_Right: QPoint(1, 0),
    Qt.Key.Key_Up: QPoint(0, -1),
    Qt.Key.Key_Down: QPoint(0, 1),
}


class ImageView(QWidget):
    """
    A picture under a title of symbol, name and detail.

    Tab brings the keyboard here: arrows move the pixel cursor (Shift: ten pixels), Ctrl+C copies.

    Signals
    -------
    pixel_hovered(int, int)
        The mouse or the keyboard is at this column and row of the picture.
    pixel_left()
        The mouse left the picture.
    pixel_clicked(int, int)
        A pixel was clicked, or Enter pressed on it.
    picture_saved(str)
        The user saved the picture at this path.
    save_failed(str)
        It could not be saved; a sentence says why.
    """

    pixel_hovered = Signal(int, int)
    pixel_left = Signal()
    pixel_clicked = Signal(int, int)
    picture_saved = Signal(str)
    save_failed = Signal(str)

    def __init__(
        self,
        symbol: str = "",
        name: str = "",
        detail: str = "",
        parent: QWidget | None = None,
        *,
        centered: bool = False,
    ) -> None:
        super().__init__(parent)
        self._symbol, self._name, self._detail = symbol, name, detail
        self._short_name = ""
        self._is_name_short = False
        self._placeholder = ""
        self._file_name = ""
        self._centered = centered
        self._source: QImage | None = None
        self._scaled: QImage | None = None
        self._fit: PictureFit | None = None
        self._fit_size: tuple[float, float] | None = None
        self._outline: Role | None = None
        self._marker: QPoint | None = None
        self._pressed_at: QPoint | None = None
        self.setMouseTracking(True)
        # Tab alone: a click must leave the arrow keys to the timeline.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setProperty(RING_PROPERTY, PICTURE_RADIUS_PX)
        self.setToolTip(
            "Drag the picture out, or right-click to save or copy it. Tab, then arrows: pixel by pixel."
        )
        self._name_for_readers()

    # What is shown

    def set_image(self, pixels: NDArray[np.uint8] | None) -> None:
        """
        Show a picture, or none.

        Parameters
        ----------
        pixels
            uint8, (H, W) or (H, W, C) with C of 1, 3 or 4; copied once. Several samples come as one grid.
        """
        before = self.picture_size
        self._source = None if pixels is None else picture_from_array(pixels)
        self._scaled = None
        if before != self.picture_size:
            self._marker = None
            self._place()
        self.update()

    def set_title(self, symbol: str, name: str, detail: str = "", *, short_name: str = "") -> None:
        """
        Show another title.

        Parameters
        ----------
        symbol
            Of the quantity, in mathematics.
        name, detail
            In words: a semibold name, and a grey detail that is left out where there is no room.
        short_name
            Stands for the name where that does not fit.
        """
        title = (symbol, name, detail, short_name)
        if title != (self._symbol, self._name, self._detail, self._short_name):
            had_title = self._has_title()
            self._symbol, self._name, self._detail, self._short_name = title
            self._name_for_readers()
            if self._has_title() != had_title:
                self._place()
            self.update(0, 0, self.width(), title_height())

    def set_name_short(self, is_short: bool) -> None:
        """Show the short name even where the whole one would fit, as neighbours do."""
        if is_short != self._is_name_short:
            self._is_name_short = is_short
            self.update()

    def set_placeholder(self, sentence: str) -> None:
        """Say what will stand here while there is no picture."""
        self._placeholder = sentence
        self.update()

    def set_outline(self, role: Role | None) -> None:
        """Outline the picture in the colour of a role: "model" marks what a denoiser made."""
        self._outline = role
        self.update()

    def set_marker(self, pixel: tuple[int, int] | None) -> None:
        """Mark the pixel of this column and row, or none."""
        marker = None if pixel is None else QPoint(*pixel)
        if marker != self._marker:
            self._marker = marker
            self.update()

    def set_fit_size(self, width: float, height: float) -> None:
        """Show the picture at exactly this size in px, as a stage that aligns several pictures asks."""
        if self._fit_size != (width, height):
            self._fit_size = (width, height)
            self._place()

    def set_file_name(self, name: str) -> None:
        """Name, without ending, that saved and dragged files get; the title where empty."""
        self._file_name = name

    @property
    def picture(self) -> QImage | None:
        """Picture at its own resolution."""
        return self._source

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the picture in its own pixels; (0, 0) without one."""
        return (self._source.width(), self._source.height()) if self._source is not None else (0, 0)

    @property
    def marker(self) -> tuple[int, int] | None:
        """Column and row of the marked pixel."""
        return None if self._marker is None else (self._marker.x(), self._marker.y())

    def title_width(self) -> int:
        """Width in px that the whole title needs."""
        return title_width(self._symbol, self._name, self._detail) + 2 * MARGIN_PX

    def picture_rect(self) -> QRectF:
        """Where the picture lies in this widget, in logical px; the room for it while there is none."""
        top = (title_height() if self._has_title() else 0) + MARGIN_PX
        room = QRectF(MARGIN_PX, top, self.width() - 2 * MARGIN_PX, self.height() - top - MARGIN_PX)
        if self._fit is None:
            return room
        left = room.left() + (max(0.0, (room.width() - self._fit.width) / 2) if self._centered else 0.0)
        ratio = self.devicePixelRatioF()
        return QRectF(round(left * ratio) / ratio, room.top(), self._fit.width, self._fit.height)

    def pixel_at(self, spot: QPointF) -> tuple[int, int] | None:
        """Column and row of the picture under a point of this widget."""
        rect = self.picture_rect()
        if self._source is None or not rect.contains(spot):
            return None
        column = int((spot.x() - rect.left()) / rect.width() * self._source.width())
        row = int((spot.y() - rect.top()) / rect.height() * self._source.height())
        return min(column, self._source.width() - 1), min(row, self._source.height() - 1)

    # Ways out

    def save_to(self, path: Path) -> None:
        """Write the picture at its own resolution and tell how it went."""
        if self._source is None:
            return
        try:
            save_picture(self._source, path)
        except ExportError as error:
            self.save_failed.emit(str(error))
        else:
            self.picture_saved.emit(str(path))

    def context_menu(self) -> QMenu:
        """Menu of what can be done with the picture."""
        menu = QMenu(self)
        save = menu.addAction(icon("save"), "Save picture…", self._on_save_chosen)
        copy = menu.addAction(icon("copy"), "Copy picture", self._on_copy_chosen)
        save.setEnabled(self._source is not None)
        copy.setEnabled(self._source is not None)
        return menu

    @Slot()
    def _on_save_chosen(self) -> None:
        kinds = {"PNG": ".png", "JPEG": ".jpg", "WebP": ".webp"}
        path = ask_where_to_save(self, "Save picture", f"{self._output_name()}.png", kinds)
        if path is not None:
            self.save_to(path)

    @Slot()
    def _on_copy_chosen(self) -> None:
        if self._source is not None:
            copy_picture(self._source)

    # Events

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(240), metric(240) + title_height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(72, 72 + title_height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.context_menu().popup(event.globalPos())

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.pixel_at(event.position()) is not None:
            self._pressed_at = event.position().toPoint()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is not None:
            moved = (event.position().toPoint() - self._pressed_at).manhattanLength()
            if moved >= QApplication.startDragDistance() and self._source is not None:
                self._pressed_at = None
                drag_out(self, self._source, self._output_name())
            return
        pixel = self.pixel_at(event.position())
        if pixel is not None:
            self.pixel_hovered.emit(*pixel)
        else:
            self.pixel_left.emit()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is not None and event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = None
            pixel = self.pixel_at(event.position())
            if pixel is not None:
                self.pixel_clicked.emit(*pixel)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pixel_left.emit()

    @override
    def event(self, event: QEvent) -> bool:
        # A hint over the picture itself would cover the pixels that the user is after.
        if (
            isinstance(event, QHelpEvent)
            and event.type() == QEvent.Type.ToolTip
            and event.y() > title_height()
        ):
            QToolTip.hideText()
            return True
        # Arrow keys are shortcuts of the timeline; here, under the keyboard, they are the pixel cursor's.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_ours(event):
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _ARROWS.get(Qt.Key(event.key()))
        if self._source is None:
            super().keyPressEvent(event)
        elif move is not None:
            stride = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            start = self._marker or QPoint(self._source.width() // 2, self._source.height() // 2)
            column = min(max(start.x() + stride * move.x(), 0), self._source.width() - 1)
            row = min(max(start.y() + stride * move.y(), 0), self._source.height() - 1)
            self.set_marker((column, row))
            self.pixel_hovered.emit(column, row)
        elif event.matches(QKeySequence.StandardKey.Copy):
            self._on_copy_chosen()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._marker is not None:
            self.pixel_clicked.emit(self._marker.x(), self._marker.y())
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect, ratio = self.picture_rect(), self.devicePixelRatioF()
        if event.rect().top() < title_height() and self._has_title():
            room = self.width() - rect.left()
            name = self._short_name if self._is_name_short and self._short_name else self._name
            title = (self._symbol, name, self._detail, self._short_name)
            paint_title(painter, QPointF(rect.left(), MARGIN_PX), room, *title)
        if self._source is None or self._fit is None:
            paint_placeholder(painter, rect, self._placeholder, centered=self._centered)
            return
        if self._scaled is None:
            side = (round(rect.width() * ratio), round(rect.height() * ratio))
            self._scaled = scaled_picture(self._source, *side, is_sharp=self._fit.is_sharp)
        paint_picture(painter, rect.topLeft(), self._scaled, ratio)
        if self._outline is not None:
            paint_outline(painter, rect, self._outline)
        if self._marker is not None:
            paint_marker(painter, rect, self.picture_size, (self._marker.x(), self._marker.y()))

    # Geometry

    def _has_title(self) -> bool:
        return bool(self._symbol or self._name or self._detail)

    def _place(self) -> None:
        """Work out the size of the picture and where the focus ring goes."""
        self._scaled = None
        self._fit = None
        if self._source is not None:
            room = self.picture_rect().size()
            ratio = self.devicePixelRatioF()
            if self._fit_size is not None:
                is_sharp = round(self._fit_size[0] * ratio) % self._source.width() == 0
                self._fit = PictureFit(*self._fit_size, is_sharp)
            else:
                self._fit = fit_picture(self.picture_size, (room.width(), room.height()), ratio)
        self.setProperty(RING_RECT_PROPERTY, self.picture_rect().toAlignedRect())
        self.update()

    def _output_name(self) -> str:
        words = self._file_name or f"{self._name} {self._detail}"
        return file_stem(RichLine(words).plain)

    def _name_for_readers(self) -> None:
        self.setAccessibleName(RichLine(f"{self._name} {self._detail}".strip()).plain)


def _is_ours(event: QKeyEvent) -> bool:
    """Whether a key means something to a picture that has the keyboard."""
    return event.matches(QKeySequence.StandardKey.Copy) or Qt.Key(event.key()) in _ARROWS
