"""What is being dragged over the window, and what dropping it would do."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from diffviz.data.images import PICTURE_SUFFIXES
from diffviz.data.lesson_reader import SUFFIX
from diffviz.data.point_files import has_points
from diffviz.engine import session_file
from diffviz.ui.widgets.drop_overlay import DropOffer

_PREVIEW_PX = 260
_MOST_PREVIEW_PIXELS = 40_000_000
_SCHEDULE_SUFFIXES = frozenset({".json", ".csv"})
_KINDS = (
    "diffviz takes PNG, JPEG, WebP, GIF, BMP and TIFF pictures, sessions, schedules as CSV or JSON, "
    "lessons as TOML, points as CSV or .npy."
)


def dropped_files(mime: QMimeData) -> list[Path]:
    """Local files of a drag or of the clipboard."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


def is_schedule_file(path: Path) -> bool:
    """Whether a file is one of a schedule: by its name, and a table because it holds no points."""
    return path.suffix.lower() in _SCHEDULE_SUFFIXES and not has_points(path)


def is_lesson_file(path: Path) -> bool:
    """Whether a file's name is that of a lesson."""
    return path.suffix.lower() == SUFFIX


def is_session_file(path: Path) -> bool:
    """Whether a file's name is that of a session."""
    return path.suffix.lower() == session_file.SUFFIX


def drop_offer(mime: QMimeData) -> DropOffer:
    """What dropping it would do; looks at names and beginnings only, never at whole pictures."""
    files = dropped_files(mime)
    if not files:
        return DropOffer("This cannot be opened", (_KINDS,), accepted=False)
    pictures = [path for path in files if path.suffix.lower() in PICTURE_SUFFIXES]
    schedules = [path for path in files if is_schedule_file(path)]
    if schedules and not pictures:
        words = "It replaces the noise schedule; undo brings the old one back."
        return DropOffer(f"Drop to import {schedules[0].name}", (words,))
    lessons = [path for path in files if is_lesson_file(path)]
    if lessons and not pictures:
        words = "It begins at once; your own work waits until the lesson is left."
        return DropOffer(f"Drop to begin the lesson {lessons[0].name}", (words,))
    sessions = [path for path in files if is_session_file(path)]
    if sessions and not pictures:
        words = "Its settings replace yours, which undo brings back; its pictures join the gallery."
        return DropOffer(f"Drop to open the session {sessions[0].stem}", (words,))
    points = [path for path in files if has_points(path)]
    if points and not pictures:
        words = "The 2-D lab shows these points in place of painted ones; undo brings those back."
        return DropOffer(f"Drop to open the points of {points[0].name}", (words,))
    if not pictures:
        return DropOffer(f"{files[0].name} cannot be opened", (_KINDS,), accepted=False)
    what = pictures[0].name if len(pictures) == 1 else f"{len(pictures)} pictures"
    lines = ["It replaces the image; schedule, seed and $t$ stay as they are."]
    if len(pictures) > 1:
        lines.append("The others wait in the gallery.")
    return DropOffer(f"Drop to open {what}", tuple(lines), _preview(pictures[0]))


def dropped_data(mime: QMimeData) -> Path | None:
    """The first folder, or file of points, of a drag; None where there is none."""
    return next((path for path in dropped_files(mime) if path.is_dir() or has_points(path)), None)


def data_offer(data: Path, why_not: str) -> DropOffer:
    """What dropping a folder or points on the Train workspace would do, or why it would do nothing."""
    if why_not:
        return DropOffer(f"“{data.name}” cannot be taken now", (why_not,), accepted=False)
    words = (
        "Every picture in it is learned; where it has sub-folders, those are the classes."
        if data.is_dir()
        else "A network learns these points of the plane."
    )
    return DropOffer(f"Drop to learn from “{data.name}”", (words,))


def _preview(path: Path) -> QImage | None:
    """A small version, decoded at its small size where the format can; None where that fails."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > _MOST_PREVIEW_PIXELS:
        return None
    reader.setScaledSize(size.scaled(QSize(_PREVIEW_PX, _PREVIEW_PX), Qt.AspectRatioMode.KeepAspectRatio))
    picture = reader.read()
    return None if picture.isNull() else picture
