"""The centre of the Train workspace: the data before the first step, then the loss and the samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import color, metric
from diffviz.ui.widgets.loss_plot import LossPlot
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.picture_wall import PictureWall
from diffviz.ui.widgets.point_picture import PointCloud
from diffviz.ui.widgets.sheet_grid import SheetGrid
from diffviz.ui.widgets.stage_bar import StageTitle

_WALL_PX = 56


class TrainStage(QWidget):
    """Two pages: what is to be learned, and how it is being learned."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_points = False
        self.pages = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(metric(16), 0, metric(16), metric(12))
        column.addWidget(self.pages)
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
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(_Bar(self.loss_title, self.loss_value))
        column.addWidget(self.loss_plot, 4)
        column.addWidget(_Bar(self.sheet_title))
        column.addWidget(self.sheets, 7)
        column.addWidget(self.cloud, 7)
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

    def show_run(self, is_shown: bool) -> None:
        """Show the run, or the data."""
        self.pages.setCurrentIndex(1 if is_shown else 0)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), color("stage"))


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
