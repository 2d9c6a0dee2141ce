"""A training run as the window drives it: what it tells, what it saves, and what can be wished for."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from diffviz import paths
from diffviz.core.losses import Loss
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.engine.training_files import state_file, stored_log
from diffviz.engine.training_log import TrainingLog
from diffviz.engine.training_plan import TrainingPlan, recommended
from diffviz.engine.training_presets import PRESETS, preset_plan
from diffviz.engine.training_probe import NUM_BINS, Probe, floor_steps
from diffviz.engine.training_records import (
    ChangeLength,
    ChangeRate,
    FloorFound,
    MomentReady,
    NetworkSaved,
    RunOpened,
    SampleNow,
    SaveFailed,
    SaveNetwork,
    TrainingTick,
)
from diffviz.engine.training_task import LiveRun, training_steps
from diffviz.models.catalog import list_networks, load_denoiser
from diffviz.models.exact import ExactDenoiser
from diffviz.models.network_config import MlpConfig
from diffviz.training.batch import Examples
from diffviz.training.config import TrainingConfig

BATCH, STEPS = 64, 24


def tiny_plan(**changes: object) -> TrainingPlan:
    """A run of 24 steps on points, with a sheet after every eight."""
    plan = recommended("swiss-roll")
    config = replace(
        plan.config,
        images=BATCH * STEPS,
        batch_size=BATCH,
        network=MlpConfig(width=16, depth=1),
        **changes,
    )
    return replace(plan, config=config, sheet_every=8 * BATCH, num_sampling_steps=4)


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[object], TrainingLog]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFVIZ_HOME", str(tmp_path_factory.mktemp("home")))
        records = list(training_steps(LiveRun(tiny_plan())))
        log = stored_log()
        assert log is not None
        yield records, log


def of_kind(records: list[object], kind: type) -> list:
    return [record for record in records if isinstance(record, kind)]


def test_a_run_tells_of_every_step_and_shows_samples_before_the_first_and_after_the_last(whole_run):
    records, _ = whole_run
    assert isinstance(records[0], RunOpened)
    assert records[0].num_examples == 10_000
    ticks = of_kind(records, TrainingTick)
    assert [tick.step for tick in ticks] == list(range(1, STEPS + 1))
    assert ticks[-1].images_seen == BATCH * STEPS
    moments = [record.moment for record in of_kind(records, MomentReady)]
    assert [moment.step for moment in moments] == [0, 1, 2, 4, 8, 16, 24]
    assert all(moment.samples.shape == (2000, 2) for moment in moments)
    assert not np.array_equal(moments[0].samples, moments[-1].samples)


def test_the_log_on_disk_is_what_was_told(whole_run):
    records, log = whole_run
    assert len(log) == STEPS
    np.testing.assert_array_equal(log.column("loss"), [t.loss for t in of_kind(records, TrainingTick)])
    assert [m.step for m in log.moments] == [r.moment.step for r in of_kind(records, MomentReady)]
    assert log.floor is not None
    np.testing.assert_array_equal(log.floor.by_time, of_kind(records, FloorFound)[0].floor.by_time)


def test_the_smoothed_loss_lies_among_the_losses_and_follows_them(whole_run):
    _, log = whole_run
    loss, smoothed = log.column("loss"), log.column("smoothed")
    assert smoothed[0] == loss[0]
    assert loss.min() <= smoothed[-1] <= loss.max()
    assert np.abs(np.diff(smoothed)).max() < np.abs(np.diff(loss)).max()


def test_a_run_that_is_left_goes_on_from_disk_to_the_same_losses(whole_run):
    told = [tick.loss for tick in of_kind(whole_run[0], TrainingTick)]
    steps = training_steps(LiveRun(tiny_plan()))
    first = []
    while len(first) < 10:
        record = next(steps)
        if isinstance(record, TrainingTick):
            first.append(record.loss)
    steps.close()
    assert state_file().is_file()
    log = stored_log()
    assert log is not None
    assert len(log) == 10
    resumed = list(training_steps(LiveRun(log.plan, is_stored=True)))
    assert isinstance(resumed[0], RunOpened)
    assert resumed[0].step == 10
    rest = [tick.loss for tick in of_kind(resumed, TrainingTick)]
    np.testing.assert_array_equal([*first, *rest], told)
    assert len(stored_log() or ()) == STEPS


def test_wishes_are_granted_before_the_next_step():
    live = LiveRun(tiny_plan())
    steps = training_steps(live)
    while not isinstance(next(steps), TrainingTick):
        pass
    live.ask(SaveNetwork(then_use=True))
    live.ask(SampleNow(3))
    live.ask(ChangeRate(0.5))
    live.ask(ChangeLength(BATCH * 3))
    before = [record for record in (next(steps) for _ in range(3)) if not isinstance(record, FloorFound)]
    saved = of_kind(before, NetworkSaved)[0]
    assert saved.then_use
    assert [info.name for info in list_networks() if info.key == saved.key] == [saved.name]
    assert load_denoiser(saved.key).schedule == build_schedule(ScheduleSpec("cosine"))
    asked = of_kind([*before, next(steps)], MomentReady)
    assert asked[0].asked
    rest = of_kind(list(steps), TrainingTick)
    assert rest[-1].step == 3
    log = stored_log()
    assert log is not None
    assert (log.plan.config.learning_rate, log.plan.config.images) == (0.5, BATCH * 3)


def test_a_finished_run_still_grants_wishes_and_can_be_lengthened(whole_run):
    del whole_run
    live = LiveRun(tiny_plan())
    list(training_steps(live))
    live.ask(SaveNetwork())
    records = list(training_steps(live, trains=False))
    assert [type(record) for record in records] == [RunOpened, NetworkSaved]
    live.ask(ChangeLength(BATCH * (STEPS + 2)))
    assert [tick.step for tick in of_kind(list(training_steps(live)), TrainingTick)] == [STEPS + 1, STEPS + 2]


def test_a_network_that_cannot_be_written_is_told_and_the_run_goes_on():
    paths.user_data_dir().mkdir(parents=True)
    paths.user_checkpoints_dir().write_text("a file in the way")
    live = LiveRun(tiny_plan())
    live.ask(SaveNetwork())
    records = list(training_steps(live))
    assert "could not be written" in of_kind(records, SaveFailed)[0].reason
    assert of_kind(records, TrainingTick)[-1].step == STEPS


def test_the_job_lets_go_of_samples_when_it_is_to_stop():
    live = LiveRun(tiny_plan())
    steps = training_steps(live)
    next(steps)
    live.leave()
    assert isinstance(next(steps), TrainingTick), "no sheet, though the first one was due"


@pytest.mark.parametrize("data", ["emoji", "fashion-mnist", "swiss-roll"])
def test_every_preset_is_a_recipe_that_differs_from_the_recommended_one_where_it_says(data):
    good = recommended(data)
    for key, preset in PRESETS.items():
        if preset.unavailable(is_points=good.is_points):
            assert data == "swiss-roll"
            assert key in ("gelu", "signal")
            continue
        plan = preset_plan(key, data)
        assert (plan == good) is preset.is_good, key
        assert plan.config.data == data
        assert TrainingPlan.from_text(plan.to_text()) == plan


def test_the_floor_of_one_picture_is_zero_and_that_of_two_opposite_points_is_their_doubt():
    config = TrainingConfig(
        data="swiss-roll",
        network=MlpConfig(),
        schedule=ScheduleSpec("cosine"),
        prediction=PredictionType.X_0,
        loss=Loss.X_0,
    )
    one = Examples(torch.tensor([[0.5, -0.5]]))
    *_, floor = floor_steps(config, one, Probe.of(config, one))
    assert floor is not None
    assert floor.loss < 1e-12
    two = Examples(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    probe = Probe.of(config, two)
    *_, floor = floor_steps(config, two, probe)
    assert floor is not None
    assert len(floor.by_time) == NUM_BINS
    # Near the noise nothing is known: x̂_0 is 0, and each of the two coordinates loses ½ of 1 on average.
    assert floor.by_time[0] < 1e-6
    assert floor.by_time[-1] == pytest.approx(0.5, abs=0.02)
    # Independently: for ±1 the posterior mean is tanh(√ᾱ x/(1−ᾱ)).
    level = build_schedule(config.schedule).level(probe.times[9])
    a, spread = level.sqrt_alpha_cumprod, level.sqrt_one_minus_alpha_cumprod
    x_0, noise = probe.x_0[9, :, 0].double(), probe.noise[9, :, 0].double()
    guess = torch.tanh(a * (a * x_0 + spread * noise) / level.one_minus_alpha_cumprod)
    assert floor.by_time[9] == pytest.approx(float((guess - x_0).square().mean()) / 2, rel=1e-5)


def test_no_network_is_asked_more_kindly_than_the_exact_denoiser():
    plan = tiny_plan()
    examples = Examples(torch.from_numpy(np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)))
    probe = Probe.of(plan.config, examples)
    exact = sum(probe.losses(ExactDenoiser(examples.values)))
    *_, floor = floor_steps(plan.config, examples, probe)
    assert floor is not None
    assert floor.loss == pytest.approx(exact / NUM_BINS, rel=1e-6)


def test_a_log_that_is_damaged_is_said_in_a_sentence(tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(ValueError, match="is not the log of a training run"):
        TrainingLog.read(path)
