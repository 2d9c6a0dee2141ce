"""Begins, steps, forks and ends reverse runs, and gathers what they give."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from diffviz.core.samplers import ReverseStep, SamplerSpec
from diffviz.core.slips import Slip, sane_spec
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.gate import GateState, StepGate
from diffviz.engine.history import Run, RunHistory
from diffviz.engine.images import ImageStore
from diffviz.engine.job import JobRunner, JobState
from diffviz.engine.outcome import JobOutcome, JobStatus
from diffviz.engine.preview_pace import PreviewPace
from diffviz.engine.race import reference_sampler
from diffviz.engine.request import ReverseContext, ReverseRequest
from diffviz.engine.reverse_task import RunPoint, reverse_steps
from diffviz.engine.run_plan import plan_run
from diffviz.engine.session import Session
from diffviz.engine.state import MAX_SEED

__all__ = ["RunDriver"]


@dataclass(frozen=True)
class _Order:
    """A run that is to be made when the one before it is through."""

    request: ReverseRequest
    beside: Run | None = None
    race: int | None = None


class RunDriver(QObject):
    """One reverse run at a time, out of the tree of runs of the session.

    Attributes
    ----------
    history, runner
        The runs, and the job that makes the steps of one of them.
    is_following
        Whether the playhead goes along with the run, while the reverse process is seen.

    Signals
    -------
    begun(Run)
        A run was begun or chosen: another one is looked at.
    progressed()
        There is something new to show though the time of the session is the same; at most once per refresh
        of the screen.
    stepped(Run, ReverseStep)
        A run got a step.
    noted(str)
        One sentence for the person.
    failed(str, str)
        Headline and reason.
    """

    begun = Signal(object)
    progressed = Signal()
    stepped = Signal(object, object)
    noted = Signal(str)
    failed = Signal(str, str)

    def __init__(
        self, session: Session, images: ImageStore, shelf: DenoiserShelf, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._images = images
        self._shelf = shelf
        self.history = RunHistory(parent=self)
        self.runner = JobRunner(self)
        self.is_following = True
        self._is_seen = False
        self._left_t = session.state.t
        self._num_races = 0
        self._asked: ReverseRequest | None = None
        self._wish = GateState.RUNNING
        self._waiting: list[_Order] = []
        self._pace = PreviewPace(self)
        self._pace.due.connect(self._on_drawing_due)
        self.runner.available.connect(self._on_available)
        self.runner.ended.connect(self._on_run_ended)
        self.runner.state_changed.connect(self._on_state_changed)
        self.history.noted.connect(self.noted)

    # What a person asks for

    @Slot()
    def run(self) -> None:
        """Go on with a run that has not reached its end, or begin one with the present settings."""
        self.is_following = True
        run = self.history.current
        if self.runner.state is JobState.PAUSED and self.is_own(run):
            self._wish = GateState.RUNNING
            self.runner.resume()
        elif run is not None and not self.is_own(run) and self.can_go_on(run):
            self._start(run, go_on_from=run.resume_point())
        else:
            self._begin_again()

    @Slot()
    def pause(self) -> None:
        """Hold the run after the network call under way."""
        self._wish = GateState.PAUSED
        self.runner.pause()

    @Slot()
    def step(self) -> None:
        """Make one step, beginning a run if there is none to go on with."""
        run = self.history.current
        self.is_following = True
        if run is not None and not self.is_own(run) and self.can_go_on(run):
            self._start(run, GateState.ONE_STEP, go_on_from=run.resume_point())
        elif not self.is_own(run):
            self._begin_again(GateState.ONE_STEP)
        else:
            self._wish = GateState.ONE_STEP
            self.runner.step()

    @Slot()
    def restart(self) -> None:
        """Begin again from the same noise; a fork from where it left its parent."""
        self.is_following = True
        self._begin_again()

    @Slot()
    def cancel(self) -> None:
        """Stop the run; the steps that were made stay."""
        self.runner.cancel()

    def select(self, run: Run) -> None:
        """Look at a run and take its settings back, so that it can be gone on with."""
        self.history.select(run)
        self._session.update(**run.request.session_fields())
        self.begun.emit(run)

    def fork_t(self) -> int | None:
        """Time of the step under the playhead, from which the present run can be left; None at its end."""
        run, t = self.history.current, self._session.state.t
        frame = run.frame_at(t) if run is not None else None
        return None if frame is None or frame.is_end else frame.t

    def fork_problem(self, *, same_settings: bool) -> str:
        """Why there can be no fork at the playhead, in one sentence; "" where there can.

        Parameters
        ----------
        same_settings
            For a fork in which nothing but the noise of this step is another.
        """
        run, t = self.history.current, self.fork_t()
        if run is None or not run.steps:
            return "There is no run to fork yet."
        if t is None:
            return "A run ends at t = 0: move the playhead to the step to fork from."
        frame = run.frame_at(t)
        if same_settings and (frame is None or frame.step.noise is None):
            return "This step draws no noise, so nothing would differ: change a setting first, then fork."
        return ""

    @Slot()
    def fork(self) -> None:
        """Leave the run at the playhead: with the changed settings, or else with other noise in this step."""
        run = self.history.current
        if run is not None and self.is_stale(run):
            self.fork_with_settings()
        else:
            self.redraw_step()

    @Slot()
    def fork_with_settings(self) -> None:
        """Leave the run at the playhead and go on with the present settings."""
        run, t = self.history.current, self.fork_t()
        if problem := self.fork_problem(same_settings=False):
            self.noted.emit(problem)
        elif run is not None and t is not None:
            parent = run.owner_of(t)
            self._fork(parent, t, parent.request.forked(t, self.wanted()))

    @Slot()
    def redraw_step(self) -> None:
        """Leave the run at the playhead with other noise in this one step."""
        run, t = self.history.current, self.fork_t()
        if problem := self.fork_problem(same_settings=True):
            self.noted.emit(problem)
        elif run is not None and t is not None:
            parent = run.owner_of(t)
            self._fork(parent, t, parent.request.redrawn_at(t, secrets.randbelow(MAX_SEED)))

    @Slot()
    def fork_with_new_noise(self) -> None:
        """Leave the run at the playhead with other noise from there on."""
        if problem := self.fork_problem(same_settings=True):
            self.noted.emit(problem)
            return
        self._session.update(reverse_seed=secrets.randbelow(MAX_SEED))
        self.fork_with_settings()

    def break_it(self, slip: Slip) -> None:
        """Make a run with a mistake beside the same one without it, from the same noise.

        The settings become those under which the mistake can be seen.
        """
        sampler = sane_spec(self._session.state.sampler, slip)
        if sampler != self._session.state.sampler:
            self._session.update(sampler=sampler)
        wanted = self.wanted()
        sane = next((run for run in self.history.runs if run.request == wanted and run.complete), None)
        if sane is not None:
            self._start_order(_Order(replace(wanted, slip=slip), beside=sane))
            return
        run = self.history.begin(wanted)
        self._start(run)
        self._waiting = [_Order(replace(wanted, slip=slip), beside=run)]

    def race(self, samplers: Sequence[SamplerSpec]) -> None:
        """Make a run with each of these samplers from the same noise, and one to measure them by.

        Runs that are at hand take part without being made again.
        """
        self._num_races += 1
        wanted = self.wanted()
        requests = [replace(wanted, sampler=spec) for spec in samplers]
        orders = []
        for request in (*requests, replace(wanted, sampler=reference_sampler(wanted.schedule.num_timesteps))):
            made = next((run for run in self.history.runs if run.request == request and run.complete), None)
            if made is None:
                orders.append(_Order(request, race=self._num_races))
            else:
                made.race = self._num_races
        if orders:
            self._start_order(orders[0])
            self._waiting = orders[1:]
        else:
            self.progressed.emit()

    def come(self) -> None:
        """Let the playhead belong to the reverse process: a run that went on meanwhile takes it along.

        Where the person has put it meanwhile it stays.
        """
        self._is_seen = True
        run = self.history.current
        has_stayed = self._session.state.t == self._left_t
        if run is not None and run is self.runner.tag and self.is_following and has_stayed:
            self._go_along(run)

    def leave(self) -> None:
        """Let the playhead belong to another process; a run goes on without it."""
        if self._is_seen:
            self._is_seen = False
            self._left_t = self._session.state.t

    # What there is

    def wanted(self) -> ReverseRequest:
        """The run that the present settings ask for."""
        return ReverseRequest.from_state(self._session.state, self._images)

    def is_stale(self, run: Run) -> bool:
        """Whether the settings are no longer those of the run."""
        fork = run.request.fork
        if fork is None:
            return run.request.settings != self.wanted()
        return run.request.settings != fork.parent.forked(fork.t, self.wanted()).settings

    def is_own(self, run: Run | None) -> bool:
        """Whether the job makes steps of this run, and nobody has changed a setting since it began.

        A contender of a race has other settings than those of the session, all the same.
        """
        is_made = run is not None and self.runner.busy and self.runner.tag is run
        return is_made and self._asked == self.wanted()

    def can_go_on(self, run: Run) -> bool:
        """Whether a run that stopped on its way can be gone on with."""
        return not self.is_stale(run) and run.resume_point() is not None

    def shutdown(self) -> None:
        """Stop for good; the window is closing."""
        self.runner.shutdown()

    # Inside

    def _begin_again(self, wish: GateState = GateState.RUNNING) -> None:
        """Make the present run again from its beginning, or one of its own for other settings."""
        run = self.history.current
        if run is None or self.is_stale(run):
            self._start(self.history.begin(self.wanted()), wish)
        elif run.request.fork is None:
            again = self.history.begin(run.request)
            again.beside = run.beside
            self._start(again, wish)
        else:
            self._fork(run.parent, run.request.fork.t, run.request, wish)

    def _start_order(self, order: _Order, wish: GateState = GateState.RUNNING) -> None:
        run = self.history.begin(order.request)
        run.beside, run.race = order.beside, order.race
        self._start(run, wish)

    def _fork(
        self, parent: Run | None, t: int, request: ReverseRequest, wish: GateState | None = None
    ) -> None:
        self.is_following = True
        if wish is None:
            # Who goes by single steps does so in the fork, too.
            is_held = self.runner.state is JobState.PAUSED
            wish = GateState.ONE_STEP if is_held else GateState.RUNNING
        run = self.history.begin(request, parent)
        point = parent.point_at(t) if parent is not None else None
        self._start(run, wish, fork_point=point)

    def _start(
        self,
        run: Run,
        wish: GateState = GateState.RUNNING,
        *,
        go_on_from: RunPoint | None = None,
        fork_point: RunPoint | None = None,
    ) -> None:
        request = run.request
        self._waiting, self._asked, self._wish = [], self.wanted(), wish
        gate = StepGate(wish)
        work = partial(
            reverse_steps, request, self._shelf, go_on_from=go_on_from, fork_point=fork_point, gate=gate
        )
        self.runner.start(work, name="Sampling", tag=run, gate=gate)
        if go_on_from is None:
            self._session.update(t=plan_run(request).own[0])
        self.begun.emit(run)

    @Slot()
    def _on_available(self) -> None:
        self._pace.want()
        if self.runner.state is JobState.PAUSED:
            self._pace.hurry()

    @Slot()
    def _on_drawing_due(self) -> None:
        if not self._take_records():
            self.progressed.emit()

    def _take_records(self) -> bool:
        """Take in what the job has given; True where the playhead moved with it, which the session tells."""
        run = self.runner.tag
        if not isinstance(run, Run):
            return False
        has_steps = False
        for record in self.runner.drain():
            if isinstance(record, ReverseStep):
                has_steps = True
                self.history.append(run, record)
                self.stepped.emit(run, record)
            elif isinstance(record, ReverseContext):
                self.history.set_context(run, record)
        # The playhead belongs to the workspace that is seen, and goes along with steps, not with drawings.
        is_followed = has_steps and self.is_following and self._is_seen and run is self.history.current
        return is_followed and self._go_along(run)

    def _go_along(self, run: Run) -> bool:
        """Bring the playhead to where a run has come to; True where it was elsewhere."""
        before = self._session.state.t
        if run.last is not None:
            self._session.update(t=0 if run.complete else run.last.t)
        return self._session.state.t != before

    @Slot(object)
    def _on_run_ended(self, outcome: JobOutcome) -> None:
        self._take_records()
        run = self.runner.tag
        if outcome.status is JobStatus.FAILED:
            self.failed.emit(outcome.headline, f"{outcome.reason.rstrip('.')}. {outcome.hint}".strip())
        elif outcome.status is JobStatus.SUCCEEDED and isinstance(run, Run):
            steps = "one step" if run.num_made == 1 else f"{run.num_made} steps"
            self.noted.emit(f"Run {run.id} reached the image in {steps}")
        waiting, self._waiting = self._waiting, []
        if waiting and outcome.status is JobStatus.SUCCEEDED:
            self.is_following = True
            # Who holds a run that is through already means what comes after it.
            self._start_order(waiting[0], self._wish)
            self._waiting = waiting[1:]
        self.progressed.emit()

    @Slot(object)
    def _on_state_changed(self, state: JobState) -> None:
        if state is JobState.PAUSED:
            self._pace.hurry()
        run = self.history.current
        if state is JobState.PAUSED and run is not None and run.steps:
            self.noted.emit(f"Run {run.id} paused. Press Space to resume.")
