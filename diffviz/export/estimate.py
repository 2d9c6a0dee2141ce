"""How large a file will be, from a few of its frames."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from diffviz.data.images import Pixels
from diffviz.export.animation import encoded_size
from diffviz.export.settings import AnimationSettings

_VIDEOS = ("mp4", "webm")
_NUM_SPREAD = 16
_RUN_LENGTH = 3
_RUN_STARTS = (1 / 6, 1 / 2, 5 / 6)
_TILES, _TILE_PX = 4, 32


def sample_indices(count: int, settings: AnimationSettings) -> tuple[int, ...]:
    """
    Which of ``count`` frames `estimate_size` wants, rising.

    Stills are measured by three. A video codes changes: those over the whole range are seen in frames spread
    over it, those from one frame to the next in neighbours.
    """
    if settings.format in _VIDEOS:
        runs = [index for run in _runs(count) for index in run]
        return tuple(sorted({*_spread(count), *runs}))
    early = min(count // 5, max(0, count - 2))
    return tuple(dict.fromkeys((early, min(early + 1, count - 1), count - 1)))


def estimate_size(samples: Iterable[Pixels], count: int, settings: AnimationSettings) -> int:
    """
    Size in bytes that a file of ``count`` frames will have, about.

    Encodes in memory. Stills come out within a quarter, videos within a third, whether their noise stays the
    same or is drawn anew. Of a video only the first frame is encoded whole, of the others a mosaic of tiles.

    Parameters
    ----------
    samples
        uint8 (H, W, 3): the frames at `sample_indices`, used one at a time.
    count
        Frames of the file.
    settings
        Format, frame rate and quality; nothing is written.
    """
    if settings.format not in _VIDEOS:
        frames = list(samples)
        return round(encoded_size(frames, settings) * count / len(frames))
    mosaics: dict[int, Pixels] = {}
    first, ratio = 0, 1.0
    for index, frame in zip(sample_indices(count, settings), samples):
        mosaics[index] = _mosaic(frame)
        if len(mosaics) == 1:
            first = encoded_size([frame], settings)
            ratio = frame.size / mosaics[index].size

    def coded(indices: Iterable[int]) -> int:
        return encoded_size([mosaics[index] for index in indices], settings)

    spread = _spread(count)
    changes = coded(spread) - coded(spread[:1])
    steps = [(coded(run) - coded(run[:1])) / (len(run) - 1) for run in _runs(count) if len(run) > 1]
    step = float(np.mean(steps)) if steps else 0.0
    return round(first + ratio * (changes + (count - len(spread)) * step))


def _spread(count: int) -> list[int]:
    """Frames over the whole range, both ends among them."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, _NUM_SPREAD))})


def _runs(count: int) -> list[list[int]]:
    """Neighbours at a few places of the range; none where every frame is in `_spread`."""
    if count <= _NUM_SPREAD:
        return []
    return [
        [index for index in range(start, start + _RUN_LENGTH) if index < count]
        for start in (int(share * count) for share in _RUN_STARTS)
    ]


def _mosaic(frame: Pixels) -> Pixels:
    """Tiles from all over a frame put together, on even rows and columns; a small frame as it is."""
    rows, columns = (_starts(side) for side in frame.shape[:2])
    if rows is not None:
        frame = np.concatenate([frame[start : start + _TILE_PX] for start in rows])
    if columns is not None:
        frame = np.concatenate([frame[:, start : start + _TILE_PX] for start in columns], axis=1)
    return frame


def _starts(side: int) -> list[int] | None:
    """Where the tiles along one side begin; None where the side is not longer than they are."""
    if side <= _TILES * _TILE_PX:
        return None
    return [int(place) // 2 * 2 for place in np.linspace(0, side - _TILE_PX, _TILES)]
