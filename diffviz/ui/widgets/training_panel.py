"""The right panel of training: how far the run is, how well it does, and the buttons that steer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Signal, Slot
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.availability import set_unavailable
from diffviz.ui.widgets.badge import Badge
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.fields import Choice, ChoiceField, IntegerField, LabelledField
from diffviz.ui.widgets.live_line import LiveLine
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.read_out import ReadOut, ReadOutGrid
from diffviz.ui.widgets.side_panel import SidePanel
from diffviz.ui.widgets.stacking_row import StackingRow
from diffviz.ui.widgets.surfaces import ProgressLine
from diffviz.ui.widgets.time_loss_plot import TimeLossPlot
from diffviz.ui.widgets.trend_line import TrendLine

_BADGES = {
    "idle": ("run", "Not started"),
    "preparing": ("running", "Getting ready"),
    "running": ("running", "Running"),
    "paused": ("paused", "Paused"),
    "stopping": ("paused", "Stopping"),
    "stopped": ("paused", "Stopped"),
    "finished": ("good", "Finished"),
    "failed": ("bad", "Failed"),
}
_MOST_SAVED = 4
_NO_RUN = "Nothing has been trained yet"


@dataclass(frozen=True)
class TrainingStatus:
    """What the panel shows of a run.

    Attributes
    ----------
    state
        "idle", "preparing", "running", "paused", "stopping", "stopped", "finished" or "failed".
    is_new_run
        Whether the recipe is no longer that of the run, so that starting means a new one.
    reading
        How many files of a folder are read, of how many, while that is under way.
    """

    state: str = "idle"
    epoch: float = 0.0
    epochs: float = 0.0
    step: int = 0
    steps: int = 0
    images_per_s: float | None = None
    seconds_left: float | None = None
    elapsed_s: float = 0.0
    gradient_norm: float | None = None
    is_new_run: bool = True
    reading: tuple[int, int] | None = None

    @property
    def share(self) -> float:
        """How much of what is under way is done, 0…1: of the reading, or of the training."""
        done, total = self.reading or (self.step, self.steps)
        return done / total if total else 0.0

    @property
    def is_active(self) -> bool:
        """Whether a job is at work on it or waits in the middle."""
        return self.state in ("preparing", "running", "paused", "stopping")


class TrainingPanel(SidePanel):
    """
    Progress of a run.

    Signals
    -------
    run_requested(), pause_requested(), stop_requested(), anew_requested()
        Train or go on, hold, end, or begin a new run.
    use_requested(), save_requested()
        The network as it is now: for the Reverse workspace, or into a file.
    sample_requested(int)
        Samples now, in so many steps.
    device_chosen(str)
        The user took another device.
    """

    run_requested = Signal()
    pause_requested = Signal()
    stop_requested = Signal()
    anew_requested = Signal()
    use_requested = Signal()
    save_requested = Signal()
    sample_requested = Signal(int)
    device_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Progress", parent)
        self._status = TrainingStatus()
        self._is_points = False
        self._build_progress()
        self._build_sampling()
        self._build_buttons()
        self.show_status(self._status)

    def _build_progress(self) -> None:
        self.badge = Badge("run", "Not started")
        self.where = LiveLine("", "label", "text", weight=QFont.Weight.DemiBold)
        self.add_to_heading(self.badge)
        self.add(self.where)
        self.track = ProgressLine("Progress of the training")
        self.add(self.track)
        self.read_outs = ReadOutGrid()
        self.add(self.read_outs)
        self.trend = TrendLine("Gradient norm")
        self.add(self.trend)
        self.add_heading("Loss by noise level")
        self.by_time = TimeLossPlot()
        self.add(self.by_time)

    def _build_sampling(self) -> None:
        self.device = ChoiceField(accessible_name="Device", tooltip="Where the network is computed")
        self.device.choice_edited.connect(self.device_chosen)
        self.sampling_steps = IntegerField(1, 1000, value=25, accessible_name="Steps of a sample")
        self._pair(
            LabelledField("Device", self.device),
            LabelledField("Sample steps", self.sampling_steps, tooltip="DDIM steps from noise to a sample"),
        )
        self.sample_button = make_button(
            "plain", "Sample now", "play", "Samples of the network as it is, with averaged weights"
        )
        self.sample_button.clicked.connect(self._on_sample_clicked)
        self.save_button = make_button(
            "plain", "Save now", "save", "Write the network as it is among your networks"
        )
        self.save_button.clicked.connect(self.save_requested)
        self._pair(self.sample_button, self.save_button)
        self.saved = SavedList()
        self.add(self.saved)

    def _build_buttons(self) -> None:
        self.run_button = make_button("primary", "Train", "play", "Train the network of this recipe", "R")
        self.stop_button = make_button("plain", "Stop", "stop", "End the run; it is kept and can go on later")
        self.anew_button = make_button("plain", "Anew", "refresh-cw", "Begin a new run with this recipe")
        self.use_button = make_button(
            "plain",
            "Use in Reverse",
            "arrow-right",
            "Save the network as it is and sample with it in Reverse",
        )
        self.run_button.clicked.connect(self._on_run_clicked)
        self.stop_button.clicked.connect(self.stop_requested)
        self.anew_button.clicked.connect(self.anew_requested)
        self.use_button.clicked.connect(self.use_requested)
        self.note = MathLabel("", "label", "text2", wraps=True)
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self.run_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for button in (self.run_button, self.stop_button, self.anew_button):
            layout.addWidget(button, 1 if button is self.run_button else 0)
        self.pin(self.use_button)
        self.pin(row)
        self.pin(self.note)

    def _pair(self, left: QWidget, right: QWidget) -> None:
        self.add(StackingRow([left, right]))

    # What it shows

    def set_devices(self, choices: Sequence[Choice]) -> None:
        """Offer these devices, silently."""
        self.device.set_options(choices)

    def set_device(self, key: str) -> None:
        """Show a device, silently, if it is offered."""
        if key in self.device.keys():  # noqa: SIM118  (a method, not a mapping)
            self.device.set_current(key)

    def set_saved(self, networks: Sequence[tuple[str, str]]) -> None:
        """List networks of this run that were saved, oldest first: words at the left and at the right."""
        self.saved.set_rows(networks)

    def set_points(self, is_points: bool) -> None:
        """Say whether the run learns points, which Reverse does not show."""
        self._is_points = is_points
        self._show_availability()

    def show_status(self, status: TrainingStatus) -> None:
        """Show how far a run is and what can be done about it."""
        changed = (status.state, status.is_new_run) != (self._status.state, self._status.is_new_run)
        self._status = status
        self.badge.set_badge(*_BADGES[status.state])
        self.where.set_markup(_where(status, self.where.width()))
        self.track.set_share(status.share)
        self.read_outs.set_cells(_read_outs(status))
        if changed or not self.note.markup:
            self._show_buttons()
            self._show_availability()

    def _show_buttons(self) -> None:
        status = self._status
        label, icon, note = _primary(status)
        self.run_button.set_label(label)
        self.run_button.set_icon_name(icon)
        self.run_button.setAccessibleName(label)
        self.stop_button.setVisible(status.is_active)
        self.anew_button.setVisible(
            status.state in ("stopped", "finished", "failed") and not status.is_new_run
        )
        self.note.set_markup(note)

    def _show_availability(self) -> None:
        status = self._status
        no_run = _NO_RUN if status.state in ("idle", "preparing") else None
        for button in (self.sample_button, self.save_button):
            set_unavailable(button, no_run)
        points = "Reverse shows pictures, and this network draws points" if self._is_points else None
        set_unavailable(self.use_button, no_run or points)
        locked = "Locked while the run is active" if status.is_active else None
        set_unavailable(self.device, locked)
        for button in (self.run_button, self.stop_button):
            set_unavailable(button, "The run is being saved" if status.state == "stopping" else None)

    @Slot()
    def _on_run_clicked(self) -> None:
        if self._status.state in ("running", "preparing"):
            self.pause_requested.emit()
        else:
            self.run_requested.emit()

    @Slot()
    def _on_sample_clicked(self) -> None:
        self.sample_requested.emit(self.sampling_steps.value())


class SavedList(QWidget):
    """The newest of the networks that were saved, in one well; it takes no room while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[tuple[str, str], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_rows(())

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """What is listed, the newest first."""
        return self._rows

    def set_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """List these, oldest first; the newest few show at the top."""
        self._rows = tuple(reversed(rows))[:_MOST_SAVED]
        self.setVisible(bool(self._rows))
        words = "; ".join(f"{left}, {right}" for left, right in self._rows)
        self.setAccessibleName(f"Saved networks: {words}" if words else "No network was saved")
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(200), len(self._rows) * metric(30) + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(metric(120), self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.color("line"), 1.0))
        painter.setBrush(tokens.color("field"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        height = metric(30)
        for index, (left, right) in enumerate(self._rows):
            top = index * height + 1
            if index:
                painter.drawLine(1, top, self.width() - 1, top)
            start = RichLine(left, "label", QFont.Weight.DemiBold, tabular=True)
            end = RichLine(right, "label", tabular=True)
            baseline = round(top + (height - start.height()) / 2 + start.ascent())
            start.paint(painter, metric(12), baseline, tokens.color("text"), tokens)
            x = self.width() - metric(12) - end.width()
            if x > metric(12) + start.width() + 8:
                end.paint(painter, x, baseline, tokens.color("text2"), tokens)


def _where(status: TrainingStatus, room: int) -> str:
    if status.reading is not None:
        done, total = status.reading
        return f"Reading {done:,} of {total:,} pictures"
    if status.state == "idle" or not status.steps:
        return "No step yet"
    step = f"[text2]step {status.step:,} of {status.steps:,}[/]"
    words = f"Epoch {status.epoch:.1f} of {status.epochs:.1f}  {step}"
    fits = RichLine(words, "label", QFont.Weight.DemiBold, tabular=True).width() <= room
    return words if fits else f"Epoch {status.epoch:.1f}  [text2]step {status.step:,}[/]"


def _read_outs(status: TrainingStatus) -> list[ReadOut]:
    speed = "–" if status.images_per_s is None else _three_digits(status.images_per_s)
    left, left_unit = ("–", "") if status.seconds_left is None else _duration(status.seconds_left)
    if status.state == "finished":
        left, left_unit = "done", ""
    elapsed, elapsed_unit = _duration(status.elapsed_s)
    norm = "–" if status.gradient_norm is None else f"{status.gradient_norm:.3g}"
    return [
        ReadOut("Speed", speed, "images/s"),
        ReadOut("Time left", left, left_unit),
        ReadOut("Elapsed", elapsed, elapsed_unit),
        ReadOut("Gradient norm", norm),
    ]


def _three_digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _duration(seconds: float) -> tuple[str, str]:
    whole = round(seconds)
    if whole < 60:
        return f"{whole}", "s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}", "min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d}", "h"


def _primary(status: TrainingStatus) -> tuple[str, str, str]:
    """Words and icon of the primary button, and the note below."""
    match status.state:
        case "running" | "preparing":
            return "Pause", "pause", "Training goes on in other workspaces. Closing the window saves first."
        case "paused":
            return "Resume", "play", "Pausing keeps everything. Closing the window saves first."
        case "stopping":
            return "Pause", "pause", "The run is being saved."
        case "idle":
            return "Train", "play", "Training goes on while you work elsewhere in the window."
    if status.is_new_run:
        return "Train", "play", "The recipe is another one now: this starts a new run."
    if status.state == "finished":
        return "Keep training", "play", "Adds as many images again as the recipe says."
    return "Resume", "play", "The run was saved; it goes on where it stopped."
