import math

import numpy as np
import pytest
import torch

from diffviz.core.noise import Stream, draw_noise
from diffviz.core.prediction import Prediction, noise_from_x_0
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.evaluation.bound import bound_by_time, bound_of_pictures
from diffviz.evaluation.losses import loss_by_time
from diffviz.models.exact import ExactDenoiser

SCHEDULE = build_schedule(ScheduleSpec("cosine", 200))


@pytest.fixture(scope="module")
def pictures():
    values = np.random.default_rng(3).integers(0, 256, (40, 1, 4, 4), dtype=np.uint8)
    return torch.from_numpy(values).float() * (2 / 255) - 1


class Knowing:
    """Answers with the mean of the pictures it knows, or as an exact denoiser that is off by a little."""

    def __init__(self, exact, off=0.0):
        self.info, self._exact, self._off = exact.info, exact, off

    def predict(self, x_t, level, class_index=None):
        x_0 = self._exact.predict(x_t, level, class_index).x_0 * (1 - self._off)
        return Prediction(x_0, noise_from_x_0(x_0, x_t, level))


def test_the_exact_denoiser_stands_on_the_floor(pictures):
    exact = ExactDenoiser(pictures)
    rows = list(loss_by_time(exact, exact, pictures, None, SCHEDULE, shares=(0.1, 0.5, 1.0)))
    assert [row.t for row in rows] == [20, 100, 200]
    assert all(row.loss == row.floor and row.excess_error == 0.0 for row in rows)
    assert all(row.held_out is None for row in rows)


def test_no_other_denoiser_gets_below_the_floor(pictures):
    exact = ExactDenoiser(pictures)
    for other in (Knowing(exact, off=0.1), ExactDenoiser(pictures[:10]), ExactDenoiser(-pictures)):
        for row in loss_by_time(other, exact, pictures, None, SCHEDULE, shares=(0.2, 0.5, 0.8)):
            assert row.loss > row.floor - 2 * row.excess_error, row
            assert row.loss > row.floor or row.t > 150, row


def test_the_floor_is_the_error_of_ε_measured_by_hand(pictures):
    exact = ExactDenoiser(pictures)
    (row,) = loss_by_time(exact, exact, pictures[:8], None, SCHEDULE, shares=(0.6,), seed=9)
    level = SCHEDULE.level(120)
    noise = torch.from_numpy(draw_noise((8, 1, 4, 4), 9, Stream.REDRAW, 120))
    x_t = level.sqrt_alpha_cumprod * pictures[:8] + level.sqrt_one_minus_alpha_cumprod * noise
    distances = ((x_t[:, None] - level.sqrt_alpha_cumprod * pictures[None]) ** 2).sum((2, 3, 4)).double()
    weights = torch.softmax(-distances / (2 * level.one_minus_alpha_cumprod), dim=1)
    guess = torch.einsum("bn,nchw->bchw", weights, pictures.double())
    said = (x_t - level.sqrt_alpha_cumprod * guess) / level.sqrt_one_minus_alpha_cumprod
    assert row.floor == pytest.approx(float((said - noise).square().mean()), rel=1e-4)


def test_held_out_pictures_are_worse_for_who_knows_the_others_by_heart(pictures):
    exact = ExactDenoiser(pictures[:30])
    rows = list(loss_by_time(exact, exact, pictures[:10], pictures[30:], SCHEDULE, shares=(0.1, 0.3)))
    assert all(row.held_out > 2 * row.floor for row in rows)


def test_pictures_known_by_heart_cost_the_naming_of_one_of_them_and_the_width_of_the_decoder(pictures):
    """One of 40 equally likely pictures takes log₂ 40 bits; L_0 is the mass beside the right grey level."""
    *_, last = bound_of_pictures(ExactDenoiser(pictures), pictures, SCHEDULE, num_terms=200)
    assert last.evaluations_done == last.evaluations == 3 * 200
    assert last.num_pictures == 40
    assert last.total == pytest.approx(last.prior + last.steps + last.decoder)
    assert last.steps == pytest.approx(math.log2(40) / 16, abs=0.02)
    within = math.erf(1 / 255 / math.sqrt(2 * float(SCHEDULE.posterior_variance[2])))
    assert last.decoder == pytest.approx(-math.log2(within), abs=0.03)


