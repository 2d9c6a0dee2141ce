"""A chart's ways out of the program: copied, or saved as a picture fit for print or as numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QEvent, QMimeData, QObject, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QHelpEvent
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QToolTip, QWidget
from typing_extensions import override

from diffviz.export.whole_file import ExportError
from diffviz.ui.save_dialog import ask_where_to_save
from diffviz.ui.theme import icon
from diffviz.ui.widgets.chart_files import as_csv, as_picture, as_svg, write_chart
from diffviz.ui.widgets.picture_output import file_stem

Table: TypeAlias = Mapping[str, ArrayLike]
"""Columns of numbers by name; shorter ones end in empty cells."""

_KINDS = {
    "PNG, 288 dots per inch": ".png",
    "SVG drawing": ".svg",
    "PDF page": ".pdf",
    "CSV, the numbers": ".csv",
}
_HINT = "Right-click: copy this chart, or save it as PNG, SVG, PDF or CSV"


class Chart(QObject):
    """
    Gives a widget that draws numbers a menu to copy and save them; a child of that widget.

    Parameters
    ----------
    widget
        What draws the chart.
    name
        What it shows, in a few words; files are named after it.
    read_table
        Gives the numbers that are drawn now.

    Signals
    -------
    noted(str)
        Something was copied or saved.
    failed(str, str)
        Headline and reason.
    """

    noted = Signal(str)
    failed = Signal(str, str)

    def __init__(self, widget: QWidget, name: str, read_table: Callable[[], Table]) -> None:
        super().__init__(widget)
        self.name = name
        self._widget = widget
        self._read_table = read_table
        widget.installEventFilter(self)
        if isinstance(widget, QAbstractScrollArea):
            widget.viewport().installEventFilter(self)

    @property
    def is_visible(self) -> bool:
        """Whether it is on screen and has something to show."""
        return self._widget.isVisible() and self.has_values

    @property
    def has_values(self) -> bool:
        """Whether any number is drawn."""
        return any(np.size(column) for column in self._read_table().values())

    def menu(self) -> QMenu:
        """What can be done with the chart."""
        menu = QMenu(self._widget)
        actions = (
            menu.addAction(icon("copy"), "Copy chart", self.copy),
            menu.addAction(icon("copy"), "Copy its numbers", self.copy_numbers),
            menu.addAction(icon("save"), "Save chart…", self.ask_and_save),
        )
        for action in actions:
            action.setEnabled(self.has_values)
        return menu

    @Slot()
    def copy(self) -> None:
        """Put the chart on the clipboard, as pixels and as a drawing."""
        data = QMimeData()
        data.setImageData(as_picture(self._widget))
        data.setData("image/svg+xml", as_svg(self._widget, self.name))
        QGuiApplication.clipboard().setMimeData(data)
        self.noted.emit(f"Copied the chart “{self.name}”")

    @Slot()
    def copy_numbers(self) -> None:
        """Put the numbers on the clipboard, as a table with tabulators, which spreadsheets take."""
        QGuiApplication.clipboard().setText(as_csv(self._read_table(), "\t"))
        self.noted.emit(f"Copied the numbers of “{self.name}”")

    @Slot()
    def ask_and_save(self) -> None:
        """Ask for a file and write it."""
        path = ask_where_to_save(self._widget, "Save chart", f"{file_stem(self.name)}.png", _KINDS)
        if path is not None:
            self.save(path)

    def save(self, path: Path) -> None:
        """Write the chart as the ending of the file says and tell how it went."""
        try:
            write_chart(self._widget, self.name, self._read_table(), path)
        except ExportError as error:
            self.failed.emit("The chart could not be saved", str(error))
        else:
            self.noted.emit(f"Saved {path.name}")

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QContextMenuEvent):
            self.menu().popup(event.globalPos())
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self.has_values:
            words = f"{self._widget.toolTip()}\n{_HINT}".strip()
            QToolTip.showText(event.globalPos(), words, self._widget)
            return True
        return super().eventFilter(watched, event)


def charts_in(window: QWidget) -> Sequence[Chart]:
    """All charts below a widget, whether on screen or not."""
    return window.findChildren(Chart)
