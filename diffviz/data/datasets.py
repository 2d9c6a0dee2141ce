"""Data sets by name or folder: which there are, where they are looked for, how they are fetched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffviz import paths
from diffviz.data.dataset_files import Dataset, DatasetError, read_archive, read_idx
from diffviz.data.downloads import DownloadStep, RemoteFile, download
from diffviz.data.image_folder import read_image_folder

__all__ = [
    "SOURCES",
    "Dataset",
    "DatasetError",
    "DatasetSource",
    "fetch_dataset",
    "find_files",
    "key_of_title",
    "load_dataset",
]

DATA_VARIABLE = "DIFFVIZ_DATA_DIR"
_IDX_NAMES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


@dataclass(frozen=True)
class DatasetSource:
    """A data set known by name.

    Attributes
    ----------
    key
        Its name on the command line, and of its folder or archive.
    title
        What a person calls it.
    base_url, files
        Where its files are fetched from; empty where it cannot be fetched.
    shipped_archive
        An archive in the shipped assets, if there is one; `shipped_note` says what it lacks.
    """

    key: str
    title: str
    licence: str
    class_names: tuple[str, ...] = ()
    base_url: str = ""
    files: tuple[RemoteFile, ...] = ()
    shipped_archive: str = ""
    shipped_note: str = ""


SOURCES: dict[str, DatasetSource] = {
    source.key: source
    for source in (
        DatasetSource(
            "fashion-mnist",
            "Fashion-MNIST",
            "MIT, © 2017 Zalando SE",
            (
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            (
                RemoteFile(
                    "train-images-idx3-ubyte.gz",
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                ),
                RemoteFile(
                    "train-labels-idx1-ubyte.gz",
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                ),
                RemoteFile(
                    "t10k-images-idx3-ubyte.gz",
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                ),
                RemoteFile(
                    "t10k-labels-idx1-ubyte.gz",
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                ),
            ),
            "fashion-mnist-part.npz",
            "These are the 4,000 of 60,000 images that ship with diffviz.",
        ),
        DatasetSource(
            "mnist",
            "MNIST",
            "",
            tuple("0123456789"),
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            (
                RemoteFile(
                    "train-images-idx3-ubyte.gz",
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                ),
                RemoteFile(
                    "train-labels-idx1-ubyte.gz",
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                ),
                RemoteFile(
                    "t10k-images-idx3-ubyte.gz",
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                ),
                RemoteFile(
                    "t10k-labels-idx1-ubyte.gz",
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                ),
            ),
        ),
        DatasetSource(
            "emoji", "Emoji", "Apache-2.0, Noto Emoji and Blobmoji authors", shipped_archive="emoji32.npz"
        ),
    )
}


def key_of_title(title: str) -> str | None:
    """The name of the data set that a person calls so; None where there is none."""
    return next((key for key, source in SOURCES.items() if source.title == title), None)


def load_dataset(
    name: str,
    *,
    split: str = "train",
    size: int = 32,
    tell: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Load a data set by name, or a folder of pictures.

    Named sets are looked for in the folder that DIFFVIZ_DATA_DIR names, in the user's data folder, then
    among the shipped ones.

    Parameters
    ----------
    name
        A key of `SOURCES`, or the path of a folder.
    split
        "train" or "test"; a folder has only one.
    size
        Side in pixels to which the pictures of a folder are scaled.
    tell
        Called with how many files of a folder are read, of how many; `read_image_folder` says more.

    Raises
    ------
    DatasetError
        If it is not there or cannot be read.
    """
    source = SOURCES.get(name)
    if source is None:
        if not Path(name).is_dir():
            raise DatasetError(
                f"There is no data set “{name}”: name {', '.join(SOURCES)}, or a folder of pictures."
            )
        return read_image_folder(Path(name), size, tell=tell)
    if files := find_files(source, split):
        images, labels = (read_idx(path) for path in files)
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise DatasetError(f"The files of {source.title} do not belong together.")
        return Dataset(
            source.title, images[..., None], labels.astype(np.int64), source.class_names, source.licence
        )
    shipped = paths.assets_dir() / "datasets" / source.shipped_archive
    if source.shipped_archive and shipped.is_file() and not (source.files and split == "test"):
        dataset = read_archive(shipped, source.title, split=split, licence=source.licence)
        notes = (source.shipped_note,) if source.shipped_note else ()
        return Dataset(
            dataset.name, dataset.images, dataset.labels, dataset.class_names, dataset.licence, notes
        )
    raise DatasetError(
        f"{source.title} is not on this computer: fetch it with --download, or let {DATA_VARIABLE} name the "
        f"folder that holds {source.key}/."
    )


def find_files(source: DatasetSource, split: str = "train") -> tuple[Path, Path] | None:
    """Image and label file of a set that comes as IDX files, or `None` where they are not here."""
    for root in _search_folders():
        for suffix in (".gz", ""):
            images, labels = (root / source.key / (stem + suffix) for stem in _IDX_NAMES[split])
            if images.is_file() and labels.is_file():
                return images, labels
    return None


def fetch_dataset(name: str) -> Iterator[DownloadStep]:
    """Fetch a named data set into the user's data folder, unless it is here already.

    Raises
    ------
    DatasetError
        If it cannot be fetched.
    """
    source = SOURCES.get(name)
    if source is None or not source.files:
        raise DatasetError(f"“{name}” cannot be fetched; what can is {', '.join(_fetchable())}.")
    if find_files(source, "train") is None or find_files(source, "test") is None:
        yield from download(source.base_url, source.files, _user_folder() / source.key)


def _fetchable() -> list[str]:
    return [key for key, source in SOURCES.items() if source.files]


def _user_folder() -> Path:
    return paths.user_data_dir() / "datasets"


def _search_folders() -> list[Path]:
    named = os.environ.get(DATA_VARIABLE)
    return [Path(named).expanduser(), _user_folder()] if named else [_user_folder()]
