"""How quick the 2-D lab is, from a new time until its plane is painted. It asserts nothing.

    python packaging/bench_lab.py [--frames N] [--screen]

Every frame holds the exact density, 19 × 19 score arrows and all particles of 1000 data points. A screen of
60 Hz shows each one where 95 of 100 take less than 16.7 ms. Wall times hold where nothing else runs; the time
that the window's thread spent on the processor tells what a frame costs on a busy machine.
"""

import argparse
import os
import platform
import tempfile
import time
from dataclasses import dataclass, replace

import numpy as np

REFRESH_MS = 1000 / 60
PATIENCE_S = 300.0
STEPS = 50


@dataclass(frozen=True)
class Row:
    """Durations of the frames of one setting, in ms."""

    name: str
    wall_ms: np.ndarray
    processor_ms: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=300, help="frames of each setting")
    parser.add_argument("--screen", action="store_true", help="draw on the screen, not off it")
    options = parser.parse_args()
    if not options.screen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(prefix="diffviz-bench-", ignore_cleanup_errors=True) as home:
        os.environ["DIFFVIZ_HOME"] = home
        rows = measured(options.frames)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{platform.machine()}, {cores} cores, load {os.getloadavg()[0]:.1f}, {options.frames} frames each")
    print(f"{'':44}{'median':>9}{'95 %':>9}{'of 16.7 ms':>12}{'processor, 95 %':>17}")
    for row in rows:
        high, cost = np.percentile(row.wall_ms, 95), np.percentile(row.processor_ms, 95)
        median = f"{np.median(row.wall_ms):6.1f} ms"
        print(f"{row.name:44}{median:>9}{high:6.1f} ms{100 * high / REFRESH_MS:10.0f} %{cost:14.1f} ms")


def measured(frames: int) -> list[Row]:
    from PySide6.QtWidgets import QApplication

    from diffviz.app import make_application, make_window
    from diffviz.engine.lab_spec import LabMotion

    app: QApplication = make_application()
    window = make_window()
    window.resize(1440, 900)
    window.show()
    window.show_workspace("lab")
    session, driver = window.session, window.lab.driver

    def rest() -> None:
        began = time.perf_counter()
        while time.perf_counter() - began < PATIENCE_S:
            app.processEvents()
            time.sleep(0.002)
            if not driver.is_walking and time.perf_counter() - began > 1.0:
                return

    rows = []
    for particles in (20_000, 100_000):
        for motion, words in ((LabMotion.FORWARD, "forward"), (LabMotion.SAMPLER, f"{STEPS} steps of DDPM")):
            lab = replace(session.state.lab, particles=particles, motion=motion)
            session.update(lab=lab, t=session.state.num_timesteps)
            rest()
            rows.append(Row(f"{particles:,} particles, {words}", *timed(window, frames)))
    window.close()
    return rows


def timed(window: object, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Scrub from noise to data; each frame ends when the plane has been painted."""
    times = np.rint(np.linspace(window.session.state.num_timesteps, 20, frames)).astype(int)
    wall, processor = [], []
    for t in times:
        began, used = time.perf_counter(), time.thread_time()
        window.session.update(t=int(t))
        window.lab.plane.repaint()
        wall.append(time.perf_counter() - began)
        processor.append(time.thread_time() - used)
    return 1000 * np.array(wall), 1000 * np.array(processor)


if __name__ == "__main__":
    main()
