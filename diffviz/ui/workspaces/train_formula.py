"""The formula line of the Train workspace: the loss that is learned, and the step of the weights."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QObject

from diffviz.core.losses import Loss
from diffviz.core.prediction import PredictionType
from diffviz.engine.training_log import TrainingLog
from diffviz.engine.training_plan import TrainingPlan
from diffviz.training.config import TrainingConfig
from diffviz.ui.math_layout import Node, Words, symbol
from diffviz.ui.symbol_links import SymbolLinks
from diffviz.ui.targets import Target
from diffviz.ui.widgets.formula_line import FormulaLine, FormulaPart, sign
from diffviz.ui.widgets.recipe_panel import RecipePanel
from diffviz.ui.widgets.training_panel import TrainingPanel
from diffviz.ui.workspaces.train_stage import TrainStage

_TARGETS = {
    PredictionType.NOISE: ("ε", "ε: the noise that was mixed in, drawn anew for every picture of the batch"),
    PredictionType.X_0: ("x_0", "x_0: the clean picture"),
    PredictionType.V: ("v", "v = √ᾱ_t ε − √(1 − ᾱ_t) x_0: the velocity"),
    PredictionType.EDM: ("F", "F: the picture, scaled and shifted to variance 1 at every noise level"),
    PredictionType.MEAN: ("μ̃", "μ̃: the mean of the posterior of the step from t to t − 1"),
}
_UNITS = {
    Loss.SIMPLE: PredictionType.NOISE,
    Loss.ELBO_BETA: PredictionType.NOISE,
    Loss.ELBO_TILDE: PredictionType.NOISE,
    Loss.MEAN: PredictionType.MEAN,
    Loss.X_0: PredictionType.X_0,
    Loss.V: PredictionType.V,
    Loss.EDM: PredictionType.EDM,
    Loss.MIN_SNR: PredictionType.X_0,
}
_WEIGHTS = {
    Loss.ELBO_BETA: ("λ_t", "λ_t = β_t / (2α_t (1 − ᾱ_t)): the weight of the bound with variance β_t"),
    Loss.ELBO_TILDE: ("λ̃_t", "λ̃_t = β_t / (2α_t (1 − ᾱ_{t−1})): the weight of the bound with variance β̃_t"),
    Loss.MIN_SNR: ("min(SNR_t, 5)", "The signal-to-noise ratio, cut off at 5"),
}
_SHORT_NAMES = {"loss": "$L$ =", "batch": "batch", "t": "$t$ =", "rate": "$η$ =", "gradient": "$‖∇L‖$ ="}


class TrainFormula(QObject):
    """
    Shows the loss of the run, or of the recipe before there is one.

    Parameters
    ----------
    stage, left, panel
        Where the loss, the recipe and the progress are.
    """

    def __init__(
        self, stage: TrainStage, left: RecipePanel, panel: TrainingPanel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.line = FormulaLine("The loss as a formula")
        self._is_compact = False
        self._shown: tuple[TrainingConfig, float, float, float] | None = None
        self.links = SymbolLinks(
            self.line,
            {
                "loss": [Target(stage.loss_plot), Target(left.loss)],
                "batch": [Target(left.batch)],
                "weight": [Target(left.loss)],
                "target": [Target(left.prediction)],
                "answer": [Target(left.architecture)],
                "t": [Target(left.timesteps)],
                "x_t": [Target(left.wall), Target(stage.wall), Target(stage.data_cloud)],
                "rate": [Target(left.learning_rate)],
                "gradient": [Target(panel.trend)],
            },
        )

    def show(self, plan: TrainingPlan, log: TrainingLog | None) -> None:
        """Show the loss with the numbers of the newest step; dashes before the first."""
        config = log.plan.config if log is not None else plan.config
        loss = log.last("loss") if log is not None else math.nan
        gradient = log.last("gradient_norm") if log is not None else math.nan
        seen = len(log) * config.batch_size if log is not None else 0
        rate = config.learning_rate_at(max(seen, 1))
        self._shown = (config, loss, gradient, rate)
        self._show()

    def set_compact(self, compact: bool) -> None:
        """Show the numbers by their names, for low windows: alone they would say nothing."""
        self._is_compact = compact
        self.line.set_compact(compact)
        self._show()

    def _show(self) -> None:
        if self._shown is not None:
            parts = loss_formula(*self._shown)
            self.line.set_formula(_named_numbers(parts) if self._is_compact else parts)


def loss_formula(
    config: TrainingConfig, loss: float, gradient: float, rate: float
) -> tuple[FormulaPart, ...]:
    """
    Return the loss of a recipe and the step of the weights.

    Parameters
    ----------
    config
        The recipe.
    loss, gradient
        Of the newest step; NaN before the first.
    rate
        The learning rate there.
    """
    unit = _UNITS.get(config.loss, PredictionType.NOISE)
    target, meaning = _TARGETS[unit]
    answered = "It answers another quantity, from which this one follows" if config.prediction != unit else ""
    words = f"{target}_θ: what the network says, given x_t and t. {answered}".strip()
    parts = [
        FormulaPart(symbol("L"), _number(loss), "loss", "L: the loss of this batch", "noise", "0.0000"),
        sign(" = "),
        FormulaPart(
            Words("mean"),
            str(config.batch_size),
            "batch",
            f"The mean over a batch of {config.batch_size}, each with a time and a noise of its own",
            "text",
        ),
        sign(" "),
    ]
    if config.loss in _WEIGHTS:
        name, why = _WEIGHTS[config.loss]
        parts += [FormulaPart(symbol(name), "", "weight", why, "signal"), sign(" ")]
    node: Node = symbol(f"{target}_θ")
    return (
        *parts,
        FormulaPart(Words("‖"), ""),
        FormulaPart(symbol(target), "", "target", meaning, "signal"),
        FormulaPart(Words(" − "), ""),
        FormulaPart(node, "", "answer", words, "model"),
        FormulaPart(Words("("), ""),
        FormulaPart(
            symbol("x_t"), "", "x_t", "x_t: a picture of the data, noised in one jump to time t", "accent"
        ),
        FormulaPart(Words(", "), ""),
        FormulaPart(
            symbol("t"),
            f"1…{config.schedule.num_timesteps}",
            "t",
            f"t: drawn from 1 to {config.schedule.num_timesteps} for each picture",
            "accent",
        ),
        FormulaPart(Words(")‖²"), ""),
        FormulaPart(Words("     "), ""),
        FormulaPart(symbol("θ ← θ −"), ""),
        FormulaPart(
            symbol(" η"),
            f"{rate:.1e}".replace("-", "−"),
            "rate",
            "η: the learning rate now",
            "text",
            "0.0e−00",
        ),
        sign(" "),
        FormulaPart(
            symbol("∇_θ L"),
            _number(gradient),
            "gradient",
            "∇_θ L: the direction in which the loss grows, and its length; the optimiser scales it",
            "noise",
            "0.0000",
        ),
    )


def _named_numbers(parts: tuple[FormulaPart, ...]) -> tuple[FormulaPart, ...]:
    """The parts that have a number, each with its name before it."""
    named: list[FormulaPart] = []
    for part in parts:
        if part.key in _SHORT_NAMES:
            name = _SHORT_NAMES[part.key]
            widest = f"{name} {part.widest}" if part.widest else ""
            named += [sign("   "), replace(part, value=f"{name} {part.value}", widest=widest)]
    return tuple(named[1:])


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.4f}" if abs(value) < 100 else f"{value:.1e}"
