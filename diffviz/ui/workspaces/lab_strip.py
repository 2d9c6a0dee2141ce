"""Fills the lab's filmstrip: the exact density at each time, and where some of the particles are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Slot

from diffviz.core.schedules import build_schedule
from diffviz.data.toy2d import TOY_SETS
from diffviz.engine.lab_driver import LabDriver
from diffviz.engine.lab_field import View, density_picture
from diffviz.engine.lab_spec import LabSpec, exact_points
from diffviz.engine.session import Session
from diffviz.engine.state import SessionState
from diffviz.ui.theme import DARK
from diffviz.ui.widgets.density_ramp import density_colors
from diffviz.ui.widgets.timeline import Timeline

_CELL_PX = 88
_SHOWN = 200
_CARD_T = 25
_CARD_POINTS = 600
_SHORT = {
    "swiss-roll": "Roll",
    "ring": "Ring",
    "checkerboard": "Board",
    "gaussian": "Gauss",
    "two-points": "2 points",
    "one-point": "1 point",
}


class LabStrip(QObject):
    """
    Keeps the strip in step with data, schedule and particles, a cell at a time: the window stays quick.

    Parameters
    ----------
    timeline, session, driver
        What is filled, and from what.
    """

    def __init__(
        self, timeline: Timeline, session: Session, driver: LabDriver, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._timeline, self._session, self._driver = timeline, session, driver
        self._wanted: list[int] = []
        self._shown: object = None
        self._filling = QTimer(self)
        self._filling.setInterval(0)
        self._filling.timeout.connect(self._on_filling_timeout)
        timeline.cells_changed.connect(self._on_cells_changed)

    def stop(self) -> None:
        """Rest while nobody sees the strip."""
        self._filling.stop()
        self._shown = None

    @Slot()
    def refresh(self) -> None:
        """Draw the cells again, if they would show something else."""
        state = self._session.state
        cloud = self._driver.cloud
        walk = cloud if cloud is not None and cloud.is_complete else None
        kept = (
            state.lab.data,
            state.lab.drawn,
            state.lab.count,
            state.schedule,
            state.lab.motion,
            state.seed,
        )
        key = (kept, state.noise_mode, walk, self._timeline.cell_times())
        if key != self._shown:
            self._shown = key
            self._wanted = list(range(len(self._timeline.cell_times())))
            self._filling.start()

    @Slot()
    def _on_cells_changed(self) -> None:
        # Unseen, the strip has the times of an older schedule.
        if self._timeline.isVisible():
            self.refresh()

    @Slot()
    def _on_filling_timeout(self) -> None:
        times = self._timeline.cell_times()
        if not self._wanted:
            self._filling.stop()
            return
        cell = self._wanted.pop(0)
        if cell < len(times):
            state = replace(self._session.state, t=times[cell])
            self._timeline.set_thumbnail(0, cell, cell_picture(state, self._driver))


def cell_picture(state: SessionState, driver: LabDriver) -> NDArray[np.uint8]:
    """The density at a state's time with some of the particles, uint8 (88, 88, 3)."""
    picture = density_pixels(state.lab, state)
    particles = driver.particles(state)
    if particles is not None:
        color = DARK.color("text")
        share = (particles[:_SHOWN] / View().reach + 1.0) * (_CELL_PX / 2)
        inside = ((share >= 1) & (share < _CELL_PX - 1)).all(axis=1)
        columns, rows = share[inside].astype(np.int64).T
        picture[_CELL_PX - 1 - rows, columns] = color.red(), color.green(), color.blue()
    return picture


def density_pixels(lab: LabSpec, state: SessionState) -> NDArray[np.uint8]:
    """The density of the data at a state's time in its colours, uint8 (88, 88, 3)."""
    level = build_schedule(state.schedule).level(state.t)
    shades = density_picture(exact_points(lab), level, View(), _CELL_PX).shades
    return density_colors()[shades]


def data_cards(state: SessionState) -> list[tuple[str, str, NDArray[np.uint8]]]:
    """Key, short name and picture of every set, a little noised so that single points glow."""
    state = replace(state, t=min(_CARD_T, state.num_timesteps))
    return [
        (key, _SHORT.get(key, title), density_pixels(LabSpec(data=key, count=_CARD_POINTS), state))
        for key, (title, _) in TOY_SETS.items()
    ]
