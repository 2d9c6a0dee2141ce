"""What an export will look like: its frames as they will be written, played or scrubbed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QPointF, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import font_for, metric
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.fields import TrackSlider
from diffviz.ui.widgets.picture_fit import fit_picture
from diffviz.ui.widgets.picture_painting import paint_picture, paint_placeholder
from diffviz.ui.widgets.pixels import picture_from_array, scaled_picture

_SIDE_PX = 392
_SHORTEST_TICK_MS = 16


class ExportPreview(QWidget):
    """
    A picture with play button, slider and time.

    It holds no frames: it asks for the one it wants and shows what comes, late rather than never. A slow
    frame skips others and never slows the clock.

    Signals
    -------
    frame_wanted(int)
        The frame of that index is to be shown; answered by `show_frame`.
    """

    frame_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._num_frames = 1
        self._frame_rate_fps = 20.0
        self._hold_s = 0.0
        self._loops = True
        self._wanted = -1
        self._share = 0.0
        self._from_s = 0.0
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)
        self.canvas = _Canvas()
        self.play_button = make_button("plain", "", "play", "Play the preview", accessible_name="Play")
        self.play_button.clicked.connect(self.toggle_play)
        self.slider = TrackSlider()
        self.slider.setAccessibleName("Frame of the preview")
        self.slider.setToolTip("Frame of the preview")
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.time_label = QLabel()
        self.time_label.setFont(font_for("body", tabular=True))
        self.time_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.transport = QWidget()
        row = QHBoxLayout(self.transport)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.play_button)
        row.addWidget(self.slider, 1)
        row.addWidget(self.time_label)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.transport)
        self._show_time()

    @property
    def frame(self) -> int:
        """Index of the frame that the slider stands at."""
        return self.slider.value()

    @property
    def is_playing(self) -> bool:
        """Whether it plays."""
        return self._timer.isActive()

    @property
    def duration_s(self) -> float:
        """Length of the animation, the hold of its last frame included."""
        return self._num_frames / self._frame_rate_fps + self._hold_s

    def room(self) -> tuple[int, int]:
        """Width and height that a picture has, in device px."""
        ratio = self.devicePixelRatioF()
        return round(self.canvas.width() * ratio), round(self.canvas.height() * ratio)

    def set_animation(self, num_frames: int, frame_rate_fps: float, hold_s: float, *, loops: bool) -> None:
        """Take another length, silently; the slider stays at its share of the way."""
        if self._num_frames > 1:
            self._share = self.frame / (self._num_frames - 1)
        self._num_frames, self._frame_rate_fps = num_frames, frame_rate_fps
        self._hold_s, self._loops = hold_s, loops
        self._timer.setInterval(max(_SHORTEST_TICK_MS, round(1000 / frame_rate_fps)))
        is_still = num_frames <= 1
        self.transport.setVisible(not is_still)
        if is_still:
            self.pause()
        blocker = QSignalBlocker(self.slider)
        self.slider.setRange(0, max(0, num_frames - 1))
        self.slider.setValue(round(self._share * (num_frames - 1)))
        self.slider.setPageStep(max(1, num_frames // 10))
        blocker.unblock()
        self._wanted = -1
        self._anchor()
        self._show_time()

    def set_frame(self, index: int) -> None:
        """Stand at a frame, silently."""
        blocker = QSignalBlocker(self.slider)
        self.slider.setValue(index)
        blocker.unblock()
        self.slider.update()
        self._anchor()
        self._show_time()

    def want(self) -> None:
        """Ask for the present frame, also if it was asked for before: it may look different now."""
        self._wanted = self.frame
        self.frame_wanted.emit(self.frame)

    def show_frame(self, pixels: NDArray[np.uint8]) -> None:
        """Show a frame, uint8 (H, W, 3); the index it was asked by does not matter any more."""
        self.canvas.set_picture(picture_from_array(pixels))

    def show_sentence(self, sentence: str) -> None:
        """Say why there is no picture."""
        self.canvas.set_sentence(sentence)

    @Slot()
    def toggle_play(self) -> None:
        """Play or pause."""
        if self.is_playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """Play from the present frame, from the first where the last is reached."""
        if self._num_frames <= 1:
            return
        if self.frame == self._num_frames - 1:
            self._go_to(0)
        self._anchor()
        self._timer.start()
        self._show_button()

    def pause(self) -> None:
        """Stay at the present frame."""
        self._timer.stop()
        self._show_button()

    @Slot()
    def _on_tick(self) -> None:
        if self.slider.isSliderDown():
            self._anchor()
            return
        seconds = self._from_s + self._clock.nsecsElapsed() * 1e-9
        if seconds >= self.duration_s:
            if not self._loops:
                self._go_to(self._num_frames - 1)
                self.pause()
                return
            seconds %= self.duration_s
            self._from_s = seconds
            self._clock.restart()
        self._go_to(min(int(seconds * self._frame_rate_fps), self._num_frames - 1))

    @Slot(int)
    def _on_slider_moved(self, index: int) -> None:
        del index
        self._anchor()
        self._want_if_new()
        self._show_time()

    def _go_to(self, index: int) -> None:
        """Move the slider by the clock, which goes on."""
        blocker = QSignalBlocker(self.slider)
        self.slider.setValue(index)
        blocker.unblock()
        self.slider.update()
        self._want_if_new()
        self._show_time()

    def _want_if_new(self) -> None:
        if self.frame != self._wanted:
            self.want()

    def _anchor(self) -> None:
        self._from_s = self.frame / self._frame_rate_fps
        self._clock.restart()

    def _show_button(self) -> None:
        words = "Pause" if self.is_playing else "Play"
        self.play_button.set_icon_name(words.lower())
        self.play_button.setAccessibleName(words)
        self.play_button.setToolTip(f"{words} the preview")

    def _show_time(self) -> None:
        total = self.duration_s
        now = total if self.frame == self._num_frames - 1 else self.frame / self._frame_rate_fps
        self.time_label.setText(f"{now:.1f} / {total:.1f} s")
        widest = f"{total:.1f} / {total:.1f} s"
        metrics = QFontMetricsF(self.time_label.font())
        self.time_label.setMinimumWidth(round(metrics.horizontalAdvance(widest)) + 2)
        self.slider.setAccessibleDescription(
            f"frame {self.frame + 1} of {self._num_frames}, {now:.1f} seconds of {total:.1f}"
        )


class _Canvas(QWidget):
    """The picture itself, as large as its room allows."""

    def __init__(self) -> None:
        super().__init__()
        self._picture: QImage | None = None
        self._scaled: QImage | None = None
        self._sentence = ""
        self.setAccessibleName("Preview")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def picture(self) -> QImage | None:
        """Picture as it came."""
        return self._picture

    def set_picture(self, picture: QImage) -> None:
        """Show a picture."""
        self._picture, self._scaled, self._sentence = picture, None, ""
        self.update()

    def set_sentence(self, sentence: str) -> None:
        """Show words in place of a picture."""
        self._picture, self._scaled, self._sentence = None, None, sentence
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(_SIDE_PX), metric(_SIDE_PX))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(160, 120)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._picture is None:
            if self._sentence:
                paint_placeholder(painter, QRectF(self.rect()), self._sentence, centered=True)
            return
        ratio = self.devicePixelRatioF()
        size = (self._picture.width(), self._picture.height())
        fit = fit_picture(size, (self.width(), self.height()), ratio)
        if self._scaled is None or self._scaled.width() != round(fit.width * ratio):
            shown = (round(fit.width * ratio), round(fit.height * ratio))
            self._scaled = scaled_picture(self._picture, *shown, is_sharp=fit.is_sharp)
        place = QRectF(0, 0, fit.width, fit.height)
        place.moveCenter(QRectF(self.rect()).center())
        # On whole device px, or its pixels blur.
        corner = QPointF(round(place.left() * ratio) / ratio, round(place.top() * ratio) / ratio)
        paint_picture(painter, corner, self._scaled, ratio)
