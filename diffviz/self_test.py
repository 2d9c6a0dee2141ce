"""Whether this copy of diffviz works here: the real window, a shipped network and two animation files.

``diffviz --self-test`` runs it, in a source checkout, a wheel and a frozen bundle alike. It touches nothing
of the person who runs it: settings and files go to a folder that is gone afterwards.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from diffviz import paths

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QImage

    from diffviz.data.images import Pixels
    from diffviz.engine.job import JobRunner
    from diffviz.engine.outcome import JobOutcome
    from diffviz.ui.main_window import MainWindow

_SIZE = (1440, 900)
_FEWEST_COLOURS = 2000
_STEPS = 10
_PATIENCE_MS = 300_000
_FRAMES, _FRAME_RATE_FPS, _SIDE = 12, 20.0, 96


class SelfTestError(Exception):
    """Something is not as it has to be; the message is one sentence."""


@dataclass
class _Subject:
    """What is examined: the window, from the check that opens it on, and a folder for files."""

    folder: Path
    window: MainWindow | None = None

    @property
    def shown(self) -> MainWindow:
        if self.window is None:
            raise SelfTestError("There is no window to try it in.")
        return self.window


def run() -> int:
    """Try everything once, print one line for each check, and return the exit status: 0 if all is well.

    Without a display (on Linux) the window is drawn off the screen.
    """
    checks: tuple[tuple[str, Callable[[_Subject], str]], ...] = (
        ("files", _check_files),
        ("window", _check_window),
        ("scrub", _check_scrub),
        ("reverse", _check_reverse),
        ("GIF", _check_gif),
        ("MP4", _check_mp4),
    )
    system = f"{platform.system()} {platform.machine()}"
    print(f"Self-test of diffviz with Python {platform.python_version()} on {system}", flush=True)
    failed = 0
    with _apart_from_the_user() as folder, _uncaught_errors() as uncaught:
        subject = _Subject(folder)
        for name, check in checks:
            try:
                words, verdict = check(subject), "ok"
                if uncaught:
                    raise uncaught.pop()
            # Whatever is wrong with an installation has to become a line, or the other checks say nothing.
            except Exception as error:
                words, verdict = _one_line(error), "FAILED"
                failed += 1
            uncaught.clear()
            print(f"  {verdict:<8}{name:<9}{words}", flush=True)
        if subject.window is not None:
            subject.window.close()
    print(f"{failed} of {len(checks)} checks failed." if failed else "All is well.", flush=True)
    return 1 if failed else 0


def _check_files(_subject: _Subject) -> str:
    from diffviz.data.samples import SAMPLES
    from diffviz.models.catalog import read_catalog

    fonts = list((paths.assets_dir() / "fonts").glob("*.ttf"))
    missing = [sample.path for sample in SAMPLES if not sample.path.is_file()]
    if missing or not fonts:
        raise SelfTestError(f"{missing[0] if missing else paths.assets_dir() / 'fonts'} is missing.")
    catalog = read_catalog()
    if catalog.problems or not catalog.networks:
        raise SelfTestError(
            next(iter(catalog.problems), f"There is no network in {paths.checkpoints_dir()}.")
        )
    names = ", ".join(info.key for info in catalog.networks)
    return f"diffviz {version('diffviz')}, {len(SAMPLES)} sample pictures, networks: {names}"


def _check_window(subject: _Subject) -> str:
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import qVersion

    from diffviz.app import make_application, make_window

    app = make_application()
    window = make_window()
    window.resize(*_SIZE)
    window.show()
    app.processEvents()
    subject.window = window
    picture = window.grab().toImage()
    colours = len(np.unique(_values(picture)))
    if colours < _FEWEST_COLOURS:
        raise SelfTestError(f"The window shows only {colours} colours, so something was not drawn.")
    return f"{picture.width()} x {picture.height()} on {app.platformName()!r}, Qt {qVersion()}"


def _check_scrub(subject: _Subject) -> str:
    window = subject.shown
    total = window.session.state.num_timesteps
    times = [0, total // 4, total // 2, 3 * total // 4, total]
    pictures = {t: _picture_at(window, t) for t in times}
    if len(set(pictures.values())) < len(times):
        raise SelfTestError("The picture does not change with t.")
    if _picture_at(window, times[1]) != pictures[times[1]]:
        raise SelfTestError("Going back to an earlier t shows another picture than before.")
    return f"{len(times)} pictures from t = 0 to t = {total}"


def _check_reverse(subject: _Subject) -> str:
    from diffviz.core.samplers import SamplerKind, SamplerSpec
    from diffviz.engine.outcome import JobStatus
    from diffviz.models.catalog import list_networks

    window = subject.shown
    runner, history = window.reverse.runner, window.reverse.history
    networks = [info for info in list_networks() if info.image_shape is not None]
    if not networks:
        raise SelfTestError("There is no network to try.")
    info = max(networks, key=lambda info: info.parameters)
    window.session.update(
        workspace="reverse",
        denoiser=info.key,
        sampler=SamplerSpec(SamplerKind.DDIM, num_sampling_steps=_STEPS),
        schedule=info.schedule or window.session.state.schedule,
    )
    outcome = _outcome(runner, window.reverse.run)
    if outcome.status is not JobStatus.SUCCEEDED:
        raise SelfTestError(outcome.message())
    steps = history.current.steps if history.current is not None else ()
    if len(steps) != _STEPS or steps[-1].s != 0:
        raise SelfTestError(f"The run has {len(steps)} steps instead of {_STEPS}.")
    spread = float(steps[-1].x_s.std())
    if not 0.05 < spread < 1.0:
        raise SelfTestError(f"{info.key} made no picture: its values have a standard deviation of {spread}.")
    return f"{_STEPS} DDIM steps of {info.key} in the worker thread"


def _check_gif(subject: _Subject) -> str:
    from PIL import Image

    path = subject.folder / "forward.gif"
    wanted = _write_animation(path)
    with Image.open(path) as gif:
        found = getattr(gif, "n_frames", 1), gif.height, gif.width
    return _compared(path, found, wanted)


def _check_mp4(subject: _Subject) -> str:
    import av

    path = subject.folder / "forward.mp4"
    wanted = _write_animation(path)
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return _compared(path, (len(frames), *frames[0].shape[:2]), wanted)


def _write_animation(path: Path) -> tuple[int, int, int]:
    """Write the forward process of a small sample picture; number, height and width of its frames."""
    from diffviz.core.forward import ForwardProcess
    from diffviz.core.schedules import ScheduleSpec, build_schedule
    from diffviz.data.images import fit, load_image
    from diffviz.data.samples import SAMPLES
    from diffviz.export.animation import AnimationSettings, whole_scale, write_animation
    from diffviz.export.frames import FrameSpec, evenly_spaced_times, forward_frames

    settings = AnimationSettings(path, frame_rate_fps=_FRAME_RATE_FPS)
    x_0 = fit(load_image(SAMPLES[0].path).x_0, (_SIDE, _SIDE), "crop")
    schedule = build_schedule(ScheduleSpec())
    times = evenly_spaced_times(0, schedule.num_timesteps, _FRAMES)
    spec = FrameSpec(whole_scale(settings, _SIDE, _SIDE, target=2 * _SIDE), captions=True)
    frames: list[Pixels] = list(forward_frames(ForwardProcess(x_0, schedule, 7), times, spec))
    for _step in write_animation(frames, len(frames), settings):
        pass
    return len(frames), *frames[0].shape[:2]


def _compared(path: Path, found: tuple[int, int, int], wanted: tuple[int, int, int]) -> str:
    count, height, width = found
    words = f"{count} frames of {width} x {height}"
    if found != wanted:
        raise SelfTestError(f"{path.name} holds {words}, not {wanted[0]} of {wanted[2]} x {wanted[1]}.")
    return f"{words} written and read back, {path.stat().st_size / 1000:.0f} kB"


def _picture_at(window: MainWindow, t: int) -> bytes:
    """Pixels of x_t as the window shows it at a time."""
    from PySide6.QtWidgets import QApplication

    window.session.update(t=t)
    QApplication.processEvents()
    picture = window.forward.stage.hero.picture
    if picture is None:
        raise SelfTestError("The window shows no picture.")
    return _values(picture).tobytes()


def _values(picture: QImage) -> NDArray[np.uint32]:
    """Colours of a picture, one number for each pixel."""
    from PySide6.QtGui import QImage

    same = picture.convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(same.constBits(), np.uint32).copy()


def _outcome(runner: JobRunner, begin: Callable[[], None]) -> JobOutcome:
    """Begin a job and return how it ended, while the window goes on living."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    outcomes: list[JobOutcome] = []
    runner.ended.connect(outcomes.append)
    runner.ended.connect(loop.quit)
    begin()
    QTimer.singleShot(_PATIENCE_MS, loop.quit)
    loop.exec()
    if not outcomes:
        raise SelfTestError(f"The run has not ended after {_PATIENCE_MS // 1000} seconds.")
    return outcomes[0]


@contextmanager
def _apart_from_the_user() -> Iterator[Path]:
    """A folder for everything that is written, settings included, which goes with the test."""
    before = os.environ.get(paths.HOME_VARIABLE)
    with tempfile.TemporaryDirectory(prefix="diffviz-self-test-", ignore_cleanup_errors=True) as name:
        os.environ[paths.HOME_VARIABLE] = str(Path(name) / "home")
        try:
            yield Path(name)
        finally:
            if before is None:
                del os.environ[paths.HOME_VARIABLE]
            else:
                os.environ[paths.HOME_VARIABLE] = before


@contextmanager
def _uncaught_errors() -> Iterator[list[BaseException]]:
    """Errors in slots and paint events, which Python would only print."""
    errors: list[BaseException] = []
    before = sys.excepthook
    sys.excepthook = lambda _kind, error, _trace: errors.append(error)
    try:
        yield errors
    finally:
        sys.excepthook = before


def _one_line(error: BaseException) -> str:
    words = " ".join(str(error).split())
    return words if isinstance(error, SelfTestError) and words else f"{type(error).__name__}: {words}"
