"""A session as one file: every setting, and the pictures that belong to it.

A file is JSON: ``{"format": "diffviz session", "version": 1, "settings": {…}, "pictures": [{…}, …]}``.
Settings have the names of `SessionState`. A picture that came from a file is named by its path, and looked
for beside the session where it is not there any more; a pasted one travels inside, as PNG.
"""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from PIL import Image

from diffviz.core.schedules import ScheduleSpec
from diffviz.data.images import ImageReadError, LoadedImage, load_image, to_uint8
from diffviz.data.schedule_files import spec_to_json
from diffviz.engine.images import ImageStore
from diffviz.engine.state import SessionState, StateError
from diffviz.engine.written_settings import with_settings

__all__ = ["SUFFIX", "PictureRead", "SessionRead", "read_session", "session_text"]

SUFFIX = ".diffviz"
_FORMAT, _VERSION = "diffviz session", 1
_LEFT_OUT = ("device",)
"""What belongs to the machine and not to the work."""
_FAST_PNG = 1


@dataclass(frozen=True)
class SessionRead:
    """The settings of a session file, settled, and what transparent parts of its pictures are laid over.

    Keys of pictures are those of the file.
    """

    state: SessionState
    background: tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class PictureRead:
    """A picture of a session file.

    Attributes
    ----------
    key
        What the settings of the file call it.
    path
        Where its file was found; None for a pasted picture.
    loaded
        The picture; None where there is none any more.
    error
        One sentence on why.
    class_name
        What it shows, where its data set said so.
    """

    key: str
    path: Path | None
    loaded: LoadedImage | None
    error: str = ""
    class_name: str = ""


def session_text(state: SessionState, images: ImageStore) -> str:
    """
    Write a session as text.

    Raises
    ------
    ImageReadError
        If a pasted picture is no longer at hand.
    """
    settings = {
        field.name: _plain(getattr(state, field.name))
        for field in fields(SessionState)
        if field.name not in _LEFT_OUT
    }
    pictures = [_picture(key, images) for key in images.opened_keys]
    content = {
        "format": _FORMAT,
        "version": _VERSION,
        "program": version("diffviz"),
        "settings": settings,
        "background": list(images.background),
        "pictures": pictures,
    }
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def read_session(path: Path) -> Iterator[SessionRead | PictureRead]:
    """
    Read a session file: its settings first, then its pictures; for a worker thread.

    Raises
    ------
    StateError
        If it cannot be read, is no session, or one of a later program; one sentence.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StateError(f"{path.name} could not be read: {reason}.") from error
    except ValueError as error:
        raise StateError(f"{path.name} is no session of diffviz, or it is damaged.") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise StateError(f"{path.name} is no session of diffviz.")
    if content.get("version") != _VERSION:
        raise StateError(f"{path.name} was written by another version of diffviz, {content.get('program')}.")
    settings, pictures = content.get("settings"), content.get("pictures", [])
    if not isinstance(settings, dict) or not isinstance(pictures, list):
        raise StateError(f"{path.name} is damaged: it has no settings.")
    try:
        red, green, blue = (int(value) & 255 for value in content.get("background", (255, 255, 255)))
        state = with_settings(SessionState(), _without_nothing(settings))
    except (StateError, TypeError, ValueError) as error:
        raise StateError(f"{path.name} is damaged: {error}") from error
    background = red, green, blue
    yield SessionRead(state, background)
    for entry in pictures:
        if isinstance(entry, dict) and isinstance(entry.get("key"), str):
            yield _read_picture(entry, path.parent, background)


def _plain(value: Any) -> Any:
    """A setting in the values that JSON has; numbers that are infinite are left to their default."""
    if isinstance(value, ScheduleSpec):
        return spec_to_json(value)
    if hasattr(value, "__dataclass_fields__"):
        whole = asdict(value)
        return {k: v for k, v in whole.items() if not (isinstance(v, float) and math.isinf(v))}
    return value


def _without_nothing(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as lessons write them, which say ``false`` for nothing."""
    return {name: False if value is None else value for name, value in settings.items()}


def _picture(key: str, images: ImageStore) -> dict[str, str]:
    entry = images.entry(key)
    if not key.startswith("paste:"):
        return {"key": key, "path": entry.detail}
    pixels = to_uint8(images.x_0(key))
    buffer = io.BytesIO()
    Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).save(
        buffer, "PNG", compress_level=_FAST_PNG
    )
    known = {"class": entry.class_name} if entry.class_name else {}
    png = base64.b64encode(buffer.getvalue()).decode()
    return {"key": key, "title": entry.title, **known, "png": png}


def _read_picture(entry: Mapping[str, Any], folder: Path, background: tuple[int, int, int]) -> PictureRead:
    key = str(entry["key"])
    try:
        if "png" in entry:
            data = base64.b64decode(str(entry["png"]), validate=True)
            loaded = load_image(data, name=str(entry.get("title", "Pasted picture")))
            return PictureRead(key, None, loaded, class_name=str(entry.get("class", "")))
        named = Path(str(entry.get("path", "")))
        path = named if named.is_file() else folder / named.name
        return PictureRead(key, path, load_image(path, background=background))
    except (ImageReadError, ValueError) as error:
        return PictureRead(key, None, None, str(error))
