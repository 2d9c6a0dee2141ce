"""What live previews cost a sampler, and how quickly the exact denoiser answers. It asserts nothing.

    python packaging/bench_reverse.py [--turns N]

Steps/s of the same sampler with the same number of threads, in a thread that gives way to others as the
window's does. First a bare loop over its steps and the run's own generator, which keeps every step, take
turns every few steps. Then one run in the window takes turns every second between being watched, with
previews on the stage and the strips, and not being seen, while another workspace is looked at. Processors
that are shared change their speed from second to second, by more than what is measured here: so neighbouring
turns are compared, and the ratio stands with its standard error. Above, one answer of the exact denoiser
about 10,000 pictures of 784 values with all threads.
"""

import argparse
import math
import os
import statistics
import sys
import tempfile
import threading
import time
from bisect import bisect
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice, pairwise

import torch
from PySide6.QtCore import QEventLoop, QTimer

from diffviz.core.noise import Stream
from diffviz.core.samplers import SamplerKind, SamplerSpec, SeededNoise, sample
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.engine import run_driver
from diffviz.engine.courtesy import leave_a_core_to_the_window, step_back_from_the_window
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.engine.session import Workspace
from diffviz.models.denoiser import guided
from diffviz.models.exact import ExactDenoiser

MODEL, SHAPE = "emoji-unet", (3, 32, 32)
STEPS, STEPS_PER_TURN = 1000, 10
COUNT, VALUES = 10_000, 784
ANSWERS = 15
TURN_S, SETTLING_S = 1.0, 0.25


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


def compared(name: str, turns: list[tuple[str, float]], base: str) -> str:
    """A line about turns of (name, steps/s) against their neighbours of the name ``base``."""
    logs = [
        math.log(a / b) if name == first else math.log(b / a)
        for (first, a), (second, b) in pairwise(turns)
        if {first, second} == {name, base}
    ]
    rate = statistics.median(rate for who, rate in turns if who == name)
    # Each turn stands in two comparisons, so that half of them are independent.
    error = statistics.stdev(logs) / math.sqrt(len(logs) / 2)
    ratio = math.exp(statistics.fmean(logs))
    return f"  {name:18}{rate:8.1f} steps/s {ratio:7.3f} ± {ratio * error:.3f} of {base}, {len(turns)} turns"


def bare_and_kept(request: ReverseRequest, shelf: DenoiserShelf, num_turns: int) -> list[tuple[str, float]]:
    """Steps/s of both loops in turns, measured in one thread that works as the window has it done."""
    predict, noise = guided(shelf.fetch(request).denoiser, None), SeededNoise(7, SHAPE, 1)
    schedule = build_schedule(request.schedule)

    def bare() -> Iterator[object]:
        while True:
            yield from sample(predict, noise(Stream.X_T, 0), schedule, request.sampler, noise)

    def kept() -> Iterator[object]:
        while True:
            yield from reverse_steps(request, shelf)

    turns: list[tuple[str, float]] = []

    def work() -> None:
        step_back_from_the_window()
        leave_a_core_to_the_window()
        loops = {"bare loop": bare(), "every step kept": kept()}
        for turn in range(2 * num_turns + 2):
            name = list(loops)[turn % 2]
            begun = time.perf_counter()
            for _ in islice(loops[name], STEPS_PER_TURN):
                pass
            if turn >= 2:
                turns.append((name, STEPS_PER_TURN / (time.perf_counter() - begun)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return turns


def live_until(is_done: Callable[[], bool]) -> None:
    """Let the window live until something is so."""
    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: loop.quit() if is_done() else None)
    timer.start(100)
    loop.exec()


def is_past(time_s: float) -> bool:
    """Whether the clock has reached a time."""
    return time.perf_counter() > time_s


def has_more(things: list[float], count: int) -> bool:
    """Whether there are more than so many."""
    return len(things) > count


def seen_and_unseen(num_turns: int) -> list[tuple[str, float]]:
    """Steps/s of runs in the window in turns of a second."""
    times: list[float] = []

    def stamped(*args: object, **options: object) -> Iterator[object]:
        for record in reverse_steps(*args, **options):  # type: ignore[arg-type]
            times.append(time.perf_counter())
            yield record

    # The driver asks for its steps by this name; here they leave the time at which each was made.
    vars(run_driver)["reverse_steps"] = stamped
    from diffviz.app import make_application, make_window

    application = make_application()
    window = make_window()
    window.resize(1440, 900)
    window.show()
    window.session.update(workspace="reverse", denoiser=MODEL, sampler=SamplerSpec(SamplerKind.DDIM, STEPS))
    turns: list[tuple[str, float]] = []
    while len(turns) < 2 * num_turns:
        if not window.reverse.runner.busy:
            window.reverse.restart()
            live_until(partial(has_more, times, len(times) + 20))
        for key, name in ((Workspace.REVERSE, "live previews"), (Workspace.FORWARD, "unseen")):
            window.show_workspace(key)
            begun = time.perf_counter() + SETTLING_S
            end = begun + TURN_S
            live_until(partial(is_past, end))
            first, last = bisect(times, begun), bisect(times, end) - 1
            if window.reverse.runner.busy:
                turns.append((name, (last - first) / (times[last] - times[first])))
    window.show_workspace(Workspace.REVERSE)
    window.close()
    application.processEvents()
    return turns


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=40, help="of each kind")
    chosen = parser.parse_args()
    threads = torch.get_num_threads()
    print(f"Exact denoiser, {COUNT:,} pictures of {VALUES} values, {threads} threads, ms for one answer")
    for kept in (torch.float64, torch.float32):
        figures = [f"{batch}: {exact_ms(kept, batch):.0f}" for batch in (1, 16, 64)]
        print(f"  kept in {str(kept).removeprefix('torch.')}, batch of {', '.join(figures)}")
    os.environ["DIFFVIZ_HOME"] = tempfile.mkdtemp()
    leave_a_core_to_the_window()
    shelf = DenoiserShelf(ImageStore())
    request = ReverseRequest(ScheduleSpec(), SamplerSpec(SamplerKind.DDIM, STEPS), denoiser=MODEL)
    print(f"{MODEL}, DDIM, {STEPS} steps, {torch.get_num_threads()} thread(s)")
    print(compared("every step kept", bare_and_kept(request, shelf, chosen.turns), "bare loop"))
    print(compared("live previews", seen_and_unseen(chosen.turns), "unseen"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
