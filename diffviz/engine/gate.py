"""The gate between a thread that works and a person who watches: run, pause, one step, stop."""

from __future__ import annotations

import threading
from enum import StrEnum

__all__ = ["GateState", "StepGate"]


class GateState(StrEnum):
    """What the person wants the work to do."""

    RUNNING = "running"
    PAUSED = "paused"
    ONE_STEP = "one step"
    STOPPED = "stopped"


class StepGate:
    """Admits one step of work at a time.

    The worker asks `admit` before every step and sleeps on a condition while the gate is paused, so
    a paused job costs nothing and a resumed one goes on at once. All methods may be called from any thread.
    Stopping is final: a stopped gate never opens again.
    """

    def __init__(self, *, paused: bool = False) -> None:
        self._condition = threading.Condition()
        self._state = GateState.PAUSED if paused else GateState.RUNNING

    @property
    def state(self) -> GateState:
        """The present wish; `ONE_STEP` turns into `PAUSED` when that step is admitted."""
        with self._condition:
            return self._state

    def run(self) -> None:
        """Admit every step from now on."""
        self._turn(GateState.RUNNING)

    def pause(self) -> None:
        """Hold the next step back; a step under way is finished first."""
        self._turn(GateState.PAUSED)

    def step(self) -> None:
        """Admit one step, then pause.

        Wishes do not add up: with a slow denoiser a key held down asks for the next step many times, and
        the run must stop where the person let go.
        """
        self._turn(GateState.ONE_STEP)

    def stop(self) -> None:
        """Admit nothing any more and wake a worker that waits."""
        self._turn(GateState.STOPPED)

    def admit(self) -> bool:
        """Wait while paused; True for a step to be done now, False when the work has to end."""
        with self._condition:
            self._condition.wait_for(lambda: self._state is not GateState.PAUSED)
            if self._state is GateState.ONE_STEP:
                self._state = GateState.PAUSED
                return True
            return self._state is GateState.RUNNING

    def _turn(self, state: GateState) -> None:
        with self._condition:
            if self._state is not GateState.STOPPED:
                self._state = state
                self._condition.notify_all()
