"""The pictures at hand by key: the samples that ship, what was opened, and what was pasted.

The session names a picture by its key; the pixels are looked up here. Keys are ``sample:chelsea``,
``file:<absolute path>`` and ``paste:1``. A picture is float32 (H, W, C), C in {1, 3}, range [-1, 1].
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from diffviz.data.images import LoadedImage, Picture, Pixels, fit, from_array, load_image, to_uint8
from diffviz.data.samples import SAMPLES, sample_picture

__all__ = ["ImageEntry", "ImageStore", "PictureSet"]

_CACHE_BYTES = 384 * 2**20


@dataclass(frozen=True)
class ImageEntry:
    """One line of the gallery.

    Attributes
    ----------
    key
        What the session calls the picture.
    title
        What a person calls it.
    detail
        Credit of a sample, path of a file, size of a pasted picture.
    class_name
        What its data set says that it shows; empty where that is not known.
    """

    key: str
    title: str
    detail: str
    class_name: str = ""

    @property
    def is_sample(self) -> bool:
        """Whether it ships with the program."""
        return self.key.startswith("sample:")


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Pictures of one shape, the data set of an exact denoiser.

    Attributes
    ----------
    keys
        Where each row came from.
    images
        Float32 (N, size, size, C), range [-1, 1], read-only.
    """

    keys: tuple[str, ...]
    images: NDArray[np.float32]


