"""StepGate, without Qt."""

import threading

import pytest

from diffviz.engine.gate import GateState, StepGate

PATIENCE_S = 10


class Walker(threading.Thread):
    """Asks the gate before every step, and counts."""

    def __init__(self, gate):
        super().__init__(daemon=True)
        self.gate = gate
        self.condition = threading.Condition()
        self.count = 0

    def run(self):
        while self.gate.admit():
            with self.condition:
                self.count += 1
                self.condition.notify_all()

    def reaches(self, count):
        with self.condition:
            return self.condition.wait_for(lambda: self.count >= count, PATIENCE_S)


@pytest.fixture
def gate():
    gate = StepGate(paused=True)
    yield gate
    gate.stop()


@pytest.fixture
def walker(gate):
    walker = Walker(gate)
    walker.start()
    yield walker
    gate.stop()
    walker.join(PATIENCE_S)
    assert not walker.is_alive()


def test_an_open_gate_admits_every_step():
    gate = StepGate()
    assert [gate.admit() for _ in range(3)] == [True, True, True]


def test_a_stopped_gate_admits_nothing_and_never_opens_again():
    gate = StepGate()
    gate.stop()
    gate.run()
    gate.step()
    assert not gate.admit()
    assert gate.state is GateState.STOPPED


def test_one_step_admits_one_and_leaves_the_gate_paused():
    gate = StepGate(paused=True)
    gate.step()
    assert gate.state is GateState.ONE_STEP
    assert gate.admit()
    assert gate.state is GateState.PAUSED


def test_wishes_for_one_step_do_not_add_up():
    gate = StepGate(paused=True)
    gate.step()
    gate.step()
    assert gate.admit()
    assert gate.state is GateState.PAUSED


def test_one_step_pauses_an_open_gate_after_that_step():
    gate = StepGate()
    gate.step()
    assert gate.admit()
    assert gate.state is GateState.PAUSED


def test_stopping_wakes_a_worker_that_waits(gate, walker):
    gate.stop()
    walker.join(PATIENCE_S)
    assert not walker.is_alive()
    assert walker.count == 0


def test_each_wish_moves_a_waiting_worker_by_one_step(gate, walker):
    for count in (1, 2, 3):
        gate.step()
        assert walker.reaches(count)
    assert walker.count == 3


def test_running_again_wakes_a_worker_that_waits(gate, walker):
    gate.run()
    assert walker.reaches(100)


def test_pausing_takes_back_a_step_that_was_not_admitted_yet():
    gate = StepGate(paused=True)
    gate.step()
    gate.pause()
    assert gate.state is GateState.PAUSED
