"""The reverse workspace: a denoiser takes noise back to a picture, one step at a time."""

from __future__ import annotations

import secrets

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from diffviz.core.samplers import ReverseStep
from diffviz.core.schedules import build_schedule
from diffviz.data.images import to_uint8
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.history import Run
from diffviz.engine.images import ImageStore
from diffviz.engine.job import JobState
from diffviz.engine.run_driver import RunDriver
from diffviz.engine.run_start import fitted_picture
from diffviz.engine.session import Session, SessionState, StartFrom
from diffviz.models.devices import DeviceInfo
from diffviz.ui.widgets.columns_stage import ColumnsStage
from diffviz.ui.widgets.denoise_panel import DenoisePanel, DenoiserOption, DeviceOption
from diffviz.ui.widgets.forward_inspector import MAX_SEED
from diffviz.ui.widgets.page_stack import PageStack
from diffviz.ui.widgets.reverse_stage import ReverseStage
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch
from diffviz.ui.widgets.stage_bar import StageBar
from diffviz.ui.widgets.timeline import Timeline
from diffviz.ui.workspaces.break_button import BreakButton
from diffviz.ui.workspaces.denoise_fields import (
    denoiser_options,
    session_changes,
    settings_of,
    times_known_to,
)
from diffviz.ui.workspaces.fork_button import ForkButton
from diffviz.ui.workspaces.race_button import RaceButton
from diffviz.ui.workspaces.reverse_strips import ReverseStrips
from diffviz.ui.workspaces.run_comparison import RunComparison
from diffviz.ui.workspaces.run_presenter import RunPresenter
from diffviz.ui.workspaces.run_tree import RunTree

_FORWARD_FIELDS = ("image", "schedule", "seed", "noise_mode")
_MODES = (
    Segment("triptych", "Triptych", "x_t, predicted image and predicted noise"),
    Segment("single", "Single", "The predicted image alone, large"),
    Segment("compare", "A / B", "This run and another one on one time"),
)
_WAITING_DEVICE = DeviceOption("cpu", "CPU")


