"""Several samples in a row, one of them large, played one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import Role, color, metric
from diffviz.ui.widgets.image_view import ImageView
from diffviz.ui.widgets.live_line import LiveLine
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.moment_strip import MomentCell, MomentStrip
from diffviz.ui.widgets.picture_fit import fit_picture
from diffviz.ui.widgets.picture_painting import MARGIN_PX, title_height
from diffviz.ui.widgets.playback import Playback
from diffviz.ui.widgets.transport import Transport, TransportWords

_SIDE_PX = 24
_LEAST_PX, _LEAST_LARGE_PX = 48, 56
_SPEED = 2.0
_LOW_PX = 420
_WORDS = TransportWords(
    first="To the first sample",
    last="To the last sample",
    play="Play the samples one after the other",
    whole="all samples",
)


class SamplesStage(QWidget):
    """
    A large picture, and below it all samples as a strip with a playhead of its own.

    Signals
    -------
    picture_saved(str), save_failed(str)
        The user saved the large picture, or it failed.
    """

    picture_saved = Signal(str)
    save_failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells: tuple[MomentCell, ...] = ()
        self._symbol = ""
        self.picture = ImageView()
        self.picture.picture_saved.connect(self.picture_saved)
        self.picture.save_failed.connect(self.save_failed)
        self.sentence = MathLabel("", "label", "text2", wraps=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._read_out = LiveLine("", "readout")
        self.transport = Transport(self._read_out, _WORDS, play_shortcut="")
        self.strip = MomentStrip("Samples", has_labels=False)
        self.playback = Playback(self)
        self.playback.loops = True
        self.playback.set_speed(_SPEED)
        self.transport.set_loop(True)
        self.transport.set_speed(_SPEED)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addStretch(1)
        column.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.sentence)
        column.addStretch(1)
        column.addWidget(self.transport)
        column.addWidget(self.strip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.transport.first_requested.connect(self._go_first)
        self.transport.last_requested.connect(self._go_last)
        self.transport.play_requested.connect(self.toggle_play)
        self.transport.loop_chosen.connect(self._on_loop_chosen)
        self.transport.speed_chosen.connect(self.playback.set_speed)
        self.strip.moment_requested.connect(self._on_moment_requested)
        self.playback.timestep_due.connect(self._on_timestep_due)
        self.playback.playing_changed.connect(self.transport.set_playing)

    def set_samples(self, cells: Sequence[MomentCell], symbol: str, outline: Role | None) -> None:
        """Show samples, first to last; their pills stand beside the symbol above the large picture."""
        if len(cells) != len(self._cells):
            self.playback.stop()
            self.playback.set_range(max(1, len(cells) - 1))
        self._cells, self._symbol = tuple(cells), symbol
        self.strip.set_cells(cells, "")
        self.playback.set_t(self.strip.place)
        self.transport.set_moves(len(cells) > 1)
        self.picture.set_outline(outline)
        self._show_place()

    def set_words(self, sentence: str, placeholder: str) -> None:
        """Say below the picture what is seen, and in its place why nothing is."""
        self.sentence.set_markup(sentence)
        self.picture.set_placeholder(placeholder)

    @Slot()
    def toggle_play(self) -> None:
        """Play the samples, or hold."""
        if self.playback.is_playing:
            self.playback.stop()
        elif len(self._cells) > 1:
            self.playback.start()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.strip.set_compact(self.height() < metric(_LOW_PX))
        self._fit()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), color("stage"))

    def _show_place(self) -> None:
        place, count = self.strip.place, len(self._cells)
        cell = self._cells[place] if count else None
        shown: NDArray[np.uint8] | None = None if cell is None else cell.picture
        self.picture.set_title(self._symbol, "" if cell is None else cell.pill)
        self.picture.set_image(shown)
        self._read_out.set_markup(f"{place + 1} [text3]of {count}[/]" if count else "")
        self._fit()

    def _fit(self) -> None:
        """Enlarge the picture as far as the room above the strip allows."""
        frame = 2 * MARGIN_PX
        self.sentence.setVisible(self.height() >= metric(_LOW_PX))
        words = self.sentence.heightForWidth(self.width()) if self.sentence.isVisibleTo(self) else 0
        # Where there is little room, the strip stays: it is moved along by mouse and keys as well.
        strip, large = self.strip.sizeHint().height(), title_height() + frame + metric(_LEAST_LARGE_PX)
        self.picture.setVisible(self.height() >= strip + large)
        self.transport.setVisible(self.height() >= strip + large + self.transport.minimumHeight())
        buttons = self.transport.minimumHeight() if self.transport.isVisibleTo(self) else 0
        below = buttons + strip + words + 28
        room = (
            max(self.width() - 2 * _SIDE_PX - frame, _LEAST_PX),
            max(self.height() - below - title_height() - frame, _LEAST_PX),
        )
        if self.picture.picture_size == (0, 0):
            width = height = float(min(*room, metric(240)))
        else:
            fit = fit_picture(self.picture.picture_size, room, self.devicePixelRatioF())
            width, height = fit.width, fit.height
        width = max(width, min(room[0], self.picture.title_width()))
        self.picture.setFixedSize(round(width + frame), round(height + title_height() + frame))

    @Slot()
    def _go_first(self) -> None:
        self.strip.ask(0)

    @Slot()
    def _go_last(self) -> None:
        self.strip.ask(self.strip.count - 1)

    @Slot(bool)
    def _on_loop_chosen(self, loops: bool) -> None:
        self.playback.loops = loops

    @Slot(int)
    def _on_moment_requested(self, place: int) -> None:
        self.playback.set_t(place)
        self._show_place()

    @Slot(int)
    def _on_timestep_due(self, place: int) -> None:
        self.strip.set_place(place)
        self._show_place()
