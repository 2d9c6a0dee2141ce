"""A person who pauses, steps or stops a run waits for the network call under way and for no other."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from diffviz.core.prediction import Prediction
from diffviz.core.samplers import ReverseStep, SamplerKind, SamplerSpec
from diffviz.core.schedules import NoiseLevel, ScheduleSpec
from diffviz.engine.denoisers import DenoiserShelf, ShelvedDenoiser
from diffviz.engine.gate import StepGate
from diffviz.engine.images import ImageStore
from diffviz.engine.job import JobRunner, JobState
from diffviz.engine.outcome import JobStatus
from diffviz.engine.request import ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.engine.run import Run
from diffviz.engine.run_driver import RunDriver
from diffviz.engine.run_start import RunApproach
from diffviz.engine.session import Session, SessionState, StartFrom
from diffviz.models.denoiser import DenoiserInfo

STEPS = 6
HEUN = ReverseRequest(ScheduleSpec(), SamplerSpec(SamplerKind.HEUN, STEPS), denoiser="held")
DDIM = replace(HEUN, sampler=SamplerSpec(SamplerKind.DDIM, STEPS))


class HeldNetworks:
    """A denoiser and a classifier of 4×4 pictures; each call waits until it may end."""

    def __init__(self) -> None:
        self.info = DenoiserInfo("held", "Held", image_shape=(1, 4, 4), class_names=("a", "b"))
        self.calls = 0
        self.permits = threading.Semaphore(0)

    def predict(self, x_t: torch.Tensor, level: NoiseLevel, class_index: object = None) -> Prediction:
        del class_index
        self._call()
        x_0 = (x_t * level.sqrt_alpha_cumprod).tanh()
        noise = (x_t - level.sqrt_alpha_cumprod * x_0) / level.sqrt_one_minus_alpha_cumprod
        return Prediction(x_0, noise)

    def gradient(self, x_t: torch.Tensor, level: NoiseLevel, class_index: object) -> torch.Tensor:
        del level, class_index
        self._call()
        return x_t / 100.0

    def _call(self) -> None:
        self.calls += 1
        assert self.permits.acquire(timeout=30)


class Rig:
    """A run in a thread whose network calls end one by one, when they are told to."""

    def __init__(self, qtbot, monkeypatch):
        self.qtbot = qtbot
        self.networks, self.shelf, self.runner = HeldNetworks(), DenoiserShelf(ImageStore()), JobRunner()
        self.shelf.images.add_paste(np.full((4, 4), 90, np.uint8))
        monkeypatch.setattr(self.shelf, "fetch", lambda _: ShelvedDenoiser(self.networks))
        monkeypatch.setattr(self.shelf, "classifier_for", self._classifier_for)
        self.records, self.outcomes = [], []
        self.runner.available.connect(self._drain)
        self.runner.ended.connect(self._on_ended)

    def start(self, request, **points):
        self.gate = StepGate()

        def work():
            return reverse_steps(request, self.shelf, gate=self.gate, **points)

        self.runner.start(work, name="Sampling", gate=self.gate)
        self.waits_in_call(1)

    def waits_in_call(self, number):
        self.qtbot.waitUntil(lambda: self.networks.calls == number)

    def ends_call(self):
        self.networks.permits.release()

    def is_held(self):
        """The worker came to the gate and was not let on."""
        self.qtbot.waitUntil(lambda: self.gate.is_holding)
        self._drain()

    def ends(self):
        self.qtbot.waitUntil(lambda: bool(self.outcomes))
        self._drain()
        return self.outcomes[0].status

    @property
    def steps(self):
        return [record for record in self.records if isinstance(record, ReverseStep)]

    def made_alone(self, request):
        """The steps of a run that nobody holds."""
        self.networks.permits.release(1000)
        return [record for record in reverse_steps(request, self.shelf) if isinstance(record, ReverseStep)]

    def _classifier_for(self, request, info):
        del info
        return self.networks if request.classifier_scale else None

    def _drain(self):
        self.records += self.runner.drain()

    def _on_ended(self, outcome):
        self.outcomes.append(outcome)


@pytest.fixture
def rig(qtbot, monkeypatch):
    rig = Rig(qtbot, monkeypatch)
    yield rig
    rig.networks.permits.release(1000)
    rig.runner.shutdown()


def assert_same_pixels(steps, others):
    assert [step.t for step in steps] == [step.t for step in others]
    for one, other in zip(steps, others, strict=True):
        assert torch.equal(one.x_s, other.x_s)
        assert (one.index, one.num_steps) == (other.index, other.num_steps)


# Every way to ask a network twice before there is a step to show.
TWICE = {
    "heun": HEUN,
    "classifier": replace(DDIM, class_index=1, classifier_scale=2.0),
    "inversion": replace(DDIM, start_image="paste:1", start_t=500, is_inverted=True),
    "fork": DDIM.forked(500),
}
twice = pytest.mark.parametrize("request_", TWICE.values(), ids=TWICE.keys())


@twice
def test_a_run_paused_during_a_call_makes_no_other_until_it_is_resumed(rig, request_):
    rig.start(request_)
    rig.runner.pause()
    assert rig.runner.state is JobState.PAUSED
    rig.ends_call()
    rig.is_held()
    assert rig.networks.calls == 1
    assert not rig.steps
    rig.runner.resume()
    rig.waits_in_call(2)
    assert rig.runner.state is JobState.RUNNING


@twice
def test_a_run_cancelled_during_a_call_makes_no_other(rig, request_):
    rig.start(request_)
    rig.runner.cancel()
    rig.ends_call()
    assert rig.ends() is JobStatus.CANCELLED
    assert rig.networks.calls == 1
    assert not rig.steps


@twice
def test_a_run_held_in_the_middle_of_a_step_is_cancelled_without_another_call(rig, request_):
    rig.start(request_)
    rig.runner.pause()
    rig.ends_call()
    rig.is_held()
    rig.runner.cancel()
    assert rig.ends() is JobStatus.CANCELLED
    assert rig.networks.calls == 1


@pytest.mark.parametrize("request_", [HEUN, TWICE["classifier"]], ids=["heun", "classifier"])
def test_one_step_from_the_middle_of_a_step_is_the_rest_of_it(rig, request_):
    rig.start(request_)
    rig.runner.pause()
    rig.ends_call()
    rig.is_held()
    rig.runner.step()
    rig.waits_in_call(2)
    rig.ends_call()
    rig.qtbot.waitUntil(lambda: len(rig.steps) == 1)
    rig.is_held()
    assert rig.networks.calls == 2
    # The next one is whole: both its calls go through though the run is paused.
    rig.runner.step()
    rig.waits_in_call(3)
    rig.ends_call()
    rig.waits_in_call(4)
    rig.ends_call()
    rig.qtbot.waitUntil(lambda: len(rig.steps) == 2)
    rig.is_held()
    assert rig.networks.calls == 4
    assert rig.runner.state is JobState.PAUSED


@pytest.mark.parametrize("name", ["inversion", "fork"])
def test_one_step_on_the_way_to_where_a_run_begins_goes_on_to_its_first_own_step(rig, name):
    rig.start(TWICE[name])
    rig.runner.pause()
    rig.ends_call()
    rig.is_held()
    rig.runner.step()
    # All calls may end; only the gate can hold the run now.
    rig.networks.permits.release(1000)
    rig.qtbot.waitUntil(lambda: len(rig.steps) == 1)
    rig.is_held()
    assert len([record for record in rig.records if isinstance(record, RunApproach)]) >= 3
    assert len(rig.steps) == 1


def test_pause_step_and_cancel_answer_within_one_call_of_a_sampler_with_one_call_a_step(rig):
    rig.start(DDIM)
    rig.runner.pause()
    rig.ends_call()
    rig.is_held()
    assert (len(rig.steps), rig.networks.calls) == (1, 1)
    rig.runner.step()
    rig.waits_in_call(2)
    rig.ends_call()
    rig.is_held()
    assert (len(rig.steps), rig.networks.calls) == (2, 2)
    rig.runner.resume()
    rig.waits_in_call(3)
    rig.runner.cancel()
    rig.ends_call()
    assert rig.ends() is JobStatus.CANCELLED
    assert rig.networks.calls == 3


@twice
def test_a_run_held_in_the_middle_of_a_step_and_let_on_is_bit_equal_to_one_that_was_not(rig, request_):
    rig.start(request_)
    for _ in range(3):
        rig.runner.pause()
        rig.ends_call()
        rig.is_held()
        calls = rig.networks.calls
        rig.runner.resume()
        rig.waits_in_call(calls + 1)
    rig.networks.permits.release(1000)
    assert rig.ends() is JobStatus.SUCCEEDED
    assert_same_pixels(rig.steps, rig.made_alone(request_))


def test_a_run_cancelled_in_the_middle_of_a_step_keeps_whole_steps_and_goes_on_as_if_it_had_not_been(rig):
    rig.start(HEUN)
    for call in (1, 2):
        rig.waits_in_call(call)
        rig.ends_call()
    rig.waits_in_call(3)
    rig.runner.cancel()
    rig.ends_call()
    assert rig.ends() is JobStatus.CANCELLED
    assert len(rig.steps) == 1
    run = Run("A", HEUN)
    run.append(rig.steps[0])
    rig.networks.permits.release(1000)
    for record in reverse_steps(HEUN, rig.shelf, go_on_from=run.resume_point()):
        if isinstance(record, ReverseStep):
            run.append(record)
    assert_same_pixels(run.steps, rig.made_alone(HEUN))


@pytest.fixture
def driver(rig):
    """The runs of a session in which a picture is inverted, as the window holds them."""
    state = SessionState(
        image="paste:1",
        denoiser="blur:4x4x1",
        sampler=SamplerSpec(SamplerKind.DDIM, STEPS),
        start=StartFrom.INVERTED,
        start_t=500,
    )
    driver = RunDriver(Session(state), rig.shelf.images, rig.shelf)
    yield driver
    rig.networks.permits.release(1000)
    driver.shutdown()


def test_a_run_of_the_window_is_held_stepped_stopped_and_gone_on_with_while_its_picture_is_inverted(
    rig, driver
):
    driver.run()
    run = driver.history.current
    rig.waits_in_call(1)
    driver.pause()
    rig.ends_call()
    rig.qtbot.waitUntil(lambda: driver.runner.is_at_rest)
    assert rig.networks.calls == 1
    driver.step()
    rig.networks.permits.release(1000)
    rig.qtbot.waitUntil(lambda: driver.runner.is_at_rest)
    assert len(run.steps) == 1
    assert driver.runner.state is JobState.PAUSED
    driver.cancel()
    rig.qtbot.waitUntil(lambda: driver.runner.state is JobState.IDLE)
    assert len(run.steps) == 1
    driver.run()
    rig.qtbot.waitUntil(lambda: run.complete)
    assert_same_pixels(run.steps, rig.made_alone(run.request))


def test_a_run_of_the_window_begun_by_a_single_step_inverts_its_picture_and_makes_that_step(rig, driver):
    rig.networks.permits.release(1000)
    for made in (1, 2):
        driver.step()
        rig.qtbot.waitUntil(lambda: driver.runner.is_at_rest)
        assert len(driver.history.current.steps) == made


def test_the_time_that_a_person_holds_a_step_is_not_counted_as_work(rig, monkeypatch):
    now_s = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now_s[0])
    rig.start(HEUN)
    rig.runner.pause()
    now_s[0] += 2.0
    rig.ends_call()
    rig.is_held()
    now_s[0] += 3600.0
    rig.runner.resume()
    rig.waits_in_call(2)
    now_s[0] += 3.0
    rig.ends_call()
    rig.waits_in_call(3)
    rig.qtbot.waitUntil(lambda: len(rig.steps) == 1)
    assert rig.steps[0].seconds == 5.0
    assert rig.runner.seconds_per_step <= 5.0
