"""How quick the window is, each figure beside a baseline measured in the same run. It asserts nothing.

    python packaging/bench_window.py [--frames N] [--starts N] [--screen]

Rows: a scrub of a 1024 × 1024 RGB picture, from Session.update(t) until x_t is painted and until the whole
window is (its curves and read-outs follow t); the same while a sampler runs in the worker thread, and while
a network is trained there; the start of the window. Ratios hold on any machine that is not busy; where it
is, the processor time tells what a frame costs and the wall time how long it had to wait.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer
from typing_extensions import override

SIDE = 1024
REFRESH_MS = 1000 / 60
SETTLE_MS = 1500
SAMPLER_STEPS = 1000
DIFFVIZ_START = """
from diffviz.app import make_application, make_window
app = make_application()
window = make_window()
window.show()
"""
BARE_START = """
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication([])
window = QLabel("bare")
window.resize(1440, 900)
window.show()
"""
START_END = """
import time
app.processEvents()
print(time.time(), time.process_time())
window.close()
"""


@dataclass(frozen=True)
class Times:
    """Durations of many frames: on the clock and on the processor, in ms; of a scrub also until x_t."""

    wall_ms: np.ndarray
    processor_ms: np.ndarray
    picture_ms: np.ndarray | None = None


class PaintWatch(QObject):
    """Knows when a widget was painted last."""

    def __init__(self, widget: QObject) -> None:
        super().__init__(widget)
        self.painted = 0
        widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.painted += event.type() == QEvent.Type.Paint
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=300, help="frames of each scrub")
    parser.add_argument("--starts", type=int, default=5, help="starts of each program")
    parser.add_argument("--screen", action="store_true", help="draw on the screen, not off it")
    options = parser.parse_args()
    if not options.screen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(prefix="diffviz-bench-", ignore_cleanup_errors=True) as home:
        os.environ["DIFFVIZ_HOME"] = home
        print_heading()
        starts = {name: started(code, options.starts) for name, code in programs().items()}
        scrubs, made, copy_ms = scrubbed(options.frames)
    print_scrubs(scrubs, copy_ms)
    print(f"  Meanwhile the sampler made {made['sampler']} steps, and the training {made['training']}.")
    print_starts(starts)
    print(f"load at the end: {' '.join(f'{value:.1f}' for value in os.getloadavg())}")


def programs() -> dict[str, str]:
    return {"diffviz": DIFFVIZ_START + START_END, "bare PySide6": BARE_START + START_END}


def started(code: str, count: int) -> Times:
    """From starting Python until the first frame is painted."""
    wall, processor = [], []
    for _ in range(count):
        begun = time.time()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        painted, used = done.stdout.split()
        wall.append(float(painted) - begun)
        processor.append(float(used))
    return Times(1000 * np.array(wall), 1000 * np.array(processor))


def scrubbed(frames: int) -> tuple[dict[str, Times], dict[str, int], float]:
    """Scrub alone, beside a sampler and beside a training; also the steps of both and the baseline."""
    from diffviz.app import make_application, make_window
    from diffviz.models.catalog import list_networks

    app = make_application()
    window = make_window()
    window.show()
    rng = np.random.default_rng(0)
    key = window.images.add_paste(rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))
    window.session.update(image=key)
    live_for(SETTLE_MS)
    watch = PaintWatch(window.forward.stage.hero)

    def show(t: int) -> float:
        before = watch.painted
        window.session.update(t=t)
        while watch.painted == before:
            app.processEvents()
        painted_s = time.perf_counter()
        app.processEvents()
        return painted_s

    scrub(show, 20)
    scrubs = {"alone": scrub(show, frames)}
    copy_ms = copied(SIDE * SIDE * 3)

    made = {}
    # What runs is begun where it is seen, and goes on while the other workspace is scrubbed.
    settings = {"sampler": with_steps(window, SAMPLER_STEPS), "num_samples": 4}
    networks = list_networks()
    if networks:
        settings["denoiser"] = max(networks, key=lambda info: info.parameters).key
    window.session.update(workspace="reverse", **settings)
    window.reverse.run()
    run = window.reverse.history.current
    assert run is not None
    while len(run.steps) < 3:
        live_for(50)
    window.session.update(workspace="forward", t=1)
    live_for(SETTLE_MS)
    before = len(run.steps)
    scrubs["beside a sampler"] = scrub(show, frames)
    live_for(50)
    made["sampler"] = len(run.steps) - before
    if not window.reverse.runner.busy:
        print("The sampler ended before the scrub did: take fewer --frames.")
    window.reverse.cancel()
    while window.reverse.runner.busy:
        live_for(50)

    window.session.update(workspace="train")
    while window.train.recipe.preview is None:
        live_for(50)
    window.train.run()
    trainer = window.train.trainer
    while trainer.log is None or len(trainer.log) < 3:
        live_for(50)
    window.session.update(workspace="forward", t=1)
    live_for(SETTLE_MS)
    before = len(trainer.log)
    scrubs["beside a training"] = scrub(show, frames)
    live_for(50)
    made["training"] = len(trainer.log) - before
    window.close()
    return scrubs, made, copy_ms


def with_steps(window: object, count: int) -> object:
    from dataclasses import replace

    return replace(window.session.state.sampler, num_sampling_steps=count)


def scrub(show: Callable[[int], float], count: int) -> Times:
    """Drag the playhead once through the chain."""
    wall, processor, picture = [], [], []
    for t in np.linspace(5, 995, count).astype(int).tolist():
        wall_s, processor_s = time.perf_counter(), time.thread_time()
        picture.append(show(t) - wall_s)
        processor.append(time.thread_time() - processor_s)
        wall.append(time.perf_counter() - wall_s)
    return Times(1000 * np.array(wall), 1000 * np.array(processor), 1000 * np.array(picture))


def copied(num_bytes: int) -> float:
    """Median ms of one copy of as many bytes as the picture has."""
    source, target = np.ones(num_bytes, np.uint8), np.empty(num_bytes, np.uint8)
    times = []
    for _ in range(200):
        begun = time.perf_counter()
        np.copyto(target, source)
        times.append(time.perf_counter() - begun)
    return 1000 * float(np.median(times))


def live_for(duration_ms: int) -> None:
    """Let the window live; the loop sleeps, so that other threads get the interpreter."""
    loop = QEventLoop()
    QTimer.singleShot(duration_ms, loop.quit)
    loop.exec()


def print_heading() -> None:
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    platform_name = os.environ.get("QT_QPA_PLATFORM", "screen")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform_name}, load {load}")


def print_scrubs(scrubs: dict[str, Times], copy_ms: float) -> None:
    print(f"\nScrub of {SIDE} × {SIDE} RGB; baseline: a copy of its {SIDE * SIDE * 3 / 2**20:.0f} MiB")
    print(f"  {'':26}{'median':>9}{'95 %':>9}{'ratio':>8}{'≤ 16.7 ms':>11}")
    print(f"  {'baseline':26}{copy_ms:9.3f}{'':9}{1:8.0f}")
    for name, times in scrubs.items():
        for what, wall_ms in (("x_t", times.picture_ms), ("window", times.wall_ms)):
            median, high = np.percentile(wall_ms, (50, 95))
            in_time = np.mean(wall_ms <= REFRESH_MS)
            figures = f"{median:9.1f}{high:9.1f}{median / copy_ms:8.0f}{in_time:11.0%}"
            print(f"  {name + ', ' + what:26}{figures}")
        own = " ".join(f"{value:.1f}" for value in np.percentile(times.processor_ms, (50, 95)))
        print(f"  {name}, processor: median, 95 %: {own} ms")


def print_starts(starts: dict[str, Times]) -> None:
    print("\nStart, from starting Python until the first frame; baseline: a window with one label")
    print(f"  {'':18}{'median':>9}{'least':>9}{'ratio':>8}   processor: median, ratio")
    bare = starts["bare PySide6"]
    for name, times in starts.items():
        median, used = np.median(times.wall_ms), np.median(times.processor_ms)
        ratio, used_ratio = median / np.median(bare.wall_ms), used / np.median(bare.processor_ms)
        on_clock = f"{median:9.0f}{times.wall_ms.min():9.0f}{ratio:8.1f}"
        print(f"  {name:18}{on_clock}   {used:8.0f} ms{used_ratio:8.1f}")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
