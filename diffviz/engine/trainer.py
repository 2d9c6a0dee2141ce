"""One training run at a time for the window: begun, held, ended, prolonged, asked for things."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from diffviz.engine.job import JobRunner, JobState
from diffviz.engine.outcome import JobOutcome, JobStatus
from diffviz.engine.training_files import stored_log
from diffviz.engine.training_log import TrainingLog
from diffviz.engine.training_plan import TrainingPlan
from diffviz.engine.training_records import (
    ChangeLength,
    ChangeRate,
    FloorFound,
    MomentReady,
    NetworkSaved,
    NetworkShared,
    RunOpened,
    SaveFailed,
    StateSaved,
    TrainingTick,
    Wish,
)
from diffviz.engine.training_task import LiveRun, training_steps

__all__ = ["Trainer", "TrainerState"]

_DRAIN_MS = 50
_MEMORY_HINT = "A smaller batch, a narrower network or another device needs less memory."


class TrainerState(StrEnum):
    """What the run is about."""

    IDLE = "idle"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"

    @property
    def is_active(self) -> bool:
        """Whether a job is at work on the run or waits in the middle of it."""
        return self in (self.PREPARING, self.RUNNING, self.PAUSED, self.STOPPING)


class Trainer(QObject):
    """Keeps a run alive while workspaces come and go, with the log of what it has told.

    Signals
    -------
    changed()
        State, losses or anything else; at most twenty times a second.
    moment_made(Moment, bool)
        Samples were made; True where somebody asked for them.
    network_saved(NetworkSaved)
        There is a network file.
    network_shared(NetworkShared)
        The network as it is was asked for.
    noted(str)
        Something that the status line should say.
    failed(str, str)
        Headline and reason; the run is kept as it was.
    """

    changed = Signal()
    moment_made = Signal(object, bool)
    network_saved = Signal(object)
    network_shared = Signal(object)
    noted = Signal(str)
    failed = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.log: TrainingLog | None = None
        self.opened: RunOpened | None = None
        self._live: LiveRun | None = None
        self._runner = JobRunner(self)
        self._has_failed = False
        self._only_grants = False
        self._num_owed = 0
        self._draining = QTimer(self)
        self._draining.setSingleShot(True)
        self._draining.setInterval(_DRAIN_MS)
        self._draining.timeout.connect(self._on_draining_due)
        self._runner.available.connect(self._on_records_available)
        self._runner.ended.connect(self._on_ended)
        self._runner.state_changed.connect(self._on_runner_state_changed)

    @property
    def reading(self) -> tuple[int, int] | None:
        """How many files of a folder are read, of how many, while a run reads its data."""
        return None if self._live is None else self._live.reading

    @property
    def state(self) -> TrainerState:
        """What the run is about; a job that only grants a wish to a run at rest does not count."""
        if self._runner.busy and not self._only_grants:
            if self._runner.state is JobState.STOPPING:
                return TrainerState.STOPPING
            if self._runner.state is JobState.PAUSED:
                return TrainerState.PAUSED
            return TrainerState.PREPARING if self.opened is None else TrainerState.RUNNING
        if self._has_failed:
            return TrainerState.FAILED
        if self.log is None:
            return TrainerState.IDLE
        return TrainerState.FINISHED if self._is_complete(self.log) else TrainerState.STOPPED

    def can_go_on_as(self, plan: TrainingPlan) -> bool:
        """Whether going on with a plan goes on with the run there is."""
        return self.log is not None and plan.begins_as(self.log.plan)

    def find_stored_run(self) -> bool:
        """Take up the run that is on disk, at rest; True where there is one."""
        if self.log is not None:
            return False
        try:
            self.log = stored_log()
        except (OSError, ValueError) as error:
            self.failed.emit("The last training run cannot be resumed", str(error))
        if self.log is None:
            return False
        self._live = LiveRun(self.log.plan, is_stored=True)
        return True

    def begin(self, plan: TrainingPlan) -> None:
        """Start a new run, in place of the one before."""
        if not self._runner.busy:
            self.log, self.opened = TrainingLog(plan), None
            self._start(LiveRun(plan))

    def go_on(self, plan: TrainingPlan) -> None:
        """Let a run that rests go on, with the learning rate and the length of a plan.

        A run that has that length already is prolonged by it.
        """
        if self._runner.busy or self._live is None or self.log is None:
            return
        seen = len(self.log) * plan.config.batch_size
        images = plan.config.images + (seen if plan.config.images <= seen else 0)
        if plan.device != self.log.plan.device:
            self._live = LiveRun(plan, is_stored=True)
        self.log.plan = replace(plan, config=replace(plan.config, images=images))
        self._live.ask(ChangeRate(plan.config.learning_rate))
        self._live.ask(ChangeLength(images))
        self._start(self._live)

    def change_rate(self, plan: TrainingPlan) -> None:
        """Give a paused run the learning rate of a plan."""
        if self.state is TrainerState.PAUSED and self._live is not None and self.log is not None:
            rate = plan.config.learning_rate
            if rate != self.log.plan.config.learning_rate:
                self._live.ask(ChangeRate(rate))
                self.log.plan = replace(self.log.plan, config=plan.config)
                self.noted.emit(f"The learning rate is {rate:g} from the next step on")

    def pause(self) -> None:
        """Hold the run after the step under way; everything is kept."""
        if self.state in (TrainerState.RUNNING, TrainerState.PREPARING):
            self._runner.pause()

    def resume(self) -> None:
        """Let a paused run go on."""
        if self.state is TrainerState.PAUSED:
            self._runner.resume()

    def stop(self) -> None:
        """End the run; it is saved and can go on later."""
        if self._live is not None and self._runner.busy:
            self._live.leave()
            self._runner.cancel()

    def wish(self, wish: Wish) -> None:
        """Have something done by the run, whether it is at work, held or at rest."""
        if self._live is None or self.state in (TrainerState.STOPPING, TrainerState.PREPARING):
            return
        self._live.ask(wish)
        self._num_owed += 1
        if not self._runner.busy:
            self._start(self._live, trains=False)
        elif self._runner.state is JobState.PAUSED:
            self._runner.step()

    def shutdown(self) -> None:
        """End the run, saved; returns when that is done. The window is closing."""
        if self._live is not None:
            self._live.leave()
        self._runner.shutdown()

    def _start(self, live: LiveRun, *, trains: bool = True) -> None:
        live.stay()
        self._live, self._only_grants = live, not trains
        if trains:
            self._has_failed, self._num_owed = False, 0
        self._runner.start(partial(training_steps, live, trains=trains), name="Training", tag=live)
        self.changed.emit()
        # Reading a folder makes no records, so it is looked at.
        self._draining.start()

    @staticmethod
    def _is_complete(log: TrainingLog) -> bool:
        return len(log) * log.plan.config.batch_size >= log.plan.config.images

    # Records

    @Slot()
    def _on_records_available(self) -> None:
        # The run never waits for the window, and the window looks no more often than is seen.
        if not self._draining.isActive():
            self._draining.start()

    @Slot()
    def _on_draining_due(self) -> None:
        self._take_records()
        self.changed.emit()
        if self.state is TrainerState.PREPARING:
            self._draining.start()

    def _take_records(self) -> None:
        for record in self._runner.drain():
            if self.log is not None:
                self._take(record, self.log)
            is_answer = isinstance(record, NetworkSaved | NetworkShared | SaveFailed) or (
                isinstance(record, MomentReady) and record.asked
            )
            self._num_owed = max(0, self._num_owed - is_answer)
            if self._num_owed and self._runner.state is JobState.PAUSED:
                # What came was something else: let the run on until it answers.
                self._runner.step()

    def _take(self, record: object, log: TrainingLog) -> None:
        match record:
            case RunOpened():
                self.opened = record
                log.cut(record.step)
                log.num_examples, log.column_names = record.num_examples, record.column_names
            case TrainingTick():
                log.add(record.images_seen, record.loss, record.gradient_norm, record.elapsed_s)
                if record.note:
                    self.noted.emit(record.note)
            case MomentReady():
                log.add_moment(record.moment)
                self.moment_made.emit(record.moment, record.asked)
            case FloorFound():
                log.floor = record.floor
            case StateSaved():
                self.noted.emit(f"Run saved at step {record.step:,}")
            case SaveFailed():
                self.failed.emit("Something could not be saved; the run goes on", record.reason)
            case NetworkShared():
                self.network_shared.emit(record)
            case NetworkSaved():
                self.noted.emit(f"Saved {record.name}")
                self.network_saved.emit(record)

    @Slot(object)
    def _on_ended(self, outcome: JobOutcome) -> None:
        self._take_records()
        only_granted, self._only_grants = self._only_grants, False
        log = self.log
        has_begun = log is not None and (len(log) > 0 or bool(log.moments))
        if outcome.status is JobStatus.FAILED:
            self._has_failed = not only_granted
            hint = _MEMORY_HINT if outcome.out_of_memory else outcome.hint
            kept = "The run is kept as it was before." if has_begun else ""
            words = f"{outcome.reason.rstrip('.')}. {hint} {kept}"
            self.failed.emit(outcome.headline, " ".join(words.split()))
            if not has_begun:
                self.log = self._live = None
                self._has_failed = False
        elif not has_begun:
            self.log = self._live = None
            self.noted.emit("Training stopped before its first step")
        elif not only_granted and log is not None:
            done = "finished" if outcome.status is JobStatus.SUCCEEDED else "stopped and saved"
            self.noted.emit(f"Training {done} after {len(log):,} steps")
        self.changed.emit()

    @Slot(object)
    def _on_runner_state_changed(self, state: JobState) -> None:
        if state is JobState.PAUSED and not self._only_grants:
            if self._num_owed:
                self._runner.step()
            elif self.log is not None and len(self.log):
                self.noted.emit(f"Training paused at step {len(self.log):,}. Press Space to resume.")
        self.changed.emit()
