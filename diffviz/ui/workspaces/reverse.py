"""The reverse workspace: a denoiser takes noise back to a picture, one step at a time."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from diffviz.core.samplers import ReverseStep
from diffviz.core.schedules import build_schedule
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.history import Run
from diffviz.engine.images import ImageStore
from diffviz.engine.run_driver import RunDriver
from diffviz.engine.session import Session, SessionState
from diffviz.engine.tasks import TorchReady
from diffviz.ui.widgets.columns_stage import ColumnsStage
from diffviz.ui.widgets.denoise_panel import DenoisePanel
from diffviz.ui.widgets.page_stack import PageStack
from diffviz.ui.widgets.reverse_stage import ReverseStage
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch
from diffviz.ui.widgets.stage_bar import StageBar
from diffviz.ui.widgets.timeline import Timeline
from diffviz.ui.workspaces.break_button import BreakButton
from diffviz.ui.workspaces.fork_button import ForkButton
from diffviz.ui.workspaces.race_button import RaceButton
from diffviz.ui.workspaces.reverse_settings import ReverseSettings
from diffviz.ui.workspaces.reverse_strips import ReverseStrips
from diffviz.ui.workspaces.run_comparison import RunComparison
from diffviz.ui.workspaces.run_controls import RunControls
from diffviz.ui.workspaces.run_formula import RunFormula
from diffviz.ui.workspaces.run_presenter import RunPresenter
from diffviz.ui.workspaces.run_tree import RunTree
from diffviz.ui.workspaces.samples_view import SamplesView

_FORWARD_FIELDS = ("image", "schedule", "seed", "noise_mode")
_MODES = (
    Segment("triptych", "Triptych", "x_t, predicted image and predicted noise"),
    Segment("single", "Single", "The predicted image alone, large"),
    Segment("strip", "Strip", "All samples in a row, one of them large; they play one after the other"),
    Segment("compare", "A / B", "This run and another one on one time"),
)


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
        self,
        session: Session,
        images: ImageStore,
        shelf: DenoiserShelf,
        driver: RunDriver,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._images = images
        self._shelf = shelf
        self.driver, self.history, self.runner = driver, driver.history, driver.runner
        self._is_active = False
        self._build()
        self._connect()

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
        self.samples = SamplesView(self)
        self._stages.addWidget(self.samples.stage)
        column.addWidget(self._stages, 1)
        self.panel = DenoisePanel()
        self.settings = ReverseSettings(self.panel, self._session, self._images, self._shelf, self)
        self.timeline = Timeline()
        self.controls = RunControls(self.driver, self._session, self.panel.run_block, self.timeline, self)
        self.formula = RunFormula(self.stage, self.panel, self.timeline, self)
        column.addWidget(self.formula.line)
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
        self.settings.known_times_changed.connect(self._on_known_times_changed)
        self._presenter.failed.connect(self.failed)
        self.comparison.failed.connect(self.failed)
        self.comparison.chosen.connect(self._show_run)
        self.comparison.duel.denoiser_chosen.connect(self._on_denoiser_chosen)
        self.comparison.duel.timestep_requested.connect(self.controls.go_to)
        self.bar.mode_selected.connect(self.set_mode)
        self.stage.picture_saved.connect(self._on_picture_saved)
        self.stage.save_failed.connect(self._on_save_failed)
        self.columns.picture_saved.connect(self._on_picture_saved)
        self.columns.save_failed.connect(self._on_save_failed)
        self.samples.stage.picture_saved.connect(self._on_picture_saved)
        self.samples.stage.save_failed.connect(self._on_save_failed)
        self._shows.selected.connect(self._on_shows_selected)

    # What the window asks for

    def activate(self) -> None:
        """Become the workspace that is seen; catch up with what changed meanwhile."""
        self._is_active = True
        self.driver.come()
        state = self._session.state
        self.timeline.set_alphas_cumprod(build_schedule(state.schedule).alphas_cumprod)
        self.timeline.set_t(state.t)
        self._show_settings()
        self._show_run()
        self.strips.activate()

    def deactivate(self) -> None:
        """Rest while another workspace is seen; a run goes on."""
        self._is_active = False
        self.driver.leave()
        self.known_times_changed.emit(None)
        self.timeline.stop()
        self.comparison.leave()
        self.samples.leave()
        self.strips.deactivate()

    def shutdown(self) -> None:
        """Stop the workers; the window is closing."""
        self.deactivate()
        self._presenter.shutdown()
        self.comparison.shutdown()

    def set_compact(self, compact: bool) -> None:
        """Shrink the strips and the formula in a low window."""
        self.timeline.set_compact(compact)
        self.formula.line.set_compact(compact)

    def set_devices(self, found: TorchReady) -> None:
        """Offer what torch found."""
        self.settings.set_devices(found.devices)

    def refresh_denoisers(self) -> None:
        """Look again which denoisers there are."""
        self.settings.refresh_denoisers()

    @Slot(str)
    def set_mode(self, mode: str) -> None:
        """Show "triptych", "single", "strip" or "compare"."""
        self.bar.modes.set_current(mode)
        pages: dict[str, QWidget] = {"compare": self.columns, "strip": self.samples.stage}
        self._stages.setCurrentWidget(pages.get(mode, self.stage))
        # The formula is that of the three pictures; elsewhere its room is worth more than it.
        self.formula.line.setVisible(mode not in pages)
        if mode != "compare":
            self.comparison.leave()
        if mode != "strip":
            self.samples.leave()
        if mode not in pages:
            self.stage.set_mode(mode)
        self._show_run()

    @Slot()
    def draw_new_noise(self) -> None:
        """Take another seed for the next run."""
        self.settings.draw_new_noise()

    @Slot()
    def toggle_play(self) -> None:
        """Run, pause or resume; a finished run is played again."""
        self.controls.toggle_play()

    @Slot()
    def run(self) -> None:
        """Go on with a run, or begin one with the present settings."""
        self.driver.run()

    @Slot()
    def pause(self) -> None:
        """Hold the run after the network call under way."""
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
        self.controls.step_back()

    @Slot(object)
    def _on_run_begun(self, run: Run) -> None:
        self.timeline.stop()
        if run.request.is_path and self.bar.modes.current in ("triptych", "single"):
            # One sample after the other: what leads from the first to the last is seen best in a row.
            self.set_mode("strip")
        self._show_run()
        self.strips.refill_reverse()

    @Slot()
    def _on_broken(self) -> None:
        self.set_mode("compare")

    @Slot()
    def _on_race_started(self) -> None:
        self.comparison.forget_choice()
        self.set_mode("compare")

    @Slot(object, str)
    def _on_denoiser_chosen(self, run: Run, denoiser: str) -> None:
        """Run from the same noise with another denoiser, and look at both runs."""
        self._session.update(**(run.request.session_fields() | {"denoiser": denoiser}))
        self.comparison.forget_choice()
        self.driver.run()

    @Slot(object, object)
    def _on_stepped(self, run: Run, step: ReverseStep) -> None:
        if run is self.history.current:
            self.strips.add_step(step)

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
        if replace(old, t=new.t) != new:
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
        self._shows.set_current(self._session.state.reverse_shows)
        self.settings.show()

    @Slot(object)
    def _on_known_times_changed(self, times: tuple[int, int] | None) -> None:
        if self._is_active:
            self.known_times_changed.emit(times)

    def _show_run(self) -> None:
        """Show what the current run has at the playhead; while nobody sees it, a run costs no drawing."""
        if not self._is_active:
            return
        state = self._session.state
        run = self.history.current
        self.controls.show_progress()
        self.tree.show_runs()
        self.forks.show_state()
        self.strips.show_progress(run)
        self.formula.show(run, state)
        if self._stages.currentWidget() is self.columns:
            self.bar.set_title(*self.comparison.title())
            self.comparison.show()
            return
        if self._stages.currentWidget() is self.samples.stage:
            self.bar.set_title(*self.samples.title(run))
            self.samples.show(run, state.t, state.reverse_shows)
            return
        self._presenter.show_run(run, state.t, self.settings.option, is_busy=self.runner.busy)

    # From the user to the session

    @Slot(str)
    def _on_shows_selected(self, shows: str) -> None:
        self._session.update(reverse_shows=shows)

    @Slot(str)
    def _on_picture_saved(self, path: str) -> None:
        self.noted.emit(f"Saved {path}")

    @Slot(str)
    def _on_save_failed(self, sentence: str) -> None:
        self.failed.emit("The picture was not saved", sentence)
