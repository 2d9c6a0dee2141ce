"""A person who pauses, steps or stops a run waits for the network call under way and for no other."""

import threading

import torch

from diffviz.core.prediction import Prediction
from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.core.schedules import NoiseLevel, ScheduleSpec
from diffviz.engine.denoisers import DenoiserShelf, ShelvedDenoiser
from diffviz.engine.images import ImageStore
from diffviz.engine.job import JobRunner, JobState
from diffviz.engine.outcome import JobStatus
from diffviz.engine.request import ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.models.denoiser import DenoiserInfo


class HeldDenoiser:
    """Says black, but each call waits until it may end."""

    def __init__(self) -> None:
        self.info = DenoiserInfo("held", "Held", image_shape=(1, 4, 4))
        self.calls = 0
        self.permits = threading.Semaphore(0)

    def predict(self, x_t: torch.Tensor, level: NoiseLevel, class_index: object = None) -> Prediction:
        del level, class_index
        self.calls += 1
        assert self.permits.acquire(timeout=30)
        return Prediction(-torch.ones_like(x_t), x_t)


def test_pause_step_and_cancel_answer_within_one_network_call(qtbot, monkeypatch):
    denoiser, shelf, runner = HeldDenoiser(), DenoiserShelf(ImageStore()), JobRunner()
    monkeypatch.setattr(shelf, "fetch", lambda _: ShelvedDenoiser(denoiser))
    request = ReverseRequest(ScheduleSpec(), SamplerSpec(SamplerKind.DDIM, 50), denoiser="held")
    ended = []
    runner.ended.connect(ended.append)
    runner.start(lambda: reverse_steps(request, shelf), name="Sampling")
    qtbot.waitUntil(lambda: denoiser.calls == 1)
    runner.pause()
    denoiser.permits.release()
    qtbot.waitUntil(lambda: runner.state is JobState.PAUSED)
    runner.drain()
    runner.step()
    qtbot.waitUntil(lambda: denoiser.calls == 2)
    denoiser.permits.release()
    qtbot.waitUntil(lambda: len(runner.drain()) > 0)
    assert denoiser.calls == 2
    runner.resume()
    qtbot.waitUntil(lambda: denoiser.calls == 3)
    runner.cancel()
    denoiser.permits.release()
    qtbot.waitUntil(lambda: bool(ended))
    assert ended[0].status is JobStatus.CANCELLED
    assert denoiser.calls == 3
    runner.shutdown()
