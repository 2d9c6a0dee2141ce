"""What a person does in the lab, as changes of the session."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from diffviz.engine.lab_spec import DRAWN, MAX_DRAWN, MAX_STARTS, LabMotion
from diffviz.engine.session import Session
from diffviz.ui.widgets.lab_data import LabData
from diffviz.ui.widgets.lab_panel import LabPanel
from diffviz.ui.widgets.plane_view import PlaneView

_BRUSH = 0.07
_WIPER = 0.2
_OF_THE_LAB = ("motion", "denoiser", "particles")


class LabEdits(QObject):
    """
    Takes wishes of the plane, the panel and the left side to the session.

    Signals
    -------
    noted(str)
        A wish could not be met, and why.
    """

    noted = Signal(str)

    def __init__(
        self,
        session: Session,
        plane: PlaneView,
        panel: LabPanel,
        data: LabData,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._rng = np.random.default_rng(0)
        plane.clicked.connect(self._on_plane_clicked)
        plane.handle_moved.connect(self._on_handle_moved)
        plane.handle_removed.connect(self._on_handle_removed)
        plane.gesture_finished.connect(session.end_gesture)
        plane.painted.connect(self._on_painted)
        plane.erased.connect(self._on_erased)
        panel.changes_requested.connect(self._on_changes_requested)
        panel.gesture_finished.connect(session.end_gesture)
        data.count_edited.connect(self._on_count_edited)
        data.clear_requested.connect(self._on_clear_requested)

    def choose_data(self, key: str) -> None:
        """Take another set of points."""
        self._update(None, data=key)

    def take_seed(self, seed: int, merge: str | None = None) -> None:
        """Take a seed for what is seen: the walk from noise, or the forward process."""
        is_forward = self._session.state.lab.motion is LabMotion.FORWARD
        changes: dict[str, Any] = {"seed" if is_forward else "reverse_seed": seed}
        self._session.update(merge=merge, **changes)

    def _update(self, merge: str | None, **changes: Any) -> None:
        self._session.update(merge=merge, lab=replace(self._session.state.lab, **changes))

    @Slot(float, float)
    def _on_plane_clicked(self, x: float, y: float) -> None:
        starts = self._session.state.lab.starts
        if len(starts) >= MAX_STARTS:
            self.noted.emit(f"{MAX_STARTS} starts are the most that are followed; Delete takes one away")
            return
        self._update(None, starts=(*starts, (x, y)))

    @Slot(int, float, float)
    def _on_handle_moved(self, index: int, x: float, y: float) -> None:
        starts = self._session.state.lab.starts
        self._update("lab-start", starts=(*starts[:index], (x, y), *starts[index + 1 :]))

    @Slot(int)
    def _on_handle_removed(self, index: int) -> None:
        starts = self._session.state.lab.starts
        self._update(None, starts=(*starts[:index], *starts[index + 1 :]))

    @Slot(float, float)
    def _on_painted(self, x: float, y: float) -> None:
        drawn = self._session.state.lab.drawn
        if len(drawn) >= MAX_DRAWN:
            self.noted.emit(f"{MAX_DRAWN:,} painted points are the most; hold Shift to wipe some away")
            return
        spray = np.array([x, y]) + _BRUSH * self._rng.standard_normal((3, 2))
        added = tuple((round(float(a), 4), round(float(b), 4)) for a, b in spray)
        self._update("lab-paint", data=DRAWN, drawn=(*drawn, *added))

    @Slot(float, float)
    def _on_erased(self, x: float, y: float) -> None:
        drawn = self._session.state.lab.drawn
        kept = tuple(p for p in drawn if (p[0] - x) ** 2 + (p[1] - y) ** 2 > _WIPER**2)
        if len(kept) != len(drawn):
            self._update("lab-paint", drawn=kept)

    @Slot()
    def _on_clear_requested(self) -> None:
        self._update(None, drawn=())

    @Slot(int)
    def _on_count_edited(self, count: int) -> None:
        self._update("lab-count", count=count)

    @Slot(dict)
    def _on_changes_requested(self, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            if name in _OF_THE_LAB:
                self._update(None, **{name: value})
            elif name == "g":
                self._update("lab-g", g=value)
            elif name == "seed":
                self.take_seed(value, "seed")
            elif name == "num_sampling_steps":
                sampler = replace(self._session.state.sampler, num_sampling_steps=value)
                self._session.update(sampler=sampler)
            else:
                self._session.update(merge=None, **{name: value})
