"""The clock that moves t by itself: speed in chains per second, not in frames."""

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, Slot

SECONDS_PER_CHAIN = 6.0
SPEEDS = (0.5, 1.0, 2.0, 4.0)
_INTERVAL_MS = 16


class Playback(QObject):
    """
    Plays t from 0 to T, or from T to 0, in six seconds at 1×.

    A slow picture skips times and never slows the clock.

    Signals
    -------
    timestep_due(int)
        The clock reached another time.
    playing_changed(bool)
        It started or stopped, by a call or at the end of the chain.
    """

    timestep_due = Signal(int)
    playing_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.loops = False
        self._num_timesteps = 1
        self._direction = 1
        self._speed = 1.0
        self._t = 0
        self._from = 0.0
        self._is_playing = False
        self._elapsed = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self._on_tick)

    @property
    def is_playing(self) -> bool:
        """Whether it plays; a held clock still does."""
        return self._is_playing

    @property
    def speed(self) -> float:
        """Chains per six seconds."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Change the speed from here on."""
        self._anchor(self._now())
        self._speed = speed

    def set_direction(self, direction: int) -> None:
        """Play from image to noise (+1) or from noise to image (−1)."""
        self._anchor(self._now())
        self._direction = direction

    def set_range(self, num_timesteps: int) -> None:
        """Take the length of the chain."""
        self._anchor(min(self._now(), float(num_timesteps)))
        self._num_timesteps = num_timesteps
        self._t = min(self._t, num_timesteps)

    def set_t(self, t: int) -> None:
        """Go on from another time; the time the clock itself asked for changes nothing."""
        if t != self._t:
            self._t = t
            self._anchor(float(t))

    def start(self) -> None:
        """Play from the present time, from the other end where the chain is played out."""
        if self.is_playing:
            return
        if self._t == self._end():
            self.set_t(self._num_timesteps - self._end())
            self.timestep_due.emit(self._t)
        self._is_playing = True
        self._anchor(float(self._t))
        self._timer.start()
        self.playing_changed.emit(True)

    def stop(self) -> None:
        """Stay at the present time."""
        if self.is_playing:
            self._timer.stop()
            self._is_playing = False
            self.playing_changed.emit(False)

    def set_held(self, held: bool) -> None:
        """Stand still while a person drags, and go on from where they let go."""
        if self.is_playing:
            self._anchor(float(self._t))
            if held:
                self._timer.stop()
            else:
                self._timer.start()

    def _end(self) -> int:
        return self._num_timesteps if self._direction > 0 else 0

    def _anchor(self, t: float) -> None:
        self._from = t
        self._elapsed.restart()

    def _now(self) -> float:
        if not self._timer.isActive():
            return float(self._t)
        chains = self._elapsed.nsecsElapsed() * 1e-9 * self._speed / SECONDS_PER_CHAIN
        return self._from + self._direction * chains * self._num_timesteps

    @Slot()
    def _on_tick(self) -> None:
        now = self._now()
        if not 0 <= now <= self._num_timesteps:
            if self.loops:
                now %= self._num_timesteps
                self._anchor(now)
            else:
                now = float(self._end())
                self.stop()
        t = min(max(round(now), 0), self._num_timesteps)
        if t != self._t:
            self._t = t
            self.timestep_due.emit(t)
