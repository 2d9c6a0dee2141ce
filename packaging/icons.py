"""Make the icons of installers and desktops, in every size, from the program's one drawing.

    python packaging/icons.py

Writes packaging/icons: diffviz.ico, diffviz.icns, diffviz-SIZE.png, and the icon of session files as SVG.
"""

import io
import os
import re
from pathlib import Path

from PIL import Image
from project import HERE, ROOT
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

DRAWING = ROOT / "assets" / "icons" / "icon.svg"
FOLDER = HERE / "icons"
PNG_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
ICNS_SIZES = (16, 32, 64, 128, 256, 512, 1024)

# A sheet with a folded corner, and the program's dots on it.
SHEET = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">
  <path d="M112 16h196l108 108v340a32 32 0 0 1-32 32H112a32 32 0 0 1-32-32V48a32 32 0 0 1 32-32z"
   fill="#f4f6f8" stroke="#8b96a5" stroke-width="8"/>
  <path d="M308 16v76a32 32 0 0 0 32 32h76z" fill="#c9d1da" stroke="#8b96a5" stroke-width="8"
   stroke-linejoin="round"/>
  <g transform="translate(128 196) scale(0.5)">
{dots}
  </g>
</svg>
"""


def rendered(svg: bytes, size: int) -> Image.Image:
    """A drawing as a square picture, drawn for this size rather than scaled to it."""
    picture = QImage(size, size, QImage.Format.Format_ARGB32)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(svg)).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return Image.open(io.BytesIO(buffer.data().data())).convert("RGBA")


def sheet(drawing: str) -> str:
    """The icon of a session file."""
    body = re.sub(r"</?svg[^>]*>|\s*<title>.*?</title>", "", drawing).strip("\n")
    return SHEET.format(dots="\n".join(f"  {line}" for line in body.splitlines()))


def main(folder: Path = FOLDER) -> None:
    """Write all icons into a folder."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    _application = QGuiApplication.instance() or QGuiApplication([])
    drawing = DRAWING.read_text(encoding="utf-8")
    pictures = {size: rendered(drawing.encode(), size) for size in {*PNG_SIZES, *ICO_SIZES, *ICNS_SIZES}}
    folder.mkdir(parents=True, exist_ok=True)
    for size in PNG_SIZES:
        pictures[size].save(folder / f"diffviz-{size}.png", optimize=True)
    for name, sizes in (("diffviz.ico", ICO_SIZES), ("diffviz.icns", ICNS_SIZES)):
        *smaller, largest = (pictures[size] for size in sizes)
        largest.save(folder / name, sizes=[(size, size) for size in sizes], append_images=smaller)
    (folder / "session.svg").write_text(sheet(drawing), encoding="utf-8")


if __name__ == "__main__":
    main()
