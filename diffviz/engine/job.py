"""Long work off the window's thread: any generator of records, stepped, paused and stopped by a person.

Only QtCore is used. A generator is made, stepped and closed in the worker thread alone. What it yields
crosses to the window's thread through a mailbox and has to be frozen records whose tensors nobody writes to.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal, Slot
from typing_extensions import override

from diffviz.engine.courtesy import step_back_from_the_window
from diffviz.engine.gate import GateState, Preparation, StepGate, WorkStoppedError
from diffviz.engine.mailbox import Mailbox
from diffviz.engine.outcome import JobOutcome, JobStatus

__all__ = ["Job", "JobOutcome", "JobRunner", "JobState", "JobStatus", "StepsFactory"]

StepsFactory = Callable[[], Iterable[object]]

_PACE_WINDOW = 20


class Job(QThread):
    """One generator, run to its end in a thread of its own.

    Signals
    -------
    available()
        The mailbox was empty and now holds something. Emitted from the worker thread.
    """

    available = Signal()

    def __init__(
        self, make_steps: StepsFactory, gate: StepGate, *, name: str, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.gate = gate
        self.mailbox = Mailbox()
        self._make_steps: StepsFactory | None = make_steps
        self._outcome: JobOutcome | None = None
        self._seconds_per_step: float | None = None

    @property
    def outcome(self) -> JobOutcome:
        """How the job ended; meaningful after `wait` has returned."""
        return self._outcome or JobOutcome(JobStatus.CANCELLED, self.name)

    @property
    def seconds_per_step(self) -> float | None:
        """Median working time of the last steps, pauses left out; None before the first."""
        return self._seconds_per_step

    @override
    def run(self) -> None:
        """Work through the generator. Runs in the worker thread; QThread calls it."""
        # WORKAROUND: Qt starts this thread, so Python's threading hooks, which coverage and debuggers set,
        # are not in force here on CPython 3.11 unless they are handed on.
        trace = threading.gettrace()
        if trace is not None:
            sys.settrace(trace)
        step_back_from_the_window()
        self._outcome = self._work()

    def _work(self) -> JobOutcome:
        steps: Iterator[object] | None = None
        make_steps, self._make_steps = self._make_steps, None
        try:
            if make_steps is not None:
                steps = iter(make_steps())
                finished = self._walk(steps)
                status = JobStatus.SUCCEEDED if finished else JobStatus.CANCELLED
                outcome = JobOutcome(status, self.name)
        except WorkStoppedError:
            outcome = JobOutcome(JobStatus.CANCELLED, self.name)
        # Whatever was raised, even SystemExit, has to reach the person: a thread has nobody else to tell.
        except BaseException as error:
            outcome = JobOutcome.failed(self.name, error)
        return self._closed(steps, outcome)

    def _walk(self, steps: Iterator[object]) -> bool:
        """Post every record; False when the gate was stopped before the generator was through."""
        durations_s: deque[float] = deque(maxlen=_PACE_WINDOW)
        while self.gate.admit():
            started_s, held_s = time.perf_counter(), self.gate.held_s
            try:
                record = next(steps)
            except StopIteration:
                return True
            durations_s.append(time.perf_counter() - started_s - (self.gate.held_s - held_s))
            if not isinstance(record, Preparation):
                self.gate.step_made()
            self._seconds_per_step = statistics.median(durations_s)
            if self.mailbox.post(record):
                self.available.emit()
        return False

    def _closed(self, steps: Iterator[object] | None, outcome: JobOutcome) -> JobOutcome:
        """Close the generator in its own thread; its clean-up may fail too."""
        close = getattr(steps, "close", None)
        if close is None:
            return outcome
        try:
            close()
        except BaseException as error:
            return outcome if outcome.error is not None else JobOutcome.failed(self.name, error)
        return outcome


class JobState(StrEnum):
    """What a runner is about, for buttons and labels."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"


@dataclass(frozen=True)
class _Order:
    make_steps: StepsFactory
    name: str
    tag: object
    gate: StepGate


