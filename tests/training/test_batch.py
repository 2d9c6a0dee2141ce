import numpy as np
import pytest
import torch

from diffviz.core.losses import Loss
from diffviz.core.posterior import posterior_coefficients
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.models.network_config import MlpConfig, UNetConfig
from diffviz.training import draws
from diffviz.training.batch import BatchSource, Examples
from diffviz.training.config import TrainingConfig
from diffviz.training.draws import TimestepDraw

EXAMPLES = Examples(
    torch.randint(0, 256, (24, 1, 4, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(5)),
    torch.arange(24) % 3,
)


def source(**changes):
    values = {"network": UNetConfig(num_classes=3), "batch_size": 10, "prediction": PredictionType.X_0}
    return BatchSource(TrainingConfig(**(values | changes)), EXAMPLES)


def test_mirrored_pictures_are_turned_half_of_the_time_and_the_same_ones_every_time():
    plain, mirrored = source(), source(mirror=True)
    turned = 0
    for step in range(40):
        before, after = plain.draw(step).target, mirrored.draw(step).target
        assert torch.equal(after, mirrored.draw(step).target)
        for one, other in zip(before, after):
            assert torch.equal(other, one) != torch.equal(other, one.flip(-1))
            turned += torch.equal(other, one.flip(-1))
    assert turned == pytest.approx(200, abs=4 * 10)
    assert draws.mirrored(0, 3, 10).tolist() != draws.mirrored(0, 4, 10).tolist()


def test_points_are_not_mirrored():
    with pytest.raises(ValueError, match=r"^Only pictures can be mirrored, not points\.$"):
        TrainingConfig(network=MlpConfig(), mirror=True)


@pytest.mark.parametrize("size", [10, 11])
def test_antithetic_times_come_in_pairs_and_an_odd_batch_has_one_left_over(size):
    seen = set()
    for step in range(50):
        times = draws.timesteps(0, step, size, 1000, TimestepDraw.ANTITHETIC).tolist()
        alone = list(times)
        for time in times:
            if time in alone and 1001 - time in alone:
                alone.remove(time)
                alone.remove(1001 - time)
        assert len(alone) == size % 2
        seen.update(times)
    assert len(seen) > 250


@pytest.mark.parametrize("prediction", [PredictionType.MEAN, PredictionType.V])
def test_the_target_is_the_posterior_mean_or_v_of_the_noised_picture(prediction):
    config = {"schedule": ScheduleSpec("cosine", 50), "timestep_draw": TimestepDraw.UNIFORM}
    schedule = build_schedule(config["schedule"])
    clean, batch = source(**config).draw(2), source(prediction=prediction, **config).draw(2)
    assert torch.equal(clean.x_t, batch.x_t)
    for x_0, x_t, t, target in zip(clean.target, batch.x_t, batch.t.tolist(), batch.target):
        q, level = posterior_coefficients(schedule, t - 1, t), schedule.level(t)
        noise = (x_t - level.sqrt_alpha_cumprod * x_0) / level.sqrt_one_minus_alpha_cumprod
        expected = {
            PredictionType.MEAN: q.c_0 * x_0 + q.c_t * x_t,
            PredictionType.V: level.sqrt_alpha_cumprod * noise - level.sqrt_one_minus_alpha_cumprod * x_0,
        }
        torch.testing.assert_close(target, expected[prediction], rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_the_shares_of_all_processes_make_up_the_batch_of_one(size):
    batches = source(mirror=True, loss=Loss.SIMPLE, batch_size=11)
    whole = batches.draw(6)
    shares = [batches.draw(6, rank, size) for rank in range(size)]
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    for column in ("x_t", "t", "target", "weight", "classes"):
        joined = torch.cat([getattr(share, column) for share in shares])
        assert torch.equal(joined, getattr(whole, column))
        parts = torch.cat([getattr(part, column) for part in whole.split(4)])
        assert torch.equal(parts, getattr(whole, column))


def test_a_batch_has_no_empty_parts():
    assert [len(part) for part in source().draw(0).split(50)] == [1] * 10


def test_the_weight_of_an_example_is_that_of_its_time():
    batch = source(loss=Loss.SIMPLE, schedule=ScheduleSpec("linear")).draw(0)
    snr = build_schedule(ScheduleSpec("linear")).snr
    np.testing.assert_allclose(batch.weight.numpy(), snr[batch.t.numpy()], rtol=1e-6)
