"""The gate between a thread that works and a person who watches: run, pause, one step, stop."""

from __future__ import annotations

import threading
import time
from enum import StrEnum

__all__ = ["GateState", "Preparation", "StepGate", "WorkStoppedError"]


class GateState(StrEnum):
    """What the person wants the work to do."""

    RUNNING = "running"
    PAUSED = "paused"
    ONE_STEP = "one step"
    STOPPED = "stopped"


class WorkStoppedError(Exception):
    """The work was stopped in the middle of a step, where it cannot return."""


class Preparation:
    """A record of what comes before a step; who asked for one step has not seen it yet."""


class StepGate:
    """Admits one step of work at a time.

    The worker asks `admit` before every step and `admit_call` inside it, before each part that takes long. It
    sleeps on a condition while the gate is paused, so a paused job costs nothing and a resumed one goes on at
    once. All methods may be called from any thread. Stopping is final: a stopped gate never opens again.
    """

    def __init__(self, state: GateState = GateState.RUNNING) -> None:
        self._condition = threading.Condition()
        self._state = state
        self._is_single = False
        self._is_holding = False
        self._held_s = 0.0

    @property
    def state(self) -> GateState:
        """The present wish; `ONE_STEP` turns into `PAUSED` when that step is admitted."""
        with self._condition:
            return self._state

    @property
    def is_holding(self) -> bool:
        """Whether the worker waits here for a wish."""
        with self._condition:
            # One that was let on still has to wake up.
            return self._is_holding and not self._is_open()

    @property
    def held_s(self) -> float:
        """How long the worker has waited here in all, in seconds, without the wait of now."""
        with self._condition:
            return self._held_s

    def run(self) -> None:
        """Admit everything from now on."""
        self._turn(GateState.RUNNING)

    def pause(self) -> None:
        """Hold the worker before the next step, or the next call inside a step."""
        self._turn(GateState.PAUSED)

    def step(self) -> None:
        """Admit one step, then pause; a step that is held or under way is that one.

        Wishes do not add up: with a slow denoiser a key held down asks for the next step many times, and
        the run must stop where the person let go.
        """
        self._turn(GateState.ONE_STEP)

    def stop(self) -> None:
        """Admit nothing any more and wake a worker that waits."""
        self._turn(GateState.STOPPED)

    def admit(self) -> bool:
        """Wait while paused; True for work to be done now, False when it has to end.

        A single step that was admitted goes on to its end, unless it is paused on its way.
        """
        with self._condition:
            if not self._is_open():
                self._hold()
            if self._state is GateState.ONE_STEP and not self._is_single:
                self._state, self._is_single = GateState.PAUSED, True
            return self._state is not GateState.STOPPED

    def admit_call(self) -> None:
        """Wait as `admit` does, inside a step.

        Raises
        ------
        WorkStoppedError
            When the work has to end.
        """
        if not self.admit():
            raise WorkStoppedError

    def step_made(self) -> None:
        """Tell that the step under way is through, before anybody is told of what it brought."""
        with self._condition:
            if self._state is GateState.ONE_STEP and not self._is_single:
                self._state = GateState.PAUSED
            self._is_single = False

    def _is_open(self) -> bool:
        return self._is_single or self._state is not GateState.PAUSED

    def _hold(self) -> None:
        started_s = time.perf_counter()
        self._is_holding = True
        self._condition.wait_for(self._is_open)
        self._is_holding = False
        self._held_s += time.perf_counter() - started_s

    def _turn(self, state: GateState) -> None:
        with self._condition:
            if self._state is GateState.STOPPED:
                return
            self._state = state
            if state is not GateState.ONE_STEP:
                # Who pauses or resumes while a single step is under way means that step, too.
                self._is_single = False
            self._condition.notify_all()
