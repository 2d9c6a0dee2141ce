"""The Train workspace: a network learns, and one sees it learn."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from diffviz.engine.session import Session
from diffviz.engine.tasks import TorchReady
from diffviz.engine.trainer import Trainer, TrainerState
from diffviz.engine.training_log import Moment, TrainingLog
from diffviz.engine.training_records import NetworkSaved, SampleNow, SaveNetwork
from diffviz.ui.widgets.fields import Choice
from diffviz.ui.widgets.moment_timeline import MomentTimeline
from diffviz.ui.widgets.recipe_panel import RecipePanel
from diffviz.ui.widgets.training_panel import TrainingPanel
from diffviz.ui.workspaces.train_formula import TrainFormula
from diffviz.ui.workspaces.train_presenter import TrainPresenter, status_of
from diffviz.ui.workspaces.train_recipe import TrainRecipe
from diffviz.ui.workspaces.train_stage import TrainStage

_INVITATION = (
    "A network will learn to make more of these, starting from nothing but noise. "
    "**Train** begins with the recipe at the left; samples show how far it has come."
)


class TrainWorkspace(QObject):
    """
    Shows the recipe, the run and what has come of it; the run itself goes on while others are seen.

    Signals
    -------
    noted(str)
        Something happened that the status line should say.
    failed(str, str)
        Headline and reason of a failure.
    network_saved(str)
        There is another network, of that key.
    network_wanted(str)
        The user wants to sample with the network of that key.
    """

    noted = Signal(str)
    failed = Signal(str, str)
    network_saved = Signal(str)
    network_wanted = Signal(str)

    def __init__(self, session: Session, trainer: Trainer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.trainer = trainer
        self.left = RecipePanel()
        self.centre = TrainStage()
        self.panel = TrainingPanel()
        self.timeline = MomentTimeline()
        self.recipe = TrainRecipe(session, self.left, self)
        self._presenter = TrainPresenter(self.centre, self.panel, self.timeline)
        self.formula = TrainFormula(self.centre, self.left, self.panel, self)
        self.centre.add_below(self.formula.line)
        self._shown: TrainingLog | None = None
        self._place = 0
        self._is_following = True
        self._is_active = False
        self._saved: list[NetworkSaved] = []
        self._connect()
        self.panel.set_devices([Choice("cpu", "CPU")])

    def _connect(self) -> None:
        self.trainer.changed.connect(self._on_trainer_changed)
        self.trainer.moment_made.connect(self._on_moment_made)
        self.trainer.network_saved.connect(self._on_network_saved)
        for source in (self.trainer, self.recipe):
            source.noted.connect(self.noted)
            source.failed.connect(self.failed)
        self.recipe.changed.connect(self._on_recipe_changed)
        self.recipe.data_shown.connect(self._on_data_shown)
        panel = self.panel
        panel.run_requested.connect(self.run)
        panel.pause_requested.connect(self.pause)
        panel.stop_requested.connect(self.stop)
        panel.anew_requested.connect(self.run_anew)
        panel.save_requested.connect(self.save_network)
        panel.use_requested.connect(self.use_in_reverse)
        panel.sample_requested.connect(self._on_sample_requested)
        panel.device_chosen.connect(self._on_device_chosen)
        self.timeline.moment_requested.connect(self.show_moment)
        self.timeline.follow_chosen.connect(self._on_follow_chosen)
        self.centre.sheets.sheet_chosen.connect(self.show_moment)
        self.centre.sheets.column_chosen.connect(self._on_column_chosen)
        self.centre.loss_plot.step_requested.connect(self._on_step_requested)

    # What the window asks for

    def activate(self) -> None:
        """Become the workspace that is seen; catch up with what happened meanwhile."""
        self._is_active = True
        if self.trainer.find_stored_run() and self.trainer.log is not None:
            self.recipe.take_plan(self.trainer.log.plan)
            self._place = max(0, len(self.trainer.log.moments) - 1)
            self.noted.emit(f"The last run was taken up at step {len(self.trainer.log):,}")
        self.recipe.activate()
        self._show()
        self._show_moments()

    def deactivate(self) -> None:
        """Rest while another workspace is seen; a run goes on."""
        self._is_active = False
        self.timeline.stop()

    def shutdown(self) -> None:
        """End the workers; the window is closing."""
        self.deactivate()
        self.recipe.shutdown()

    def set_compact(self, compact: bool) -> None:
        """Shrink the strip and the formula in a low window."""
        self.timeline.set_compact(compact)
        self.formula.set_compact(compact)

    def set_devices(self, found: TorchReady) -> None:
        """Offer what torch found, and take the fastest for the next run."""
        self.panel.set_devices(
            [
                Choice(
                    d.key,
                    d.label.split(" · ")[0],
                    d.reason_unavailable or d.label,
                    unavailable=d.reason_unavailable or "",
                )
                for d in found.devices
            ]
        )
        if not self.trainer.state.is_active:
            self._on_device_chosen(found.best_device)

    @property
    def why_locked(self) -> str:
        """Why the recipe cannot be changed now; empty where it can."""
        return "A run is active. Stop it first; it is kept." if self.trainer.state.is_active else ""

    @Slot()
    def toggle_play(self) -> None:
        """Train, pause or resume."""
        if self.trainer.state in (TrainerState.RUNNING, TrainerState.PREPARING):
            self.pause()
        else:
            self.run()

    @Slot()
    def run(self) -> None:
        """Go on with the run, or begin one where there is none or the recipe is another one."""
        if self.trainer.state is TrainerState.PAUSED:
            self.trainer.resume()
        elif self.trainer.can_go_on_as(self.recipe.plan):
            self.trainer.go_on(self.recipe.plan)
            if self.trainer.log is not None:
                self.recipe.take_plan(self.trainer.log.plan)
        else:
            self.run_anew()

    @Slot()
    def run_anew(self) -> None:
        """Begin a run with the recipe, in place of the one before."""
        if not self.trainer.state.is_active:
            self._place, self._is_following, self._saved = 0, True, []
            self.trainer.begin(self.recipe.plan)

    @Slot()
    def pause(self) -> None:
        """Hold the run after the step under way; everything is kept."""
        self.trainer.pause()

    @Slot()
    def stop(self) -> None:
        """End the run; it is saved and can go on later."""
        self.trainer.stop()

    @Slot()
    def save_network(self) -> None:
        """Write the network as it is among the user's networks."""
        self.trainer.wish(SaveNetwork())

    @Slot()
    def use_in_reverse(self) -> None:
        """Save the network as it is and sample with it in the Reverse workspace."""
        if self.trainer.log is not None and not self.trainer.log.plan.is_points:
            self.trainer.wish(SaveNetwork(then_use=True))

    @Slot()
    def sample_now(self) -> None:
        """Make samples of the network as it is."""
        self._on_sample_requested(self.panel.sampling_steps.value())

    @Slot(int)
    def show_moment(self, place: int) -> None:
        """Look at the moment of a place; the newest one is followed from then on."""
        log = self.trainer.log
        self._place = place
        self._is_following = log is None or place >= len(log.moments) - 1
        self._show_moments()

    # To the screen

    @Slot()
    def _on_trainer_changed(self) -> None:
        self._show()

    def _show(self) -> None:
        """Show where the run is; while nobody sees it, it costs no drawing."""
        trainer, log = self.trainer, self.trainer.log
        state = trainer.state
        lock = "paused" if state is TrainerState.PAUSED else "running" if state.is_active else ""
        self.recipe.set_lock(lock)
        if not self._is_active:
            return
        is_new = not trainer.can_go_on_as(self.recipe.plan)
        status = replace(status_of(state, log, is_new_run=is_new), reading=trainer.reading)
        self.panel.show_status(status)
        self.formula.show(self.recipe.plan, log)
        if log is not self._shown:
            self._shown = log
            self._begin_showing()
        if log is not None:
            self._presenter.show_losses(log, self._step_looked_at(log))
            self._presenter.show_floor(log)

    def _begin_showing(self) -> None:
        log = self.trainer.log
        self.centre.show_run(log is not None)
        if log is not None:
            self._presenter.begin(log)
            self._show_data_behind(log)
        self._show_saved()
        self._show_moments()

    def _show_moments(self) -> None:
        if not self._is_active:
            return
        log = self.trainer.log
        self._place = min(self._place, max(0, len(log.moments) - 1)) if log is not None else 0
        self._presenter.show_moments(log, self._place, is_growing=self.trainer.state.is_active)
        self.timeline.set_following(self._is_following)
        if log is not None:
            self.centre.loss_plot.set_now(self._step_looked_at(log))

    def _step_looked_at(self, log: TrainingLog) -> int:
        """The newest step where that is followed, else that of the moment that was chosen."""
        return len(log) if self._is_following or not log.moments else log.moments[self._place].step

    def _show_data_behind(self, log: TrainingLog) -> None:
        preview = self.recipe.preview
        if preview is not None and preview.key == log.plan.config.data:
            self.centre.cloud.set_data(preview.points)

    def _show_saved(self) -> None:
        self.panel.set_saved([(f"step {s.step:,}", f"loss {s.loss:.4f}") for s in self._saved])

    @Slot(object, bool)
    def _on_moment_made(self, moment: Moment, asked: bool) -> None:
        log = self.trainer.log
        if log is None:
            return
        if self._is_following or asked:
            self._place = next(place for place, known in enumerate(log.moments) if known is moment)
        if asked:
            self.noted.emit(f"Sampled at step {moment.step:,}")
        self._show_moments()

    @Slot(object)
    def _on_network_saved(self, saved: NetworkSaved) -> None:
        self._saved = [*(known for known in self._saved if known.key != saved.key), saved]
        self._show_saved()
        self.network_saved.emit(saved.key)
        if saved.then_use:
            self.network_wanted.emit(saved.key)

    # From the user

    @Slot()
    def _on_recipe_changed(self) -> None:
        self.trainer.change_rate(self.recipe.plan)
        self._show()

    @Slot()
    def _on_data_shown(self) -> None:
        preview = self.recipe.preview
        if preview is None:
            return
        self.centre.show_data(preview.title, preview.words, preview.pictures, preview.points)
        self.centre.invitation.set_markup(_INVITATION)
        if self.trainer.log is not None:
            self._show_data_behind(self.trainer.log)
        self._show()

    @Slot(int)
    def _on_sample_requested(self, num_sampling_steps: int) -> None:
        self.trainer.wish(SampleNow(num_sampling_steps))

    @Slot(str)
    def _on_device_chosen(self, key: str) -> None:
        self.recipe.plan = replace(self.recipe.plan, device=key)
        self.panel.set_device(key)

    @Slot(int)
    def _on_step_requested(self, step: int) -> None:
        log = self.trainer.log
        if log is not None and log.moments:
            moments = log.moments
            self.show_moment(min(range(len(moments)), key=lambda place: abs(moments[place].step - step)))

    @Slot(int)
    def _on_column_chosen(self, column: int) -> None:
        self.centre.sheets.set_column(column)
        self._show_moments()

    @Slot(bool)
    def _on_follow_chosen(self, follows: bool) -> None:
        log = self.trainer.log
        self._is_following = follows
        if follows and log is not None:
            self._place = max(0, len(log.moments) - 1)
        self._show_moments()
