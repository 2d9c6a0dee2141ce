"""Make every picture of the README from the real window, off the screen, the same at every run.

    python packaging/screenshots.py [NAME ...] [--out FOLDER] [--full-colour]

With names, only those pictures. The window's own font is Inter where the machine has it.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QEventLoop, QMimeData, QObject, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QFont, QFontDatabase, QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from diffviz.app import make_application, make_window
from diffviz.core.control_points import control_points
from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.data.datasets import load_dataset
from diffviz.data.samples import sample_picture
from diffviz.engine.trainer import TrainerState
from diffviz.engine.training_log import TrainingLog
from diffviz.ui.main_window import MainWindow
from diffviz.ui.theme import apply_theme
from diffviz.ui.widgets.pixels import array_from_picture

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
SIZE = (1440, 900)
FONT_PX = 13
STILL_MS = 400
PATIENCE_MS = 240_000
NUM_COLOURS, NUM_EXACT = 256, 64
NETWORK = "fashion-unet"
TRAIN_LOG = Path(__file__).resolve().parent / "train-emoji-run.npz"
NUM_MOMENTS = 16
EMOJI = 83
Scene = Callable[["Studio"], "Shot"]


class Shot:
    """A widget to photograph, with a dialog over it, or a part of it."""

    def __init__(self, widget: QWidget, dialog: QWidget | None = None) -> None:
        self.widget, self.dialog = widget, dialog

    def picture(self) -> np.ndarray:
        canvas = self.widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        if self.dialog is not None:
            place = self.dialog.mapToGlobal(QPoint(0, 0)) - self.widget.mapToGlobal(QPoint(0, 0))
            painter = QPainter(canvas)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setClipRegion(self.dialog.mask().translated(place))
            painter.drawPixmap(place, self.dialog.grab())
            painter.end()
        return array_from_picture(canvas)


class Studio(QObject):
    """One window and the patience to wait until it rests."""

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        self.app = app
        self._paints = 0
        app.installEventFilter(self)
        self.window: MainWindow

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self._paints += event.type() == QEvent.Type.Paint
        return False

    def open_window(self) -> MainWindow:
        self.window = make_window()
        self.window.resize(*SIZE)
        self.window.show()
        self.window.setFocus()
        return self.window

    def close_window(self) -> None:
        self.window.close()
        self.window.deleteLater()
        self.rest(1)

    def rest(self, duration_ms: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(duration_ms, loop.quit)
        loop.exec()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        for _ in range(PATIENCE_MS // 50):
            if condition():
                return
            self.rest(50)
        raise SystemExit("The window did not come to what was waited for.")

    def wait_until_still(self) -> None:
        """Until nothing was painted for a while."""
        seen = -1
        while seen != self._paints:
            seen = self._paints
            self.rest(STILL_MS)

    def run(self, until_t: int = 0) -> None:
        """Make a reverse run, or the part of it down to a time."""
        reverse = self.window.reverse
        if until_t == 0:
            reverse.run()
            self.wait_until(lambda: not reverse.runner.busy)
            return
        reverse.step()
        current = reverse.history.current
        assert current is not None
        self.wait_until(lambda: bool(current.steps))
        while current.reached_t is not None and current.reached_t > until_t:
            made = len(current.steps)
            reverse.step()
            self.wait_until(lambda made=made: len(current.steps) > made)

    def hold_file_over(self, path: Path) -> None:
        self._mime = QMimeData()
        self._mime.setUrls([QUrl.fromLocalFile(str(path))])
        copy, nothing = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
        middle = self.window.rect().center()
        entering = QDragEnterEvent(middle, copy, self._mime, Qt.MouseButton.LeftButton, nothing)
        QApplication.sendEvent(self.window, entering)

    def take_file_away(self) -> None:
        QApplication.sendEvent(self.window, QDragLeaveEvent())


def forward(studio: Studio) -> Shot:
    return Shot(studio.window)


def forward_light(studio: Studio) -> Shot:
    apply_theme(studio.app, "light", reduce_motion=True)
    return Shot(studio.window)


def drop(studio: Studio) -> Shot:
    studio.hold_file_over(sample_picture("astronaut").path)
    return Shot(studio.window)


def one_step(studio: Studio) -> Shot:
    studio.window.session.update(image="sample:coffee", t=120, noise_mode="markov")
    studio.window.forward.set_mode("step")
    return Shot(studio.window.forward.centre)


def compare(studio: Studio) -> Shot:
    studio.window.session.update(image="sample:raccoon", t=180)
    studio.window.forward.set_mode("compare")
    return Shot(studio.window.forward.centre)


def schedule_custom(studio: Studio) -> Shot:
    linear = build_schedule(ScheduleSpec())
    points = list(control_points(linear, "alpha_cumprod", 6))
    u, value = points[2]
    points[2] = (u, min(points[1][1] - 0.03, value + 0.35))
    spec = ScheduleSpec("custom", quantity="alpha_cumprod", points=tuple(points))
    studio.window.session.update(schedule=spec, t=420)
    return Shot(studio.window.schedule_panel)


def schedule_lint(studio: Studio) -> Shot:
    spec = ScheduleSpec(num_timesteps=100).with_value("rescale", 0.0)
    studio.window.session.update(schedule=spec, t=60)
    return Shot(studio.window.schedule_panel)


def reverse_exact(studio: Studio) -> Shot:
    studio.window.session.update(workspace="reverse", exact_size=96, reverse_seed=17)
    studio.run(until_t=540)
    studio.window.session.update(t=840)
    return Shot(studio.window)


def reverse_network(studio: Studio) -> Shot:
    sampler = SamplerSpec(SamplerKind.DDIM, num_sampling_steps=50)
    studio.window.session.update(
        workspace="reverse", denoiser=NETWORK, sampler=sampler, num_samples=16, reverse_seed=7
    )
    studio.run()
    return Shot(studio.window)


def reverse_from_image(studio: Studio) -> Shot:
    studio.window.session.update(
        workspace="reverse", start="image", start_t=860, exact_size=96, reverse_seed=7
    )
    studio.run()
    studio.window.session.update(t=420)
    return Shot(studio.window)


def reverse_light(studio: Studio) -> Shot:
    apply_theme(studio.app, "light", reduce_motion=True)
    return reverse_exact(studio)


def reverse_fork(studio: Studio) -> Shot:
    """A run left at t = 700 for another seed, both on one time."""
    reverse = studio.window.reverse
    sampler = SamplerSpec(num_sampling_steps=50)
    studio.window.session.update(
        workspace="reverse", denoiser="emoji-unet", class_index=2, sampler=sampler, reverse_seed=7
    )
    studio.run()
    studio.window.session.update(t=700, reverse_seed=21)
    reverse.driver.fork_with_settings()
    studio.wait_until(lambda: not reverse.runner.busy)
    reverse.set_mode("compare")
    studio.window.session.update(t=240)
    return Shot(studio.window)


def reverse_duel(studio: Studio) -> Shot:
    reverse = studio.window.reverse
    sampler = SamplerSpec(SamplerKind.DDIM, num_sampling_steps=17)
    studio.window.session.update(
        workspace="reverse", denoiser=NETWORK, class_index=9, sampler=sampler, reverse_seed=7
    )
    studio.run()
    reverse.set_mode("compare")
    reverse.comparison.field.choice_edited.emit("duel")
    studio.window.session.update(t=529)
    chart = reverse.comparison.duel.chart
    studio.wait_until(lambda: bool(chart.series) and len(chart.series[-1].xs) >= 16)
    return Shot(reverse.centre)


def reverse_guidance(studio: Studio) -> Shot:
    sampler = SamplerSpec(SamplerKind.DDIM, num_sampling_steps=30)
    studio.window.session.update(
        workspace="reverse",
        denoiser=NETWORK,
        class_index=8,
        sampler=sampler,
        guidance_scale=0.0,
        path_guidance=8.0,
        num_samples=9,
        reverse_seed=211,
    )
    studio.run()
    studio.window.reverse.samples.stage.strip.ask(3)
    return Shot(studio.window.reverse.centre)


def train(studio: Studio) -> Shot:
    """The first minutes of a run with the recommended recipe, kept so that nobody has to wait for them."""
    window = studio.window
    window.train.trainer.log = TrainingLog.read(TRAIN_LOG)
    window.show_workspace("train")
    studio.wait_until(lambda: window.train.recipe.preview is not None)
    studio.wait_until(lambda: bool(window.train.left.network_words.markup))
    window.train.timeline.go_last()
    return Shot(window)


def train_points(studio: Studio) -> Shot:
    """A real run of some seconds."""
    window = studio.window
    window.show_workspace("train")
    window.train.recipe.take_data("swiss-roll")
    studio.wait_until(lambda: window.train.recipe.plan.is_points)
    window.train.run()
    trainer = window.train.trainer
    studio.wait_until(lambda: trainer.log is not None and len(trainer.log.moments) >= NUM_MOMENTS)
    window.train.pause()
    studio.wait_until(lambda: trainer.state is TrainerState.PAUSED)
    return Shot(window.train.centre)


def lab(studio: Studio) -> Shot:
    window = studio.window
    settings = replace(window.session.state.lab, particles=400)
    sampler = SamplerSpec(SamplerKind.DDIM, num_sampling_steps=50)
    window.session.update(lab=settings, schedule=ScheduleSpec("cosine"), sampler=sampler, t=130)
    window.show_workspace("lab")
    window.lab.stage.toggles["ahead"].click()
    driver = window.lab.driver
    studio.wait_until(lambda: driver.fit is not None and driver.paths is not None)
    studio.wait_until_still()
    return Shot(window)


def lab_phase(studio: Studio) -> Shot:
    lab(studio)
    studio.window.lab.stage.toggles["sde"].click()
    studio.window.lab.set_mode("phase")
    studio.window.session.update(t=400)
    studio.wait_until_still()
    return Shot(studio.window.lab.centre)


def theory(studio: Studio) -> Shot:
    """An emoji that the network has not seen, with the bound of a few more."""
    window = studio.window
    pixels = load_dataset("emoji", split="test").images[EMOJI]
    state = {"denoiser": "emoji-unet", "schedule": ScheduleSpec("cosine"), "t": 24}
    window.session.update(**state, bound_over="data", bound_pictures=32)
    window.session.update(image=window.images.add_paste(pixels, "Emoji, held-out"))
    window.show_workspace("theory")
    studio.wait_until(lambda: window.theory.estimate.is_whole)
    studio.wait_until(lambda: window.theory.view is not None and window.theory.view.t == 24)
    studio.wait_until_still()
    return Shot(window)


def lesson(studio: Studio) -> Shot:
    """A card with its question answered, and the signal of the formula pointed at."""
    window = studio.window
    window.lessons.begin("cosine")
    window.lessons.go_on()
    window.lessons.choose(1)
    symbol = window.forward.formula.spot("signal")
    studio.wait_until_still()
    symbol.setFocus(Qt.FocusReason.TabFocusReason)
    studio.wait_until_still()
    return Shot(window)


def export(studio: Studio) -> Shot:
    studio.window.open_export()
    return Shot(studio.window, studio.window.export.dialog)


SCENES: dict[str, Scene] = {
    "forward": forward,
    "forward-light": forward_light,
    "drop": drop,
    "schedule-custom": schedule_custom,
    "schedule-lint": schedule_lint,
    "one-step": one_step,
    "compare": compare,
    "reverse-exact": reverse_exact,
    "reverse-network": reverse_network,
    "reverse-from-image": reverse_from_image,
    "reverse-light": reverse_light,
    "reverse-fork": reverse_fork,
    "reverse-duel": reverse_duel,
    "reverse-guidance": reverse_guidance,
    "train": train,
    "train-points": train_points,
    "lab": lab,
    "lab-phase": lab_phase,
    "theory": theory,
    "lesson": lesson,
    "export": export,
}


def save(pixels: np.ndarray, path: Path, *, full_colour: bool) -> None:
    """Write a PNG; without full colour in 256 colours, of which the interface keeps its own."""
    picture = Image.fromarray(pixels)
    if not full_colour:
        picture = in_few_colours(pixels)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, optimize=True)
    print(f"{path.name:26}{picture.width} × {picture.height}{path.stat().st_size / 1000:8.0f} kB", flush=True)


def in_few_colours(pixels: np.ndarray) -> Image.Image:
    """Keep the commonest colours, those of the interface, exactly, and share out the rest among pictures."""
    flat = pixels.reshape(-1, 3).astype(np.uint32)
    colours, counts = np.unique(flat[:, 0] << 16 | flat[:, 1] << 8 | flat[:, 2], return_counts=True)
    order = np.argsort(counts)[::-1]
    exact, others = colours[order[:NUM_EXACT]], colours[order[NUM_EXACT:]]
    # Each other colour counts as the root of its number, or wide dark areas would take them all.
    repeated = np.repeat(others, np.ceil(np.sqrt(counts[order[NUM_EXACT:]])).astype(int))
    palette = [*unpacked(exact).tolist()]
    if len(others):
        row = Image.fromarray(unpacked(repeated)[None])
        found = row.quantize(NUM_COLOURS - len(palette), Image.Quantize.MEDIANCUT).getpalette() or []
        palette += np.reshape(found, (-1, 3)).tolist()
    holder = Image.new("P", (1, 1))
    holder.putpalette([value for colour in palette[:NUM_COLOURS] for value in colour])
    return Image.fromarray(pixels).quantize(palette=holder, dither=Image.Dither.NONE)


def unpacked(codes: np.ndarray) -> np.ndarray:
    """Colours 0xRRGGBB as rows of three bytes."""
    return np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], axis=-1).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENES))
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--full-colour", action="store_true", help="do not reduce to 256 colours")
    options = parser.parse_args()
    unknown = set(options.names) - set(SCENES)
    if unknown:
        parser.error(f"there is no picture {', '.join(sorted(unknown))}")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(prefix="diffviz-screenshots-", ignore_cleanup_errors=True) as home:
        os.environ["DIFFVIZ_HOME"] = home
        app = make_application()
        if "Inter" in QFontDatabase.families():
            font = QFont("Inter")
            font.setPixelSize(FONT_PX)
            app.setFont(font)
        studio = Studio(app)
        for name in options.names or SCENES:
            apply_theme(app, "dark", reduce_motion=True)
            studio.open_window()
            shot = SCENES[name](studio)
            studio.wait_until_still()
            save(shot.picture(), options.out / f"{name}.png", full_colour=options.full_colour)
            studio.close_window()


if __name__ == "__main__":
    main()
