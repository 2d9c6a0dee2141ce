"""The fields of the denoise panel that say how a run steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from diffviz.core.samplers import Clip, SamplerKind, SamplerSpec, Variance
from diffviz.core.timesteps import Spacing
from diffviz.ui.widgets.fields import Choice, ChoiceField, IntegerField, LabelledField, NumberField
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.stacking_row import StackingRow

MAX_SAMPLES = 64
_MOST_CHURN = 100.0

_SAMPLERS = (
    Choice("ddpm", "DDPM", "Ancestral sampling: fresh noise after every step (Ho et al., 2020)"),
    Choice("ddim", "DDIM", "Deterministic at η = 0, ancestral at η = 1 (Song et al., 2021)"),
    Choice("dpmpp2m", "DPM++ 2M", "Second-order solver that remembers one step (Lu et al., 2022)"),
    Choice("euler", "Euler", "First-order solver in EDM's noise level (Karras et al., 2022)"),
    Choice("heun", "Heun", "Second-order solver with two network calls a step (Karras et al., 2022)"),
)
# In words: few fonts can set a tilde on a beta.
_VARIANCES = (
    Choice("tilde", "Posterior", "Of the step back from a known x₀; exact if the data were a single picture"),
    Choice("beta", "Step β", "Of the step forward; exact if the data were white noise"),
    Choice("interpolated", "Between", "Between the two on a log scale (Nichol and Dhariwal, 2021)"),
)
_OPTIMAL = Choice(
    "optimal", "Optimal", "Adds what x₀ leaves open, which the exact denoiser knows (Bao et al., 2022)"
)
_NOT_OPTIMAL = "Only the exact denoiser without guidance knows how much x₀ leaves open"
_SPACINGS = (
    Choice("trailing", "Trailing", "Evenly spaced, starts at T"),
    Choice("leading", "Leading", "Evenly spaced from t = 1; does not start at T, where signal is left"),
    Choice("linspace", "Both ends", "Evenly spaced from 1 to T"),
    Choice("quad", "Quadratic", "Denser near the picture; does not start at T"),
    Choice("logsnr", "Even log-SNR", "Evenly spaced in log-SNR"),
    Choice("karras", "Karras ρ = 7", "EDM's spacing of noise levels"),
)
_CLIPS = (
    Choice("none", "Off", "x̂₀ is taken as it comes"),
    Choice("static", "−1 … 1", "x̂₀ is cut to the range of pictures; ε̂ follows"),
    Choice("dynamic", "Dynamic", "x̂₀ is scaled by its 99.5 % quantile (Saharia et al., 2022)"),
)


class SamplerFields(QWidget):
    """
    Sampler, steps, noise, clip, spacing and samples; what a sampler ignores is hidden.

    Parameters
    ----------
    of_pictures
        Offer what pictures alone have: a range to clip to, and a number of samples side by side.

    Signals
    -------
    changes_requested(dict)
        The user edited something: "sampler" or "num_samples" with the new value.
    """

    changes_requested = Signal(dict)

    def __init__(self, parent: QWidget | None = None, *, of_pictures: bool = True) -> None:
        super().__init__(parent)
        self._spec = SamplerSpec()
        self.sampler = ChoiceField(_SAMPLERS, accessible_name="Sampler")
        self.sampler.choice_edited.connect(self._editor("kind", SamplerKind))
        self.steps = IntegerField(1, 1000, accessible_name="Sampling steps")
        self.steps.value_edited.connect(self._editor("num_sampling_steps", int))
        self.variance = ChoiceField(_VARIANCES, accessible_name="Variance of a step")
        self.variance.choice_edited.connect(self._editor("variance", Variance))
        self.interpolation = NumberField(0.0, 1.0, decimals=2, step=0.1, accessible_name="Share of β")
        self.interpolation.value_edited.connect(self._editor("interpolation", float))
        self.eta = NumberField(0.0, 1.0, decimals=2, step=0.1, accessible_name="η, share of fresh noise")
        self.eta.value_edited.connect(self._editor("eta", float))
        self.churn = NumberField(0.0, _MOST_CHURN, decimals=0, step=5, accessible_name="Churn of noise")
        self.churn.value_edited.connect(self._editor("churn", float))
        self.clip = ChoiceField(_CLIPS, accessible_name="Clip the predicted image")
        self.clip.choice_edited.connect(self._editor("clip", Clip))
        self.spacing = ChoiceField(_SPACINGS, accessible_name="Spacing of the steps")
        self.spacing.choice_edited.connect(self._editor("spacing", Spacing))
        self.samples = IntegerField(
            1, MAX_SAMPLES, accessible_name="Samples at once", tooltip="Pictures sampled side by side"
        )
        self.samples.value_edited.connect(self._on_samples_edited)
        self._remark = MathLabel("", "label", "warn", wraps=True)
        self._remark.hide()
        self._build(of_pictures)

    def _build(self, of_pictures: bool) -> None:
        steps = LabelledField("Steps", self.steps, tooltip="Calls of the sampler, at most T")
        self._variance_field = LabelledField("Variance", self.variance)
        self._eta_field = LabelledField(
            "Noise share η", self.eta, tooltip="0: deterministic, 1: as much noise as DDPM"
        )
        self._churn_field = LabelledField(
            "Churn",
            self.churn,
            tooltip="Noise that is added before each step and taken away with it; 0: none, deterministic "
            "(Karras et al., 2022)",
        )
        self._interpolation_field = LabelledField(
            "Share of β", self.interpolation, tooltip="0: posterior variance, 1: variance of the step forward"
        )
        noise = QWidget()
        row = QHBoxLayout(noise)
        row.setContentsMargins(0, 0, 0, 0)
        for field in (self._variance_field, self._eta_field, self._churn_field):
            row.addWidget(field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        clip = LabelledField(
            "Clip", self.clip, tooltip="What happens to a predicted image beyond black and white"
        )
        column.addWidget(StackingRow([LabelledField("Sampler", self.sampler), steps]))
        self._noise_box = noise
        column.addWidget(StackingRow([noise, clip] if of_pictures else [noise]))
        column.addWidget(self._interpolation_field)
        spacing, samples = LabelledField("Spacing", self.spacing), LabelledField("Samples", self.samples)
        column.addWidget(StackingRow([spacing, samples] if of_pictures else [spacing]))
        if not of_pictures:
            for field in (clip, samples):
                field.setParent(self)
                field.hide()
        column.addWidget(self._remark)

    def show_settings(
        self, spec: SamplerSpec, num_timesteps: int, num_samples: int, *, knows_variance: bool, remark: str
    ) -> None:
        """
        Show settings, silently.

        Parameters
        ----------
        spec, num_timesteps, num_samples
            The sampler, T, and how many pictures at once.
        knows_variance
            Whether the denoiser knows how much x_0 leaves open, so that the optimal variance can be had.
        remark
            What is wrong with the steps; "" for nothing.
        """
        self._spec = spec
        optimal = _OPTIMAL if knows_variance else replace(_OPTIMAL, unavailable=_NOT_OPTIMAL)
        self.variance.set_options([*_VARIANCES, optimal])
        self.sampler.set_current(spec.kind)
        self.steps.set_limits(1, num_timesteps)
        self.steps.set_value(spec.num_sampling_steps)
        self.variance.set_current(spec.variance)
        self.interpolation.set_value(spec.interpolation)
        self.eta.set_value(spec.eta)
        self.churn.set_value(spec.churn)
        self.clip.set_current(spec.clip)
        self.spacing.set_current(spec.spacing)
        self.samples.set_value(num_samples)
        is_ddpm = spec.kind is SamplerKind.DDPM
        is_edm = spec.kind in (SamplerKind.EULER, SamplerKind.HEUN)
        self._variance_field.setVisible(is_ddpm)
        self._interpolation_field.setVisible(is_ddpm and spec.variance is Variance.INTERPOLATED)
        self._eta_field.setVisible(spec.kind is SamplerKind.DDIM)
        self._churn_field.setVisible(is_edm)
        self._noise_box.setVisible(spec.kind is not SamplerKind.DPMPP2M)
        self._remark.set_markup(remark)
        self._remark.setVisible(bool(remark))

    def _editor(self, name: str, kind: Callable[..., object]) -> Callable[[object], None]:
        """Return a slot that changes one setting; runs on the panel's own thread."""

        def edit(value: object) -> None:
            spec = replace(self._spec, **{name: kind(value)})  # type: ignore[arg-type]
            self.changes_requested.emit({"sampler": spec})

        return edit

    @Slot(int)
    def _on_samples_edited(self, count: int) -> None:
        self.changes_requested.emit({"num_samples": count})
