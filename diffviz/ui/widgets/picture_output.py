"""Ways out of the program for a picture on screen: a file, the clipboard, a drag to another program."""

import re
import tempfile
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDrag, QGuiApplication, QImage, QPixmap
from PySide6.QtWidgets import QWidget

from diffviz.export.whole_file import ExportError, whole_file

_THUMBNAIL_PX = 96
_UNFIT_FOR_NAMES = re.compile(r"[^\w\-. ]+")


def save_picture(picture: QImage, path: Path) -> None:
    """
    Write a picture as the file's ending says, PNG where it has none; nothing half-written stays behind.

    Raises
    ------
    ExportError
        If the file cannot be made, written or moved, or the ending names no known format.
    """
    ending = path.suffix.lstrip(".").lower() or "png"
    content = encoded(picture, ending)
    if content is None:
        raise ExportError(f"{path} could not be written: “{ending}” is not a picture format. Use .png.")
    with whole_file(path) as stream:
        stream.write(content)


def encoded(picture: QImage, kind: str) -> bytes | None:
    """The bytes of a picture file of a kind such as "png"; None where there is no such kind."""
    # In memory, because Qt's own writing to a file hides a full disk.
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not picture.save(buffer, kind.upper()):  # type: ignore[call-overload]
        return None
    return bytes(buffer.data().data())


def file_stem(name: str) -> str:
    """Name that every file system accepts, made from a title."""
    return _UNFIT_FOR_NAMES.sub("", name).strip(" .") or "picture"


def copy_picture(picture: QImage) -> None:
    """Put a picture on the clipboard."""
    QGuiApplication.clipboard().setImage(picture)


def drag_data(picture: QImage, name: str) -> QMimeData:
    """Picture both as image data and as a PNG file that lives as long as the program."""
    path = Path(_drag_folder().name) / f"{file_stem(name)}.png"
    save_picture(picture, path)
    data = QMimeData()
    data.setImageData(picture)
    data.setUrls([QUrl.fromLocalFile(str(path))])
    return data


def drag_out(source: QWidget, picture: QImage, name: str) -> None:
    """Let the user drop a picture on another program, as a file or as image data."""
    drag = QDrag(source)
    drag.setMimeData(drag_data(picture, name))
    thumbnail = QPixmap.fromImage(picture).scaled(
        _THUMBNAIL_PX,
        _THUMBNAIL_PX,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    drag.setPixmap(thumbnail)
    drag.setHotSpot(QPoint(thumbnail.width() // 2, thumbnail.height() // 2))
    drag.exec(Qt.DropAction.CopyAction)


@lru_cache(maxsize=1)
def _drag_folder() -> tempfile.TemporaryDirectory[str]:
    """Folder of dragged pictures; removed when the program ends."""
    return tempfile.TemporaryDirectory(prefix="diffviz-drag-", ignore_cleanup_errors=True)