def test_pictures_that_nobody_knows_cost_more(pictures):
    exact = ExactDenoiser(pictures[:20])
    costs = []
    for group in (pictures[:20], pictures[20:]):
        *_, last = bound_of_pictures(exact, group, SCHEDULE, num_terms=30)
        costs.append(last.total)
    assert costs[1] > costs[0] + 2.0


def test_the_bound_is_a_function_of_the_seed(pictures):
    def bound(seed):
        *_, last = bound_of_pictures(ExactDenoiser(pictures), pictures[:20], SCHEDULE, num_terms=8, seed=seed)
        return last

    assert bound(1) == bound(1)
    assert bound(1).total != bound(2).total


def test_the_terms_of_every_t_add_up_to_the_bound_that_is_printed(pictures):
    known = ExactDenoiser(pictures)
    *_, printed = bound_of_pictures(known, pictures, SCHEDULE, num_terms=23, seed=4)
    *earlier, last = bound_by_time(known, pictures, SCHEDULE, num_terms=23, seed=4)
    assert last.so_far == printed
    assert last.costs.shape == (201,)
    assert last.costs.sum() == pytest.approx(printed.total, rel=1e-12)
    assert last.costs[0] == pytest.approx(printed.prior, rel=1e-9)
    assert last.costs[1] == pytest.approx(printed.decoder, rel=1e-12)
    assert last.costs[2:].sum() == pytest.approx(printed.steps, rel=1e-12)
    first = earlier[0].costs
    assert np.isfinite(first[[0, 200]]).all()
    assert np.isnan(first[1:100]).all(), "what was not asked yet is not known"


def test_asked_at_every_t_each_term_is_that_of_its_own_time(pictures):
    known, alone = ExactDenoiser(pictures), pictures[:1]
    *_, last = bound_by_time(known, alone, SCHEDULE, num_terms=200, seed=6)
    for t in (2, 70, 200):
        level = SCHEDULE.level(t)
        noise = torch.from_numpy(draw_noise((1, 1, 4, 4), 6, Stream.REDRAW, t))
        x_t = level.sqrt_alpha_cumprod * alone + level.sqrt_one_minus_alpha_cumprod * noise
        error = float((known.predict(x_t, level).x_0.clamp(-1, 1) - alone).double().square().mean())
        nats = 0.5 * (SCHEDULE.snr[t - 1] - SCHEDULE.snr[t]) * error
        assert last.costs[t] == pytest.approx(nats / math.log(2), rel=1e-6, abs=1e-12)


def test_a_picture_asked_about_with_several_draws_of_noise_has_a_spread(pictures):
    known = ExactDenoiser(pictures)
    *_, last = bound_by_time(known, pictures[:1].repeat(3, 1, 1, 1), SCHEDULE, num_terms=9, at_once=1)
    assert last.so_far.evaluations == 27
    assert last.so_far.standard_error > 0
    *_, together = bound_by_time(known, pictures[:3], SCHEDULE, num_terms=9)
    assert together.so_far.standard_error is None, "one group has no spread"


def test_asked_as_its_class_a_picture_costs_what_it_costs_who_knows_that_class_alone(pictures):
    labels = torch.arange(40) % 2
    both, asked = ExactDenoiser(pictures, labels), {"num_terms": 6, "at_once": 1}
    apart = [
        list(bound_by_time(ExactDenoiser(pictures[labels == k]), pictures[k : k + 1], SCHEDULE, num_terms=6))[
            -1
        ]
        for k in (0, 1)
    ]
    for k in (0, 1):
        *_, alone = bound_by_time(both, pictures[k : k + 1], SCHEDULE, classes=[k], **asked)
        np.testing.assert_allclose(alone.costs, apart[k].costs, rtol=1e-6, atol=1e-9)
    asked |= {"num_terms": 30, "at_once": 20}
    *_, each = bound_by_time(both, pictures[:16], SCHEDULE, classes=labels[:16].tolist(), **asked)
    *_, mixed = bound_by_time(both, pictures[:16], SCHEDULE, classes=(1 - labels)[:16].tolist(), **asked)
    *_, without = bound_by_time(both, pictures[:16], SCHEDULE, **asked)
    assert each.so_far.total < without.so_far.total < mixed.so_far.total, "to know the class saves bits"
