"""The transport row of the timeline: first, play, last, loop, where t is, and how fast it plays."""

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui import theme
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.buttons import Button, make_button, native_keys
from diffviz.ui.widgets.playback import SPEEDS
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch

_SPEED_LABELS = {0.5: "½×", 1.0: "1×", 2.0: "2×", 4.0: "4×"}


class TimeReadOut(QWidget):
    """The time in large figures, "t 270 / 1000", as wide as its longest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._t = 0
        self._num_timesteps = 1000
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def set_time(self, t: int, num_timesteps: int) -> None:
        """Show a time of a chain."""
        if num_timesteps != self._num_timesteps:
            self._num_timesteps = num_timesteps
            self.updateGeometry()
        self._t = t
        self.setAccessibleName(f"step {t} of {num_timesteps}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        longest = "0" * len(str(self._num_timesteps))
        letter, number, total = self._lines(longest)
        width = letter.width() + number.width() + total.width() + 2 * metric(5)
        return QSize(round(width) + 2, round(letter.height()))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        letter, number, total = self._lines(str(self._t))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        baseline = round(self.height() / 2 - number.height() / 2 + number.ascent())
        x = letter.paint(painter, 0, baseline, tokens.color("accent"), tokens) + metric(5)
        x = number.paint(painter, x, baseline, tokens.color("text"), tokens) + metric(5)
        total.paint(painter, x, baseline, tokens.color("text3"), tokens)

    def _lines(self, t: str) -> tuple[RichLine, RichLine, RichLine]:
        return (
            RichLine("$t$", "readout", QFont.Weight.DemiBold),
            RichLine(t, "readout", tabular=True),
            RichLine(f"/ {self._num_timesteps}", "body", tabular=True),
        )


@dataclass(frozen=True)
class TransportWords:
    """What the buttons say: to the first and last place, to play, and what playing goes through."""

    first: str = "To t = 0, the image"
    last: str = "To t = T, the noise"
    play: str = "Play"
    whole: str = "the whole chain"


class Transport(QWidget):
    """
    Buttons of the timeline, from left to right, with room for a workspace's own widgets at the right.

    Parameters
    ----------
    read_out
        Says where the playhead is; one that takes all the room there is keeps the speeds at the right.
    words
        What the buttons say.
    play_shortcut
        Key of the play button; "" where that key does something else.

    Signals
    -------
    first_requested, last_requested, play_requested
        The user pressed that button.
    loop_chosen(bool)
        The user wants playing to begin again at the end, or not.
    speed_chosen(float)
        The user chose a speed.
    """

    first_requested = Signal()
    last_requested = Signal()
    play_requested = Signal()
    loop_chosen = Signal(bool)
    speed_chosen = Signal(float)

    def __init__(
        self,
        read_out: QWidget,
        words: TransportWords | None = None,
        play_shortcut: str = "Space",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._words = words or TransportWords()
        self._play_keys = f"  ({native_keys(play_shortcut)})" if play_shortcut else ""
        self._first = make_button("tool", icon="first", tooltip=self._words.first, shortcut="Home")
        self._play = make_button("round", icon="play", tooltip=self._words.play, shortcut=play_shortcut)
        self._last = make_button("tool", icon="last", tooltip=self._words.last, shortcut="End")
        self._loop = make_button("tool", icon="repeat", tooltip="Loop", shortcut="L", checkable=True)
        slower, faster = native_keys("["), native_keys("]")
        self._speeds = SegmentedSwitch(
            [
                Segment(
                    str(speed),
                    _SPEED_LABELS[speed],
                    f"{6 / speed:g} s for {self._words.whole}  ({slower} {faster})",
                )
                for speed in SPEEDS
            ],
            "Speed",
        )
        self.set_speed(1.0)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(metric(14), 0, 16, 0)
        self._row.setSpacing(metric(5))
        for button in (self._first, self._play, self._last, self._loop):
            self._row.addWidget(button)
        takes_all = read_out.sizePolicy().horizontalPolicy() is QSizePolicy.Policy.Expanding
        self._row.addSpacing(metric(12))
        self._row.addWidget(read_out, int(takes_all))
        self._row.addSpacing(metric(14))
        self._row.addWidget(self._speeds)
        if not takes_all:
            self._row.addStretch(1)
        self._first.clicked.connect(self.first_requested)
        self._last.clicked.connect(self.last_requested)
        self._play.clicked.connect(self.play_requested)
        self._loop.clicked.connect(self.loop_chosen)
        self._speeds.selected.connect(self._on_speed_selected)
        theme.notifier.changed.connect(self._fit_height)
        self._fit_height()

    def set_moves(self, moves: bool) -> None:
        """Take wishes to move, or grey the buttons: there is but one place."""
        for button in (self._first, self._play, self._last):
            button.setEnabled(moves)

    def set_playing(self, playing: bool) -> None:
        """Show the play button as pause while it plays."""
        self._play.set_icon_name("pause" if playing else "play")
        words = "Pause" if playing else self._words.play
        self._play.setAccessibleName(words)
        self._play.setToolTip(f"{words}{self._play_keys}")

    def set_loop(self, loops: bool) -> None:
        """Show whether playing begins again at the end."""
        self._loop.setChecked(loops)

    def set_speed(self, speed: float) -> None:
        """Show a speed."""
        self._speeds.set_current(str(speed))

    def add_right_widget(self, widget: QWidget) -> None:
        """Put a widget at the right end of the row."""
        self._row.addSpacing(metric(6))
        self._row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_width()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit_width()

    def _fit_width(self) -> None:
        """Give way where there is little room: first words of buttons with an icon, then the speeds."""
        buttons = self.findChildren(Button)
        for button in buttons:
            button.set_compact(False)
        self._speeds.show()
        if self._least_width() > self.width():
            for button in buttons:
                button.set_compact(True)
        self._speeds.setVisible(self._least_width() <= self.width())

    def _least_width(self) -> int:
        self._row.invalidate()
        return self._row.minimumSize().width()

    @Slot(str)
    def _on_speed_selected(self, key: str) -> None:
        self.speed_chosen.emit(float(key))

    @Slot()
    def _fit_height(self) -> None:
        self.setFixedHeight(metric(44))
        self._fit_width()