class JobRunner(QObject):
    """Runs one job at a time and tells each job's story in order: started, available…, ended.

    All methods belong to the thread that the runner lives in, and all signals are emitted there.
    The reader calls `drain` when `available` arrives, or later at its own pace, and once more when
    `ended` arrives: what the job left is kept until the next one starts.

    Signals
    -------
    started(tag)
        A job's thread was started.
    available()
        There are records to drain.
    ended(JobOutcome)
        Exactly once for each `started`; the thread is gone and its generator is closed.
    state_changed(JobState)
        For buttons.
    """

    started = Signal(object)
    available = Signal()
    ended = Signal(object)
    state_changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self._order: _Order | None = None
        self._next: _Order | None = None
        self._mailbox = Mailbox()
        self._state = JobState.IDLE
        self._finishing = False
        self._closed = False
        application = QCoreApplication.instance()
        if application is not None:
            # A QThread that is destroyed while it runs aborts the process.
            application.aboutToQuit.connect(self.shutdown)

    @property
    def state(self) -> JobState:
        """Idle, running, paused or stopping."""
        return self._state

    @property
    def busy(self) -> bool:
        """Whether a job has started and not ended."""
        return self._job is not None

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing more comes of the job as it is held: it waits, and what it gave was drained."""
        return self._job is not None and self._job.gate.is_holding and not self._mailbox

    @property
    def tag(self) -> object:
        """What the present or last job was started with."""
        return self._order.tag if self._order is not None else None

    @property
    def seconds_per_step(self) -> float | None:
        """Median working time of the present job's last steps in seconds."""
        return self._job.seconds_per_step if self._job is not None else None

    def start(
        self,
        make_steps: StepsFactory,
        *,
        name: str = "The job",
        tag: object = None,
        gate: StepGate | None = None,
    ) -> bool:
        """Run what `make_steps` returns, after the present job, which is stopped first.

        Parameters
        ----------
        make_steps
            Called in the worker thread; returns the generator.
        name
            First words of the sentences that tell how it ended: "Sampling".
        tag
            Anything; handed to `started`. An order that is replaced before it began is forgotten.
        gate
            The gate of this job alone: one that the work asks, too, inside its steps, or one that is not open
            from the beginning. Without it a new, open one.

        Returns
        -------
        bool
            False after `shutdown`: nothing will be started.
        """
        if self._closed:
            return False
        self._next = _Order(make_steps, name, tag, gate or StepGate())
        self._stop_present()
        self._begin_next()
        return True

    def pause(self) -> None:
        """Hold the job after the step under way, or where that asks the gate."""
        self._ask(GateState.PAUSED)

    def resume(self) -> None:
        """Let a paused job run."""
        self._ask(GateState.RUNNING)

    def step(self) -> None:
        """One step, then pause; pauses a running job after the step under way."""
        self._ask(GateState.ONE_STEP)

    def cancel(self) -> None:
        """Stop the present job as soon as it asks the gate, and forget an order that waits for it."""
        self._next = None
        self._stop_present()

    def drain(self) -> list[object]:
        """The records since the last call, oldest first."""
        return self._mailbox.take_all()

    @Slot()
    def shutdown(self) -> None:
        """Stop for good, as a window closes; returns when the thread is gone and `ended` was emitted."""
        self._closed = True
        self.cancel()
        if self._job is not None:
            self._finish(self._job)

    def _ask(self, wish: GateState) -> None:
        if self._job is None or self._state is JobState.STOPPING:
            return
        gate = self._job.gate
        if wish is GateState.RUNNING:
            gate.run()
        elif wish is GateState.PAUSED:
            gate.pause()
        else:
            gate.step()
        self._set_state(JobState.RUNNING if wish is GateState.RUNNING else JobState.PAUSED)

    def _begin_next(self) -> None:
        if self._next is None or self._job is not None or self._finishing:
            return
        order, self._next = self._next, None
        job = Job(order.make_steps, order.gate, name=order.name, parent=self)
        self._job, self._order, self._mailbox = job, order, job.mailbox
        job.available.connect(self._on_job_available)
        job.finished.connect(self._on_job_finished)
        job.start(QThread.Priority.LowPriority)
        is_open = order.gate.state is GateState.RUNNING
        self._set_state(JobState.RUNNING if is_open else JobState.PAUSED)
        self.started.emit(order.tag)

    def _stop_present(self) -> None:
        if self._job is not None:
            self._job.gate.stop()
            self._set_state(JobState.STOPPING)

    def _set_state(self, state: JobState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)

    def _finish(self, job: Job) -> None:
        # `finished` is emitted while the thread still exists; letting go of it before wait() aborts.
        job.wait()
        outcome = job.outcome
        self._job = None
        job.deleteLater()
        # A slot that starts the next job in here must not let it overtake the end of this one.
        self._finishing = True
        if self._mailbox:
            self.available.emit()
        self._set_state(JobState.IDLE)
        self.ended.emit(outcome)
        self._finishing = False
        self._begin_next()

    @Slot()
    def _on_job_available(self) -> None:
        if self._mailbox:
            self.available.emit()

    @Slot()
    def _on_job_finished(self) -> None:
        # After shutdown this comes late, and a newer job may be at work.
        if self._job is not None and self._job.isFinished():
            self._finish(self._job)
