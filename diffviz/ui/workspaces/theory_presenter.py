"""From answers to the screen: weights, costs, one value under the microscope, losses, spectra."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from diffviz.core.losses import Loss, loss_weights
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import NoiseSchedule
from diffviz.data.images import to_uint8
from diffviz.engine.step_view import StepAnswer, StepView
from diffviz.ui.theme import Role
from diffviz.ui.widgets.bell_plot import BellPair
from diffviz.ui.widgets.bound_panel import BoundPanel, StepFigures
from diffviz.ui.widgets.cost_bars import bits_words
from diffviz.ui.widgets.cost_map import map_pixels
from diffviz.ui.widgets.line_chart import ChartAxes, Dash, Series
from diffviz.ui.widgets.specimen_panel import SpecimenPanel
from diffviz.ui.widgets.theory_pages import BoundPage
from diffviz.ui.workspaces.theory_links import link_theory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_LN_2 = math.log(2.0)
_MOST_DECADES = 9.0
_CHANNELS = ("red", "green", "blue")
_UNITS = {
    "noise": (PredictionType.NOISE, "ε̂"),
    "x_0": (PredictionType.X_0, "x̂_0"),
    "v": (PredictionType.V, "v̂"),
}
_SIMPLE_NAMES = {"noise": "simple", "x_0": "simple = SNR", "v": "simple"}
_WEIGHT_LOOKS: tuple[tuple[Loss, str, Role, Dash, float, float], ...] = (
    (Loss.SIMPLE, "", "noise", "solid", 2.0, 0.85),
    (Loss.MIN_SNR, "min-SNR 5", "signal", "dot", 2.5, 0.35),
    (Loss.ELBO_BETA, "bound, forward $σ^2$", "text2", "solid", 1.5, 0.3),
    (Loss.ELBO_TILDE, "bound, posterior $σ^2$", "model", "dash", 2.0, 0.62),
)
_WEIGHT_WORDS = (
    "The plain loss ignores the bound's weight $λ$, so it spends effort where the picture is decided, not "
    "where the bits are. Min-SNR holds the weight of nearly clean pictures down."
)
_HINTS = {
    "start": "Ask a denoiser: choose one at the left",
    "wait": "The denoiser is being asked …",
    "clean": "At t = 0 no step is left",
}


def time_ticks(num_timesteps: int) -> tuple[tuple[float, str], ...]:
    """Times to write under a chart."""
    step = max(1, round(num_timesteps / 4))
    inner = tuple((float(t), str(t)) for t in range(step, num_timesteps - step // 2, step))
    return ((1.0, "1"), *inner, (float(num_timesteps), f"{num_timesteps}"))


def log_range(curves: list[FloatArray]) -> tuple[float, float]:
    """A range that holds the positive values of curves with a little room."""
    values = np.concatenate([curve[np.isfinite(curve) & (curve > 0.0)] for curve in curves])
    if not values.size:
        return 0.1, 10.0
    high = float(values.max()) * 2.0
    low = max(float(values.min()) / 2.0, high / 10.0**_MOST_DECADES)
    return low, max(high, 10.0 * low)


class TheoryPresenter:
    """
    Shows steps and weights in the panels and on the first page.

    Parameters
    ----------
    left, page, panel
        Where it shows.
    """

    def __init__(self, left: SpecimenPanel, page: BoundPage, panel: BoundPanel) -> None:
        self._left, self._page, self._panel = left, page, panel
        self._pictures: tuple[StepView, str] | None = None
        self.links = link_theory(panel, page, left)
        page.bells.set_hint(_HINTS["wait"])
        page.weight_words.set_markup(_WEIGHT_WORDS)

    def show_weights(self, schedule: NoiseSchedule, unit: str) -> None:
        """Draw the weights on the error of "noise", "x_0" or "v"."""
        kind, symbol = _UNITS[unit]
        times = np.arange(1.0, schedule.num_timesteps + 1.0)
        series = []
        for loss, name, role, dash, width, preferred in _WEIGHT_LOOKS:
            weights = loss_weights(loss, kind, schedule)[1:]
            words = name or _SIMPLE_NAMES[unit]
            series.append(Series(words, role, times, weights, dash, width, preferred))
        axes = ChartAxes(
            (1.0, max(2.0, float(schedule.num_timesteps))),
            log_range([one.ys for one in series]),
            time_ticks(schedule.num_timesteps),
        )
        self._page.weights.show_series(series, axes, f"On the squared error of {symbol}")

    def show_waiting(self) -> None:
        """Say that an answer is on its way, where none is shown yet."""
        self._page.bells.set_hint(_HINTS["wait"])

    def show_pictures(self, view: StepView, shows: str, pixel: tuple[int, int]) -> None:
        """Show the map, or one of the pictures, with the pixel under the microscope."""
        answer = view.answer
        left = self._left
        left.legend.setVisible(shows == "cost")
        if shows == "cost":
            bits = np.zeros(view.x_0.shape[:2]) if answer is None else answer.bits.mean(axis=2)
            left.legend.set_words(f"at $t$ {view.t}")
            pixels = map_pixels(np.maximum(bits, 0.0))
        elif shows == "guess":
            pixels = to_uint8(view.x_0 if answer is None else answer.pred_x_0)
        else:
            pixels = to_uint8(view.x_0 if shows == "x_0" else view.x_t)
        left.view.set_image(pixels)
        left.view.set_outline("model" if shows == "guess" else None)
        left.view.set_marker(pixel)
        left.view.setAccessibleName(f"Image under test, pixel {pixel[0]}, {pixel[1]}")

    def show_microscope(self, view: StepView, pixel: tuple[int, int], channel: int) -> None:
        """Show both laws of one value of x_{t−1}."""
        page, answer = self._page, view.answer
        channels = view.x_0.shape[2]
        page.channels.setVisible(channels == 3)
        channel = min(channel, channels - 1)
        colour = f", {_CHANNELS[channel]}" if channels == 3 else ""
        if answer is None:
            page.bells.set_hint(_HINTS["clean"])
            page.bells.show_pair(None)
            page.bell_figures.set_markup("")
            page.bell_words.set_markup("")
            return
        place = (pixel[1], pixel[0], channel)
        pair = BellPair(
            float(answer.mean_q[place]),
            answer.variance_q,
            float(answer.mean_p[place]),
            answer.variance_p,
            float(answer.sample[place]),
            is_decoder=view.t == 1,
        )
        page.bells.show_pair(pair)
        page.bell_figures.set_markup(
            f"pixel ({pixel[0]}, {pixel[1]}){colour}  {_pair_words(pair, float(answer.bits[place]), view)}"
        )
        page.bell_words.set_markup(_meaning(view, answer))

    def show_step(self, view: StepView, total: float | None) -> None:
        """Show what the step costs, beside a bound in bits per dimension."""
        answer = view.answer
        if answer is None:
            self._panel.show_step(None)
            return
        cost = answer.bits_per_dim
        self._panel.show_step(
            StepFigures(
                view.t,
                cost,
                None if not total else cost / total,
                answer.noise_error,
                answer.weight,
                answer.constant,
            )
        )


def _signed(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")


def _pair_words(pair: BellPair, bits: float, view: StepView) -> str:
    """Figures of a pair of bells; lines break between them only."""
    t = view.t
    figures = [
        f"[signal]■[/] mean **{_signed(pair.mean_q)}**",
        f"[model]■[/] mean **{_signed(pair.mean_p)}**",
        f"gap **{_signed(pair.mean_p - pair.mean_q)}**",
    ]
    if pair.is_decoder:
        figures += [f"grey level **{bits_words(bits)}** bits", f"$σ_1$ {math.sqrt(pair.variance_p):.4f}"]
    else:
        beta = float(view.question.schedule.betas[t])
        figures += [
            f"KL **{bits_words(bits)}** bits",
            f"[accent]■[/] drawn **{_signed(pair.sample)}**",
            f"[signal]true $σ^2$[/] {bits_words(pair.variance_q)}",
            f"forward $β_t$ {bits_words(beta)}",
            f"[model]model $σ^2$[/] {bits_words(pair.variance_p)}",
        ]
    return "  ".join(figure.replace(" ", "\u00a0") for figure in figures)


def _meaning(view: StepView, answer: StepAnswer) -> str:
    """What there is to see."""
    t = view.t
    if t == 1:
        return (
            "The last step: the decoder's bell against the true grey level. $L_0$ counts how much of the "
            "bell lies within half a grey level."
        )
    if answer.variance_q == 0.0:
        return "This step adds no noise: both laws are one point, and it costs nothing."
    step = f"Both bells are the step $x_{{{t}}}$ → $x_{{{t - 1}}}$."
    if answer.variance_p == answer.variance_q:
        return f"{step} The width is known; the denoiser only has to place the centre."
    return f"{step} The model's width differs from the true one, which costs a constant in every pixel."
