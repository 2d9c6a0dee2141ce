"""Pictures: from a file, bytes or an array to x_0 in [-1, 1] and back to 8-bit pixels.

A picture is a float32 array (H, W, C) with C = 1 (grey) or 3 (RGB) and values in [-1, 1].
"""

import io
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

Picture = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

MAX_PIXELS = 178_000_000
_READABLE = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
PICTURE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"}
)

_SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_GREY_MODES = frozenset({"1", "L", "LA", "La"})
_DEEP_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
_TURN = Image.Transpose
_FLIPS = (_TURN.FLIP_LEFT_RIGHT, _TURN.ROTATE_180, _TURN.FLIP_TOP_BOTTOM)
_TURNS = {  # EXIF orientation -> what makes the picture upright
    2: _TURN.FLIP_LEFT_RIGHT,
    3: _TURN.ROTATE_180,
    4: _TURN.FLIP_TOP_BOTTOM,
    5: _TURN.TRANSPOSE,
    6: _TURN.ROTATE_270,
    7: _TURN.TRANSVERSE,
    8: _TURN.ROTATE_90,
}
_TILE_VALUES = 1 << 18  # 1 MB of float32: large enough to spread the cost of a call, small enough for a cache

# The limit above is checked from the header, before decoding. Pillow's own would warn at half of it.
Image.MAX_IMAGE_PIXELS = None


class ImageReadError(ValueError):
    """A picture could not be read; the message is one sentence for the user."""


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """A picture as it was read.

    Attributes
    ----------
    x_0
        Float32 (H, W, C), C in {1, 3}, range [-1, 1], at most ``max_side`` long.
    name
        File name, or what the bytes are called.
    original_size
        Width and height in pixels as the picture is seen, before scaling.
    mode
        Pixel layout of the file in Pillow's words, such as "RGBA" or "I;16".
    note
        What was done to the picture that its owner should know, or None.
    has_alpha
        Whether transparent parts were laid over a background.
    """

    x_0: Picture
    name: str
    original_size: tuple[int, int]
    mode: str
    note: str | None = None
    has_alpha: bool = False


def load_image(
    source: str | os.PathLike[str] | bytes,
    *,
    background: tuple[int, int, int] = (255, 255, 255),
    max_side: int = 1024,
    name: str | None = None,
) -> LoadedImage:
    """Read a picture file, or the bytes of one.

    EXIF orientation is applied, alpha is laid over ``background`` (8-bit RGB), an animation gives its
    first frame, 16-bit and float values keep their depth, and a picture longer than ``max_side`` is
    reduced (Lanczos) with a note.

    Raises
    ------
    ImageReadError
        If the source is missing, a folder, empty, truncated, damaged, no picture in a known format, or
        larger than 178 megapixels (read from the header, before anything is decoded).
    """
    name = name or ("The picture" if isinstance(source, bytes) else Path(source).name or str(source))
    try:
        # Pillow reports harmless oddities (a broken EXIF block, say) as warnings.
        with warnings.catch_warnings(), _opened(source, name) as stream:
            warnings.simplefilter("ignore")
            with Image.open(stream, formats=_READABLE) as image:
                return _decode(image, name, background, max_side)
    except ImageReadError:
        raise
    except UnidentifiedImageError as error:
        reason = "it is not a PNG, JPEG, WebP, GIF, BMP or TIFF picture"
        if isinstance(source, bytes):
            start = source[:8]
        else:
            with _opened(source, name) as stream:
                start = stream.read(8)
        if start.startswith(_SIGNATURES):
            reason = "the file is truncated or damaged"
        raise ImageReadError(f"{name} could not be read: {reason}.") from error
    except MemoryError as error:
        raise ImageReadError(f"{name} could not be read: there is not enough memory for it.") from error
    except Exception as error:  # decoders raise nearly anything on damaged files; to the user it is one fact
        truncated = isinstance(error, EOFError) or any(
            word in str(error).lower() for word in ("truncated", "not enough", "unexpected end", "eof")
        )
        reason = "truncated" if truncated else "damaged"
        raise ImageReadError(f"{name} could not be read: the file is {reason}.") from error


