"""From the log of a training run to the screen: loss, sheets, strip, and where the run is."""

from __future__ import annotations

import math

import numpy as np

from diffviz.engine.training_log import Moment, TrainingLog
from diffviz.engine.training_plan import TrainingPlan
from diffviz.training.config import SHEET_GUIDANCE
from diffviz.ui.rich_line import plain_text
from diffviz.ui.widgets.moment_strip import MomentCell
from diffviz.ui.widgets.moment_timeline import MomentTimeline
from diffviz.ui.widgets.point_picture import density_picture
from diffviz.ui.widgets.recipe_words import LOSSES
from diffviz.ui.widgets.sheet_grid import Sheet
from diffviz.ui.widgets.training_panel import TrainingPanel, TrainingStatus
from diffviz.ui.workspaces.train_stage import TrainStage

_RECENT = 30
# Without hats, which few fonts put where they belong.
_PREDICTED = {"noise": "noise ε", "x_0": "x₀", "v": "velocity v", "mean": "the mean μ", "edm": "F"}
_WAITING = "frames appear here as samples are made"


class TrainPresenter:
    """
    Shows one log at a time.

    Parameters
    ----------
    stage, panel, timeline
        Where it shows.
    """

    def __init__(self, stage: TrainStage, panel: TrainingPanel, timeline: MomentTimeline) -> None:
        self._stage = stage
        self._panel = panel
        self._timeline = timeline
        self._moment: Moment | None = None
        self._sheets: dict[int, tuple[Moment, Sheet]] = {}
        self._cells: dict[tuple[int, int], tuple[Moment, MomentCell]] = {}

    def begin(self, log: TrainingLog) -> None:
        """Show another run from its beginning."""
        self._sheets.clear()
        self._cells.clear()
        is_points = log.plan.is_points
        self._stage.set_points(is_points)
        self._panel.set_points(is_points)
        self._panel.sampling_steps.set_value(log.plan.num_sampling_steps)
        self._stage.loss_title.set_title("Loss", f"{_loss_words(log.plan)}, log scale")

    def show_losses(self, log: TrainingLog, now: int) -> None:
        """Draw the loss; `now` is the step that is looked at."""
        plot = self._stage.loss_plot
        plot.set_losses(log.column("loss"), log.column("smoothed"))
        plot.set_now(now)
        smoothed = log.last("smoothed")
        value = "" if math.isnan(smoothed) else f"{smoothed:.4f} [text2]smoothed[/]"
        self._stage.loss_value.set_markup(value)
        self._panel.trend.set_values(log.column("gradient_norm"))

    def show_floor(self, log: TrainingLog) -> None:
        """Draw the floor, as soon as it is known."""
        floor, plot = log.floor, self._stage.loss_plot
        if floor is None:
            plot.set_floor(None)
        elif plot.floor != floor.loss:
            known = f"{floor.known:,}" if floor.known == floor.of else f"{floor.known:,} of {floor.of:,}"
            plot.set_floor(floor.loss, f"floor {floor.loss:.4f}: the exact denoiser of {known} examples")
            self._show_by_time(log)

    def show_moments(
        self,
        log: TrainingLog | None,
        place: int,
        *,
        is_growing: bool,
    ) -> None:
        """
        Show the sheets.

        Parameters
        ----------
        log
            The run; None: there is none.
        place
            The moment that is looked at.
        is_growing
            Whether more moments will come.
        """
        self._moment = None
        if log is None or not log.moments:
            self._timeline.set_moments([], _WAITING)
            self._timeline.set_read_out("")
            self._timeline.set_labels("Samples", "as it learns")
            self._stage.sheets.set_sheets([])
            self._stage.sheet_title.set_title("Samples as it learns", "the first are being made")
            self._panel.by_time.show_losses(None, None, 1)
            return
        moments = log.moments
        moment = self._moment = moments[place]
        is_points = log.plan.is_points
        column = self._stage.sheets.column
        cells = [self._cell(m, column, is_points=is_points) for m in moments]
        self._timeline.set_moments(cells, _WAITING if is_growing else "")
        self._timeline.set_place(place)
        epoch = log.epoch_of(moment.images_seen)
        self._timeline.set_read_out(
            f"[accent]epoch[/] {epoch:.1f}  [text2]step {moment.step:,} · {moment.images_seen:,} images[/]"
        )
        steps = log.plan.num_sampling_steps
        if is_points:
            self._timeline.set_labels("Density", "of 2,000 samples")
            self._stage.cloud.set_samples(moment.samples)
            words = (
                f"2,000 samples after step {moment.step:,}, always from the same noises, {steps} DDIM steps"
            )
            self._stage.sheet_title.set_title("Samples as it learns", words)
        else:
            names = log.column_names
            name = names[column] if column < len(names) else "through training"
            self._timeline.set_labels(f"Sample {column + 1}", name)
            self._stage.sheets.set_sheets([self._sheet(log, m) for m in moments], names)
            self._stage.sheets.set_chosen(place)
            guidance = f", guidance {SHEET_GUIDANCE:g}" if names else ""
            words = f"the same eight starting noises each time, {steps} DDIM steps{guidance}"
            self._stage.sheet_title.set_title("Samples as it learns", words)
        self._show_by_time(log)

    def _show_by_time(self, log: TrainingLog) -> None:
        losses = None if self._moment is None else self._moment.loss_by_time
        floor = None if log.floor is None else log.floor.by_time
        self._panel.by_time.show_losses(losses, floor, log.plan.config.schedule.num_timesteps)

    def _sheet(self, log: TrainingLog, moment: Moment) -> Sheet:
        known = self._sheets.get(moment.step)
        if known is None or known[0] is not moment:
            epoch = log.epoch_of(moment.images_seen)
            title = "untrained" if moment.step == 0 else f"epoch {epoch:.1f}"
            known = (moment, Sheet(title, f"step {moment.step:,}", moment.samples))
            self._sheets[moment.step] = known
        return known[1]

    def _cell(self, moment: Moment, column: int, *, is_points: bool) -> MomentCell:
        key = (moment.step, column)
        known = self._cells.get(key)
        if known is None or known[0] is not moment:
            picture = density_picture(moment.samples) if is_points else moment.samples[column]
            words = "untrained" if moment.step == 0 else f"step {moment.step:,}"
            known = (moment, MomentCell(words, words, picture))
            self._cells[key] = known
        return known[1]


