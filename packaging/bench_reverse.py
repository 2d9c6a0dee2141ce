"""What live previews cost a sampler, and how quickly the exact denoiser answers. It asserts nothing.

    python packaging/bench_reverse.py [--steps N] [--turns N]

Steps/s of the same sampler with the same number of threads: a bare loop over its steps; the run's own
generator, which keeps every step; and a run in the window, previewed on the stage and the strips. All three
work in a thread that gives way to others as the window's does, so that the previews alone tell them apart.
They take turns, so that whatever else the machine does falls on all of them; the figures are medians.
Below, one answer of the exact denoiser about 10,000 pictures of 784 values with all threads.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial

import torch
from PySide6.QtCore import QEventLoop, QTimer

from diffviz.core.noise import Stream
from diffviz.core.samplers import ReverseStep, SamplerKind, SamplerSpec, SeededNoise, sample
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.engine.courtesy import leave_a_core_to_the_window, step_back_from_the_window
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.models.denoiser import guided
from diffviz.models.exact import ExactDenoiser

MODEL, SHAPE = "emoji-unet", (3, 32, 32)
COUNT, VALUES = 10_000, 784
ANSWERS = 15


def exact_ms(kept: torch.dtype, batch: int) -> float:
    """Median time of one answer in ms."""
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(COUNT, VALUES, generator=generator) * 2 - 1
    denoiser = ExactDenoiser(pictures.to(kept))
    x_t = torch.randn(batch, VALUES, generator=generator, dtype=torch.float64)
    level = build_schedule(ScheduleSpec()).level(300)
    times = []
    for _ in range(ANSWERS):
        begun = time.perf_counter()
        denoiser.predict(x_t, level)
        times.append(time.perf_counter() - begun)
    return 1000 * statistics.median(times)


def in_a_thread(work: Callable[[], object]) -> None:
    """Work as the window has it done, without a window that looks on."""

    def polite() -> None:
        step_back_from_the_window()
        leave_a_core_to_the_window()
        work()

    thread = threading.Thread(target=polite)
    thread.start()
    thread.join()


def live_until(is_done: Callable[[], bool]) -> None:
    """Let the window live until something is so."""
    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: loop.quit() if is_done() else None)
    timer.start(20)
    loop.exec()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--turns", type=int, default=5)
    chosen = parser.parse_args()
    threads = torch.get_num_threads()
    print(f"Exact denoiser, {COUNT:,} pictures of {VALUES} values, {threads} threads, ms for one answer")
    for kept in (torch.float64, torch.float32):
        figures = [f"{batch}: {exact_ms(kept, batch):.0f}" for batch in (1, 16, 64)]
        print(f"  kept in {str(kept).removeprefix('torch.')}, batch of {', '.join(figures)}")

    os.environ["DIFFVIZ_HOME"] = tempfile.mkdtemp()
    leave_a_core_to_the_window()
    schedule, shelf = build_schedule(ScheduleSpec()), DenoiserShelf(ImageStore())
    spec = SamplerSpec(SamplerKind.DDIM, chosen.steps)
    request = ReverseRequest(ScheduleSpec(), spec, denoiser=MODEL)
    predict, noise = guided(shelf.fetch(request).denoiser, None), SeededNoise(7, SHAPE, 1)

    def bare() -> None:
        for _ in sample(predict, noise(Stream.X_T, 0), schedule, spec, noise):
            pass

    def kept_steps() -> list[object]:
        return [record for record in reverse_steps(request, shelf) if isinstance(record, ReverseStep)]

    from diffviz.app import make_application, make_window

    application = make_application()
    window = make_window()
    window.resize(1440, 900)
    window.show()
    window.session.update(workspace="reverse", denoiser=MODEL, sampler=spec)
    runner = window.reverse.runner

    def in_the_window() -> None:
        window.reverse.restart()
        live_until(lambda: not runner.busy)

    ways = {
        "bare loop": partial(in_a_thread, bare),
        "every step kept": partial(in_a_thread, kept_steps),
        "live previews": in_the_window,
    }
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(chosen.turns):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - begun)
    print(f"{MODEL}, DDIM, {chosen.steps} steps, {torch.get_num_threads()} thread(s), {chosen.turns} turns")
    best = statistics.median(seconds["bare loop"])
    for name, times in seconds.items():
        middle = statistics.median(times)
        print(f"  {name:18}{chosen.steps / middle:8.1f} steps/s{best / middle:8.3f} of the bare loop")
    window.close()
    application.processEvents()
    return 0


if __name__ == "__main__":
    sys.exit(main())