class ImageStore(QObject):
    """All pictures of the window.

    Pictures are added in the window's thread; everything else may be called from any thread. Files are
    read when they are first asked for and may be forgotten and read again when memory is needed.

    Signals
    -------
    changed()
        A picture was added, or a file that was open already was read anew.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None, *, cache_bytes: int = _CACHE_BYTES) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._cache_bytes = cache_bytes
        self._entries = {
            f"sample:{sample.key}": ImageEntry(f"sample:{sample.key}", sample.title, sample.credit)
            for sample in SAMPLES
        }
        self._loaded: OrderedDict[str, LoadedImage] = OrderedDict()
        self._fitted: dict[tuple[str, int, int], Picture] = {}
        self._thumbnails: dict[tuple[str, int], Pixels] = {}
        self._num_pastes = 0
        self._background = (255, 255, 255)
        self._version = 0

    @property
    def version(self) -> int:
        """Grows with every picture that is added or read anew."""
        with self._lock:
            return self._version

    @property
    def entries(self) -> tuple[ImageEntry, ...]:
        """The gallery: samples first, then what was opened, in the order of opening."""
        with self._lock:
            return tuple(self._entries.values())

    @property
    def background(self) -> tuple[int, int, int]:
        """What transparent parts of pictures are laid over, 8-bit RGB."""
        return self._background

    def set_background(self, background: tuple[int, int, int]) -> None:
        """Lay transparent parts over another colour; files that have some are read anew when asked for."""
        if background == self._background:
            return
        with self._lock:
            self._background = background
            kept = {key: old for key, old in self._loaded.items() if not old.has_alpha}
            self._loaded = OrderedDict(kept)
            self._fitted.clear()
            self._thumbnails.clear()
            self._version += 1
        self.changed.emit()

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all pictures, in the order of the gallery."""
        with self._lock:
            return tuple(self._entries)

    @property
    def opened_keys(self) -> tuple[str, ...]:
        """Keys of the person's own pictures, opened or pasted."""
        return tuple(entry.key for entry in self.entries if not entry.is_sample)

    def __contains__(self, key: object) -> bool:
        with self._lock:
            return key in self._entries

    def entry(self, key: str) -> ImageEntry:
        """What the gallery says about a picture.

        Raises
        ------
        KeyError
            If no picture has that key.
        """
        with self._lock:
            return self._entries[key]

    def add_file(self, path: str | Path) -> str:
        """Read a file now and add it; returns its key.

        Raises
        ------
        ImageReadError
            If it cannot be read; nothing is added.
        """
        return self.add_loaded(path, load_image(path, background=self._background))

    def add_loaded(self, path: str | Path, loaded: LoadedImage) -> str:
        """Add a file that was read already, in a worker thread for instance; returns its key."""
        absolute = Path(path).absolute()
        key = f"file:{absolute}"
        self._add(ImageEntry(key, loaded.name, str(absolute)), loaded)
        return key

    def add_paste(self, array: NDArray[Any], name: str = "Pasted picture", *, class_name: str = "") -> str:
        """Add an array as `data.images.from_array` takes it, perhaps of a known class; returns its key.

        Raises
        ------
        ImageReadError
            If the array is no picture.
        """
        x_0 = from_array(array)
        self._num_pastes += 1
        size = (x_0.shape[1], x_0.shape[0])
        titles = {entry.title for entry in self.entries}
        title = name if name not in titles else f"{name} {self._num_pastes}"
        key = f"paste:{self._num_pastes}"
        loaded = LoadedImage(x_0, title, size, "RGB" if x_0.shape[2] == 3 else "L")
        self._add(ImageEntry(key, title, f"{size[0]} × {size[1]}", class_name), loaded)
        return key

    def load(self, key: str) -> LoadedImage:
        """The picture with its story; read from its file if it is not in memory.

        Raises
        ------
        KeyError
            If no picture has that key.
        ImageReadError
            If its file cannot be read (any more).
        """
        with self._lock:
            loaded = self._loaded.get(key)
            if loaded is not None:
                self._loaded.move_to_end(key)
                return loaded
        # Read without the lock: two threads may both read a file, and neither keeps the window waiting.
        loaded = load_image(self._path(key), background=self._background)
        with self._lock:
            self._remember(key, loaded)
        return loaded

    def x_0(self, key: str) -> Picture:
        """The pixels alone: float32 (H, W, C) in [-1, 1]; raises as `load` does."""
        return self.load(key).x_0

    def is_loaded(self, key: str) -> bool:
        """Whether `load` would answer at once."""
        with self._lock:
            return key in self._loaded

    def thumbnail(self, key: str, size: int) -> Pixels:
        """The whole picture, small: uint8 (h, w, C), its longer side `size` pixels; raises as `load` does."""
        with self._lock:
            thumbnail = self._thumbnails.get((key, size))
            loaded = self._loaded.get(key)
        if thumbnail is not None:
            return thumbnail
        if loaded is not None:
            x_0 = loaded.x_0
        else:
            # A JPEG is decoded much faster where only a small version is asked for.
            x_0 = load_image(self._path(key), background=self._background, max_side=4 * size).x_0
        scale = size / max(x_0.shape[:2])
        shape = (max(1, round(x_0.shape[0] * scale)), max(1, round(x_0.shape[1] * scale)))
        thumbnail = to_uint8(fit(x_0, shape, "resize"))
        with self._lock:
            self._thumbnails[key, size] = thumbnail
        return thumbnail

    def fitted(self, key: str, size: int, channels: int) -> Picture:
        """The middle square of the picture at `size` pixels: float32 (size, size, channels) in [-1, 1]."""
        with self._lock:
            picture = self._fitted.get((key, size, channels))
        if picture is None:
            picture = fit(self.x_0(key), size, "crop", channels)
            picture.setflags(write=False)
            with self._lock:
                self._fitted[key, size, channels] = picture
        return picture

    def picture_set(self, size: int, channels: int = 3, keys: Iterable[str] | None = None) -> PictureSet:
        """The middle squares of some pictures, or of all, as one array.

        Parameters
        ----------
        size
            Side in pixels.
        channels
            1 or 3.
        keys
            Which pictures, in which order; all of the gallery by default.

        Raises
        ------
        KeyError
            If no picture has one of the keys.
        ImageReadError
            If a file cannot be read (any more).
        """
        chosen = self.keys if keys is None else tuple(keys)
        images = np.empty((len(chosen), size, size, channels), np.float32)
        for row, key in enumerate(chosen):
            images[row] = self.fitted(key, size, channels)
        images.setflags(write=False)
        return PictureSet(chosen, images)

    def _path(self, key: str) -> Path:
        origin, _, rest = key.partition(":")
        with self._lock:
            if key not in self._entries:
                raise KeyError(key)
        return sample_picture(rest).path if origin == "sample" else Path(rest)

    def _add(self, entry: ImageEntry, loaded: LoadedImage) -> None:
        with self._lock:
            self._entries[entry.key] = entry
            self._loaded.pop(entry.key, None)
            self._fitted = {key: kept for key, kept in self._fitted.items() if key[0] != entry.key}
            self._thumbnails = {key: kept for key, kept in self._thumbnails.items() if key[0] != entry.key}
            self._remember(entry.key, loaded)
            self._version += 1
        self.changed.emit()

    def _remember(self, key: str, loaded: LoadedImage) -> None:
        """Keep a picture and forget the oldest that can be read again; the lock is held by the caller."""
        self._loaded[key] = loaded
        self._loaded.move_to_end(key)
        excess = sum(kept.x_0.nbytes for kept in self._loaded.values()) - self._cache_bytes
        for old in tuple(self._loaded)[:-1]:
            if excess <= 0:
                return
            if not old.startswith("paste:"):
                excess -= self._loaded.pop(old).x_0.nbytes
