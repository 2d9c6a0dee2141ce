"""A folder of pictures as a data set; its sub-folders are the classes."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np

from diffviz.data.dataset_files import Dataset, DatasetError
from diffviz.data.images import PICTURE_SUFFIXES, ImageReadError, fit, load_image, to_uint8

MAX_BYTES = 2 << 30
FEW_IMAGES = 100


def read_image_folder(
    folder: Path,
    size: int = 32,
    *,
    at_most: int | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Read every picture below a folder, cut to a square and scaled to one size.

    Pictures directly in the folder have no class; where there are pictures in sub-folders, those are the
    classes, and pictures beside them are left out. A broken file among good ones is left out and noted.

    Parameters
    ----------
    folder
        The folder.
    size
        Side of the squares in pixels.
    at_most
        Read an even choice of so many pictures, to show what is there; None: all.
    tell
        Called after every file with how many were read, of how many; what it raises ends the reading.

    Raises
    ------
    DatasetError
        If there is no such folder, no readable picture in it, or too many for memory: of a folder of any
        size no more names are looked at than there is room for pictures.
    """
    files, classes = _found(folder, size)
    if at_most is not None and len(files) > at_most:
        files = [files[index * len(files) // at_most] for index in range(at_most)]
    # Of one size, so that a large set is in memory once; pages that stay unused cost nothing.
    images = np.empty((len(files), size, size, 3), np.uint8)
    labels: list[int] = []
    broken: list[str] = []
    all_grey = True
    for done, (path, label) in enumerate(files, 1):
        try:
            x_0 = load_image(path, max_side=max(4 * size, 64)).x_0
        except ImageReadError as error:
            broken.append(str(error))
        else:
            all_grey = all_grey and x_0.shape[2] == 1
            images[len(labels)] = to_uint8(fit(x_0, size, channels=3))
            labels.append(label)
        if tell is not None:
            tell(done, len(files))
    if not labels:
        raise DatasetError(f"None of the {len(files):,} pictures in “{folder}” could be read: {broken[0]}")
    images = images[: len(labels)]
    return Dataset(
        folder.name,
        np.ascontiguousarray(images[..., :1]) if all_grey else images,
        np.array(labels, np.int64),
        classes,
        notes=_notes(len(labels), broken),
    )


def count_pictures(folder: Path, size: int = 32) -> int:
    """How many pictures `read_image_folder` would try to read, by their names; it says what is refused."""
    return len(_found(folder, size)[0])


def _found(folder: Path, size: int) -> tuple[list[tuple[Path, int]], tuple[str, ...]]:
    """The pictures with their labels, and the names of the classes."""
    if not folder.is_dir():
        raise DatasetError(f"There is no folder “{folder}”.")
    most = MAX_BYTES // (size * size * 3)
    try:
        with os.scandir(folder) as entries:
            subs = sorted(entry.name for entry in entries if entry.is_dir())
        by_class = {name: _names(folder / name, most) for name in subs}
        classes = [name for name in subs if by_class[name]]
        if not classes:
            by_class, classes = {"": _names(folder, most)}, [""]
    except OSError as error:
        raise DatasetError(f"“{folder}” could not be read: {error.strerror}.") from error
    total = sum(len(by_class[name]) for name in classes)
    if not total:
        raise DatasetError(f"There is no picture in “{folder}”.")
    if total > most:
        raise DatasetError(
            f"“{folder}” holds more than {most:,} pictures, and no more fit at {size} pixels: "
            "choose a smaller size or fewer pictures."
        )
    files = [(folder / name / file, k) for k, name in enumerate(classes) for file in by_class[name]]
    return files, tuple(name for name in classes if name)


def _names(folder: Path, most: int) -> list[str]:
    """Names of the pictures directly in a folder, sorted; of too many only one more than fits."""
    with os.scandir(folder) as entries:
        pictures = (
            entry.name
            for entry in entries
            if Path(entry.name).suffix.lower() in PICTURE_SUFFIXES and entry.is_file()
        )
        return sorted(islice(pictures, most + 1))


def _notes(count: int, broken: list[str]) -> tuple[str, ...]:
    notes = []
    if broken:
        left_out = "1 file was" if len(broken) == 1 else f"{len(broken)} files were"
        notes.append(f"{left_out} left out, the first because: {broken[0]}")
    if count < FEW_IMAGES:
        notes.append(f"A network learns {count} pictures by heart; for new ones it needs some hundreds.")
    return tuple(notes)
