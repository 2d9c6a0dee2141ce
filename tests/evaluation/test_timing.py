import time

import torch

from diffviz.core.noise import Stream, draw_noise
from diffviz.core.prediction import Prediction
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.evaluation.timing import time_losses

SCHEDULE = build_schedule(ScheduleSpec())
CALL_S = 0.004


class Slow:
    """Takes a known time to answer."""

    def predict(self, x_t, *_):
        started = time.perf_counter()
        while time.perf_counter() - started < CALL_S:
            pass
        return Prediction(x_t, x_t)


def test_both_losses_are_timed_many_times_alone_and_with_the_call_that_they_judge():
    x_0, noise = (torch.from_numpy(draw_noise((1, 3, 16, 16), 1, Stream.FROZEN, n)) for n in range(2))
    records = list(time_losses(Slow(), x_0, noise, SCHEDULE, 300))
    assert [record.done for record in records] == sorted(record.done for record in records)
    last = records[-1]
    assert last.done == last.total
    for spread in (last.noise, last.mean, last.call_noise, last.call_mean):
        assert 0 < spread.low_s <= spread.median_s <= spread.high_s
    assert last.noise.repeats == last.mean.repeats >= 100
    assert last.call_noise.repeats == last.call_mean.repeats >= 20
    for loss, call in ((last.noise, last.call_noise), (last.mean, last.call_mean)):
        assert call.median_s > CALL_S > loss.median_s
    assert last.call_noise.median_s < 4 * CALL_S
