"""Charts as files: the widget draws itself once more, in colours for paper."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPoint, QSizeF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from diffviz.export.whole_file import ExportError, whole_file
from diffviz.ui.theme import colours_for_print
from diffviz.ui.widgets.picture_output import encoded

_SCREEN_DPI = 96
_PICTURE_SCALE = 3
_POINTS_PER_INCH = 72
_MM_PER_INCH = 25.4


@runtime_checkable
class PrintsItself(Protocol):
    """A widget that keeps pixels of itself, and can be drawn without them."""

    def print_on(self, painter: QPainter) -> None:
        """Draw on something else in colours for paper, at the size that the widget has."""


def write_chart(widget: QWidget, name: str, table: Mapping[str, ArrayLike], path: Path) -> None:
    """
    Write a chart as PNG, SVG or PDF, or its numbers as CSV, as the ending of the file says.

    Raises
    ------
    ExportError
        Another ending, or the file cannot be written; nothing half-written stays behind.
    """
    match path.suffix.lower():
        case ".png":
            content = _png(as_picture(widget), name)
        case ".svg":
            content = bytes(as_svg(widget, name).data())
        case ".pdf":
            content = _pdf(widget, name)
        case ".csv":
            content = as_csv(table).encode()
        case other:
            allowed = ".png, .svg, .pdf or .csv"
            raise ExportError(
                f"{path.name} could not be saved: a chart is saved as {allowed}, not “{other}”."
            )
    with whole_file(path) as stream:
        stream.write(content)


def as_picture(widget: QWidget) -> QImage:
    """Pixels of a chart on white, three for every logical pixel."""
    image = QImage(widget.size() * _PICTURE_SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_PICTURE_SCALE)
    image.fill(0xFFFFFFFF)
    with QPainter(image) as painter:
        _draw(widget, painter)
    # Only now: a finer image would make letters larger, whose size is in points.
    dots_per_metre = round(_PICTURE_SCALE * _SCREEN_DPI * 1000 / _MM_PER_INCH)
    image.setDotsPerMeterX(dots_per_metre)
    image.setDotsPerMeterY(dots_per_metre)
    return image


def as_svg(widget: QWidget, name: str) -> QByteArray:
    """Drawing of a chart, with its words as text."""
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(widget.rect())
    generator.setResolution(_SCREEN_DPI)
    generator.setTitle(name)
    generator.setDescription("diffviz")
    with QPainter(generator) as painter:
        _draw(widget, painter)
    return buffer.data()


def as_csv(table: Mapping[str, ArrayLike], separator: str = ",") -> str:
    """A line of names, and then the numbers, exact; where a column is shorter cells stay empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip_longest(*(np.ravel(column).tolist() for column in table.values()), fillvalue=""))
    return stream.getvalue()


def _png(picture: QImage, name: str) -> bytes:
    picture.setText("Title", name)
    picture.setText("Software", "diffviz")
    content = encoded(picture, "png")
    assert content is not None, "Qt writes PNG everywhere"
    return content


def _pdf(widget: QWidget, name: str) -> bytes:
    """One page of the size of the chart, with its fonts inside."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(name)
    writer.setCreator("diffviz")
    writer.setResolution(_SCREEN_DPI)
    points = QSizeF(widget.size()) * (_POINTS_PER_INCH / _SCREEN_DPI)
    size = QPageSize(points, QPageSize.Unit.Point, name, QPageSize.SizeMatchPolicy.ExactMatch)
    writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF()))
    with QPainter(writer) as painter:
        _draw(widget, painter)
    return bytes(buffer.data().data())


def _draw(widget: QWidget, painter: QPainter) -> None:
    if isinstance(widget, PrintsItself):
        widget.print_on(painter)
    else:
        with colours_for_print():
            # Without its background: paper is white already.
            widget.render(painter, QPoint(), renderFlags=QWidget.RenderFlag.DrawChildren)
