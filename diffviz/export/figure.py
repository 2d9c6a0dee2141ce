"""One picture of many: a strip or a grid of frames, with labels under them, and PNG files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from diffviz.data.images import Pixels, image_grid
from diffviz.export.apng import still_png
from diffviz.export.frames import enlarge
from diffviz.export.lettering import font, text_line, text_size_px
from diffviz.export.whole_file import ExportError, whole_file

_PAPER, _INK = 255, 20


def strip(
    pictures: Sequence[Pixels],
    labels: Sequence[str] = (),
    *,
    columns: int | None = None,
    scale: int = 1,
    gap: int | None = None,
    footer: str = "",
) -> Pixels:
    """Pictures of one size side by side.

    Parameters
    ----------
    pictures
        uint8 (H, W, 1 or 3).
    labels
        A line of text under each; none by default.
    columns
        Pictures in a row; all of them by default.
    scale
        Whole number by which every pixel is enlarged.
    gap
        Pixels between pictures; by default none without labels, and a little with them.
    footer
        One more line of text under all; left out where it is wider than they are.

    Returns
    -------
    ndarray
        uint8 (H', W', 3), on white.
    """
    cells = [enlarge(picture, scale) for picture in pictures]
    height, width = cells[0].shape[:2]
    if labels:
        size_px = text_size_px(height, width)
        cells = [
            np.vstack([cell, text_line(label, width, size_px, _INK, _PAPER)])
            for cell, label in zip(cells, labels, strict=True)
        ]
    if gap is None:
        gap = max(2, width // 40) if labels else 0
    grid: Pixels = image_grid(cells, columns or len(cells), gap, background=_PAPER)
    if not footer:
        return grid
    size_px, width = text_size_px(height, cells[0].shape[1]), grid.shape[1]
    words = footer if font(size_px).getlength(footer) <= width else ""
    return np.vstack([grid, text_line(words, width, size_px, _INK, _PAPER)])


def save_picture(path: Path, pixels: Pixels, metadata: str = "") -> None:
    """Write pixels (H, W, 1 or 3) as PNG, with settings as its description.

    Raises
    ------
    ExportError
        If the name does not end in .png or the file cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise ExportError(f"{path} could not be written: a picture is written as .png.")
    with whole_file(path) as stream:
        stream.write(still_png(pixels, metadata))
