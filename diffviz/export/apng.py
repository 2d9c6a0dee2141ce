"""Animated PNG: each frame coded by Pillow, its data renumbered into one stream of chunks.

Pillow's own animated writer keeps every frame in memory until the last one; this one keeps none.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

from PIL import Image, PngImagePlugin

from diffviz.data.images import Pixels
from diffviz.export.settings import AnimationSettings

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COMPRESSION = 4  # noise does not shrink further, and level 6 takes three times as long on it


def still_png(pixels: Pixels, metadata: str = "") -> bytes:
    """One picture (H, W, 1 or 3) uint8 as PNG, with ``metadata`` as its description."""
    info = PngImagePlugin.PngInfo()
    if metadata:
        info.add_text("Software", "diffviz")
        info.add_itxt("Description", metadata)
    stream = io.BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    image.save(stream, "PNG", compress_level=_COMPRESSION, pnginfo=info)
    return stream.getvalue()


class ApngWriter:
    """Streams an animated PNG."""

    def __init__(self, stream: BinaryIO, settings: AnimationSettings) -> None:
        self._stream = stream
        self._settings = settings
        self._written = 0
        self._sequence = 0
        self._place_of_count = 0

    @property
    def bytes_written(self) -> int:
        """Size so far."""
        return self._stream.tell()

    def add(self, frame: Pixels, duration_s: Fraction, /) -> None:
        """Write one frame without loss."""
        first = self._written == 0
        still = list(_chunks(still_png(frame, self._settings.metadata if first else "")))
        if first:
            self._stream.write(SIGNATURE)
            self._write(*still[0])
            self._place_of_count = self._stream.tell()
            self._write_count()
            for name, content in still[1:]:
                if name in {b"tEXt", b"iTXt"}:
                    self._write(name, content)
        delay = duration_s.limit_denominator(10_000)
        head = struct.pack(">LLLL", frame.shape[1], frame.shape[0], 0, 0)
        self._write_numbered(b"fcTL", head + struct.pack(">HHBB", delay.numerator, delay.denominator, 0, 0))
        for name, content in still:
            if name == b"IDAT" and first:
                self._write(name, content)
            elif name == b"IDAT":
                self._write_numbered(b"fdAT", content)
        self._written += 1

    def finish(self) -> None:
        """Write the end, and the number of frames where it belongs."""
        self._write(b"IEND", b"")
        self._stream.seek(self._place_of_count)
        self._write_count()
        self._stream.seek(0, io.SEEK_END)

    def _write_count(self) -> None:
        self._write(b"acTL", struct.pack(">LL", self._written, 0 if self._settings.loop else 1))

    def _write_numbered(self, name: bytes, content: bytes) -> None:
        self._write(name, struct.pack(">L", self._sequence) + content)
        self._sequence += 1

    def _write(self, name: bytes, content: bytes) -> None:
        check = zlib.crc32(content, zlib.crc32(name))
        self._stream.write(struct.pack(">L", len(content)) + name + content + struct.pack(">L", check))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk of a PNG file."""
    place = len(SIGNATURE)
    while place < len(png):
        (size,) = struct.unpack_from(">L", png, place)
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + size]
        place += size + 12
