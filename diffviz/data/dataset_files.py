"""Data sets as arrays, and the two file formats they come in: IDX (as MNIST) and NumPy archives."""

from __future__ import annotations

import gzip
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_IDX_UINT8 = 8
_HELD_OUT_EVERY = 10


class DatasetError(ValueError):
    """A data set that cannot be found or read; the message is one sentence for the user."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures in memory.

    Attributes
    ----------
    name
        What a person calls it.
    images
        uint8, shape (N, H, W, C), C 1 or 3.
    labels
        int64, shape (N,), indices into `class_names`; all 0 where there are no classes.
    class_names
        Empty where the pictures have no classes.
    licence
        One line; empty where unknown.
    notes
        Sentences about what was left out or changed, for the user.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...] = ()
    licence: str = ""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of bytes, gzip-compressed or not.

    Raises
    ------
    DatasetError
        If it is not an IDX file of bytes, or shorter or longer than its header says.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            content = stream.read()
    except (OSError, EOFError) as error:
        raise DatasetError(f"{path.name} could not be read: {error}.") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _IDX_UINT8:
        raise DatasetError(f"{path.name} is not an IDX file of bytes.")
    rank = content[3]
    start = 4 + 4 * rank
    if len(content) < start:
        raise DatasetError(f"{path.name} is truncated.")
    shape = struct.unpack(f">{rank}I", content[4:start])
    values = np.frombuffer(content, np.uint8, offset=start)
    if values.size != int(np.prod(shape, dtype=np.int64)):
        raise DatasetError(f"{path.name} holds {values.size} values where its header promises {shape}.")
    return values.reshape(shape).copy()


def read_archive(path: Path, name: str, *, split: str = "train", licence: str = "") -> Dataset:
    """Read a NumPy archive with `images` (N, H, W, C) or (N, H, W) and perhaps `labels` and `class_names`.

    Where it has `codepoints`, drawings of one codepoint stay together: every tenth codepoint is the "test"
    split. Archives without them have no test split and give all they have.

    Raises
    ------
    DatasetError
        If it is damaged or its arrays do not fit each other.
    """
    try:
        with np.load(path) as archive:
            images = archive["images"]
            labels = np.asarray(archive.get("labels", np.zeros(len(images))), np.int64)
            class_names = tuple(str(n) for n in archive["class_names"]) if "class_names" in archive else ()
            groups = archive.get("codepoints")
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path.name} is not an archive of images: {error}.") from error
    images = images[..., None] if images.ndim == 3 else images
    fits = images.ndim == 4 and images.dtype == np.uint8 and images.shape[3] in (1, 3)
    if not fits or len(images) == 0 or len(labels) != len(images):
        raise DatasetError(f"{path.name} must hold uint8 images (N, H, W, C) and one label for each.")
    if class_names and not set(np.unique(labels)) <= set(range(len(class_names))):
        raise DatasetError(f"{path.name} has labels that are none of its {len(class_names)} classes.")
    if groups is not None:
        order = {group: place for place, group in enumerate(sorted(set(groups.tolist())))}
        held_out = np.array([order[group] % _HELD_OUT_EVERY == 0 for group in groups.tolist()])
        chosen = held_out if split == "test" else ~held_out
        images, labels = images[chosen], labels[chosen]
    return Dataset(name, np.ascontiguousarray(images), labels, class_names, licence)