def status_of(state: str, log: TrainingLog | None, *, is_new_run: bool) -> TrainingStatus:
    """What the panel shows of a run: measured speeds, and the time left at the pace of the run so far."""
    if log is None:
        return TrainingStatus(state)
    config = log.plan.config
    batch = config.batch_size
    seen = len(log) * batch
    elapsed = log.column("elapsed_s")
    speed = left = None
    if len(log) >= 2:
        durations = np.diff(elapsed[-_RECENT - 1 :])
        speed = batch / max(float(np.median(durations)), 1e-9)
        left = max(0, config.images - seen) * float(elapsed[-1]) / seen
    return TrainingStatus(
        state=state,
        epoch=log.epoch_of(seen),
        epochs=log.epoch_of(config.images),
        step=len(log),
        steps=-(-config.images // batch),
        images_per_s=speed,
        seconds_left=left,
        elapsed_s=float(elapsed[-1]) if len(log) else 0.0,
        gradient_norm=log.last("gradient_norm") if len(log) else None,
        is_new_run=is_new_run,
    )


def _loss_words(plan: TrainingPlan) -> str:
    label = next(choice.label for choice in LOSSES if choice.key == plan.config.loss)
    return plain_text(f"“{label}” error of a network that predicts {_PREDICTED[plan.config.prediction]}")