class ReverseWorkspace(QObject):
    """
    Runs denoisers and shows every step of their runs.

    Signals
    -------
    noted(str)
        Something happened that the status line should say.
    failed(str, str)
        Headline and reason of a failure.
    known_times_changed(object)
        First and last time whose noise the denoiser was trained at, to be marked on the curve; None where
        there is nothing to mark.
    """

    noted = Signal(str)
    failed = Signal(str, str)
    known_times_changed = Signal(object)

    def __init__(
        self, session: Session, images: ImageStore, shelf: DenoiserShelf, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._images = images
        self._shelf = shelf
        self.driver = RunDriver(session, images, shelf, self)
        self.history, self.runner = self.driver.history, self.driver.runner
        self._is_active = False
        self._fitted: tuple[str, tuple[int, int, int] | None, str] | None = None
        self._build()
        self._connect()
        self.refresh_denoisers()
        self.panel.set_devices([_WAITING_DEVICE])

    def _build(self) -> None:
        self.bar = StageBar("git-branch", _MODES)
        self.stage = ReverseStage()
        self._presenter = RunPresenter(self.stage, self.bar, self._shelf, self)
        self.centre = QWidget()
        column = QVBoxLayout(self.centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        self.columns = ColumnsStage()
        self.comparison = RunComparison(self.columns, self._session, self.history, self._shelf, self)
        self._stages = PageStack()
        self._stages.addWidget(self.stage)
        self._stages.addWidget(self.columns)
        column.addWidget(self._stages, 1)
        self.panel = DenoisePanel()
        self.timeline = Timeline()
        self.strips = ReverseStrips(self.timeline, self._session, self._images, self.history, self)
        self._shows = SegmentedSwitch(
            [
                ("x_t", "$x_t$", "The noisy picture at each step"),
                ("x_0", "$x̂_0$", "What the denoiser expects the picture to be"),
                ("noise", "$ε̂$", "What the denoiser takes for noise"),
            ],
            "Reverse strip shows",
        )
        self.timeline.add_right_widget(self._shows, "Reverse strip shows")
        self.races = RaceButton(self.driver, self._session, self)
        self.columns.head.insertWidget(self.columns.head.count() - 1, self.races.button)
        self.breaks = BreakButton(self.driver, self.timeline, self)
        self.forks = ForkButton(self.driver, self.timeline, self)
        self.tree = RunTree(self.driver, self.timeline, self.bar, self)

    def _connect(self) -> None:
        self._session.changed.connect(self._on_session_changed)
        self._images.changed.connect(self._on_images_changed)
        driver = self.driver
        driver.begun.connect(self._on_run_begun)
        driver.progressed.connect(self._show_run)
        driver.stepped.connect(self._on_stepped)
        driver.noted.connect(self.noted)
        driver.failed.connect(self.failed)
        self.breaks.broken.connect(self._on_broken)
        self.races.started.connect(self._on_race_started)
        self.runner.state_changed.connect(self._on_runner_state_changed)
        self._presenter.failed.connect(self.failed)
        self.comparison.duel.failed.connect(self.failed)
        self.bar.mode_selected.connect(self.set_mode)
        self.stage.picture_saved.connect(self._on_picture_saved)
        self.stage.save_failed.connect(self._on_save_failed)
        self.columns.picture_saved.connect(self._on_picture_saved)
        self.columns.save_failed.connect(self._on_save_failed)
        self.panel.changes_requested.connect(self._on_changes_requested)
        self.panel.new_seed_requested.connect(self.draw_new_noise)
        block = self.panel.run_block
        block.run_requested.connect(driver.run)
        block.pause_requested.connect(driver.pause)
        block.step_requested.connect(driver.step)
        block.back_requested.connect(self.step_back)
        block.restart_requested.connect(driver.restart)
        block.fork_requested.connect(driver.fork_with_settings)
        self.timeline.plays_itself = False
        self.timeline.play_requested.connect(self.toggle_play)
        self.timeline.timestep_requested.connect(self._on_timestep_requested)
        self._shows.selected.connect(self._on_shows_selected)

    # What the window asks for

    def activate(self) -> None:
        """Become the workspace that is seen; catch up with what changed meanwhile."""
        self._is_active = self.driver.is_seen = True
        state = self._session.state
        self.timeline.set_alphas_cumprod(build_schedule(state.schedule).alphas_cumprod)
        self.timeline.set_t(state.t)
        self._show_settings()
        self._show_run()
        self.strips.activate()

    def deactivate(self) -> None:
        """Rest while another workspace is seen; a run goes on."""
        self._is_active = self.driver.is_seen = False
        self.known_times_changed.emit(None)
        self.timeline.stop()
        self.strips.deactivate()

    def shutdown(self) -> None:
        """Stop the run and the workers; the window is closing."""
        self.deactivate()
        self.driver.shutdown()
        self._presenter.shutdown()
        self.comparison.duel.shutdown()

    def set_compact(self, compact: bool) -> None:
        """Shrink the strips in a low window."""
        self.timeline.set_compact(compact)

    def set_devices(self, devices: tuple[DeviceInfo, ...]) -> None:
        """Offer what torch found."""
        options = [DeviceOption(d.key, d.label, d.reason_unavailable or "") for d in devices]
        self.panel.set_devices(options)

    def refresh_denoisers(self) -> None:
        """Look again which denoisers there are."""
        self.panel.set_denoisers(denoiser_options(self._shelf, self._session.state.exact_size))
        titles = [(key, self._images.entry(key).title) for key in self._images.keys]
        self.panel.beginning.set_pictures(titles)
        self._show_settings()

    @Slot(str)
    def set_mode(self, mode: str) -> None:
        """Show "triptych", "single" or "compare"."""
        self.bar.modes.set_current(mode)
        self._stages.setCurrentWidget(self.columns if mode == "compare" else self.stage)
        if mode != "compare":
            self.stage.set_mode(mode)
        self._show_run()

    @Slot()
    def draw_new_noise(self) -> None:
        """Take another seed for the next run."""
        self._session.update(reverse_seed=secrets.randbelow(MAX_SEED))

    @Slot()
    def toggle_play(self) -> None:
        """Run, pause or resume; a finished run is played again."""
        run = self.history.current
        if self.runner.state is JobState.RUNNING:
            self.driver.pause()
        elif run is not None and run.complete and not self.driver.is_stale(run):
            self.timeline.toggle_play()
        else:
            self.driver.run()

    @Slot()
    def run(self) -> None:
        """Go on with a run, or begin one with the present settings."""
        self.driver.run()

    @Slot()
    def pause(self) -> None:
        """Hold the run after the step under way."""
        self.driver.pause()

    @Slot()
    def step(self) -> None:
        """Make one step."""
        self.driver.step()

    @Slot()
    def restart(self) -> None:
        """Begin again from the same noise."""
        self.driver.restart()

    @Slot()
    def cancel(self) -> None:
        """Stop the run; the steps that were made stay."""
        self.driver.cancel()

    @Slot()
    def step_back(self) -> None:
        """Show the step before the one that is shown, towards the noise."""
        self._move_along_run(-1)

    @Slot()
    def step_forward(self) -> None:
        """Show the step after the one that is shown, if it has been made."""
        self._move_along_run(+1)

    @Slot(object)
    def _on_run_begun(self, run: Run) -> None:
        del run
        self.timeline.stop()
        self._show_run()
        self.strips.refill_reverse()

    @Slot()
    def _on_broken(self) -> None:
        self.set_mode("compare")

    @Slot()
    def _on_race_started(self) -> None:
        self.comparison.forget_choice()
        self.set_mode("compare")

    @Slot(object, object)
    def _on_stepped(self, run: Run, step: ReverseStep) -> None:
        if run is self.history.current:
            self.strips.add_step(step)

    @Slot(object)
    def _on_runner_state_changed(self, state: JobState) -> None:
        self.timeline.transport.set_playing(state is JobState.RUNNING or self.timeline.is_playing)
        self._show_progress()

    def _move_along_run(self, direction: int) -> None:
        run = self.history.current
        if run is None or not run.steps:
            return
        times = run.times()
        t = self._session.state.t
        place = min(range(len(times)), key=lambda index: abs(times[index] - t)) + direction
        if 0 <= place < len(times):
            self.driver.is_following = False
            self._session.update(t=times[place])

    # From the session and the run to the screen

    @Slot(object, object)
    def _on_session_changed(self, old: SessionState, new: SessionState) -> None:
        if not self._is_active:
            return
        if old.schedule != new.schedule:
            self.timeline.set_alphas_cumprod(build_schedule(new.schedule).alphas_cumprod)
        self.timeline.set_t(new.t)
        if old.exact_size != new.exact_size:
            self.refresh_denoisers()
        if old != new:
            self._show_settings()
            self._show_run()
        if old.reverse_shows != new.reverse_shows:
            self.strips.refill_reverse()
        elif any(getattr(old, name) != getattr(new, name) for name in _FORWARD_FIELDS):
            self.strips.refill()

    @Slot()
    def _on_images_changed(self) -> None:
        self.refresh_denoisers()
        self.strips.refill()

    def _show_settings(self) -> None:
        state = self._session.state
        self._shows.set_current(state.reverse_shows)
        option = self.panel.options.get(state.denoiser)
        self._show_fitted_picture(option)
        self.panel.show_settings(settings_of(state, option))
        self.known_times_changed.emit(times_known_to(option, state) if self._is_active else None)

    def _show_fitted_picture(self, option: DenoiserOption | None) -> None:
        """Show the picture of the start as the denoiser gets it."""
        state = self._session.state
        wanted = (state.image, option.image_shape, state.start_fit) if option is not None else None
        if state.start is StartFrom.NOISE or wanted is None or wanted[1] is None:
            wanted = None
        if wanted == self._fitted:
            return
        self._fitted = wanted
        pixels = None
        if wanted is not None and wanted[1] is not None:
            pixels = to_uint8(fitted_picture(self._images, wanted[0], wanted[1], wanted[2]))
        self.panel.beginning.show_preview(pixels)

    def _show_run(self) -> None:
        """Show what the current run has at the playhead; while nobody sees it, a run costs no drawing."""
        if not self._is_active:
            return
        state = self._session.state
        run = self.history.current
        self._show_progress()
        self.tree.show_runs()
        self.forks.show_state()
        self.strips.show_label(run)
        if self._stages.currentWidget() is self.columns:
            self.bar.set_title(*self.comparison.title())
            self.comparison.show()
            return
        option = self.panel.options.get(state.denoiser)
        self._presenter.show_run(run, state.t, option, is_busy=self.runner.busy)

    def _show_progress(self) -> None:
        run = self.history.current
        block = self.panel.run_block
        if run is None:
            block.set_idle()
            return
        is_own = self.runner.tag is run and self.runner.busy
        stale = bool(run.steps) and self.driver.is_stale(run)
        seconds = self.runner.seconds_per_step if is_own else None
        total = run.context.num_steps if run.context is not None else run.request.sampler.num_sampling_steps
        done = run.last.index + 1 if run.last is not None else 0
        block.set_progress(
            done,
            total,
            is_running=is_own and self.runner.state is JobState.RUNNING,
            is_finished=run.complete,
            can_resume=not stale
            and (self.runner.state is JobState.PAUSED if is_own else run.resume_point() is not None),
            steps_per_s=1.0 / seconds if seconds else None,
        )
        block.set_note("Settings changed. They take effect with the next run." if stale else "")
        block.offer_fork(self.driver.fork_t() if stale else None)

    # From the user to the session

    @Slot(int)
    def _on_timestep_requested(self, t: int) -> None:
        self.driver.is_following = False
        self._session.update(t=t)

    @Slot(str)
    def _on_shows_selected(self, shows: str) -> None:
        self._session.update(reverse_shows=shows)

    @Slot(dict)
    def _on_changes_requested(self, changes: dict[str, object]) -> None:
        named = session_changes(changes)
        self._session.update(merge=f"denoise {' '.join(sorted(named))}", **named)

    @Slot(str)
    def _on_picture_saved(self, path: str) -> None:
        self.noted.emit(f"Saved {path}")

    @Slot(str)
    def _on_save_failed(self, sentence: str) -> None:
        self.failed.emit("The picture was not saved", sentence)
