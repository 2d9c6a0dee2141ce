"""Render the schedule panel, the timeline and the histogram to PNG, to be looked at beside the mock-ups.

Run ``QT_QPA_PLATFORM=offscreen python tests/widgets/sheet_curves.py FOLDER [FONT] [POINTS]``.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QWidget

from diffviz.core.schedule_lint import lint
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.paths import assets_dir
from diffviz.ui import theme
from diffviz.ui.widgets.histogram import PixelHistogram
from diffviz.ui.widgets.schedule_panel import SchedulePanel
from diffviz.ui.widgets.segmented import SegmentedSwitch
from diffviz.ui.widgets.time_axis import TimeAxis
from diffviz.ui.widgets.timeline import Timeline

UNSCALED = ScheduleSpec(num_timesteps=100, params=(("rescale", 0.0),))
NO_NOISE = ScheduleSpec("constant", 10, (("beta", 0.0),))
AT_ONCE = ScheduleSpec("constant", 10, (("beta", 1.0),))


def square(name: str, size: int) -> np.ndarray:
    with Image.open(assets_dir() / "photos" / name) as opened:
        picture = opened.convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    small = picture.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(small, np.float32) / 127.5 - 1.0


def noised(x_0: np.ndarray, alpha_cumprod: float) -> np.ndarray:
    noise = np.random.default_rng(7).standard_normal(x_0.shape)
    return np.sqrt(alpha_cumprod) * x_0 + np.sqrt(1.0 - alpha_cumprod) * noise


def as_bytes(x: np.ndarray) -> np.ndarray:
    return np.clip(np.rint((x + 1.0) * 127.5), 0, 255).astype(np.uint8)


def panel(spec: ScheduleSpec, quantity: str, width: int = 320, height: int = 620) -> QWidget:
    made = SchedulePanel()
    schedule, ghost = build_schedule(spec), ScheduleSpec("cosine")
    t = round(0.27 * spec.num_timesteps)
    made.show_schedule(spec, schedule, ghost, build_schedule(ghost), quantity, t, lint(spec, schedule))
    made.resize(max(width, made.minimumSizeHint().width()), height)
    return made


def timeline(
    width: int, *, two: bool = False, compact: bool = False, even: str = "step", zoom: float = 1.0
) -> QWidget:
    made = Timeline()
    schedule = build_schedule(ScheduleSpec())
    if two:
        made.set_strips([("Forward", "of my image", "text"), ("Reverse $x̂_0$", "run B, 23 of 50", "model")])
        made.set_even_in_visible(False)
        shows = SegmentedSwitch([("x_t", "$x_t$"), ("x_0", "$x̂_0$"), ("noise", "$ε̂$")])
        made.add_right_widget(shows, "Reverse strip shows")
    made.set_compact(compact)
    made.set_alphas_cumprod(schedule.alphas_cumprod)
    made.set_even_in(even)
    made.resize(width, made.sizeHint().height())

    def after_show() -> None:
        axis: TimeAxis = made.filmstrip.axis
        if zoom != 1.0:
            made.filmstrip.take_axis(axis.zoomed(zoom, axis.x(270)))
        size = 32 if two else made.thumbnail_size(300, 300)[0]
        for strip in range(2 if two else 1):
            x_0 = square("coffee.png" if strip else "chelsea.png", size)
            for cell, t in enumerate(made.cell_times()):
                made.set_thumbnail(strip, cell, as_bytes(noised(x_0, float(schedule.alphas_cumprod[t]))))
        if two:
            made.set_sampled(1, (530, 1000), "not sampled yet, run A shown faintly")
        made.set_t(540 if two else 270)

    made.after_show = after_show
    return made


def histogram(alpha_cumprod: float) -> QWidget:
    made = PixelHistogram()
    made.set_values(noised(square("chelsea.png", 192), alpha_cumprod).astype(np.float32))
    made.resize(268, made.sizeHint().height())
    return made


PAGES = {
    "panel": lambda: panel(ScheduleSpec(), "alpha_cumprod"),
    "panel_narrow": lambda: panel(ScheduleSpec(), "beta", 288, 560),
    "panel_warning": lambda: panel(UNSCALED, "alpha_cumprod", 320, 760),
    "panel_sigmoid": lambda: panel(ScheduleSpec("sigmoid_abar"), "sigma", 320, 760),
    "panel_zero_snr": lambda: panel(ScheduleSpec(zero_terminal_snr=True), "log_snr"),
    "panel_no_noise": lambda: panel(NO_NOISE, "log_snr", 320, 700),
    "panel_at_once": lambda: panel(AT_ONCE, "log_snr", 320, 700),
    "timeline": lambda: timeline(1440),
    "timeline_small": lambda: timeline(1100, compact=True),
    "timeline_wide_log_snr": lambda: timeline(1920, even="log_snr"),
    "timeline_zoomed": lambda: timeline(1440, zoom=4.0),
    "timeline_reverse": lambda: timeline(1440, two=True),
    "timeline_reverse_small": lambda: timeline(1100, two=True, compact=True),
    "histogram_clean": lambda: histogram(1.0),
    "histogram": lambda: histogram(0.4715),
    "histogram_noise": lambda: histogram(0.0),
}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    font = QFont(sys.argv[2] if len(sys.argv) > 2 else "Inter")
    font.setPointSizeF(float(sys.argv[3]) if len(sys.argv) > 3 else 9.75)
    app.setFont(font)
    for scheme in ("dark", "light"):
        theme.apply_theme(app, scheme, reduce_motion=True)
        for name, build in PAGES.items():
            page = build()
            page.show()
            app.processEvents()
            if hasattr(page, "after_show"):
                page.after_show()
            for _ in range(3):
                app.processEvents()
            page.grab().save(str(folder / f"{name}_{scheme}.png"))
            page.close()
            page.deleteLater()
            app.processEvents()


if __name__ == "__main__":
    main()
