"""A folder of pictures as a data set; its sub-folders are the classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from diffviz.data.dataset_files import Dataset, DatasetError
from diffviz.data.images import PICTURE_SUFFIXES, ImageReadError, fit, load_image, to_uint8

MAX_BYTES = 4 << 30
FEW_IMAGES = 100


def read_image_folder(folder: Path, size: int = 32) -> Dataset:
    """Read every picture below a folder, cut to a square and scaled to one size.

    Pictures directly in the folder have no class; where there are pictures in sub-folders, those are the
    classes, and pictures beside them are left out. A broken file among good ones is left out and noted.

    Parameters
    ----------
    folder
        The folder.
    size
        Side of the squares in pixels.

    Raises
    ------
    DatasetError
        If there is no such folder, no readable picture in it, or too many for memory.
    """
    if not folder.is_dir():
        raise DatasetError(f"There is no folder “{folder}”.")
    classes = sorted(sub for sub in folder.iterdir() if sub.is_dir() and _pictures(sub))
    files = [(path, label) for label, sub in enumerate(classes) for path in _pictures(sub)]
    if not classes:
        files = [(path, 0) for path in _pictures(folder)]
    if not files:
        raise DatasetError(f"There is no picture in “{folder}”.")
    needed = len(files) * size * size * 3
    if needed > MAX_BYTES:
        raise DatasetError(
            f"“{folder}” holds {len(files)} pictures, {needed / 2**30:.1f} GiB at {size} pixels; "
            f"at most {MAX_BYTES >> 30} GiB fit: choose a smaller size or fewer pictures."
        )
    images, labels, broken, all_grey = [], [], [], True
    for path, label in files:
        try:
            x_0 = load_image(path, max_side=max(4 * size, 64)).x_0
        except ImageReadError as error:
            broken.append(str(error))
            continue
        all_grey = all_grey and x_0.shape[2] == 1
        images.append(to_uint8(fit(x_0, size, channels=3)))
        labels.append(label)
    if not images:
        raise DatasetError(f"None of the {len(files)} pictures in “{folder}” could be read: {broken[0]}")
    stacked = np.stack(images)
    return Dataset(
        folder.name,
        np.ascontiguousarray(stacked[..., :1]) if all_grey else stacked,
        np.array(labels, np.int64),
        tuple(sub.name for sub in classes),
        notes=_notes(len(images), broken),
    )


def _pictures(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES and p.is_file())


def _notes(count: int, broken: list[str]) -> tuple[str, ...]:
    notes = []
    if broken:
        left_out = "1 file was" if len(broken) == 1 else f"{len(broken)} files were"
        notes.append(f"{left_out} left out, the first because: {broken[0]}")
    if count < FEW_IMAGES:
        notes.append(f"A network learns {count} pictures by heart; for new ones it needs some hundreds.")
    return tuple(notes)
