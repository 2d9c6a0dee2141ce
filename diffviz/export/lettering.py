"""Text on pictures, in a font that ships with the program and has ᾱ, − and ·."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from diffviz import paths
from diffviz.data.images import Pixels

SMALLEST_PX, LARGEST_PX = 9, 30
_SEPARATOR = "  ·  "
_BOX, _BOX_OPACITY, _INK = (16, 18, 26), 0.86, (240, 242, 250)


@lru_cache(maxsize=32)
def font(size_px: int) -> ImageFont.FreeTypeFont:
    """The caption font at one size."""
    path = paths.assets_dir() / "fonts" / "caption.ttf"
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.BASIC)


def text_size_px(height: int, width: int) -> int:
    """Size of letters that suits a picture: 4.5 % of its shorter side, within what can be read."""
    return min(LARGEST_PX, max(SMALLEST_PX, round(0.045 * min(height, width))))


def add_caption(frame: Pixels, fields: Sequence[str], *, at_top: bool = False) -> None:
    """Write fields on a dark plate in the lower (or upper) left corner of a frame (H, W, 3), in place.

    Fields that do not fit in one line are left out from the end; a frame too small for the first stays bare.
    """
    height, width = frame.shape[:2]
    size_px = text_size_px(height, width)
    letters = font(size_px)
    margin, padding = size_px // 2, max(2, round(0.45 * size_px))
    shown = list(fields)
    while shown and letters.getlength(_SEPARATOR.join(shown)) + 2 * (margin + padding) > width:
        shown.pop()
    ascent, descent = letters.getmetrics()
    box_height = ascent + descent + padding
    if not shown or box_height + 2 * margin > height:
        return
    text = _SEPARATOR.join(shown)
    box_width = round(letters.getlength(text)) + 2 * padding
    top = margin if at_top else height - margin - box_height
    window = frame[top : top + box_height, margin : margin + box_width]
    plate = _plate(box_height, box_width, radius=padding)
    blended = window * (1 - plate) + np.array(_BOX) * plate
    ink = _letters(text, size_px, box_height, box_width, padding)
    window[...] = np.round(blended * (1 - ink) + np.array(_INK) * ink).astype(np.uint8)


def text_line(text: str, width: int, size_px: int, ink: int, paper: int) -> Pixels:
    """One centred line of text as grey levels on a plain strip, uint8 (1.6 size_px, width, 3)."""
    height = round(1.6 * size_px)
    image = Image.new("L", (width, height), paper)
    ImageDraw.Draw(image).text((width / 2, height / 2), text, fill=ink, font=font(size_px), anchor="mm")
    return np.repeat(np.asarray(image)[..., None], 3, axis=2)


@lru_cache(maxsize=16)
def _plate(height: int, width: int, radius: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Opacity (H, W, 1) of a plate with round corners."""
    image = Image.new("L", (4 * width, 4 * height))
    outline = (0, 0, 4 * width - 1, 4 * height - 1)
    ImageDraw.Draw(image).rounded_rectangle(outline, 4 * radius, fill=255)
    smooth = image.resize((width, height), Image.Resampling.BOX)
    return np.asarray(smooth)[..., None] * (_BOX_OPACITY / 255)


def _letters(
    text: str, size_px: int, height: int, width: int, left: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Opacity (H, W, 1) of a line of text."""
    image = Image.new("L", (width, height))
    ImageDraw.Draw(image).text((left, height / 2), text, fill=255, font=font(size_px), anchor="lm")
    return np.asarray(image)[..., None] / 255.0
