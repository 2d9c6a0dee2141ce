"""StepGate, without Qt."""

import threading

import pytest

from diffviz.engine.gate import GateState, StepGate, WorkStoppedError

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
                self.gate.step_made()
                self.condition.notify_all()

    def reaches(self, count):
        with self.condition:
            return self.condition.wait_for(lambda: self.count >= count, PATIENCE_S)


@pytest.fixture
def gate():
    gate = StepGate(GateState.PAUSED)
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
    gate = StepGate(GateState.PAUSED)
    gate.step()
    assert gate.state is GateState.ONE_STEP
    assert gate.admit()
    assert gate.state is GateState.PAUSED


def test_wishes_for_one_step_do_not_add_up():
    gate = StepGate(GateState.PAUSED)
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
    gate = StepGate(GateState.PAUSED)
    gate.step()
    gate.pause()
    assert gate.state is GateState.PAUSED


def test_a_call_inside_a_step_waits_while_paused_and_goes_on_with_the_rest(gate):
    gate.run()
    assert gate.admit()
    gate.pause()
    went_on = threading.Event()

    def call():
        gate.admit_call()
        went_on.set()

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    while not gate.is_holding:
        assert thread.is_alive()
    assert not went_on.is_set()
    gate.run()
    assert went_on.wait(PATIENCE_S)
    assert gate.held_s > 0.0


def test_calls_inside_a_single_step_pass_though_the_gate_is_paused(gate):
    gate.step()
    assert gate.admit()
    for _ in range(3):
        gate.admit_call()
    assert gate.state is GateState.PAUSED


def test_a_step_asked_for_in_the_middle_of_one_is_that_one(gate):
    gate.run()
    assert gate.admit()
    gate.pause()
    gate.step()
    gate.admit_call()
    gate.step_made()
    assert gate.state is GateState.PAUSED


def test_a_step_asked_for_while_one_runs_is_that_one_though_it_asks_nothing_more():
    gate = StepGate()
    assert gate.admit()
    gate.step()
    gate.step_made()
    assert gate.state is GateState.PAUSED


def test_a_step_asked_for_while_a_single_one_is_under_way_is_the_next(gate):
    gate.step()
    assert gate.admit()
    gate.step()
    gate.admit_call()
    gate.step_made()
    assert gate.state is GateState.ONE_STEP
    assert gate.admit()
    assert gate.state is GateState.PAUSED


@pytest.mark.parametrize("wish", ["run", "pause"])
def test_who_lets_a_single_step_run_on_or_pauses_it_means_that_step_too(gate, wish):
    gate.step()
    assert gate.admit()
    getattr(gate, wish)()
    gate.pause()
    thread = threading.Thread(target=gate.admit_call, daemon=True)
    thread.start()
    while not gate.is_holding:
        assert thread.is_alive()
    gate.run()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_a_stopped_gate_ends_a_step_in_its_middle():
    gate = StepGate()
    assert gate.admit()
    gate.stop()
    with pytest.raises(WorkStoppedError):
        gate.admit_call()
