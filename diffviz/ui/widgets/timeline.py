"""The timeline: transport row, filmstrip, one playhead and one t, image at the left, noise at the right."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui import theme
from diffviz.ui.theme import Role, current_tokens, metric
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.filmstrip import Filmstrip
from diffviz.ui.widgets.labelled_control import LabelledControl
from diffviz.ui.widgets.playback import SPEEDS, Playback
from diffviz.ui.widgets.segmented import SegmentedSwitch
from diffviz.ui.widgets.strip_layout import MARGIN_PX
from diffviz.ui.widgets.strip_painter import Strip
from diffviz.ui.widgets.strip_pictures import shown_size
from diffviz.ui.widgets.time_axis import Evenly
from diffviz.ui.widgets.transport import TimeReadOut, Transport


class Timeline(QWidget):
    """
    Shows the whole chain and lets a person move along it.

    Signals
    -------
    timestep_requested(int)
        The user, or playing that the user started, wants another time.
    cells_changed
        ``cell_times()`` are others now, and their thumbnails are wanted.
    playing_changed(bool)
        Playing began or ended.
    even_in_changed(str)
        The user spaced the frames evenly in "step", "ou_time" or "log_snr".
    play_requested()
        The user pressed the play button while ``plays_itself`` is off: the workspace decides what it does.

    Attributes
    ----------
    plays_itself
        Whether the play button plays the chain; on at first.
    """

    timestep_requested = Signal(int)
    cells_changed = Signal()
    playing_changed = Signal(bool)
    even_in_changed = Signal(str)
    play_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plays_itself = True
        self._read_out = TimeReadOut()
        self.transport = Transport(self._read_out)
        self.filmstrip = Filmstrip()
        self._playback = Playback(self)
        self._even_in = SegmentedSwitch(
            [
                ("step", "step $t$", "Equal numbers of steps from frame to frame"),
                ("ou_time", "$τ$", "Equal Ornstein–Uhlenbeck time from frame to frame"),
                ("log_snr", "log-SNR", "Equal losses of signal-to-noise ratio from frame to frame"),
            ],
            "Frames evenly in",
        )
        self._even_row = LabelledControl("Frames evenly in", self._even_in)
        self._zoom_button = make_button("flat", icon="x", tooltip="Show the whole chain")
        self._zoom_button.setParent(self.filmstrip)
        self._zoom_button.hide()
        self.transport.add_right_widget(self._even_row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.transport)
        column.addWidget(self.filmstrip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Timeline")
        self._connect()
        self.set_strips([("$x_t$ at each step", "{shown}", "text")])
        self.set_loop(True)

    def _connect(self) -> None:
        transport, strip, playback = self.transport, self.filmstrip, self._playback
        transport.first_requested.connect(self.go_first)
        transport.last_requested.connect(self.go_last)
        transport.play_requested.connect(self._on_play_pressed)
        transport.loop_chosen.connect(self.set_loop)
        transport.speed_chosen.connect(playback.set_speed)
        strip.timestep_requested.connect(self._on_strip_asked)
        strip.scrubbing_changed.connect(playback.set_held)
        strip.cells_changed.connect(self._on_cells_changed)
        playback.timestep_due.connect(self._on_timestep_due)
        playback.playing_changed.connect(self._on_playing_changed)
        self._even_in.selected.connect(self._on_even_in_selected)
        self._zoom_button.clicked.connect(strip.reset_zoom)
        theme.notifier.changed.connect(self._place_zoom_button)

    # -- what it shows ------------------------------------------------------------------------

    @property
    def t(self) -> int:
        """Time under the playhead."""
        return self.filmstrip.t

    @property
    def is_playing(self) -> bool:
        """Whether it plays."""
        return self._playback.is_playing

    @property
    def speed(self) -> float:
        """Speed of playing; 1.0 plays the chain in 6 s."""
        return self._playback.speed

    def set_range(self, num_timesteps: int) -> None:
        """Take T alone, with a straight fall of ᾱ until ``set_alphas_cumprod`` says more."""
        self.set_alphas_cumprod(np.linspace(1.0, 0.0, num_timesteps + 1))

    def set_alphas_cumprod(self, alphas_cumprod: NDArray[np.float64]) -> None:
        """
        Take the schedule.

        Parameters
        ----------
        alphas_cumprod
            ᾱ of t = 0 … T in [0, 1], float of length T+1; its length sets T.
        """
        self._playback.set_range(len(alphas_cumprod) - 1)
        self.filmstrip.set_alphas_cumprod(alphas_cumprod)
        self._show_time()

    def set_t(self, t: int) -> None:
        """Move the playhead, silently; times outside 0 … T go to the nearest end."""
        self.filmstrip.set_t(t)
        self._playback.set_t(self.filmstrip.t)
        self._show_time()

    def set_strips(self, strips: Sequence[tuple[str, str, Role]]) -> None:
        """
        Show one strip or two, without pictures yet.

        Parameters
        ----------
        strips
            (title, subtitle, role) from top to bottom, with the markup of ``rich_line``; the role colours the
            title. "{shown}" in a subtitle becomes "14 of 1000 steps".
        """
        self.filmstrip.set_strips([Strip(title, subtitle, role) for title, subtitle, role in strips])
        self._place_zoom_button()

    def set_strip_label(self, strip: int, title: str, subtitle: str) -> None:
        """Change the two lines beside a strip, with the markup of ``rich_line``."""
        row = self.filmstrip.strips[strip]
        if (row.title, row.subtitle) != (title, subtitle):
            row.title, row.subtitle = title, subtitle
            self.filmstrip.redraw(strip)

    def cell_times(self) -> tuple[int, ...]:
        """Time that each cell shows, from left to right."""
        return self.filmstrip.axis.cell_times

    def thumbnail_size(self, width: int, height: int) -> tuple[int, int]:
        """
        Size at which a picture is shown in a cell, in device px, but never larger than the picture.

        A picture that is reduced to this size before its noise is drawn keeps the noise at full strength;
        reducing a noisy picture would wash it out.
        """
        ratio = self.devicePixelRatioF()
        cell_width = math.ceil(self.filmstrip.axis.pitch * ratio)
        cell_height = math.ceil(self.filmstrip.layout_heights.strip_height * ratio)
        return shown_size(width, height, cell_width, cell_height)

    def set_thumbnail(self, strip: int, cell: int, picture: NDArray[np.uint8] | None) -> None:
        """
        Show a picture in a cell; drawn once before the next frame, however many come.

        Parameters
        ----------
        strip, cell
            Row from the top and column from the left; cells that are no longer there are passed over.
        picture
            uint8 of shape (H, W, C), C in {1, 3}, any size; None: nothing.
        """
        times = self.cell_times()
        if cell < len(times):
            self.filmstrip.strips[strip].pictures.put(times[cell], picture)
            self.filmstrip.redraw(strip)

    def clear_thumbnails(self, strip: int) -> None:
        """Take all pictures out of a strip."""
        self.filmstrip.strips[strip].pictures.clear()
        self.filmstrip.redraw(strip)

    def set_sampled(self, strip: int, sampled: tuple[int, int] | None, label: str = "") -> None:
        """
        Say which times a run has reached; the other cells are dashed and their pictures faint.

        Parameters
        ----------
        strip
            Row from the top.
        sampled
            Lowest and highest time reached; (1, 0): none yet; None: the strip is no run.
        label
            Words over the cells that are not sampled yet.
        """
        row = self.filmstrip.strips[strip]
        if (row.sampled, row.unsampled_label) != (sampled, label):
            row.sampled, row.unsampled_label = sampled, label
            self.filmstrip.redraw(strip)
            self.filmstrip.redraw_paths()

    def set_even_in(self, even_in: str) -> None:
        """Space the frames evenly in "step", "ou_time" or "log_snr"."""
        self._even_in.set_current(even_in)
        self.filmstrip.set_evenly(Evenly(even_in))

    def set_even_in_visible(self, visible: bool) -> None:
        """Show or hide the choice of spacing."""
        self._even_row.setVisible(visible)

    def set_compact(self, compact: bool) -> None:
        """Make the strips low, for windows below 820 px."""
        self.filmstrip.set_compact(compact)
        self._place_zoom_button()

    def set_play_direction(self, direction: int) -> None:
        """Play from image to noise (+1) or from noise to image (−1)."""
        self._playback.set_direction(direction)

    @Slot(bool)
    def set_loop(self, loops: bool) -> None:
        """Begin again at the end, or stop there."""
        self._playback.loops = loops
        self.transport.set_loop(loops)

    def set_speed(self, speed: float) -> None:
        """Play at ½, 1, 2 or 4 times the usual speed."""
        self._playback.set_speed(speed)
        self.transport.set_speed(speed)

    def add_right_widget(self, widget: QWidget, label: str = "") -> None:
        """Put a workspace's own widget at the right end of the transport row, with words before it."""
        self.transport.add_right_widget(LabelledControl(label, widget) if label else widget)

    # -- what a person does -------------------------------------------------------------------

    @Slot(int)
    def step_by(self, steps: int) -> None:
        """Move some steps on; negative: back."""
        self.filmstrip.step_by(steps)

    @Slot()
    def go_first(self) -> None:
        """Move to t = 0."""
        self.filmstrip.step_by(-self.t)

    @Slot()
    def go_last(self) -> None:
        """Move to t = T."""
        self.filmstrip.step_by(self.filmstrip.axis.num_timesteps - self.t)

    @Slot()
    def previous_cell(self) -> None:
        """Move to the cell before."""
        self.filmstrip.step_cell(-1)

    @Slot()
    def next_cell(self) -> None:
        """Move to the cell after."""
        self.filmstrip.step_cell(1)

    @Slot()
    def toggle_play(self) -> None:
        """Play, or pause."""
        if self._playback.is_playing:
            self._playback.stop()
        else:
            self._playback.start()

    @Slot()
    def stop(self) -> None:
        """Pause, if it plays."""
        self._playback.stop()

    @Slot()
    def toggle_loop(self) -> None:
        """Switch looping on or off."""
        self.set_loop(not self._playback.loops)

    @Slot()
    def slower(self) -> None:
        """Take the next lower speed."""
        self.set_speed(SPEEDS[max(0, SPEEDS.index(self.speed) - 1)])

    @Slot()
    def faster(self) -> None:
        """Take the next higher speed."""
        self.set_speed(SPEEDS[min(len(SPEEDS) - 1, SPEEDS.index(self.speed) + 1)])

    # -- inside -------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), current_tokens().color("panel"))

    @Slot()
    def _on_play_pressed(self) -> None:
        if self.plays_itself:
            self.toggle_play()
        else:
            self.play_requested.emit()

    @Slot(int)
    def _on_strip_asked(self, t: int) -> None:
        self._playback.set_t(t)
        self._show_time()
        self.timestep_requested.emit(t)

    @Slot(int)
    def _on_timestep_due(self, t: int) -> None:
        self.filmstrip.set_t(t)
        self._show_time()
        self.timestep_requested.emit(t)

    @Slot(bool)
    def _on_playing_changed(self, playing: bool) -> None:
        self.transport.set_playing(playing)
        self.playing_changed.emit(playing)

    @Slot(str)
    def _on_even_in_selected(self, even_in: str) -> None:
        self.filmstrip.set_evenly(Evenly(even_in))
        self.even_in_changed.emit(even_in)

    @Slot()
    def _on_cells_changed(self) -> None:
        self._place_zoom_button()
        self.cells_changed.emit()

    def _show_time(self) -> None:
        self._read_out.set_time(self.t, self.filmstrip.axis.num_timesteps)

    @Slot()
    def _place_zoom_button(self) -> None:
        """Show how far the strip is zoomed, under its labels."""
        axis, heights = self.filmstrip.axis, self.filmstrip.layout_heights
        self._zoom_button.setVisible(axis.is_zoomed)
        if axis.is_zoomed:
            self._zoom_button.set_label(f"Zoom {axis.zoom:.1f}×")
            height = heights.ticks_height + 2
            self._zoom_button.setFixedHeight(height)
            self._zoom_button.move(MARGIN_PX - metric(10), heights.ticks_top - 1)
            self._zoom_button.resize(self._zoom_button.sizeHint().width(), height)
