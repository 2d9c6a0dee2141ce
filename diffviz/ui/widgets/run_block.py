"""The block that runs a sampler: where it is, how fast it goes, and the buttons that steer it."""

from PySide6.QtCore import QEvent, QRectF, QSize, Signal, Slot
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import color, control_height
from diffviz.ui.widgets.availability import set_unavailable
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.live_line import LiveLine
from diffviz.ui.widgets.math_label import MathLabel

_LONGEST_LABEL = "Resume"


class ProgressTrack(QWidget):
    """A thin bar that fills from the left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_share(self, share: float) -> None:
        """Fill the bar to a share of 0 to 1."""
        self._share = min(max(share, 0.0), 1.0)
        self.setAccessibleName(f"{round(100 * self._share)} percent done")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(80, 6)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(color("panel", 0.0))
        painter.setBrush(color("line"))
        track = QRectF(self.rect())
        painter.drawRoundedRect(track, 3, 3)
        if self._share > 0:
            painter.setBrush(color("accent"))
            painter.drawRoundedRect(QRectF(0, 0, max(6.0, track.width() * self._share), 6), 3, 3)


class RunBlock(QWidget):
    """
    Progress and buttons of a reverse run.

    Signals
    -------
    run_requested(), pause_requested()
        The primary button, by what it says at the moment.
    step_requested()
        One denoising step.
    back_requested()
        Show the step before; nothing is recomputed.
    restart_requested()
        Begin again from the same noise.
    fork_requested()
        Leave the run at the playhead with the changed settings.
    """

    run_requested = Signal()
    pause_requested = Signal()
    step_requested = Signal()
    back_requested = Signal()
    restart_requested = Signal()
    fork_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_running = False
        self._where = LiveLine("", "label", weight=QFont.Weight.DemiBold)
        self._track = ProgressTrack()
        self._note = MathLabel("", "label", "warn", wraps=True)
        self._note.hide()
        self.fork_button = make_button(
            "outline", "Fork here", "git-branch", "Go on from the playhead with the changed settings", "F"
        )
        self.fork_button.clicked.connect(self.fork_requested)
        self.fork_button.hide()
        self.run_button = make_button("primary", "Run", "play", "Run the sampler from noise to image", "R")
        self.back_button = make_button(
            "plain", "", "chevron-right", "Back one step, towards the noise", accessible_name="Step back"
        )
        self.step_button = make_button(
            "plain", "Step", "step", "One denoising step, then pause", ".", accessible_name="Step"
        )
        self.restart_button = make_button(
            "plain", "", "refresh-cw", "Start again from the same noise", accessible_name="Restart"
        )
        self.run_button.clicked.connect(self._on_run_clicked)
        self.step_button.clicked.connect(self.step_requested)
        self.back_button.clicked.connect(self.back_requested)
        self.restart_button.clicked.connect(self.restart_requested)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        self.run_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = (self.run_button, self.step_button, self.back_button, self.restart_button)
        for button in row:
            buttons.addWidget(button, 1 if button is self.run_button else 0)
        self._row_px = self._step_px = 0
        self._gaps_px = (len(row) - 1) * buttons.spacing()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._note)
        column.addWidget(self.fork_button)
        column.addWidget(self._where)
        column.addWidget(self._track)
        column.addLayout(buttons)
        self.set_idle()
        self._measure()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and self._row_px:
            self._measure()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._row_px - self._step_px + control_height(), super().minimumSizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.step_button.set_compact(self.width() < self._row_px)

    def _measure(self) -> None:
        """Reserve room for the longest words of all states: nothing changes its width while it runs."""
        longest = make_button("primary", _LONGEST_LABEL, "play").sizeHint().width()
        self.run_button.setMinimumWidth(longest)
        self._step_px = make_button("plain", "Step", "step").sizeHint().width()
        self._row_px = longest + self._step_px + 2 * control_height() + self._gaps_px
        self.step_button.set_compact(self.width() < self._row_px)
        self.updateGeometry()

    def set_idle(self) -> None:
        """Show that no run was begun."""
        self._where.set_markup("Not started")
        self._track.set_share(0.0)
        self._show_main("Run", "play", running=False)
        self._allow(back=False, restart=False, step=True)

    def set_progress(
        self,
        done: int,
        total: int,
        *,
        is_running: bool,
        is_finished: bool,
        can_resume: bool,
        steps_per_s: float | None,
    ) -> None:
        """
        Show how far a run is.

        Parameters
        ----------
        done, total
            Steps made and steps in all.
        is_running, is_finished, can_resume
            What it is about; a run that was stopped, or has other settings by now, cannot be resumed.
        steps_per_s
            Measured speed, or None while it is unknown.
        """
        if is_finished:
            pace = f"{_pace(steps_per_s)} · done" if steps_per_s else "done"
        elif steps_per_s and is_running:
            pace = f"{_pace(steps_per_s)} · {_time_left((total - done) / steps_per_s)} left"
        else:
            waiting = "getting ready" if is_running and not done else ""
            pace = "paused" if can_resume and not is_running else waiting
        self._where.set_markup(f"Step {done} of {total}", pace)
        self._track.set_share(done / total if total else 0.0)
        if is_running:
            self._show_main("Pause", "pause", running=True)
        elif is_finished:
            self._show_main("Rerun", "play", running=False)
        else:
            self._show_main("Resume" if can_resume and done else "Run", "play", running=False)
        self._allow(back=done > 0 and not is_running, restart=done > 0 or is_running, step=not is_finished)

    def set_note(self, markup: str) -> None:
        """Say something above the progress, such as that settings changed; empty for nothing."""
        self._note.set_markup(markup)
        self._note.setVisible(bool(markup))

    def offer_fork(self, t: int | None) -> None:
        """Offer to go on from time t with the changed settings; None: there is nothing to leave."""
        self.fork_button.setVisible(t is not None)
        if t is not None:
            self.fork_button.set_label(f"Fork at t = {t}")

    def _allow(self, *, back: bool, restart: bool, step: bool) -> None:
        set_unavailable(self.back_button, None if back else "There is no earlier step to show while it runs")
        set_unavailable(self.restart_button, None if restart else "Nothing has been run yet")
        set_unavailable(self.step_button, None if step else "The run has reached t = 0; run it again")

    def _show_main(self, label: str, icon: str, *, running: bool) -> None:
        self._is_running = running
        self.run_button.set_label(label)
        self.run_button.set_icon_name(icon)
        self.run_button.setAccessibleName(label)

    @Slot()
    def _on_run_clicked(self) -> None:
        if self._is_running:
            self.pause_requested.emit()
        else:
            self.run_requested.emit()


def _pace(steps_per_s: float) -> str:
    return f"{steps_per_s:.0f} steps/s" if steps_per_s >= 10 else f"{steps_per_s:.1f} steps/s"


def _time_left(seconds: float) -> str:
    if seconds >= 90:
        return f"{seconds / 60:.0f} min"
    return f"{max(1, round(seconds))} s"
