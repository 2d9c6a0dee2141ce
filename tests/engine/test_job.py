"""The job matrix, with real threads: every way in which a job can go ends once, alone and tidily."""

import threading

import pytest
from PySide6.QtCore import QThread

from diffviz.engine.gate import GateState, Preparation, StepGate
from diffviz.engine.job import JobRunner, JobState, JobStatus

PATIENCE_S = 10


class Counting:
    """A generator of numbers that tells which thread made, walked and closed it."""

    def __init__(self, count=1_000_000, *, fail_at=None, error=None, ticket=None):
        self.count = count
        self.fail_at = fail_at
        self.error = error
        self.ticket = ticket
        self.closed = threading.Event()
        self.reached = -1
        self.threads = set()

    def __call__(self):
        return self._steps()

    def _steps(self):
        try:
            for number in range(self.count):
                self.threads.add(threading.get_ident())
                if number == self.fail_at:
                    raise self.error
                if self.ticket is not None:
                    assert self.ticket.acquire(timeout=PATIENCE_S)
                self.reached = number
                yield number
        finally:
            self.threads.add(threading.get_ident())
            self.closed.set()


class Witness:
    """Writes down what a runner says, in order, and drains it as a window would."""

    def __init__(self, runner):
        self.runner = runner
        self.story = []
        self.records = []
        self.outcomes = []
        runner.started.connect(self.on_started)
        runner.available.connect(self.on_available)
        runner.ended.connect(self.on_ended)

    def on_started(self, tag):
        self.story.append(("started", tag))

    def on_available(self):
        self.records += self.runner.drain()

    def on_ended(self, outcome):
        self.records += self.runner.drain()
        self.outcomes.append(outcome)
        self.story.append(("ended", outcome.status))


@pytest.fixture
def runner(qapp):
    runner = JobRunner(qapp)
    yield runner
    runner.shutdown()
    assert not living_threads(runner)
    runner.deleteLater()


@pytest.fixture
def witness(runner):
    return Witness(runner)


def living_threads(runner):
    return [thread for thread in runner.findChildren(QThread) if not thread.isFinished()]


def assert_ended_once(runner, witness, steps, status):
    """One outcome, no thread left, and the generator closed in the one thread that walked it."""
    assert [outcome.status for outcome in witness.outcomes] == [status]
    assert witness.story == [("started", None), ("ended", status)]
    assert not runner.busy
    assert runner.state is JobState.IDLE
    assert not living_threads(runner)
    assert steps.closed.is_set()
    assert len(steps.threads) == 1
    assert threading.get_ident() not in steps.threads


def test_a_job_that_runs_through_succeeds_and_delivers_every_record_in_order(qtbot, runner, witness):
    steps = Counting(500)
    with qtbot.waitSignal(runner.ended):
        runner.start(steps)
    assert witness.records == list(range(500))
    assert_ended_once(runner, witness, steps, JobStatus.SUCCEEDED)


