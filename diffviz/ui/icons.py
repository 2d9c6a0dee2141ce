"""Icons: stroke drawings in SVG, recoloured by role and drawn at the screen's own resolution."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from diffviz.paths import assets_dir

_MENU_SIZES_PX = (16, 20, 24, 32, 48)
_DISABLED_OPACITY = 0.55


class IconMissingError(KeyError):
    """No drawing of that name ships with the program."""


@lru_cache(maxsize=256)
def _drawing(name: str) -> str:
    """Source of an icon, our own drawings before those of the Lucide set."""
    for folder in ("own", "lucide"):
        path = assets_dir() / "icons" / folder / f"{name}.svg"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise IconMissingError(name)


@lru_cache(maxsize=512)
def _image(name: str, color_name: str, size_device_px: int) -> QImage:
    """Icon in one colour, ``size_device_px`` square."""
    source = _drawing(name).replace("currentColor", color_name)
    image = QImage(size_device_px, size_device_px, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(source.encode())).render(painter, QRectF(image.rect()))
    painter.end()
    return image


def icon_image(name: str, color: QColor, size: float, pixel_ratio: float = 1.0) -> QImage:
    """
    Picture of an icon.

    Parameters
    ----------
    name
        File name in ``assets/icons`` without its ending.
    color
        Colour of every stroke.
    size
        Side in logical px.
    pixel_ratio
        Device px per logical px.

    Raises
    ------
    IconMissingError
        No drawing has that name.
    """
    image = QImage(_image(name, color.name(), max(1, round(size * pixel_ratio))))
    image.setDevicePixelRatio(pixel_ratio)
    return image


def paint_icon(painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
    """Draw an icon into a square of logical px at the resolution of what is painted on."""
    ratio = painter.device().devicePixelRatioF()
    side = min(rect.width(), rect.height())
    # A whole device pixel keeps one-pixel strokes crisp.
    left = round((rect.center().x() - side / 2) * ratio) / ratio
    top = round((rect.center().y() - side / 2) * ratio) / ratio
    painter.drawImage(QRectF(left, top, side, side), _image(name, color.name(), max(1, round(side * ratio))))


def tinted_icon(name: str, color: QColor) -> QIcon:
    """Icon for menus and native widgets, with its disabled state at 55 %."""
    result = QIcon()
    for size in _MENU_SIZES_PX:
        for ratio in (1.0, 2.0):
            normal = QPixmap.fromImage(icon_image(name, color, size, ratio))
            result.addPixmap(normal, QIcon.Mode.Normal)
            faded = QPixmap(normal.size())
            faded.fill(Qt.GlobalColor.transparent)
            painter = QPainter(faded)
            painter.setOpacity(_DISABLED_OPACITY)
            painter.drawPixmap(QRectF(faded.rect()), normal, QRectF(normal.rect()))
            painter.end()
            faded.setDevicePixelRatio(ratio)
            result.addPixmap(faded, QIcon.Mode.Disabled)
    return result


def application_icon() -> QIcon:
    """Icon of the program itself."""
    renderer = QSvgRenderer(str(assets_dir() / "icons" / "icon.svg"))
    result = QIcon()
    for side in (16, 24, 32, 48, 64, 128, 256, 512):
        pixmap = QPixmap(QSize(side, side))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, side, side))
        painter.end()
        result.addPixmap(pixmap)
    return result
