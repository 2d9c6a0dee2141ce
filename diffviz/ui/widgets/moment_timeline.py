"""The timeline of training: transport row and filmstrip over the moments at which samples were made."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import color
from diffviz.ui.widgets.live_line import LiveLine
from diffviz.ui.widgets.moment_strip import MomentCell, MomentStrip
from diffviz.ui.widgets.playback import SPEEDS, Playback
from diffviz.ui.widgets.toggle import ToggleField
from diffviz.ui.widgets.transport import Transport, TransportWords

_WORDS = TransportWords(
    first="To the untrained network",
    last="To the newest moment",
    play="Play the moments one after the other",
    whole="all moments",
)


class MomentTimeline(QWidget):
    """
    Moves along the moments of a training run.

    Signals
    -------
    moment_requested(int)
        The user, or playing that the user started, wants the moment of this place.
    follow_chosen(bool)
        The user wants the newest moment to be shown as it comes, or not.
    """

    moment_requested = Signal(int)
    follow_chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip = MomentStrip()
        self._playback = Playback(self)
        self._read_out = LiveLine("", "readout", "text")
        self.follow = ToggleField(
            "Follow live", tooltip="Show the newest samples as soon as they are there", checked=True
        )
        self.transport = Transport(self._read_out, _WORDS, play_shortcut="")
        self.transport.add_right_widget(self.follow)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.transport)
        column.addWidget(self.strip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Timeline of the training")
        self.transport.first_requested.connect(self.go_first)
        self.transport.last_requested.connect(self.go_last)
        self.transport.play_requested.connect(self.toggle_play)
        self.transport.loop_chosen.connect(self._on_loop_chosen)
        self.transport.speed_chosen.connect(self._playback.set_speed)
        self.follow.state_edited.connect(self.follow_chosen)
        self.strip.moment_requested.connect(self._on_strip_asked)
        self._playback.timestep_due.connect(self._on_moment_due)
        self._playback.playing_changed.connect(self.transport.set_playing)

    @property
    def is_playing(self) -> bool:
        """Whether the moments are played."""
        return self._playback.is_playing

    def set_moments(self, cells: Sequence[MomentCell], waiting: str) -> None:
        """Show moments, oldest first; ``waiting`` stands where later ones will come."""
        self.strip.set_cells(cells, waiting)
        self._playback.set_range(max(1, len(cells) - 1))
        self.transport.set_moves(len(cells) > 1)

    def set_place(self, place: int) -> None:
        """Move the playhead, silently."""
        self.strip.set_place(place)
        self._playback.set_t(self.strip.place)

    def set_labels(self, title: str, subtitle: str) -> None:
        """Show two lines before the strip."""
        self.strip.set_labels(title, subtitle)

    def set_read_out(self, markup: str) -> None:
        """Say in large letters where the playhead is."""
        self._read_out.set_markup(markup)

    def set_following(self, follows: bool) -> None:
        """Show whether the newest moment is followed."""
        self.follow.set_on(follows)

    def set_compact(self, compact: bool) -> None:
        """Make the strip low, for windows below 820 px."""
        self.strip.set_compact(compact)

    @override
    def sizeHint(self) -> QSize:
        return QSize(1440, self.transport.minimumHeight() + self.strip.sizeHint().height())

    # What the window's commands ask of every timeline

    @Slot(int)
    def step_by(self, steps: int) -> None:
        """Move some moments on; negative: back."""
        self.strip.step_by(steps)

    @Slot()
    def go_first(self) -> None:
        """Move to the untrained network."""
        self.strip.ask(0)

    @Slot()
    def go_last(self) -> None:
        """Move to the newest moment."""
        self.strip.ask(self.strip.count - 1)

    @Slot()
    def previous_cell(self) -> None:
        """Move to the moment before."""
        self.strip.step_by(-1)

    @Slot()
    def next_cell(self) -> None:
        """Move to the moment after."""
        self.strip.step_by(1)

    @Slot()
    def toggle_play(self) -> None:
        """Play the moments, or hold."""
        if self._playback.is_playing:
            self._playback.stop()
        elif self.strip.count > 1:
            self._playback.start()

    @Slot()
    def stop(self) -> None:
        """Hold, if it plays."""
        self._playback.stop()

    @Slot()
    def toggle_loop(self) -> None:
        """Begin again at the end, or stop there."""
        self._playback.loops = not self._playback.loops
        self.transport.set_loop(self._playback.loops)

    @Slot()
    def slower(self) -> None:
        """Take the next lower speed."""
        self._change_speed(-1)

    @Slot()
    def faster(self) -> None:
        """Take the next higher speed."""
        self._change_speed(1)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), color("panel"))

    def _change_speed(self, by: int) -> None:
        place = SPEEDS.index(self._playback.speed) + by
        speed = SPEEDS[min(max(place, 0), len(SPEEDS) - 1)]
        self._playback.set_speed(speed)
        self.transport.set_speed(speed)

    @Slot(bool)
    def _on_loop_chosen(self, loops: bool) -> None:
        self._playback.loops = loops

    @Slot(int)
    def _on_strip_asked(self, place: int) -> None:
        self._playback.set_t(place)
        self.moment_requested.emit(place)

    @Slot(int)
    def _on_moment_due(self, place: int) -> None:
        self.strip.set_place(place)
        self.moment_requested.emit(place)
