"""GIF: each frame coded by Pillow with colours of its own, put one behind the other.

Pillow's own animated writer keeps every frame in memory until the last one; this one keeps none.
"""

import io
import struct
from fractions import Fraction
from typing import BinaryIO

from PIL import Image

from diffviz.data.images import Pixels
from diffviz.export.settings import AnimationSettings

_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, b"\x3b"


class GifWriter:
    """Streams an animated GIF89a."""

    def __init__(self, stream: BinaryIO, settings: AnimationSettings) -> None:
        self._stream = stream
        self._settings = settings
        self._started = False

    @property
    def bytes_written(self) -> int:
        """Size so far."""
        return self._stream.tell()

    def add(self, frame: Pixels, duration_s: Fraction, /) -> None:
        """Write one frame with the 256 colours that suit it best."""
        still = io.BytesIO()
        # The octree is twenty times as fast as median cut, and within a decibel of it on noise.
        palette_image = Image.fromarray(frame).quantize(
            256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
        palette_image.save(still, "GIF", interlace=0)
        if not self._started:
            self._start(*palette_image.size)
        colours, depth, image = _parts(still.getvalue())
        hundredths = min(65_535, max(1, round(100 * duration_s)))
        self._stream.write(struct.pack("<BBBBHBB", _EXTENSION, 0xF9, 4, 0, hundredths, 0, 0))
        # The colours move from the head of the still to its image, which says so in its flags.
        self._stream.write(image[:9] + bytes([0x80 | depth]) + colours + image[10:])

    def finish(self) -> None:
        """Write the trailer."""
        self._stream.write(_TRAILER)

    def _start(self, width: int, height: int) -> None:
        self._started = True
        self._stream.write(b"GIF89a" + struct.pack("<HHBBB", width, height, 0x70, 0, 0))
        if self._settings.loop:
            self._stream.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
        if self._settings.metadata:
            text = self._settings.metadata.encode("ascii", "replace")
            blocks = [text[start : start + 255] for start in range(0, len(text), 255)]
            comment = b"".join(bytes([len(block)]) + block for block in blocks)
            self._stream.write(b"\x21\xfe" + comment + b"\x00")


def _parts(still: bytes) -> tuple[bytes, int, bytes]:
    """Colour table, its depth code and the image block of a GIF with one image."""
    depth = still[10] & 0x07
    place = 13 + 3 * 2 ** (depth + 1)
    colours = still[13:place]
    while still[place] == _EXTENSION:
        place += 2
        while still[place]:
            place += 1 + still[place]
        place += 1
    return colours, depth, still[place : -len(_TRAILER)]
