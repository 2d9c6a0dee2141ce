"""The centre of the Train workspace: the data before the first step, then the loss and the samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import color, metric
from diffviz.ui.widgets.loss_plot import LossPlot
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.picture_wall import PictureWall
from diffviz.ui.widgets.point_picture import PointCloud
from diffviz.ui.widgets.sheet_grid import SheetGrid
from diffviz.ui.widgets.stage_bar import StageTitle
from diffviz.ui.widgets.surfaces import make_card

_WALL_PX = 56
_HINT_PX, _HINT_FROM_PX = 176, 700
_PICTURE_HINT = (
    "Follow one column downwards: its noise is fixed, only the network changes. Colours settle first, then "
    "outlines, and details last."
)
_POINT_HINT = (
    "Each pink point begins at the same noise every time; only the network changes. First they spread as "
    "wide as the data, then they find its shape."
)


class TrainStage(QWidget):
    """Two pages: what is to be learned, and how it is being learned."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_points = False
        self.pages = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(metric(16), 0, metric(16), metric(12))
        column.addWidget(self.pages)
        self._column = column
        self.pages.addWidget(self._data_page())
        self.pages.addWidget(self._run_page())

    def _data_page(self) -> QWidget:
        page = QWidget()
        self.data_title = StageTitle("images")
        self.wall = PictureWall(_WALL_PX)
        self.data_cloud = PointCloud()
        self.invitation = MathLabel("", "body", "text2", wraps=True)
        self.invitation.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(metric(8))
        column.addWidget(_Bar(self.data_title))
        column.addWidget(self.wall, 1)
        column.addWidget(self.data_cloud, 1)
        column.addWidget(self.invitation)
        return page

    def _run_page(self) -> QWidget:
        page = QWidget()
        self.loss_title = StageTitle("network")
        self.loss_value = MathLabel("", "readout", weight=QFont.Weight.DemiBold)
        self.loss_plot = LossPlot()
        self.sheet_title = StageTitle("image")
        self.sheets = SheetGrid()
        self.cloud = PointCloud()
        self.hint = _ReadingCard()
        samples = QHBoxLayout()
        samples.setSpacing(metric(12))
        samples.addWidget(self.sheets, 1)
        samples.addWidget(self.cloud, 1)
        samples.addWidget(self.hint, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(_Bar(self.loss_title, self.loss_value))
        column.addWidget(self.loss_plot, 4)
        column.addWidget(_Bar(self.sheet_title))
        column.addLayout(samples, 7)
        return page

    def show_data(
        self,
        title: str,
        detail: str,
        pictures: NDArray[np.uint8] | None,
        points: NDArray[np.floating] | None,
    ) -> None:
        """Show what is to be learned."""
        self.data_title.set_title(title, detail)
        self.wall.set_pictures(pictures)
        self.wall.setVisible(points is None)
        self.data_cloud.set_data(points)
        self.data_cloud.setVisible(points is not None)

    def set_points(self, is_points: bool) -> None:
        """Show samples of the run as points, or as pictures."""
        self.sheets.setVisible(not is_points)
        self.cloud.setVisible(is_points)
        self.hint.set_points(is_points)

    def add_below(self, line: QWidget) -> None:
        """Put a line under both pages."""
        self._column.addWidget(line)

    def show_run(self, is_shown: bool) -> None:
        """Show the run, or the data."""
        self.pages.setCurrentIndex(1 if is_shown else 0)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.hint.setVisible(self.width() >= metric(_HINT_FROM_PX))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), color("stage"))


class _ReadingCard(QWidget):
    """What there is to see in the samples."""

    def __init__(self) -> None:
        super().__init__()
        card = make_card(QVBoxLayout())
        layout = card.layout()
        assert layout is not None
        self._title = MathLabel("", "heading", wraps=True)
        self._words = MathLabel("", "label", "text2", wraps=True)
        layout.setContentsMargins(metric(12), metric(10), metric(12), metric(12))
        layout.addWidget(self._title)
        layout.addWidget(self._words)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card)
        self.setFixedWidth(metric(_HINT_PX))
        self.set_points(False)

    def set_points(self, is_points: bool) -> None:
        """Tell of points, or of pictures."""
        self._title.set_markup("Reading the scatter" if is_points else "Reading the grid")
        self._words.set_markup(_POINT_HINT if is_points else _PICTURE_HINT)


class _Bar(QWidget):
    """A title, and a live value at the right."""

    def __init__(self, title: StageTitle, value: QWidget | None = None) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(title, 1)
        if value is not None:
            row.addWidget(value)

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, metric(40))
