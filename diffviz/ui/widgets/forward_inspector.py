"""The right panel of the forward process: how noise belongs together over time, and read-outs of x_t."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget

from diffviz.core.forward import NoiseMode
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.fields import IntegerField, LabelledField
from diffviz.ui.widgets.histogram import PixelHistogram
from diffviz.ui.widgets.live_line import LiveLine
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.read_out import ReadOutGrid
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch
from diffviz.ui.widgets.side_panel import SidePanel

MAX_SEED = 2**31 - 1
_SENTENCES = {
    NoiseMode.FROZEN: "One noise picture is reused at every step, so scrubbing shows only the mix changing.",
    NoiseMode.MARKOV: "Every step adds fresh noise to the frame before: the true chain, one path of it.",
    NoiseMode.REDRAW: "Every step draws its own noise, as training does: neighbours share only the image.",
}
_SAME_LAW = (
    "All three have exactly the same distribution at any one t; they differ in how different t belong "
    "together. Training looks at one t per picture and cannot tell them apart."
)


_NOT_A_STEP = {
    NoiseMode.FROZEN: " Frozen noise is one draw scaled, no step of a chain; Markov takes real ones.",
    NoiseMode.REDRAW: " Redrawn frames are no neighbours in a chain; Markov takes real steps.",
}


@dataclass(frozen=True)
class StepReadings:
    """Numbers of one time of the chain; infinities allowed."""

    t: int
    alpha_cumprod: float
    sigma: float
    snr: float
    ou_time: float
    ou_step: float
    sqrt_alpha: float
    beta: float


class ForwardInspector(SidePanel):
    """
    Noise mode, seed, and what x_t is like.

    Signals
    -------
    mode_selected(str)
        The user chose how noise belongs together over time.
    seed_edited(int)
        The user typed a seed.
    new_noise_requested()
        The user asked for another seed.
    """

    mode_selected = Signal(str)
    seed_edited = Signal(int)
    new_noise_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Inspector", parent)
        self.add_heading("Noise across time")
        self.modes = SegmentedSwitch(
            [
                Segment(NoiseMode.FROZEN, "Frozen $ε$", _SENTENCES[NoiseMode.FROZEN]),
                Segment(NoiseMode.MARKOV, "Markov", _SENTENCES[NoiseMode.MARKOV]),
                Segment(NoiseMode.REDRAW, "Redraw", _SENTENCES[NoiseMode.REDRAW]),
            ],
            "Noise across time",
        )
        self.modes.setToolTip(_SAME_LAW)
        self.modes.selected.connect(self.mode_selected)
        self.add(self.modes)
        self._sentence = MathLabel("", "label", "text2", wraps=True)
        self._sentence.setToolTip(_SAME_LAW)
        self.add(self._sentence)
        self.seed = IntegerField(0, MAX_SEED, accessible_name="Noise seed")
        self.seed.value_edited.connect(self.seed_edited)
        self.new_noise = make_button("plain", "New noise", "dice-5", "Draw other noise", "N")
        self.new_noise.clicked.connect(self.new_noise_requested)
        seed_field = LabelledField("Noise seed", self.seed, tooltip="The same seed gives the same picture")
        row = self.add_pair(seed_field, self.new_noise)
        layout = row.layout()
        if layout is not None:
            layout.setAlignment(self.new_noise, Qt.AlignmentFlag.AlignBottom)
        self.add_divider()
        self._at_step = LiveLine("At step 0", "label", "text2", weight=QFont.Weight.DemiBold)
        self.add(self._at_step)
        self.read_outs = ReadOutGrid()
        self.add(self.read_outs)
        self._pixel_line = MathLabel("", "label", "text2")
        self._pixel_line.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.add_pair(MathLabel("Pixel values", "label", "text2"), self._pixel_line)
        self.histogram = PixelHistogram()
        self.add(self.histogram)
        self._end_sentence = MathLabel("", "label", "text2", wraps=True)
        self.add(self._end_sentence)
        self.add_divider()
        self.add_heading("One step, $q(x_t | x_{t−1})$")
        self.kernel = ReadOutGrid()
        self.add(self.kernel)
        self._kernel_sentence = MathLabel("", "label", "text2", wraps=True)
        self.add(self._kernel_sentence)

    def show_noise(self, mode: NoiseMode, seed: int) -> None:
        """Show the noise settings, silently."""
        self.modes.set_current(mode)
        self._sentence.set_markup(_SENTENCES[mode])
        self.seed.set_value(seed)

    def show_step(self, readings: StepReadings, mode: NoiseMode) -> None:
        """Show what is known of a step, taken in a noise mode, without looking at pixels."""
        r = readings
        self._at_step.set_markup(f"At step {r.t}")
        self.read_outs.set_cells(
            [
                ("Signal left $ᾱ_t$", _number(r.alpha_cumprod), ""),
                ("Noise level $σ_t$", f"{r.sigma:.3f}", ""),
                ("SNR", _decibel(r.snr), "dB"),
                ("PSNR to $x_0$", "…", "dB"),
            ]
        )
        is_start = r.t == 0
        self.kernel.set_cells(
            [
                ("Mean", "–" if is_start else f"{r.sqrt_alpha:.4f} $x_{{t−1}}$", ""),
                ("Variance $β_t$", "–" if is_start else _number(r.beta), ""),
                ("OU time $τ_t$", _plain(r.ou_time), ""),
                ("of this step $Δτ_t$", "–" if is_start else _number(r.ou_step), ""),
            ]
        )
        if is_start:
            self._kernel_sentence.set_markup("The chain begins here: no step leads to $t$\u00a0=\u00a00.")
            return
        self._kernel_sentence.set_markup(f"{_kernel_words(r.beta, r.t)}{_NOT_A_STEP.get(mode, '')}")

    def show_pixels(self, mean: float, std: float, psnr_db: float, values: NDArray[np.float32]) -> None:
        """Show what was measured on the pixels of x_t."""
        self.read_outs.set_value("PSNR to $x_0$", _signed(psnr_db, 1))
        self._pixel_line.set_markup(f"mean {_signed(mean, 2)} · std {std:.2f}")
        self.histogram.set_values(values)
        reached = abs(mean) < 0.03 and abs(std - 1.0) < 0.03
        self._end_sentence.set_markup(
            "The bars fill the bell curve: nothing but noise is left to see."
            if reached
            else "The noise end is reached when the bars fill the bell curve."
        )


def _kernel_words(beta: float, t: int) -> str:
    if beta == 0.0:
        return f"$β_{{{t}}}$ = 0: this step changes nothing, the frame is the one before."
    if beta == 1.0:
        return f"$β_{{{t}}}$ = 1: nothing of the frame before is kept, all of it is new noise."
    kept = 100.0 * (1.0 - beta)
    spread = math.sqrt(beta)
    return f"Step {t} keeps {kept:.4g}% of the power and adds noise of standard deviation {spread:.4f}."


def _number(value: float) -> str:
    if math.isinf(value):
        return "∞"
    if value != 0.0 and abs(value) < 1e-3:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    return f"{value:.4f}"


def _plain(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.3f}"


def _decibel(ratio: float) -> str:
    if ratio == 0.0:
        return "−∞"
    return _signed(10.0 * math.log10(ratio), 1) if math.isfinite(ratio) else "∞"


def _signed(value: float, digits: int) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}f}"
    return text.replace("-", "−")