def test_a_runtime_error_reaches_the_person_after_the_records_before_it(qtbot, runner, witness):
    steps = Counting(fail_at=3, error=RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with qtbot.waitSignal(runner.ended):
        runner.start(steps, name="Sampling")
    assert witness.records == [0, 1, 2]
    assert witness.outcomes[0].message() == "Sampling failed: mat1 and mat2 shapes cannot be multiplied."
    assert "Counting" in witness.outcomes[0].details or "_steps" in witness.outcomes[0].details
    assert_ended_once(runner, witness, steps, JobStatus.FAILED)


def test_a_generator_that_cannot_even_be_made_fails_like_any_other(qtbot, runner, witness):
    def make_steps():
        raise MemoryError

    with qtbot.waitSignal(runner.ended):
        runner.start(make_steps, name="Sampling")
    assert [outcome.status for outcome in witness.outcomes] == [JobStatus.FAILED]
    assert "memory ran out" in witness.outcomes[0].message()


def test_even_a_system_exit_in_a_step_is_an_outcome(qtbot, runner, witness):
    steps = Counting(fail_at=0, error=SystemExit("a library called exit"))
    with qtbot.waitSignal(runner.ended):
        runner.start(steps)
    assert_ended_once(runner, witness, steps, JobStatus.FAILED)


def test_cancelling_a_running_job_ends_it_once(qtbot, runner, witness):
    steps = Counting()
    runner.start(steps)
    qtbot.waitUntil(lambda: len(witness.records) > 0)
    with qtbot.waitSignal(runner.ended):
        runner.cancel()
        runner.cancel()
    assert witness.records == list(range(steps.reached + 1))
    assert_ended_once(runner, witness, steps, JobStatus.CANCELLED)


def test_cancelling_a_paused_job_ends_it_once(qtbot, runner, witness):
    steps = Counting()
    runner.start(steps)
    qtbot.waitUntil(lambda: len(witness.records) > 0)
    runner.pause()
    assert runner.state is JobState.PAUSED
    with qtbot.waitSignal(runner.ended):
        runner.cancel()
    assert_ended_once(runner, witness, steps, JobStatus.CANCELLED)


def test_a_replaced_job_ends_before_the_new_one_starts(qtbot, runner, witness):
    old, new = Counting(), Counting(3)
    runner.start(old, tag="old")
    qtbot.waitUntil(lambda: len(witness.records) > 0)
    runner.start(new, tag="new")
    qtbot.waitUntil(lambda: len(witness.outcomes) == 2)
    assert witness.story == [
        ("started", "old"),
        ("ended", JobStatus.CANCELLED),
        ("started", "new"),
        ("ended", JobStatus.SUCCEEDED),
    ]
    assert witness.records[-3:] == [0, 1, 2]
    assert old.closed.is_set()
    assert new.closed.is_set()
    assert not living_threads(runner)


def test_an_order_that_is_replaced_before_it_began_is_forgotten(qtbot, runner, witness):
    first, second, third = Counting(), Counting(), Counting(2)
    runner.start(first, tag="first")
    runner.start(second, tag="second")
    runner.start(third, tag="third")
    qtbot.waitUntil(lambda: len(witness.outcomes) == 2)
    assert [tag for event, tag in witness.story if event == "started"] == ["first", "third"]
    assert second.reached == -1


def test_cancelling_forgets_the_job_that_waits_its_turn(qtbot, runner, witness):
    old, new = Counting(), Counting()
    runner.start(old)
    qtbot.waitUntil(lambda: len(witness.records) > 0)
    runner.start(new)
    with qtbot.waitSignal(runner.ended):
        runner.cancel()
    assert_ended_once(runner, witness, old, JobStatus.CANCELLED)
    assert new.reached == -1


def test_a_job_started_by_whoever_hears_of_an_end_does_not_overtake_it(qtbot, runner):
    again = Counting(2)

    def start_again(outcome):
        if outcome.name == "first":
            runner.start(again, name="second", tag="second")

    runner.ended.connect(start_again)
    witness = Witness(runner)
    runner.start(Counting(1), name="first", tag="first")
    qtbot.waitUntil(lambda: len(witness.outcomes) == 2)
    assert [event for event, _ in witness.story] == ["started", "ended", "started", "ended"]


def test_closing_the_window_over_a_running_job_waits_for_its_thread(qtbot, runner, witness):
    steps = Counting()
    runner.start(steps)
    qtbot.waitUntil(lambda: len(witness.records) > 0)
    runner.shutdown()
    assert_ended_once(runner, witness, steps, JobStatus.CANCELLED)
    assert not runner.start(Counting())
    runner.shutdown()
    assert len(witness.outcomes) == 1


def test_closing_the_window_over_a_paused_job_waits_for_its_thread(runner, witness):
    steps = Counting()
    runner.start(steps, gate=StepGate(GateState.PAUSED))
    runner.shutdown()
    assert [outcome.status for outcome in witness.outcomes] == [JobStatus.CANCELLED]
    assert not living_threads(runner)
    assert steps.reached == -1


def test_closing_the_window_drops_the_job_that_waits_its_turn(runner, witness):
    old, new = Counting(), Counting()
    runner.start(old)
    runner.start(new)
    runner.shutdown()
    assert [event for event, _ in witness.story] == ["started", "ended"]
    assert new.reached == -1


def test_a_job_started_paused_goes_by_single_steps(qtbot, runner, witness):
    steps = Counting()
    runner.start(steps, gate=StepGate(GateState.PAUSED))
    for count in (1, 2, 3):
        runner.step()
        qtbot.waitUntil(lambda count=count: len(witness.records) == count)
        assert runner.state is JobState.PAUSED
    with qtbot.waitSignal(runner.ended):
        runner.cancel()
    assert witness.records == [0, 1, 2]
    assert_ended_once(runner, witness, steps, JobStatus.CANCELLED)


def test_what_only_prepares_a_step_does_not_use_up_the_one_that_was_asked_for(qtbot, runner, witness):
    preparations = [Preparation() for _ in range(3)]
    runner.start(lambda: iter([*preparations, 1, 2]), gate=StepGate(GateState.ONE_STEP))
    assert runner.state is JobState.PAUSED
    qtbot.waitUntil(lambda: witness.records == [*preparations, 1])
    runner.step()
    qtbot.waitUntil(lambda: witness.records == [*preparations, 1, 2])
    assert runner.state is JobState.PAUSED


def test_a_job_stopped_in_the_middle_of_a_step_was_cancelled_and_did_not_fail(qtbot, runner, witness):
    gate, halfway = StepGate(), threading.Event()

    def make_steps():
        yield 0
        halfway.set()
        while True:
            gate.admit_call()

    runner.start(make_steps, gate=gate)
    assert halfway.wait(PATIENCE_S)
    with qtbot.waitSignal(runner.ended):
        runner.cancel()
    assert [outcome.status for outcome in witness.outcomes] == [JobStatus.CANCELLED]
    assert witness.records == [0]


def test_after_a_single_step_the_job_can_be_resumed(qtbot, runner, witness):
    steps = Counting(40)
    runner.start(steps, gate=StepGate(GateState.PAUSED))
    runner.step()
    qtbot.waitUntil(lambda: witness.records == [0])
    with qtbot.waitSignal(runner.ended):
        runner.resume()
    assert witness.records == list(range(40))
    assert_ended_once(runner, witness, steps, JobStatus.SUCCEEDED)


def test_a_single_step_pauses_a_running_job(qtbot, runner, witness):
    ticket = threading.Semaphore(0)
    steps = Counting(ticket=ticket)
    runner.start(steps)
    runner.step()
    assert runner.state is JobState.PAUSED
    ticket.release(1_000)
    qtbot.waitUntil(lambda: len(witness.records) >= 1)
    # The step that was under way and at most the one that was asked for.
    runner.cancel()
    qtbot.waitUntil(lambda: not runner.busy)
    assert len(witness.records) <= 2
    assert_ended_once(runner, witness, steps, JobStatus.CANCELLED)


def test_the_reader_is_told_once_until_it_drains(qtbot, runner):
    bells = []
    runner.available.connect(lambda: bells.append(runner.busy))
    steps = Counting(300)
    with qtbot.waitSignal(runner.ended):
        runner.start(steps)
    # One bell from the first record, one before the end for what nobody has drained yet.
    assert 1 <= len(bells) <= 2
    assert runner.drain() == list(range(300))


def test_what_a_job_left_can_be_drained_until_the_next_one_starts(qtbot, runner):
    with qtbot.waitSignal(runner.ended):
        runner.start(Counting(5))
    assert runner.drain() == [0, 1, 2, 3, 4]
    assert runner.drain() == []


def test_an_error_while_a_cancelled_job_cleans_up_is_not_lost(qtbot, runner, witness):
    def make_steps():
        try:
            while True:
                yield 0
        finally:
            raise OSError("the half-written file could not be deleted")

    runner.start(make_steps, name="Export")
    qtbot.waitUntil(lambda: len(witness.records) > 0)
    with qtbot.waitSignal(runner.ended):
        runner.cancel()
    assert witness.outcomes[0].message() == "Export failed: the half-written file could not be deleted."


def test_a_plain_list_is_a_job_too(qtbot, runner, witness):
    with qtbot.waitSignal(runner.ended):
        runner.start(lambda: ["a", "b"])
    assert witness.records == ["a", "b"]


def test_the_pace_is_known_after_the_first_step(qtbot, runner, witness):
    assert runner.seconds_per_step is None
    runner.start(Counting(), gate=StepGate(GateState.PAUSED))
    runner.step()
    qtbot.waitUntil(lambda: len(witness.records) == 1)
    assert runner.seconds_per_step >= 0.0


def test_asking_an_idle_runner_for_anything_does_nothing(runner, witness):
    for ask in (runner.pause, runner.resume, runner.step, runner.cancel):
        ask()
    assert runner.state is JobState.IDLE
    assert witness.story == []
    assert runner.drain() == []


def test_states_are_announced_once_each(qtbot, runner):
    states = []
    runner.state_changed.connect(states.append)
    runner.start(Counting())
    runner.pause()
    runner.pause()
    runner.resume()
    with qtbot.waitSignal(runner.ended):
        runner.cancel()
    assert states == [
        JobState.RUNNING,
        JobState.PAUSED,
        JobState.RUNNING,
        JobState.STOPPING,
        JobState.IDLE,
    ]
