"""What a network of the Train workspace can learn from: which data are at hand, and what they look like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from diffviz import paths
from diffviz.data.datasets import SOURCES, find_files, load_dataset
from diffviz.data.image_folder import count_pictures, read_image_folder
from diffviz.data.images import Pixels
from diffviz.data.point_files import is_point_file, learns_points, points_title, read_points
from diffviz.data.toy2d import TOY_SETS, draw_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DataChoice", "DataPreview", "data_choices", "preview_data"]

_MOST_SHOWN = 160
_MOST_READ = 1000
_MOST_POINTS = 4000


@dataclass(frozen=True)
class DataChoice:
    """A data set to choose, and why it cannot be taken ("": it can)."""

    key: str
    title: str
    unavailable: str = ""


@dataclass(frozen=True, eq=False)
class DataPreview:
    """What data look like.

    Attributes
    ----------
    pictures
        uint8 (n, H, W, C), an even choice of at most 160; None for points.
    points
        float32 (n, 2), at most 4000; None for pictures.
    count
        How many examples there are in all; of a large folder, as many as have a picture's name.
    notes
        Sentences about what was left out or changed.
    """

    key: str
    title: str
    count: int
    class_names: tuple[str, ...] = ()
    pictures: Pixels | None = None
    points: NDArray[np.float32] | None = None
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """How many of what."""
        if self.points is not None:
            return f"{self.count:,} points"
        classes = f" in {len(self.class_names)} classes" if len(self.class_names) > 1 else ""
        return f"{self.count:,} picture{'s' if self.count != 1 else ''}{classes}"


def data_choices() -> tuple[DataChoice, ...]:
    """Named data sets, those that are not on this computer with the reason."""
    sources = sorted(SOURCES.values(), key=lambda source: source.key != "emoji")
    pictures = [
        DataChoice(
            source.key,
            source.title,
            ""
            if _is_at_hand(source.key)
            else f"Not on this computer: {_fetch_command(source.key)} fetches it.",
        )
        for source in sources
    ]
    return (*pictures, *(DataChoice(key, title) for key, (title, _) in TOY_SETS.items()))


def preview_data(key: str, image_size: int = 32) -> DataPreview:
    """Read data and pick some to show; for a worker thread.

    Raises
    ------
    DatasetError
        If they are not there, cannot be read, or hold nothing.
    """
    if key in TOY_SETS:
        points = draw_points(key)
        return DataPreview(key, points_title(key), len(points), points=points[:_MOST_POINTS])
    if is_point_file(key):
        found = read_points(Path(key))
        count = len(found.points)
        every = -(-count // _MOST_POINTS)
        return DataPreview(key, points_title(key), count, points=found.points[::every], notes=found.notes)
    is_folder = key not in SOURCES and Path(key).is_dir()
    if is_folder and (count := count_pictures(Path(key), image_size)) > _MOST_READ:
        # A look at a hundred thousand files must not keep anybody waiting.
        dataset = read_image_folder(Path(key), image_size, at_most=_MOST_READ)
    else:
        dataset = load_dataset(key, size=image_size)
        count = len(dataset)
    shown = np.random.default_rng(0).permutation(len(dataset))[:_MOST_SHOWN]
    return DataPreview(
        key,
        dataset.name,
        count,
        dataset.class_names,
        pictures=np.ascontiguousarray(dataset.images[shown]),
        notes=dataset.notes,
    )


def _is_at_hand(key: str) -> bool:
    source = SOURCES[key]
    archive = paths.assets_dir() / "datasets" / (source.shipped_archive or "none")
    return archive.is_file() or find_files(source) is not None


def _fetch_command(key: str) -> str:
    return f"“diffviz train --data {key} --download”"


def title_of(key: str) -> str:
    """What a person calls data, by their key alone."""
    if learns_points(key):
        return points_title(key)
    return SOURCES[key].title if key in SOURCES else Path(key).name
