"""Races: what a sampler asks for, and how far from the solution it ends."""

from dataclasses import replace

import numpy as np
import pytest

from diffviz.core.samplers import ReverseStep, SamplerKind, SamplerSpec
from diffviz.core.schedules import ScheduleSpec
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.race import network_calls, reference_sampler, standings
from diffviz.engine.request import ReverseContext, ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.engine.run import Run
from diffviz.engine.run_driver import RunDriver
from diffviz.engine.session import Session, SessionState


class CountingShelf(DenoiserShelf):
    """A shelf whose denoiser counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__(ImageStore())
        rows, columns = np.mgrid[0:8, 0:8]
        for pattern in (rows, columns):
            self.images.add_paste(np.stack([pattern * 30] * 3, axis=-1).astype(np.uint8))
        self.calls = 0

    def fetch(self, request):
        shelved = super().fetch(request)
        return replace(shelved, denoiser=Counting(self, shelved.denoiser))


class Counting:
    def __init__(self, shelf, denoiser) -> None:
        self.shelf, self.denoiser, self.info = shelf, denoiser, denoiser.info

    def predict(self, *arguments):
        self.shelf.calls += 1
        return self.denoiser.predict(*arguments)


@pytest.fixture
def shelf():
    return CountingShelf()


def made(shelf, spec, **changes):
    request = ReverseRequest(
        ScheduleSpec(num_timesteps=100), spec, exact_size=8, picture_keys=shelf.images.opened_keys, **changes
    )
    run = Run("A", request)
    for record in reverse_steps(request, shelf):
        if isinstance(record, ReverseStep):
            run.append(record)
            yield run


@pytest.mark.parametrize("kind", SamplerKind)
def test_the_calls_of_a_run_are_counted_as_the_denoiser_counts_them(shelf, kind):
    for run in made(shelf, SamplerSpec(kind, 7)):
        assert network_calls(run) == shelf.calls
    assert run.complete
    # A run that has let steps go was as dear as it was.
    assert network_calls(run) == (13 if kind is SamplerKind.HEUN else 7)


def test_distances_are_to_the_reference_and_fall_with_the_steps(shelf):
    *_, reference = made(shelf, reference_sampler(100))
    runs = [list(made(shelf, SamplerSpec(SamplerKind.DDIM, count)))[-1] for count in (2, 5, 20)]
    before, none = standings(runs)
    assert none is None
    assert all(standing.distance is None for standing in before)
    for standing in before:
        assert standing.seconds == pytest.approx(sum(step.seconds for step in standing.run.steps))
        assert standing.seconds > 0
    after, found = standings([*runs, reference])
    assert found is reference
    assert [standing.run for standing in after] == runs
    last = reference.last.x_s
    for standing in after:
        expected = np.sqrt(np.mean((standing.run.last.x_s.numpy() - last.numpy()) ** 2))
        assert standing.distance == pytest.approx(expected)


def test_each_sample_of_a_batch_has_its_own_distance_and_costs_no_further_calls(shelf):
    *_, reference = made(shelf, reference_sampler(100), num_samples=5)
    *_, run = made(shelf, SamplerSpec(SamplerKind.DPMPP2M, 4), num_samples=5)
    (standing,), _ = standings([run, reference])
    assert standing.calls == 4
    assert len(standing.distances) == 5
    for place, distance in enumerate(standing.distances):
        gap = (run.last.x_s[place] - reference.last.x_s[place]).numpy()
        assert distance == pytest.approx(np.sqrt(np.mean(gap**2)))
    assert standing.distance == pytest.approx(np.sqrt(np.mean(np.square(standing.distances))))


def test_the_way_up_and_down_misses_the_picture_the_less_the_more_steps_it_has(shelf):
    runs = []
    for count in (4, 60):
        request = ReverseRequest(
            ScheduleSpec("cosine", 100),
            SamplerSpec(SamplerKind.DDIM, count),
            exact_size=8,
            picture_keys=shelf.images.opened_keys,
            start_image="sample:chelsea",
            start_t=30,
            is_inverted=True,
        )
        run = Run("A", request)
        for record in reverse_steps(request, shelf):
            if isinstance(record, ReverseStep):
                run.append(record)
            elif isinstance(record, ReverseContext):
                run.context = record
        runs.append(run)
    few, many = (standing.miss for standing in standings(runs)[0])
    end = np.moveaxis(runs[1].last.x_s[0].numpy(), 0, -1)
    assert many == pytest.approx(np.sqrt(np.mean((end - runs[1].context.guide) ** 2)), rel=1e-5)
    assert few >= many > 0
    assert standings([next(iter(made(shelf, SamplerSpec())))])[0][0].miss is None


def test_the_reference_has_a_thousand_steps_or_those_of_the_chain():
    assert reference_sampler(1000).num_sampling_steps == reference_sampler(4000).num_sampling_steps == 1000
    assert reference_sampler(60).num_sampling_steps == 60
    assert reference_sampler(60).kind is SamplerKind.HEUN


@pytest.fixture
def driver(shelf):
    """The runs of a session whose settings are those of no contender."""
    state = SessionState(
        schedule=ScheduleSpec(num_timesteps=30),
        sampler=SamplerSpec(num_sampling_steps=4),
        denoiser="blur:8x8x1",
    )
    driver = RunDriver(Session(state), shelf.images, shelf)
    yield driver
    driver.shutdown()


SAMPLERS = (SamplerSpec(SamplerKind.DDIM, 5), SamplerSpec(SamplerKind.HEUN, 5))


def test_a_race_that_was_paused_goes_on_and_no_other_run_begins(qtbot, driver):
    notes = []
    driver.noted.connect(notes.append)
    driver.race(SAMPLERS)
    driver.pause()
    qtbot.waitUntil(lambda: driver.runner.is_at_rest)
    made = sum(run.num_made for run in driver.history.runs)
    driver.step()
    qtbot.waitUntil(lambda: driver.runner.is_at_rest)
    assert sum(run.num_made for run in driver.history.runs) == made + 1
    driver.run()
    qtbot.waitUntil(lambda: len(driver.history.runs) == 3 and not driver.runner.busy, timeout=20_000)
    assert [run.request.sampler for run in driver.history.runs] == [*SAMPLERS, reference_sampler(30)]
    assert all(run.complete for run in driver.history.runs)
    assert notes[-1] == "Run C reached the image in 30 steps"


@pytest.mark.parametrize("wish", ["pause", "step"])
def test_who_holds_a_race_as_a_contender_ends_holds_the_next_one(qtbot, driver, wish):
    driver.race(SAMPLERS)
    # Its thread is through, and the window has not heard of it.
    driver.runner._job.wait()
    getattr(driver, wish)()
    qtbot.waitUntil(lambda: driver.runner.is_at_rest)
    first, second = driver.history.runs
    assert first.complete
    assert second.num_made == (1 if wish == "step" else 0)
    driver.run()
    qtbot.waitUntil(lambda: len(driver.history.runs) == 3 and not driver.runner.busy)
    assert all(run.complete for run in driver.history.runs)


def test_a_run_of_one_step_is_told_of_in_the_singular(qtbot, driver):
    notes = []
    driver.noted.connect(notes.append)
    driver._session.update(sampler=SamplerSpec(SamplerKind.DDIM, 1))
    driver.run()
    qtbot.waitUntil(lambda: not driver.runner.busy)
    assert notes == ["Run A reached the image in one step"]


def test_settings_changed_while_a_race_is_paused_are_those_of_the_run_that_begins(qtbot, driver):
    driver.race(SAMPLERS)
    driver.pause()
    qtbot.waitUntil(lambda: driver.runner.is_at_rest)
    wanted = SamplerSpec(SamplerKind.EULER, 6)
    driver._session.update(sampler=wanted)
    driver.run()
    qtbot.waitUntil(lambda: not driver.runner.busy)
    contenders = [spec for spec in SAMPLERS if any(r.request.sampler == spec for r in driver.history.runs)]
    assert [run.request.sampler for run in driver.history.runs] == [*contenders, wanted]


def test_a_race_of_many_pictures_keeps_its_contenders_whole_and_thins_what_measures_them(qtbot, driver):
    driver._session.update(num_samples=16)
    notes = []
    driver.noted.connect(notes.append)
    driver.history.set_budget(400_000)
    driver.race(SAMPLERS)
    qtbot.waitUntil(lambda: len(driver.history.runs) == 3 and not driver.runner.busy, timeout=20_000)
    *contenders, reference = driver.history.runs
    assert [len(run.steps) for run in contenders] == [5, 5]
    assert not any(run.compact or run.thinned for run in contenders)
    assert driver.history.nbytes <= 400_000
    assert reference.thinned
    assert [words for words in notes if "Memory" in words] == [
        "Memory for runs is used up: run C, which measures the race, keeps fewer of its steps."
    ]
    assert notes[-1] == "Run C reached the image in 30 steps"
    assert all(standing.distance > 0.0 for standing in standings(driver.history.runs)[0])
