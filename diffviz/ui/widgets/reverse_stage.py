"""The stage of the reverse process: x_t, x̂_0 and ε̂ side by side, who made them, and the next step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.core.samplers import StepCoefficients
from diffviz.ui.theme import Role, color
from diffviz.ui.widgets.badge import Badge
from diffviz.ui.widgets.image_view import ImageView
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.picture_painting import MARGIN_PX, title_height
from diffviz.ui.widgets.pill import Cell, Pill
from diffviz.ui.widgets.psnr_card import PsnrCard
from diffviz.ui.widgets.why_card import WhyCard

Pixels = NDArray[np.uint8]
_MODES = ("triptych", "single")
_SIDE_PX = 32
_GAP_PX = 18


class ReverseStage(QWidget):
    """
    Pictures of one step of a reverse run.

    Signals
    -------
    picture_saved(str), save_failed(str)
        The user saved one of the pictures, or it failed.
    """

    picture_saved = Signal(str)
    save_failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.x_t = ImageView("x_t", "Now")
        self.x_0 = ImageView("x̂_0", "Predicted image")
        self.noise = ImageView("ε̂", "Predicted noise")
        for view in (self.x_0, self.noise):
            view.set_outline("model")
        for view in (self.x_t, self.x_0, self.noise):
            view.picture_saved.connect(self.picture_saved)
            view.save_failed.connect(self.save_failed)
        self.badge = Badge("exact", "")
        self.explanation = MathLabel("", "label", "text2", wraps=True)
        self.why = WhyCard()
        self.why.hide()
        self.comparison = PsnrCard()
        self.comparison.hide()
        self.formula = Pill()
        self.formula.hide()
        self._mode = "triptych"
        self._pictures = QWidget()
        pictures = QHBoxLayout(self._pictures)
        pictures.setContentsMargins(0, 0, 0, 0)
        pictures.setSpacing(_GAP_PX)
        for view in (self.x_t, self.x_0, self.noise):
            pictures.addWidget(view, 1)
        maker = QHBoxLayout()
        maker.setSpacing(10)
        maker.addWidget(self.badge)
        maker.addWidget(self.explanation, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(_SIDE_PX, 4, _SIDE_PX, 12)
        column.setSpacing(12)
        column.addStretch(2)
        column.addWidget(self._pictures)
        column.addLayout(maker)
        column.addWidget(self.why)
        column.addWidget(self.comparison)
        column.addWidget(self.formula, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_mode(self, mode: str) -> None:
        """Show "triptych", all three pictures, or "single", x̂_0 alone and large."""
        if mode not in _MODES:
            raise KeyError(mode)
        self._mode = mode
        self.x_t.setVisible(mode == "triptych")
        self.noise.setVisible(mode == "triptych")
        self._fit_pictures()

    def set_pictures(self, x_t: Pixels | None, x_0: Pixels | None, noise: Pixels | None) -> None:
        """Show the three pictures of a step, uint8 (H, W, C); several samples come as one grid each."""
        self.x_t.set_image(x_t)
        self.x_0.set_image(x_0)
        self.noise.set_image(noise)
        self._fit_pictures()

    def _fit_pictures(self) -> None:
        """Give the pictures the height that their width asks for, or what the rest of the stage leaves."""
        count = 3 if self._mode == "triptych" else 1
        width = (self.width() - 2 * _SIDE_PX - (count - 1) * _GAP_PX) / count - 2 * MARGIN_PX
        size = self.x_0.picture_size
        aspect = size[1] / size[0] if size[0] else 1.0
        wanted = width * aspect + title_height() + 2 * MARGIN_PX
        others = (self.badge, self.why, self.comparison, self.formula)
        taken = sum(w.sizeHint().height() + 12 for w in others if not w.isHidden())
        self._pictures.setFixedHeight(round(max(120.0, min(wanted, self.height() - taken - 24))))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_pictures()

    def set_time(self, t: int) -> None:
        """Say which step the pictures belong to."""
        self.x_t.set_title("x_t", "Now,", f"t = {t}")
        self.x_0.set_title("x̂_0", "Predicted image")
        self.noise.set_title("ε̂", "Predicted noise")

    def set_placeholders(self, x_t: str, prediction: str) -> None:
        """Say what will stand where no picture is yet."""
        self.x_t.set_placeholder(x_t)
        self.x_0.set_placeholder(prediction)
        self.noise.set_placeholder(prediction)

    def set_maker(self, kind: str, badge: str, explanation: str) -> None:
        """Name the denoiser that made the predictions: "exact" or "network", badge text, one sentence."""
        self.badge.set_badge(kind, badge)
        self.explanation.set_markup(explanation)

    def set_reason(self, *, why: bool | None = None, comparison: bool | None = None) -> None:
        """Show or hide the card of weights and the card of PSNR; None leaves one as it is."""
        if why is not None:
            self.why.setVisible(why)
        if comparison is not None:
            self.comparison.setVisible(comparison)
        self._fit_pictures()

    def set_step_formula(self, t: int, s: int, coefficients: StepCoefficients | None) -> None:
        """Print the next step with its real coefficients; None: the run is at its end."""
        self.formula.setVisible(coefficients is not None)
        if coefficients is not None:
            self.formula.set_cells(step_cells(t, s, coefficients))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), color("stage"))


def step_cells(t: int, s: int, coefficients: StepCoefficients) -> list[Cell]:
    """The step in cells of a pill: "x_520 = 0.051 x̂_0 + 0.887 x_540 + 0.436 z"."""
    terms: tuple[tuple[float, Role, str], ...] = (
        (coefficients.pred_x_0, "model", "x̂_0"),
        (coefficients.x_t, "accent", f"x_{{{t}}}"),
        (coefficients.pred_noise, "model", "ε̂"),
        (coefficients.noise, "noise", "z"),
        (coefficients.correction, "model", "Δ"),
    )
    cells = [Cell("Next step   ", "text2"), Cell(f"$x_{{{s}}}$ = ")]
    shown = [term for term in terms if term[0] != 0.0]
    for index, (value, role, symbol) in enumerate(shown):
        sign = "−" if value < 0 else "+"
        joint = f" {sign} " if index else ("−" if value < 0 else "")
        cells += [Cell(joint), Cell(f"{abs(value):.3f}", role, "0.000", is_strong=True), Cell(f" ${symbol}$")]
    return cells if shown else [*cells, Cell("0")]
