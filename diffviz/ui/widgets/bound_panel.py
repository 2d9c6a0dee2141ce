"""The right panel of the Theory workspace: the bound in large figures, this step, and its formula."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from diffviz.ui.theme import Role, metric
from diffviz.ui.widgets.bound_formula import term_formula, total_formula
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.cost_bars import bits_words
from diffviz.ui.widgets.formula_line import FormulaLine
from diffviz.ui.widgets.log_axis import number_words
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.read_out import ReadOutGrid
from diffviz.ui.widgets.share_bar import ShareBar
from diffviz.ui.widgets.side_panel import SidePanel
from diffviz.ui.widgets.surfaces import ProgressLine, make_well

_MEANING = "An upper limit on how many bits a perfect code built from this model needs for each colour value."
_PARTS: tuple[tuple[str, Role, str], ...] = (
    ("decoder", "signal", "$L_0$ last step to 8-bit"),
    ("steps", "model", "$Σ L_{t−1}$ denoising steps"),
    ("prior", "noise", "$L_T$ leftover signal"),
)
_BUTTONS = {
    "stop": ("Stop", "x", "Stop estimating; what is known stays"),
    "noise": ("New noise", "dice-5", "Estimate with other noise  (N)"),
    "estimate": ("Estimate", "refresh-cw", "Estimate the bound"),
}
_NO_STEP = "At $t$ = 0 the picture is clean: there is no step."


@dataclass(frozen=True)
class BoundFigures:
    """The bound in bits per dimension as far as it is known, None where a part is not.

    ``is_whole`` says that all terms of some pictures are in; ``words`` of what it is the mean; ``progress``
    is 0…1 while it is computed, and ``remaining_s`` how long that will take, where known.
    """

    total: float | None = None
    prior: float | None = None
    steps: float | None = None
    decoder: float | None = None
    standard_error: float | None = None
    is_whole: bool = False
    words: str = ""
    progress: float | None = None
    remaining_s: float | None = None


@dataclass(frozen=True)
class StepFigures:
    """One step: its cost in bits per dimension, share of the bound, ‖ε − ε̂‖²/d, λ_t, C_t in nats."""

    t: int
    cost: float
    share: float | None
    noise_error: float
    weight: float
    constant: float


class BoundPanel(SidePanel):
    """
    Figures of the bound.

    Signals
    -------
    stop_requested()
        The user wants no more of the estimate.
    estimate_requested()
        The user wants it after all.
    new_noise_requested()
        The user wants it with other noise.
    """

    stop_requested = Signal()
    estimate_requested = Signal()
    new_noise_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Variational bound", parent)
        self._asks: str = "estimate"
        self._figures = BoundFigures()
        self._step: StepFigures | None = None
        # Below the stage, where the workspace puts it.
        self.formula = FormulaLine("The bound as a formula")
        self._build_bound()
        self._build_step()
        self._build_footer()
        self.show_bound(BoundFigures())
        self.show_step(None)
        # Until the denoiser has answered the formula is that of a step without its numbers.
        self._step = StepFigures(2, math.nan, None, math.nan, math.nan, 0.0)
        self._show_formula()

    def _build_bound(self) -> None:
        self._total = MathLabel("–", "display")
        self._total.setToolTip("L_0 + Σ L_t−1 + L_T in bits per dimension")
        self._unit = MathLabel("bits/dim", "body", "text2")
        figure = QWidget()
        row = QHBoxLayout(figure)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(metric(6))
        row.addWidget(self._total, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self._unit, 1, Qt.AlignmentFlag.AlignBottom)
        self.add(figure)
        self._spread = MathLabel("", "label", "text2", wraps=True)
        self.add(self._spread)
        self.add(MathLabel(_MEANING, "label", "text2", wraps=True))
        self._shares = ShareBar("Parts of the bound: last step, denoising steps, leftover signal")
        self.add(self._shares)
        parts = QWidget()
        grid = QGridLayout(parts)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        self._values: dict[str, MathLabel] = {}
        for index, (key, role, words) in enumerate(_PARTS):
            grid.addWidget(MathLabel(f"[{role}]■[/] {words}", "body", "text2", wraps=True), index, 0)
            value = MathLabel("–", "body", weight=QFont.Weight.DemiBold)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._values[key] = value
            grid.addWidget(value, index, 1)
        self.add(parts)

    def _build_step(self) -> None:
        self.add_divider()
        self._step_title = self.add_heading("This step")
        self.step = ReadOutGrid()
        self.add(self.step)
        self._no_step = MathLabel(_NO_STEP, "label", "text2", wraps=True)
        self.add(self._no_step)
        self.add_divider()
        self.add_heading("Formula")
        self._formula = MathLabel("", "body", "text", wraps=True)
        self._formula.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout()
        column.setContentsMargins(12, 12, 12, 12)
        column.addWidget(self._formula)
        self.add(make_well(column))

    def _build_footer(self) -> None:
        self._progress_words = MathLabel("", "label", "text2", wraps=True)
        self._progress = ProgressLine("Progress of the bound")
        self.button = make_button("plain", "Estimate", "refresh-cw", "Estimate the bound")
        self.button.clicked.connect(self._on_button_clicked)
        for widget in (self._progress_words, self._progress, self.button):
            self.pin(widget)

    # What is shown

    @property
    def total_words(self) -> str:
        """The large figure."""
        return self._total.plain

    @property
    def spread_words(self) -> str:
        """The line below it."""
        return self._spread.plain

    @property
    def arithmetic_words(self) -> str:
        """The formula of the step with its numbers."""
        return self.formula.plain

    def part_words(self, key: str) -> str:
        """Figure of "decoder", "steps" or "prior"."""
        return self._values[key].plain

    def show_bound(self, figures: BoundFigures) -> None:
        """Show the bound, or how far it is."""
        total = figures.total
        self._total.set_markup("–" if total is None else total_words(total))
        self._unit.set_markup("bits/dim" if figures.is_whole or total is None else "bits/dim so far")
        spread = ""
        if figures.is_whole and figures.standard_error is not None:
            spread = f"± {bits_words(figures.standard_error)} (standard error), "
        self._spread.set_markup(f"{spread}{figures.words}")
        sizes = {key: getattr(figures, key) for key, _, _ in _PARTS}
        for key, value in sizes.items():
            self._values[key].set_markup("–" if value is None else bits_words(value))
        self._shares.set_parts([(role, sizes[key] or 0.0) for key, role, _ in _PARTS])
        self._figures = figures
        self._show_formula()
        self._show_progress(figures)

    def _show_formula(self) -> None:
        """Show what the step costs; where there is none, what the bound is made of."""
        step, whole = self._step, self._figures
        self.formula.set_formula(
            total_formula(whole.total, whole.decoder, whole.steps, whole.prior)
            if step is None
            else term_formula(step.t, step.cost, step.weight, step.noise_error, step.constant)
        )

    def _show_progress(self, figures: BoundFigures) -> None:
        is_running = figures.progress is not None
        self._asks = "stop" if is_running else "noise" if figures.is_whole else "estimate"
        share = figures.progress or 0.0
        words = ""
        if is_running:
            words = f"{share:.0%} of the denoiser's calls"
            if figures.remaining_s is not None and figures.remaining_s > 2.0:
                words += f", about {figures.remaining_s:.0f} s left"
        elif figures.total is not None and not figures.is_whole:
            words = "Stopped before all terms were known"
        self._progress_words.set_markup(words)
        self._progress_words.setVisible(bool(words))
        self._progress.set_share(share)
        self._progress.setVisible(is_running)
        label, icon_name, tooltip = _BUTTONS[self._asks]
        self.button.set_label(label)
        self.button.set_icon_name(icon_name)
        self.button.setToolTip(tooltip)
        self.button.setAccessibleName(label)

    def show_step(self, figures: StepFigures | None) -> None:
        """Show one step; None at t = 0."""
        self._step = figures
        self._show_formula()
        self.step.setVisible(figures is not None)
        self._no_step.setVisible(figures is None)
        if figures is None:
            self._formula.set_markup("$L = L_0 + Σ_{t≥2} L_{t−1} + L_T$")
            return
        share = "–" if figures.share is None else number_words(100 * figures.share, 2)
        self.step.set_cells(
            [
                ("Cost, this step", bits_words(figures.cost), "bits"),
                ("Share of total", share, "%"),
                ("MSE of $ε̂$", bits_words(figures.noise_error)),
                ("Weight $λ$", bits_words(figures.weight)),
            ]
        )
        if figures.t == 1:
            self._formula.set_markup("the mass of the decoder within half a grey level of $x_0$")
            return
        self._formula.set_markup(
            "$L_{t−1} = D_{KL}($ [signal]$q(x_{t−1}|x_t, x_0)$[/] ‖ [model]$p_θ(x_{t−1}|\u2060x_t)$[/] $)$"
        )

    @Slot()
    def _on_button_clicked(self) -> None:
        wishes = {
            "stop": self.stop_requested,
            "noise": self.new_noise_requested,
            "estimate": self.estimate_requested,
        }
        wishes[self._asks].emit()


def total_words(bits: float) -> str:
    """The bound in the large figure."""
    if bits == math.inf:
        return "∞"
    return f"{bits:.2f}" if abs(bits) < 1e4 else "> 10⁴"
