"""Networks that ask a gate before each call, so that who pauses or stops a run waits for one call at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.prediction import Prediction
    from diffviz.core.schedules import NoiseLevel
    from diffviz.engine.gate import StepGate
    from diffviz.models.denoiser import ClassIndex, Denoiser, DenoiserInfo, GradientSource

__all__ = ["GatedClassifier", "GatedDenoiser"]


class GatedDenoiser:
    """A denoiser behind a gate; `predict` raises `WorkStoppedError` where the work has to end."""

    def __init__(self, denoiser: Denoiser, gate: StepGate) -> None:
        self._denoiser, self._gate = denoiser, gate

    @property
    def info(self) -> DenoiserInfo:
        """What it is."""
        return self._denoiser.info

    def predict(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex = None) -> Prediction:
        """Wait until the gate admits a call, then estimate x_0 and ε."""
        self._gate.admit_call()
        return self._denoiser.predict(x_t, level, class_index)


class GatedClassifier:
    """A classifier behind a gate; `gradient` raises `WorkStoppedError` where the work has to end."""

    def __init__(self, classifier: GradientSource, gate: StepGate) -> None:
        self._classifier, self._gate = classifier, gate

    def gradient(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex) -> Tensor:
        """Wait until the gate admits a call, then ∇_{x_t} log p(class | x_t)."""
        self._gate.admit_call()
        return self._classifier.gradient(x_t, level, class_index)
