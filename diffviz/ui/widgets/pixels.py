"""Arrays of bytes as Qt pictures."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

_FORMATS = {
    1: QImage.Format.Format_Grayscale8,
    3: QImage.Format.Format_RGB888,
    4: QImage.Format.Format_RGBA8888,
}


def picture_from_array(pixels: NDArray[np.uint8]) -> QImage:
    """
    Copy an array into a picture in the format that Qt paints fastest.

    Parameters
    ----------
    pixels
        uint8, (H, W) or (H, W, C) with C of 1, 3 or 4.

    Returns
    -------
    QImage
        A copy: later changes of the array do not show.

    Raises
    ------
    ValueError
        The array has another type or shape.
    """
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or channels not in _FORMATS or pixels.size == 0:
        message = f"a picture is uint8 of shape (H, W) or (H, W, 1|3|4), not {pixels.dtype} {pixels.shape}"
        raise ValueError(message)
    rows = np.ascontiguousarray(pixels)
    height, width = rows.shape[:2]
    view = QImage(rows.data, width, height, width * channels, _FORMATS[channels])
    has_alpha = channels == 4
    target = QImage.Format.Format_ARGB32_Premultiplied if has_alpha else QImage.Format.Format_RGB32
    return view.convertToFormat(target)


def scaled_picture(picture: QImage, width: int, height: int, *, is_sharp: bool) -> QImage:
    """
    Picture at another size in device px.

    Sharp: nearest neighbour. Not sharp: area average; where that enlarges, pixels first grow by a whole
    factor, so that they stay squares with soft borders instead of a blur.
    """
    if (picture.width(), picture.height()) == (width, height):
        return picture
    if not is_sharp and width > picture.width():
        factor = -(-width // picture.width())
        picture = scaled_picture(picture, factor * picture.width(), factor * picture.height(), is_sharp=True)
    how = Qt.TransformationMode.FastTransformation if is_sharp else Qt.TransformationMode.SmoothTransformation
    return picture.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio, how)


def array_from_picture(picture: QImage) -> NDArray[np.uint8]:
    """Pixels of a picture as uint8 (H, W, 3), a copy."""
    rgb = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), dtype=np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()
