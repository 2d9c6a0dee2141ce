"""The pages of the workspaces around one another: left, centre and right side, and the timeline below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QWidget

from diffviz.engine.session import Workspace
from diffviz.ui.widgets.moment_timeline import MomentTimeline
from diffviz.ui.widgets.page_stack import PageStack
from diffviz.ui.widgets.panel_splitter import PanelSplitter
from diffviz.ui.widgets.timeline import Timeline

_SMALLEST_CENTRE_PX = 460


class Room(Protocol):
    """
    What the window asks of a workspace.

    Signals
    -------
    noted(str)
        Something happened that the status line should say.
    failed(str, str)
        Headline and reason of a failure.
    """

    @property
    def centre(self) -> QWidget:
        """The stage."""

    @property
    def panel(self) -> QWidget:
        """The right side."""

    @property
    def timeline(self) -> Timeline | MomentTimeline:
        """The band below."""

    @property
    def noted(self) -> SignalInstance:
        """Something happened."""

    @property
    def failed(self) -> SignalInstance:
        """Something failed."""

    def activate(self) -> None:
        """Come to be seen."""

    def deactivate(self) -> None:
        """Be seen no more; what runs may go on."""

    def set_compact(self, compact: bool) -> None:
        """Do with little height, or no longer."""

    def toggle_play(self) -> None:
        """Begin, hold or go on with what plays here."""

    def shutdown(self) -> None:
        """End what runs; returns when that is done."""


@runtime_checkable
class DrawsNoise(Protocol):
    """A workspace in which noise is drawn from a seed."""

    def draw_new_noise(self) -> None:
        """Draw other noise."""


@runtime_checkable
class Runs(Protocol):
    """A workspace in which something runs."""

    def run(self) -> None:
        """Begin, or go on."""


@runtime_checkable
class Walks(Protocol):
    """A workspace that leads from noise to data in steps."""

    def pause(self) -> None:
        """Hold after the step under way."""

    def step(self) -> None:
        """Make one step."""

    def step_back(self) -> None:
        """Show the step before."""

    def restart(self) -> None:
        """Begin again from the same noise."""


class WorkspacePages:
    """
    Shows one workspace at a time in the three columns and in the band below them.

    Parameters
    ----------
    rooms
        The workspaces in the order of their keys.
    lefts
        Left page of a workspace that has its own.
    shared_left
        Left page of all others.
    """

    def __init__(
        self, rooms: Mapping[Workspace, Room], lefts: Mapping[Workspace, QWidget], shared_left: QWidget
    ) -> None:
        self.rooms = dict(rooms)
        self._lefts = dict(lefts)
        self._shared_left = shared_left
        self.left, self.centre, self.right, self.timelines = (PageStack() for _ in range(4))
        self.left.addWidget(shared_left)
        for page in self._lefts.values():
            self.left.addWidget(page)
        for room in self.rooms.values():
            self.centre.addWidget(room.centre)
            self.right.addWidget(room.panel)
            self.timelines.addWidget(room.timeline)
        self.centre.setMinimumWidth(_SMALLEST_CENTRE_PX)
        self.columns = PanelSplitter(self.left, self.centre, self.right)

    @property
    def regions(self) -> list[QWidget]:
        """The parts in the order in which the keyboard goes through them."""
        return [self.left, self.centre, self.right, self.timelines]

    def show(self, key: Workspace) -> None:
        """Show a workspace and wake it; the others rest."""
        for other, room in self.rooms.items():
            if other is not key:
                room.deactivate()
        room = self.rooms[key]
        self.left.setCurrentWidget(self._lefts.get(key, self._shared_left))
        self.centre.setCurrentWidget(room.centre)
        self.right.setCurrentWidget(room.panel)
        self.timelines.setCurrentWidget(room.timeline)
        self.fit_timeline()
        room.activate()

    def fit_timeline(self) -> None:
        """Give the timeline the height that the one that is seen asks for."""
        page = self.timelines.currentWidget()
        if page is not None:
            self.timelines.setFixedHeight(page.sizeHint().height())

    def set_compact(self, compact: bool) -> None:
        """Tell every workspace whether there is little height."""
        for room in self.rooms.values():
            room.set_compact(compact)
        self.fit_timeline()

    def shutdown(self) -> None:
        """End what runs in any workspace."""
        for room in self.rooms.values():
            room.shutdown()
