"""From answers to the pages of losses and spectra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from diffviz.core.losses import Loss
from diffviz.core.schedules import NoiseSchedule
from diffviz.core.spectrum import radial_spectrum
from diffviz.engine.step_view import StepView
from diffviz.ui.theme import Role
from diffviz.ui.widgets.line_chart import ChartAxes, Dash, Series
from diffviz.ui.widgets.log_axis import number_words
from diffviz.ui.widgets.theory_pages import OBJECTIVES, LossesPage, SpectrumPage
from diffviz.ui.workspaces.theory_presenter import log_range, time_ticks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diffviz.evaluation.agreement import AnswerErrors
    from diffviz.evaluation.timing import LossTimings, Spread

    FloatArray = NDArray[np.float64]

# In the order of evaluation.agreement.UNITS.
_LOOKS: tuple[tuple[str, str, Role, Dash, float], ...] = (
    ("on $ε$", "$ε̂$", "noise", "solid", 0.5),
    ("on $x_0$", "$x̂_0$", "signal", "solid", 0.7),
    ("on $v$", "$v̂$", "model", "dash", 0.3),
    ("on the mean", "mean $μ_θ$", "text2", "dot", 0.85),
)
_WIDTHS = (7.0, 5.0, 3.0, 1.5)
_TIMED = ("noise loss", "mean loss", "denoiser + noise loss", "denoiser + mean loss")
_RAW_WORDS = (
    "The same answers of the denoiser, judged in four units: the errors differ by powers of ten, because "
    "each unit stretches the same mistake by another factor."
)
_WEIGHTED_WORDS = (
    "Weighted to mean the same objective the four losses are one curve: what a network is trained to say "
    "changes how it learns, not what is best."
)


class LossesPresenter:
    """Shows the losses of answers along the chain, of one of them, and how long two losses take."""

    def __init__(self, page: LossesPage) -> None:
        self._page = page
        self._weights: tuple[NoiseSchedule, Loss, FloatArray] | None = None
        self._shown: object = None
        page.chart.set_hint("The denoiser is being asked along the chain …")
        page.timing_words.set_markup(
            "Both losses from the same tensors, in turns, many times: first alone, then together with the "
            "call of the denoiser that a training step pays for anyway."
        )
        self.show_timings(None)

    def show_losses(
        self, found: Mapping[int, AnswerErrors], schedule: NoiseSchedule, objective: Loss, *, weighted: bool
    ) -> None:
        """Draw the losses of the answers that are known."""
        page = self._page
        shown = (id(found), len(found), schedule, objective, weighted)
        if shown == self._shown:
            return
        self._shown = shown
        page.words.set_markup(_WEIGHTED_WORDS if weighted else _RAW_WORDS)
        times = np.array(sorted(found))
        if len(times) < 2:
            page.chart.show_series((), ChartAxes((1.0, 2.0), (0.1, 1.0)))
            return
        errors = np.array([found[int(t)].errors for t in times]).T
        if weighted:
            errors = errors * self._weights_of(schedule, objective)[:, times]
        series = [
            Series(
                name,
                role,
                times.astype(float),
                row,
                dash,
                width if weighted else 2.0,
                preferred,
                not weighted,
            )
            for (name, _, role, dash, preferred), row, width in zip(_LOOKS, errors, _WIDTHS, strict=True)
        ]
        total = schedule.num_timesteps
        axes = ChartAxes((1.0, float(max(2, total))), log_range(list(errors)), time_ticks(total))
        page.chart.show_series(series, axes, "weighted" if weighted else "as they are")

    def show_answer(
        self, errors: AnswerErrors | None, t: int, schedule: NoiseSchedule, objective: Loss
    ) -> None:
        """Show the losses of the answer at t; None where they cannot all be said."""
        from diffviz.evaluation.agreement import disagreement

        page = self._page
        page.table_title.set_markup(f"**One answer, four losses** [text2]at $t$ {t}[/]")
        if errors is None:
            page.table.set_rows([(symbol, "–", "–", "–") for _, symbol, *_ in _LOOKS])
            page.agreement.set_markup("At this $t$ the answer cannot be said in all four units.")
            return
        weights = self._weights_of(schedule, objective)[:, t]
        weighted = weights * np.array(errors.errors)
        page.table.set_rows(
            [
                (
                    f"[{role}]■[/] {symbol}",
                    number_words(error),
                    f"× {number_words(weight)}",
                    f"= {number_words(value)}",
                )
                for (_, symbol, role, *_), error, weight, value in zip(
                    _LOOKS, errors.errors, weights.tolist(), weighted.tolist(), strict=True
                )
            ]
        )
        name = dict(OBJECTIVES)[objective]
        apart = disagreement(weighted)
        words = (
            "They agree in every digit."
            if apart == 0.0
            else f"They differ by {number_words(apart)} of their size."
        )
        page.agreement.set_markup(
            f"Objective “{name}”, from one $ε̂$, each loss with its own target and prediction. {words}"
        )

    def show_timings(self, timings: LossTimings | None, *, is_running: bool = False) -> None:
        """Show what has been measured; None: nothing."""
        page = self._page
        spreads = (
            (None,) * 4
            if timings is None
            else (timings.noise, timings.mean, timings.call_noise, timings.call_mean)
        )
        page.timing.set_rows(
            [(name, *_duration(spread)) for name, spread in zip(_TIMED, spreads, strict=True)]
        )
        page.timing_progress.setVisible(is_running)
        page.timing_progress.set_share(0.0 if timings is None else timings.done / timings.total)
        page.measure.set_label("Stop" if is_running else "Measure")
        page.measure.set_icon_name("x" if is_running else "refresh-cw")
        if timings is not None and timings.call_mean is not None and timings.call_noise is not None:
            page.timing_words.set_markup(_timing_words(timings.call_noise, timings.call_mean))

    def _weights_of(self, schedule: NoiseSchedule, objective: Loss) -> FloatArray:
        from diffviz.evaluation.agreement import unit_weights

        if self._weights is None or self._weights[0] is not schedule or self._weights[1] is not objective:
            self._weights = schedule, objective, unit_weights(objective, schedule)
        return self._weights[2]


class SpectrumPresenter:
    """Shows how much of a step's pictures lies at which frequency."""

    def __init__(self, page: SpectrumPage) -> None:
        self._page = page
        page.chart.set_hint("The denoiser is being asked …")

    def show(self, view: StepView) -> None:
        """Draw the spectra of a step."""
        level = view.question.schedule.level(view.t)
        clean, noised = radial_spectrum(view.x_0), radial_spectrum(view.x_t)
        side = max(view.x_0.shape[:2])
        inner = slice(1, side // 2 + 1)
        cycles = clean.cycles[inner].astype(float)
        floor = level.one_minus_alpha_cumprod
        left = level.alpha_cumprod * clean.power[inner]
        series = [
            Series("$x_0$", "signal", cycles, clean.power[inner], "solid", 2.5, 0.3),
            Series("$x_t$", "text2", cycles, noised.power[inner], "solid", 1.75, 0.6),
            Series("signal left, $ᾱ_t x_0$", "signal", cycles, left, "dot", 1.75, 0.2),
        ]
        if view.answer is not None:
            guess = radial_spectrum(view.answer.pred_x_0).power[inner]
            series.append(Series("$x̂_0$", "model", cycles, guess, "dash", 2.0, 0.45))
        if floor > 0.0:
            series.append(
                Series(
                    "noise floor, $1 − ᾱ_t$", "noise", cycles, np.full_like(cycles, floor), "solid", 1.5, 0.85
                )
            )
        low, high = log_range([one.ys for one in series if one.name != "signal left, $ᾱ_t x_0$"])
        ticks = [k for k in (1, 2, 4, 8, 16, 32, 64, 128) if k <= side // 2]
        axes = ChartAxes(
            (1.0, float(max(2, side // 2))),
            (max(low, high / 1e8), high),
            tuple((float(k), "1 cycle per picture" if k == 1 else str(k)) for k in ticks),
            log_x=True,
        )
        self._page.chart.show_series(series, axes, f"at t {view.t}")
        self._page.words.set_markup(_spectrum_words(view.t, left, floor, cycles, clean.counts[inner]))


def _spectrum_words(
    t: int, left: FloatArray, floor: float, cycles: FloatArray, counts: NDArray[np.int64]
) -> str:
    if floor == 0.0:
        return f"At $t$ = {t} there is no noise yet: all of the picture is there."
    under = left < floor
    share = float(counts[under].sum() / counts.sum())
    if not under.any():
        return f"At $t$ = {t} all frequencies of the picture stand above the noise."
    first = int(cycles[np.flatnonzero(under)[0]])
    return (
        f"At $t$ = {t} the signal that is left falls under the noise floor from **{first}** cycle"
        f"{'s' if first > 1 else ''} per picture on: **{share:.0%}** of all frequencies lie under it."
    )


def _timing_words(noise: Spread, mean: Spread) -> str:
    """What the comparison beside a call of the denoiser says."""
    more = mean.median_s - noise.median_s
    spread = max(noise.high_s - noise.low_s, mean.high_s - mean.low_s)
    share = abs(more) / noise.median_s
    verdict = (
        "lost in the spread of the calls themselves" if abs(more) <= spread else "more than their spread"
    )
    return (
        f"Beside the denoiser the mean loss takes {share:.1%} {'more' if more >= 0 else 'less'} time, which "
        f"is {verdict} ({_seconds(spread)} between quartiles). Median of {noise.repeats} calls, with their "
        "quartiles; the losses took turns after a warm-up."
    )


def _duration(spread: Spread | None) -> tuple[str, str]:
    """Median, and quartiles."""
    if spread is None:
        return "–", "–"
    return _seconds(spread.median_s), f"[text2]{_seconds(spread.low_s)} – {_seconds(spread.high_s)}[/]"


def _seconds(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size or unit == "µs":
            return f"{seconds / size:.3g} {unit}"
    return ""
