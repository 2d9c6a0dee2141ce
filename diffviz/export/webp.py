"""Animated WebP: each frame coded by Pillow, its picture chunk wrapped as a frame of the animation.

Pillow's own animated writer keeps the whole file in memory until the last frame; this one keeps none.
"""

import io
import struct
from fractions import Fraction
from typing import BinaryIO

from PIL import Image

from diffviz.data.images import Pixels
from diffviz.export.settings import AnimationSettings

_ANIMATION, _EXIF = 0x02, 0x08
_DISPOSE_NONE_DO_NOT_BLEND = 0x02
_IMAGE_DESCRIPTION = 0x010E


class WebpWriter:
    """Streams an animated WebP, lossless for exact colour and quality 80 otherwise."""

    def __init__(self, stream: BinaryIO, settings: AnimationSettings) -> None:
        self._stream = stream
        self._settings = settings
        self._started = False
        self._elapsed_s = Fraction(0)

    @property
    def bytes_written(self) -> int:
        """Size so far."""
        return self._stream.tell()

    def add(self, frame: Pixels, duration_s: Fraction, /) -> None:
        """Write one frame; its time ends at a whole millisecond."""
        height, width = frame.shape[:2]
        if not self._started:
            self._start(width, height)
        still = io.BytesIO()
        image = Image.fromarray(frame)
        if self._settings.exact_colour:
            image.save(still, "WEBP", lossless=True, quality=50, method=2)
        else:
            image.save(still, "WEBP", quality=80, method=4)
        picture = _picture_chunk(still.getvalue())
        shown_ms = round(1000 * (self._elapsed_s + duration_s)) - round(1000 * self._elapsed_s)
        self._elapsed_s += duration_s
        head = _u24(0) + _u24(0) + _u24(width - 1) + _u24(height - 1) + _u24(shown_ms)
        self._write(b"ANMF", head + bytes([_DISPOSE_NONE_DO_NOT_BLEND]) + picture)

    def finish(self) -> None:
        """Write the metadata and fill in the size of the file."""
        if self._settings.metadata:
            exif = Image.Exif()
            exif[_IMAGE_DESCRIPTION] = self._settings.metadata
            self._write(b"EXIF", exif.tobytes().removeprefix(b"Exif\0\0"))
        size = self._stream.tell()
        self._stream.seek(4)
        self._stream.write(struct.pack("<L", size - 8))
        self._stream.seek(0, io.SEEK_END)

    def _start(self, width: int, height: int) -> None:
        self._started = True
        self._stream.write(b"RIFF\0\0\0\0WEBP")
        flags = _ANIMATION | (_EXIF if self._settings.metadata else 0)
        self._write(b"VP8X", bytes([flags, 0, 0, 0]) + _u24(width - 1) + _u24(height - 1))
        self._write(b"ANIM", struct.pack("<LH", 0, 0 if self._settings.loop else 1))

    def _write(self, name: bytes, content: bytes) -> None:
        self._stream.write(name + struct.pack("<L", len(content)) + content + b"\0" * (len(content) % 2))


def _picture_chunk(still: bytes) -> bytes:
    """The VP8 or VP8L chunk of a WebP file with one picture, with its head and padding."""
    place = 12
    while still[place : place + 4] not in {b"VP8 ", b"VP8L"}:
        place += 8 + _padded(struct.unpack_from("<L", still, place + 4)[0])
    return still[place : place + 8 + _padded(struct.unpack_from("<L", still, place + 4)[0])]


def _padded(size: int) -> int:
    return size + size % 2


def _u24(value: int) -> bytes:
    return value.to_bytes(3, "little")
