"""The pages of the workspaces around one another: left, centre and right side, and the timeline below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtWidgets import QWidget

from diffviz.engine.session import Workspace
from diffviz.engine.tasks import TorchReady
from diffviz.ui.tab_order import follow_in_tab_order, last_in_tab_order
from diffviz.ui.widgets.chart import charts_in
from diffviz.ui.widgets.moment_timeline import MomentTimeline
from diffviz.ui.widgets.page_stack import PageStack
from diffviz.ui.widgets.panel_splitter import PanelSplitter
from diffviz.ui.widgets.timeline import Timeline

_SMALLEST_CENTRE_PX = 460


class Speaks(Protocol):
    """
    What has something to say in the window.

    Signals
    -------
    noted(str)
        Something happened that the status line should say.
    failed(str, str)
        Headline and reason of a failure.
    """

    @property
    def noted(self) -> SignalInstance:
        """Something happened."""

    @property
    def failed(self) -> SignalInstance:
        """Something failed."""


class Room(Speaks, Protocol):
    """What the window asks of a workspace."""

    @property
    def centre(self) -> QWidget:
        """The stage."""

    @property
    def panel(self) -> QWidget:
        """The right side."""

    @property
    def timeline(self) -> Timeline | MomentTimeline:
        """The band below."""

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
class HasLeft(Protocol):
    """A workspace with a left side of its own."""

    @property
    def left(self) -> QWidget:
        """The left side."""


@runtime_checkable
class Computes(Protocol):
    """A workspace in which a device can be chosen."""

    def set_devices(self, found: TorchReady) -> None:
        """Offer what torch found."""


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


class WorkspacePages(QObject):
    """
    Shows one workspace at a time in the three columns and in the band below them.

    A workspace is built when it is first asked for: the window opens without those that nobody sees.

    Parameters
    ----------
    builders
        What builds each workspace.
    shared_left
        Left page of those that have none of their own.

    Signals
    -------
    noted(str)
        Something happened in a workspace or with one of its charts.
    failed(str, str)
        Headline and reason of a failure there.
    """

    noted = Signal(str)
    failed = Signal(str, str)

    def __init__(
        self,
        builders: Mapping[Workspace, Callable[[], Room]],
        shared_left: QWidget,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._builders = dict(builders)
        self._rooms: dict[Workspace, Room] = {}
        self._shared_left = shared_left
        self._is_compact = False
        self.left, self.centre, self.right, self.timelines = (PageStack() for _ in range(4))
        self.left.addWidget(shared_left)
        self.centre.setMinimumWidth(_SMALLEST_CENTRE_PX)
        self.columns = PanelSplitter(self.left, self.centre, self.right)

    @property
    def regions(self) -> list[QWidget]:
        """The parts in the order in which the keyboard goes through them."""
        return [self.left, self.centre, self.right, self.timelines]

    @property
    def built(self) -> Mapping[Workspace, Room]:
        """The workspaces that there are by now."""
        return self._rooms

    def room(self, key: Workspace) -> Room:
        """Return a workspace, built now where nobody has asked for it before."""
        if key not in self._rooms:
            room = self._rooms[key] = self._builders[key]()
            self._take_in(room)
        return self._rooms[key]

    def show(self, key: Workspace) -> None:
        """Show a workspace and wake it; the others rest."""
        shown = self.room(key)
        for room in self._rooms.values():
            if room is not shown:
                room.deactivate()
        self.left.setCurrentWidget(shown.left if isinstance(shown, HasLeft) else self._shared_left)
        self.centre.setCurrentWidget(shown.centre)
        self.right.setCurrentWidget(shown.panel)
        self.timelines.setCurrentWidget(shown.timeline)
        self.fit_timeline()
        shown.activate()

    def fit_timeline(self) -> None:
        """Give the timeline the height that the one that is seen asks for."""
        page = self.timelines.currentWidget()
        if page is not None:
            self.timelines.setFixedHeight(page.sizeHint().height())

    def set_compact(self, compact: bool) -> None:
        """Tell every workspace whether there is little height."""
        self._is_compact = compact
        for room in self._rooms.values():
            room.set_compact(compact)
        self.fit_timeline()

    def shutdown(self) -> None:
        """End what runs in any workspace."""
        for room in self._rooms.values():
            room.shutdown()

    def _take_in(self, room: Room) -> None:
        """Give the parts of a workspace their places, and pass on what it says."""
        parts = {self.centre: room.centre, self.right: room.panel, self.timelines: room.timeline}
        if isinstance(room, HasLeft):
            parts[self.left] = room.left
        for stack, part in parts.items():
            before = last_in_tab_order(stack)
            stack.addWidget(part)
            follow_in_tab_order(before, part)
        room.set_compact(self._is_compact)
        sources: list[Speaks] = [room, *(chart for part in parts.values() for chart in charts_in(part))]
        for source in sources:
            source.noted.connect(self.noted)
            source.failed.connect(self.failed)