def _opened(source: str | os.PathLike[str] | bytes, name: str) -> BinaryIO:
    """The source as a readable stream that is not empty, or an ImageReadError that says why not."""
    if isinstance(source, bytes):
        if not source:
            raise ImageReadError(f"{name} could not be read: the file is empty.")
        return io.BytesIO(source)
    path = Path(source)
    try:
        if path.is_dir():
            raise ImageReadError(f"{name} could not be read: it is a folder.")
        if path.stat().st_size == 0:
            raise ImageReadError(f"{name} could not be read: the file is empty.")
        return path.open("rb")
    except FileNotFoundError as error:
        raise ImageReadError(f"{name} could not be read: there is no such file.") from error
    except PermissionError as error:
        raise ImageReadError(f"{name} could not be read: the system does not permit it.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ImageReadError(f"{name} could not be read: {reason}.") from error


def _decode(image: Image.Image, name: str, background: tuple[int, int, int], max_side: int) -> LoadedImage:
    """First frame of an opened image as a picture; size limit first, pixels afterwards."""
    size, mode = image.size, image.mode
    if size[0] * size[1] > MAX_PIXELS:
        megapixels = size[0] * size[1] / 1e6
        raise ImageReadError(
            f"{name} could not be read: {size[0]} × {size[1]} is {megapixels:.0f} megapixels, "
            f"and {MAX_PIXELS / 1e6:.0f} are the most that is opened."
        )
    # JPEG can be decoded at 1/2, 1/4 or 1/8; twice the wanted size leaves Lanczos enough to work with.
    drafted = image.draft(None, (2 * max_side, 2 * max_side)) is not None
    image.load()
    if not drafted:
        size = image.size  # a TIFF has turned itself upright by now
    turn = _TURNS.get(image.getexif().get(0x0112, 1))
    notes: list[str] = []
    plain: Image.Image = image
    if mode in _DEEP_MODES:
        plain, notes = _deep_to_float(image)
    elif image.has_transparency_data:
        plain = image.convert("LA" if mode in _GREY_MODES else "RGBA")
    elif mode not in {"L", "RGB"}:
        plain = image.convert("L" if mode in _GREY_MODES else "RGB")
    plain = _reduced(plain, max_side, size)
    if turn is not None:
        plain = plain.transpose(turn)
        size = size if turn in _FLIPS else (size[1], size[0])
    if size != plain.size:
        notes.insert(0, f"scaled from {size[0]} × {size[1]} for display")
    if plain.mode == "F":
        x_0 = from_array(2 * np.asarray(plain) - 1)
    else:
        x_0 = from_array(np.asarray(plain), background=background)
    has_alpha = plain.mode in {"LA", "RGBA"}
    return LoadedImage(x_0, name, size, mode, "; ".join(notes) or None, has_alpha)


def _deep_to_float(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """A 16-bit, 32-bit or float grey image as mode F in [0, 1], and a note if its range was stretched."""
    values = np.asarray(image).astype(np.float32)
    finite = np.isfinite(values)
    low, high = (float(values[finite].min()), float(values[finite].max())) if finite.any() else (0.0, 1.0)
    values = np.where(finite, values, low)
    white = 1.0 if image.mode == "F" else 65535.0
    if low >= 0 and high <= white:
        return Image.fromarray(values / np.float32(white)), []
    span = (high - low) or 1.0
    stretched = Image.fromarray(((values - low) / span).astype(np.float32))
    return stretched, [f"values {low:g} to {high:g} stretched to black and white"]


def _reduced(image: Image.Image, max_side: int, size: tuple[int, int]) -> Image.Image:
    """The image with its longer side at most ``max_side``, in the proportions of ``size``."""
    scale = max_side / max(size)
    if scale >= 1:
        return image
    target = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    return image.resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)


def from_array(array: npt.NDArray[Any], *, background: tuple[int, int, int] = (255, 255, 255)) -> Picture:
    """Picture from an array (H, W) or (H, W, 1 to 4) of uint8, uint16 or float.

    Integers run over their whole range, floats are already on the [-1, 1] scale (and clipped to it).
    Two and four channels end in alpha, which is laid over ``background``; grey over grey stays grey.

    Raises
    ------
    ImageReadError
        If the shape or the type is none of these.
    """
    values = array[..., None] if array.ndim == 2 else array
    if values.ndim != 3 or values.shape[2] not in {1, 2, 3, 4} or values.size == 0:
        raise ImageReadError(
            f"An array of shape {array.shape} is no picture: (height, width, 1 to 4 channels) is."
        )
    if values.dtype == np.uint8:
        x = from_uint8(values)
    elif values.dtype == np.uint16:
        x = (values * (2.0 / 65535.0) - 1.0).astype(np.float32)
    elif np.issubdtype(values.dtype, np.floating):
        x = np.clip(values, -1, 1).astype(np.float32)
    else:
        raise ImageReadError(f"An array of {values.dtype} is no picture: uint8, uint16 and float are.")
    if x.shape[2] in {1, 3}:
        return x
    colour, alpha = x[..., :-1], (x[..., -1:] + 1) / 2
    behind = from_uint8(np.array(background, np.uint8))
    if colour.shape[2] == 1 and len(set(background)) == 1:
        behind = behind[:1]
    return np.asarray(colour * alpha + behind * (1 - alpha), np.float32)


_LEVELS = (2.0 * np.arange(256) / 255.0 - 1.0).astype(np.float32)


def from_uint8(pixels: Pixels) -> Picture:
    """8-bit pixels of any shape on the [-1, 1] scale: 2 u / 255 - 1 in float32."""
    return _LEVELS[pixels]


def to_uint8(
    x: npt.NDArray[np.floating[Any]],
    out: Pixels | None = None,
    scratch: npt.NDArray[np.float32] | None = None,
) -> Pixels:
    """Values on the [-1, 1] scale as 8-bit pixels: clip(floor((x + 1) 127.5 + 0.5), 0, 255).

    The inverse of `from_uint8` for all 256 levels. With ``out`` (same shape, uint8) nothing of the
    picture's size is allocated: about 2 ms for 1024 x 1024 x 3. With ``scratch`` (of like shape; it may be
    x itself, which is then spoilt) nothing is allocated at all. NaN becomes black.
    """
    if out is None:
        out = np.empty(x.shape, np.uint8)
    if x.ndim == 0 or x.size == 0:
        out[...] = np.clip(np.floor((x + 1) * 127.5 + 0.5), 0, 255)
        return out
    rows = max(1, _TILE_VALUES // max(1, x.size // len(x)))
    if scratch is None:
        scratch = np.empty((min(rows, len(x)), *x.shape[1:]), np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        for start in range(0, len(x), rows):
            tile = x[start : start + rows]
            level = scratch[: len(tile)]
            np.multiply(tile, np.float32(127.5), out=level)
            np.add(level, np.float32(128.0), out=level)
            np.clip(level, np.float32(0), np.float32(255), out=level)
            np.copyto(out[start : start + rows], level, casting="unsafe")  # the cast is the floor
    return out


def noise_as_picture(noise: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """Noise on the scale of pictures: three standard deviations to either side fill [-1, 1]."""
    return noise * np.float32(1 / 3)


def fit(
    x_0: Picture,
    size: int | tuple[int, int],
    how: Literal["crop", "pad", "resize"] = "crop",
    channels: int | None = None,
) -> Picture:
    """The picture at exactly ``size`` (a side, or height and width), with 1 or 3 channels.

    "crop" fills the frame and cuts the rest evenly, "pad" shows everything on mid-grey, "resize" stretches.
    Resampled by Lanczos and clipped to [-1, 1]; colour becomes grey by ITU-R BT.601 luma.
    """
    height, width = (size, size) if isinstance(size, int) else size
    x = with_channels(x_0, channels or x_0.shape[2])
    rows, columns = x.shape[:2]
    box = (0.0, 0.0, float(columns), float(rows))
    inner = (height, width)
    if how == "crop":
        scale = max(height / rows, width / columns)
        cut_x, cut_y = (columns - width / scale) / 2, (rows - height / scale) / 2
        box = (max(cut_x, 0.0), max(cut_y, 0.0), min(columns - cut_x, columns), min(rows - cut_y, rows))
    elif how == "pad":
        scale = min(height / rows, width / columns)
        inner = (max(1, round(rows * scale)), max(1, round(columns * scale)))
    if inner == (rows, columns) and box == (0.0, 0.0, columns, rows):
        resampled = x
    else:
        planes = [
            Image.fromarray(np.ascontiguousarray(x[..., c])).resize(
                (inner[1], inner[0]), Image.Resampling.LANCZOS, box=box
            )
            for c in range(x.shape[2])
        ]
        resampled = np.clip(np.stack([np.asarray(plane) for plane in planes], axis=-1), -1, 1)
    if inner == (height, width):
        return np.array(resampled, np.float32)
    padded = np.zeros((height, width, x.shape[2]), np.float32)
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    padded[top : top + inner[0], left : left + inner[1]] = resampled
    return padded


def with_channels(x: Picture, channels: int) -> Picture:
    """The picture with 1 or 3 channels; grey is repeated, colour becomes BT.601 luma."""
    if x.shape[2] == channels:
        return x
    if channels == 3:
        return np.repeat(x, 3, axis=2)
    return (x @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]


def image_grid(
    pictures: Sequence[npt.NDArray[Any]],
    columns: int | None = None,
    gap: int = 2,
    background: float | None = None,
) -> npt.NDArray[Any]:
    """Pictures of one shape (H, W, C) and type row by row, with ``gap`` pixels between them.

    ``columns`` defaults to the most nearly square grid and ``background`` to black. Works on pictures in
    [-1, 1] and on 8-bit pixels.
    """
    columns = columns or int(np.ceil(np.sqrt(len(pictures))))
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    height, width, channels = pictures[0].shape
    if background is None:
        background = 0 if pictures[0].dtype == np.uint8 else -1
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, channels)
    grid = np.full(shape, background, pictures[0].dtype)
    for index, picture in enumerate(pictures):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        grid[top : top + height, left : left + width] = picture
    return grid
