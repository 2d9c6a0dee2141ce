"""The denoisers at hand: which there are, and each one made when a run first asks for it.

Listing costs no import of torch; `DenoiserShelf.fetch` imports it and belongs into a worker thread.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from diffviz import paths
from diffviz.data.datasets import SOURCES, DatasetSource, find_files
from diffviz.data.images import Pixels, to_uint8
from diffviz.engine.images import ImageStore
from diffviz.engine.request import BLUR_PICTURES, EXACT_PICTURES, GAUSSIAN_PICTURES, ReverseRequest
from diffviz.models.catalog import list_networks, load_denoiser, read_catalog
from diffviz.models.denoiser import (
    BLUR_PREFIX,
    EXACT_PREFIX,
    GAUSSIAN_PREFIX,
    Denoiser,
    DenoiserInfo,
    blur_info,
    blur_shape,
)
from diffviz.models.picture_denoisers import (
    exact_denoiser,
    exact_of_dataset,
    gaussian_denoiser,
    gaussian_of_dataset,
)
from diffviz.models.steering import matching_classifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diffviz.models.classifier import Classifier

__all__ = ["DenoiserShelf", "PictureData", "ShelvedDenoiser", "is_at_hand"]

# A network and all that it is compared with in a duel.
_MOST_KEPT = 5

_WORDS: dict[str, tuple[str, Literal["exact", "gaussian", "blur"]]] = {
    "exact": ("Exact denoiser", "exact"),
    "gaussian": ("Gaussian denoiser", "gaussian"),
    "blur": ("Gaussian blur", "blur"),
}


@dataclass(frozen=True, eq=False)
class PictureData:
    """The pictures that an exact denoiser knows.

    Attributes
    ----------
    pixels
        uint8 (N, H, W, C).
    labels
        Class of each, shape (N,); None where there are no classes.
    titles
        What a person calls each; empty where they have no names.
    """

    pixels: Pixels
    labels: NDArray[np.int64] | None = None
    titles: tuple[str, ...] = ()

    def count(self, class_index: int | None) -> int:
        """How many pictures there are of a class, or of all."""
        if class_index is None or self.labels is None:
            return len(self.pixels)
        return int(np.count_nonzero(self.labels == class_index))


@dataclass(frozen=True, eq=False)
class ShelvedDenoiser:
    """A denoiser ready for use, with the pictures that an exact one knows; None for a network."""

    denoiser: Denoiser
    data: PictureData | None = None

    def info(self, class_index: int | None) -> DenoiserInfo:
        """What to say about it; without a network, one of a class knows the pictures of that class only."""
        info = self.denoiser.info
        if self.data is None or class_index is None or not 0 <= class_index < len(info.class_names):
            return info
        count, name = self.data.count(class_index), info.class_names[class_index]
        what = _WORDS[info.kind][0]
        return replace(info, trained_on=f"{count:,} pictures of {name}", detail=f"{what} · {count:,} {name}")


class DenoiserShelf:
    """Makes denoisers by key and keeps the last few.

    Keys are ``exact:pictures`` (the gallery and what was opened), ``exact:`` and the name of a data set or
    a folder, the same with ``gaussian:``, ``blur:`` with a size, and the keys and paths of `models.catalog`.
    """

    def __init__(self, images: ImageStore) -> None:
        self.images = images
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], ShelvedDenoiser] = OrderedDict()
        self._num_classes: dict[str, int] = {EXACT_PICTURES: 0}
        self._classifiers: dict[tuple[str, str], Classifier] = {}

    def infos(self, exact_size: int = 64) -> tuple[DenoiserInfo, ...]:
        """What can be chosen for pictures: the exact denoisers, networks, then those of before networks.

        Reads file headers only.
        """
        at_hand = [source for source in SOURCES.values() if is_at_hand(source)]
        networks = [info for info in list_networks() if info.image_shape is not None]
        shapes = dict.fromkeys(info.image_shape for info in networks if info.image_shape is not None)
        count = len(self.images.keys)
        return (
            _pictures_info(EXACT_PICTURES, count, exact_size),
            *(_source_info(source, EXACT_PREFIX) for source in at_hand),
            *networks,
            _pictures_info(GAUSSIAN_PICTURES, count, exact_size),
            *(_source_info(source, GAUSSIAN_PREFIX) for source in at_hand),
            _pictures_info(BLUR_PICTURES, count, exact_size),
            *(blur_info(shape) for shape in shapes),
        )

    def problems(self) -> tuple[str, ...]:
        """One sentence for each file among the networks that cannot be used."""
        return read_catalog().problems

    def info(self, key: str) -> DenoiserInfo | None:
        """What is known of a denoiser without making it; None where nothing is."""
        return next((info for info in self.infos() if info.key == key), None)

    def num_classes(self, key: str) -> int | None:
        """How many classes a denoiser has; None where that is not known. For `Session`."""
        # Asked at every change of the session, at every step of a scrub too: files are read once.
        if key not in self._num_classes:
            info = self.info(key)
            if info is None:
                return None
            self._num_classes[key] = len(info.class_names)
        return self._num_classes[key]

    def fetch(self, request: ReverseRequest) -> ShelvedDenoiser:
        """The denoiser of a request, made or loaded if it is not at hand.

        Raises
        ------
        CheckpointError, DatasetError, ImageReadError
            If a file cannot be used.
        ValueError
            If the device cannot be used.
        """
        knows_pictures = request.denoiser in (EXACT_PICTURES, GAUSSIAN_PICTURES)
        version = self.images.version if knows_pictures else 0
        key = (request.denoiser, request.device, request.exact_size, request.picture_keys, version)
        # Under the lock: two runs that ask for one network must not load it twice.
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                found = self._make(request)
                self._kept[key] = found
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return found

    def classifier_for(self, request: ReverseRequest, info: DenoiserInfo) -> Classifier | None:
        """The classifier that steers a run; None where the request asks for none.

        Raises
        ------
        CheckpointError
            If its file cannot be used.
        ValueError
            If there is none for the classes of the denoiser.
        """
        if request.classifier_scale == 0.0 or request.class_index is None:
            return None
        found = matching_classifier(info)
        if found is None:
            raise ValueError(f"There is no classifier for the classes of {info.name}.")
        from diffviz.models.classifier import load_classifier
        from diffviz.models.devices import usable_device

        key = (found.key, request.device)
        with self._lock:
            if key not in self._classifiers:
                self._classifiers[key] = load_classifier(found.key, usable_device(request.device))
            return self._classifiers[key]

    def _make(self, request: ReverseRequest) -> ShelvedDenoiser:
        key = request.denoiser
        if key in (EXACT_PICTURES, GAUSSIAN_PICTURES):
            return self._of_pictures(request)
        if key.startswith(EXACT_PREFIX):
            denoiser, dataset = exact_of_dataset(key, request.exact_size)
            labels = dataset.labels if dataset.class_names else None
            return ShelvedDenoiser(denoiser, PictureData(dataset.images, labels))
        if key.startswith(GAUSSIAN_PREFIX):
            gaussian, dataset = gaussian_of_dataset(key, request.exact_size)
            labels = dataset.labels if dataset.class_names else None
            return ShelvedDenoiser(gaussian, PictureData(dataset.images, labels))
        if key.startswith(BLUR_PREFIX):
            from diffviz.models.simple_denoisers import BlurDenoiser

            size = request.exact_size
            return ShelvedDenoiser(BlurDenoiser((3, size, size) if key == BLUR_PICTURES else blur_shape(key)))
        from diffviz.models.devices import usable_device

        return ShelvedDenoiser(load_denoiser(key, usable_device(request.device)))

    def _of_pictures(self, request: ReverseRequest) -> ShelvedDenoiser:
        pictures = self.images.picture_set(request.exact_size, 3, request.picture_keys)
        titles = tuple(self.images.entry(key).title for key in pictures.keys)
        info = _pictures_info(request.denoiser, len(titles), request.exact_size)
        pixels = to_uint8(pictures.images)
        if request.denoiser == GAUSSIAN_PICTURES:
            return ShelvedDenoiser(gaussian_denoiser(pixels, None, info), PictureData(pixels, titles=titles))
        return ShelvedDenoiser(
            exact_denoiser(pictures.images, None, info), PictureData(pixels, titles=titles)
        )


def _pictures_info(key: str, count: int, size: int) -> DenoiserInfo:
    pictures = f"{count} picture{'s' if count != 1 else ''}"
    what, kind = _WORDS[key.partition(":")[0]]
    return DenoiserInfo(
        key=key,
        name=what if kind == "blur" else f"{what}, my pictures",
        trained_on="nothing" if kind == "blur" else f"{pictures} at {size}×{size}",
        image_shape=(3, size, size),
        kind=kind,
        detail=what if kind == "blur" else f"{what} · {pictures}",
    )


def _source_info(source: DatasetSource, prefix: str) -> DenoiserInfo:
    what, kind = _WORDS[prefix.removesuffix(":")]
    return DenoiserInfo(
        key=f"{prefix}{source.key}",
        name=f"{what}, {source.title}",
        trained_on=source.title,
        class_names=source.class_names or _class_names(_archive(source)),
        kind=kind,
        detail=f"{what} · {source.title}",
    )


def _archive(source: DatasetSource) -> Path:
    return paths.assets_dir() / "datasets" / (source.shipped_archive or "none")


def is_at_hand(source: DatasetSource) -> bool:
    """Whether the pictures of a data set are on this computer."""
    return _archive(source).is_file() or find_files(source) is not None


def _class_names(archive: Path) -> tuple[str, ...]:
    """The classes of an archive; its pictures stay packed."""
    if not archive.is_file():
        return ()
    with np.load(archive) as arrays:
        return tuple(str(name) for name in arrays["class_names"]) if "class_names" in arrays else ()
