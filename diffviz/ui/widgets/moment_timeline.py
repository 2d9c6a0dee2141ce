"""The timeline of training: transport row and filmstrip over the moments at which samples were made."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui import theme
from diffviz.ui.theme import color, metric
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.live_line import LiveLine
from diffviz.ui.widgets.moment_strip import MomentCell, MomentStrip
from diffviz.ui.widgets.playback import SPEEDS, Playback
from diffviz.ui.widgets.toggle import ToggleField


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
        self._first = make_button("tool", icon="first", tooltip="To the untrained network", shortcut="Home")
        self.play_button = make_button("round", icon="play", tooltip="Play the moments one after the other")
        self._last = make_button("tool", icon="last", tooltip="To the newest moment", shortcut="End")
        self._loop = make_button("tool", icon="repeat", tooltip="Loop", shortcut="L", checkable=True)
        self._read_out = LiveLine("", "readout", "text")
        self.follow = ToggleField(
            "Follow live", tooltip="Show the newest samples as soon as they are there", checked=True
        )
        row = QHBoxLayout()
        row.setContentsMargins(metric(14), 0, 16, 0)
        row.setSpacing(metric(5))
        for button in (self._first, self.play_button, self._last, self._loop):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(metric(12))
        row.addWidget(self._read_out, 1)
        row.addWidget(self.follow)
        self._transport = QWidget()
        self._transport.setLayout(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._transport)
        column.addWidget(self.strip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Timeline of the training")
        self._first.clicked.connect(self.go_first)
        self._last.clicked.connect(self.go_last)
        self.play_button.clicked.connect(self.toggle_play)
        self._loop.clicked.connect(self._on_loop_clicked)
        self.follow.state_edited.connect(self.follow_chosen)
        self.strip.moment_requested.connect(self._on_strip_asked)
        self._playback.timestep_due.connect(self._on_moment_due)
        self._playback.playing_changed.connect(self._on_playing_changed)
        theme.notifier.changed.connect(self._fit_height)
        self._fit_height()

    @property
    def is_playing(self) -> bool:
        """Whether the moments are played."""
        return self._playback.is_playing

    def set_moments(self, cells: Sequence[MomentCell], waiting: str) -> None:
        """Show moments, oldest first; ``waiting`` stands where later ones will come."""
        self.strip.set_cells(cells, waiting)
        self._playback.set_range(max(1, len(cells) - 1))
        for button in (self._first, self.play_button, self._last):
            button.setEnabled(len(cells) > 1)

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
        return QSize(1440, metric(44) + self.strip.sizeHint().height())

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
        self._loop.setChecked(self._playback.loops)

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
        self._playback.set_speed(SPEEDS[min(max(place, 0), len(SPEEDS) - 1)])

    @Slot(bool)
    def _on_loop_clicked(self, loops: bool) -> None:
        self._playback.loops = loops

    @Slot(int)
    def _on_strip_asked(self, place: int) -> None:
        self._playback.set_t(place)
        self.moment_requested.emit(place)

    @Slot(int)
    def _on_moment_due(self, place: int) -> None:
        self.strip.set_place(place)
        self.moment_requested.emit(place)

    @Slot(bool)
    def _on_playing_changed(self, playing: bool) -> None:
        self.play_button.set_icon_name("pause" if playing else "play")
        words = "Hold" if playing else "Play the moments one after the other"
        self.play_button.setToolTip(words)
        self.play_button.setAccessibleName(words)

    @Slot()
    def _fit_height(self) -> None:
        self._transport.setFixedHeight(metric(44))
