import math

import numpy as np
import pytest
import torch

from diffviz.core.losses import Loss
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.evaluation.agreement import disagreement, judge_answer, unit_weights

LINEAR, COSINE = (build_schedule(ScheduleSpec(kind)) for kind in ("linear", "cosine"))


def answer_of_a_poor_network():
    x_0 = torch.from_numpy(draw_noise((2, 3, 8, 8), 1, Stream.X_T)).clamp(-1, 1)
    noise, wrong = (torch.from_numpy(draw_noise((2, 3, 8, 8), 2, Stream.FROZEN, n)) for n in range(2))
    return 0.8 * noise + 0.3 * wrong, noise, x_0


@pytest.mark.parametrize("schedule", [LINEAR, COSINE], ids=["linear", "cosine"])
@pytest.mark.parametrize("objective", list(Loss))
@pytest.mark.parametrize("t", [1, 2, 300, 900])
def test_losses_on_the_mean_x_0_ε_and_v_agree_once_they_are_weighted(schedule, objective, t):
    found = judge_answer(*answer_of_a_poor_network(), schedule, t)
    weighted = unit_weights(objective, schedule)[:, t] * found.errors
    assert len(set(weighted.tolist())) > 1, "each was computed by itself"
    # Near t = 1 the means hardly differ, and what is left of their digits after the subtraction is less.
    assert disagreement(weighted) < 1e-9
    assert max(found.errors) > 2 * min(found.errors), "unweighted they are not alike"


def test_the_errors_are_those_of_the_definitions():
    said, noise, x_0 = answer_of_a_poor_network()
    t = 400
    found = judge_answer(said, noise, x_0, LINEAR, t)
    betas = LINEAR.betas
    abar, before = (float(np.prod(1 - betas[1 : time + 1])) for time in (t, t - 1))
    said, noise, x_0 = said.double(), noise.double(), x_0.double()
    x_t = math.sqrt(abar) * x_0 + math.sqrt(1 - abar) * noise
    guess = (x_t - math.sqrt(1 - abar) * said) / math.sqrt(abar)

    def mean(picture):
        first = math.sqrt(before) * betas[t] * picture
        return (first + math.sqrt(1 - betas[t]) * (1 - before) * x_t) / (1 - abar)

    def v(picture, of_noise):
        return math.sqrt(abar) * of_noise - math.sqrt(1 - abar) * picture

    differences = (said - noise, guess - x_0, v(guess, said) - v(x_0, noise), mean(guess) - mean(x_0))
    expected = [float(difference.square().mean()) for difference in differences]
    assert found.errors == pytest.approx(expected, rel=1e-9)
    weighted = unit_weights(Loss.ELBO_BETA, LINEAR)[:, t] * found.errors
    assert weighted[0] == pytest.approx(expected[3] / (2 * betas[t]), rel=1e-9)


def test_where_nothing_can_be_said_one_sentence_says_so():
    no_signal = build_schedule(ScheduleSpec(zero_terminal_snr=True))
    with pytest.raises(ValueError, match="says nothing about the picture where no signal is left"):
        judge_answer(*answer_of_a_poor_network(), no_signal, 1000)
    no_noise = build_schedule(ScheduleSpec("constant", 10, params=(("beta", 0.0),)))
    with pytest.raises(ValueError, match="Step 4 adds no noise"):
        judge_answer(*answer_of_a_poor_network(), no_noise, 4)
