"""The right panel of the reverse process: which denoiser, which sampler, from where, and the run block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from diffviz.core.samplers import Clip, SamplerKind, SamplerSpec, Variance
from diffviz.core.timesteps import Spacing
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.fields import (
    Choice,
    ChoiceField,
    IntegerField,
    LabelledField,
    NumberField,
    SliderField,
)
from diffviz.ui.widgets.run_block import RunBlock
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch
from diffviz.ui.widgets.side_panel import SidePanel

MAX_SAMPLES = 64
MAX_GUIDANCE = 8.0
EXACT_SIZES = (16, 32, 48, 64, 96, 128, 192, 256)
_NO_CLASS = "none"

_SAMPLERS = (
    Choice("ddpm", "DDPM", "Ancestral sampling: fresh noise after every step (Ho et al., 2020)"),
    Choice("ddim", "DDIM", "Deterministic at η = 0, ancestral at η = 1 (Song et al., 2021)"),
    Choice("dpmpp2m", "DPM++ 2M", "Second-order solver that remembers one step (Lu et al., 2022)"),
    Choice("euler", "Euler", "First-order solver in EDM's noise level (Karras et al., 2022)"),
    Choice("heun", "Heun", "Second-order solver with two network calls a step (Karras et al., 2022)"),
)
_VARIANCES = (
    # In words: few fonts can set a tilde on a beta.
    Choice("tilde", "Posterior", "Of the step back from a known x₀; exact if the data were a single picture"),
    Choice("beta", "Step β", "Of the step forward; exact if the data were white noise"),
    Choice("interpolated", "Half way", "Between the two, on a log scale"),
)
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


@dataclass(frozen=True)
class DenoiserOption:
    """A denoiser to choose: its key, its name, its class names, and what its badge says."""

    key: str
    name: str
    class_names: tuple[str, ...] = ()
    detail: str = ""
    is_exact: bool = False
    any_size: bool = False


@dataclass(frozen=True)
class DeviceOption:
    """A device to compute on; unavailable ones say why."""

    key: str
    label: str
    unavailable: str = ""


@dataclass(frozen=True)
class DenoiseSettings:
    """What the panel shows: the settings of the next run."""

    denoiser: str
    class_index: int | None
    device: str
    sampler: SamplerSpec
    guidance_scale: float
    starts_from_image: bool
    start_t: int
    seed: int
    num_samples: int
    exact_size: int
    num_timesteps: int


class DenoisePanel(SidePanel):
    """
    Settings of the reverse process.

    Signals
    -------
    changes_requested(dict)
        The user edited settings: field names of ``DenoiseSettings`` with their new values.
    new_seed_requested()
        The user asked for other noise.
    """

    changes_requested = Signal(dict)
    new_seed_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Denoise", parent)
        self._settings: DenoiseSettings | None = None
        self._options: dict[str, DenoiserOption] = {}
        self._devices: tuple[DeviceOption, ...] = ()
        self._build_denoiser()
        self._build_sampler()
        self._build_start()
        self.run_block = RunBlock()
        self.pin(self.run_block)

    def _build_denoiser(self) -> None:
        self.denoiser = ChoiceField(
            accessible_name="Denoiser", tooltip="What predicts the clean picture at each step"
        )
        self.denoiser.choice_edited.connect(self._on_denoiser_edited)
        self.add(LabelledField("Denoiser", self.denoiser))
        self.class_choice = ChoiceField(accessible_name="Class", tooltip="What the picture should show")
        self.class_choice.choice_edited.connect(self._on_class_edited)
        self.exact_size = ChoiceField(
            [(str(size), f"{size} × {size}") for size in EXACT_SIZES],
            accessible_name="Picture size",
            tooltip="Side in pixels to which every picture of the exact denoiser is fitted",
        )
        self.exact_size.choice_edited.connect(self._on_exact_size_edited)
        self._class_field = LabelledField("Class", self.class_choice)
        self._size_field = LabelledField("Picture size", self.exact_size)
        self.device = ChoiceField(accessible_name="Device", tooltip="Where the denoiser is computed")
        self.device.choice_edited.connect(self._on_device_edited)
        row = self.add_pair(self._class_field, LabelledField("Device", self.device))
        layout = row.layout()
        if layout is not None:
            layout.addWidget(self._size_field)
        self._size_field.hide()

    def _build_sampler(self) -> None:
        self.sampler = ChoiceField(_SAMPLERS, accessible_name="Sampler")
        self.sampler.choice_edited.connect(self._sampler_editor("kind", SamplerKind))
        self.steps = IntegerField(1, 1000, accessible_name="Sampling steps")
        self.steps.value_edited.connect(self._on_steps_edited)
        self._steps_field = LabelledField("Steps", self.steps, tooltip="Calls of the sampler, at most T")
        self.add_pair(LabelledField("Sampler", self.sampler), self._steps_field)
        self.variance = ChoiceField(_VARIANCES, accessible_name="Variance of a step")
        self.variance.choice_edited.connect(self._sampler_editor("variance", Variance))
        self.eta = NumberField(0.0, 1.0, decimals=2, step=0.1, accessible_name="η, share of fresh noise")
        self.eta.value_edited.connect(self._on_eta_edited)
        self.clip = ChoiceField(_CLIPS, accessible_name="Clip the predicted image")
        self.clip.choice_edited.connect(self._sampler_editor("clip", Clip))
        self._variance_field = LabelledField("Variance", self.variance)
        tooltip = "0: deterministic, 1: as much noise as DDPM"
        self._eta_field = LabelledField("Noise share η", self.eta, tooltip=tooltip)
        row = self.add_pair(self._variance_field, LabelledField("Clip $x̂_0$", self.clip))
        layout = row.layout()
        if layout is not None:
            layout.addWidget(self._eta_field)
        self.spacing = ChoiceField(_SPACINGS, accessible_name="Spacing of the steps")
        self.spacing.choice_edited.connect(self._sampler_editor("spacing", Spacing))
        self.samples = IntegerField(
            1, MAX_SAMPLES, accessible_name="Samples at once", tooltip="Pictures sampled side by side"
        )
        self.samples.value_edited.connect(self._on_samples_edited)
        self.add_pair(LabelledField("Spacing", self.spacing), LabelledField("Samples", self.samples), 1, 1)
        self.guidance = SliderField(
            "Guidance scale",
            0.0,
            MAX_GUIDANCE,
            step=0.1,
            value=1.0,
            text_of=_guidance_text,
            tooltip="0: no class; 1: as trained; more: the class is exaggerated (Ho & Salimans, 2022)",
        )
        self.guidance.value_edited.connect(self._on_guidance_edited)
        self.add(self.guidance)

    def _build_start(self) -> None:
        self.add_heading("Start from")
        self.start = SegmentedSwitch(
            [
                Segment("noise", "Pure noise", "Start at t = T from Gaussian noise: a new sample"),
                Segment("image", "My image at $t$", "Noise the open picture to t and run back from there"),
            ],
            "Start from",
        )
        self.start.selected.connect(self._on_start_selected)
        self.add(self.start)
        self.start_t = IntegerField(1, 1000, accessible_name="Start at t")
        self.start_t.value_edited.connect(self._on_start_t_edited)
        self._start_t_field = LabelledField(
            "Start at $t$", self.start_t, tooltip="How far the picture is noised before the run goes back"
        )
        self.add(self._start_t_field)
        self.seed = IntegerField(0, 2**31 - 1, accessible_name="Seed of the run")
        self.seed.value_edited.connect(self._on_seed_edited)
        self.new_seed = make_button("plain", "New seed", "dice-5", "Other noise", "N")
        self.new_seed.clicked.connect(self.new_seed_requested)
        row = self.add_pair(LabelledField("Seed", self.seed), self.new_seed)
        layout = row.layout()
        if layout is not None:
            layout.setAlignment(self.new_seed, Qt.AlignmentFlag.AlignBottom)

    @property
    def options(self) -> dict[str, DenoiserOption]:
        """The denoisers on offer by key."""
        return dict(self._options)

    def set_denoisers(self, options: Sequence[DenoiserOption]) -> None:
        """Offer these denoisers, silently."""
        self._options = {option.key: option for option in options}
        self.denoiser.set_options(
            [Choice(o.key, o.name, o.detail, "noise" if o.is_exact else "network", "model") for o in options]
        )
        if self._settings is not None:
            self.show_settings(self._settings)

    def set_devices(self, devices: Sequence[DeviceOption]) -> None:
        """Offer these devices, silently; those that are not here stay in the list and say why."""
        self._devices = tuple(devices)
        self.device.set_options(
            [
                Choice(d.key, d.label.split(" · ")[0], d.unavailable or d.label, unavailable=d.unavailable)
                for d in devices
            ]
        )
        if self._settings is not None:
            self.show_settings(self._settings)

    def show_settings(self, settings: DenoiseSettings) -> None:
        """Show settings, silently; what a sampler or denoiser ignores is hidden."""
        self._settings = settings
        spec = settings.sampler
        option = self._options.get(settings.denoiser)
        if option is not None:
            self.denoiser.set_current(settings.denoiser)
        names = option.class_names if option is not None else ()
        self.class_choice.set_options(
            [Choice(_NO_CLASS, "Any"), *(Choice(str(i), name) for i, name in enumerate(names))]
        )
        self.class_choice.set_current(
            _NO_CLASS if settings.class_index is None or not names else str(settings.class_index)
        )
        self._class_field.setVisible(bool(names))
        self._size_field.setVisible(option is not None and option.any_size)
        if str(settings.exact_size) in self.exact_size.keys():  # noqa: SIM118  (a method, not a mapping)
            self.exact_size.set_current(str(settings.exact_size))
        if settings.device in self.device.keys():  # noqa: SIM118
            self.device.set_current(settings.device)
        self.sampler.set_current(spec.kind)
        self.steps.set_limits(1, settings.num_timesteps)
        self.steps.set_value(spec.num_sampling_steps)
        if spec.variance in self.variance.keys():  # noqa: SIM118
            self.variance.set_current(spec.variance)
        self._variance_field.setVisible(spec.kind is SamplerKind.DDPM)
        self._eta_field.setVisible(spec.kind is SamplerKind.DDIM)
        self.eta.set_value(spec.eta)
        self.clip.set_current(spec.clip)
        self.spacing.set_current(spec.spacing)
        self.samples.set_value(settings.num_samples)
        self.guidance.set_value(settings.guidance_scale)
        self.guidance.setVisible(bool(names) and settings.class_index is not None)
        self.start.set_current("image" if settings.starts_from_image else "noise")
        self.start_t.set_limits(1, settings.num_timesteps)
        self.start_t.set_value(settings.start_t)
        self._start_t_field.setVisible(settings.starts_from_image)
        self.seed.set_value(settings.seed)

    def _sampler_editor(self, name: str, kind: Callable[[str], object]) -> Callable[[str], None]:
        """Return a slot that changes one choice of the sampler; runs on the panel's own thread."""

        def edit(key: str) -> None:
            self._edit_sampler(**{name: kind(key)})

        return edit

    def _edit_sampler(self, **changes: object) -> None:
        if self._settings is not None:
            spec = replace(self._settings.sampler, **changes)  # type: ignore[arg-type]
            self.changes_requested.emit({"sampler": spec})

    @Slot(str)
    def _on_denoiser_edited(self, key: str) -> None:
        self.changes_requested.emit({"denoiser": key})

    @Slot(str)
    def _on_class_edited(self, key: str) -> None:
        self.changes_requested.emit({"class_index": None if key == _NO_CLASS else int(key)})

    @Slot(str)
    def _on_exact_size_edited(self, key: str) -> None:
        self.changes_requested.emit({"exact_size": int(key)})

    @Slot(str)
    def _on_device_edited(self, key: str) -> None:
        self.changes_requested.emit({"device": key})

    @Slot(int)
    def _on_steps_edited(self, steps: int) -> None:
        self._edit_sampler(num_sampling_steps=steps)

    @Slot(float)
    def _on_eta_edited(self, eta: float) -> None:
        self._edit_sampler(eta=eta)

    @Slot(int)
    def _on_samples_edited(self, count: int) -> None:
        self.changes_requested.emit({"num_samples": count})

    @Slot(float)
    def _on_guidance_edited(self, scale: float) -> None:
        self.changes_requested.emit({"guidance_scale": round(scale, 2)})

    @Slot(str)
    def _on_start_selected(self, key: str) -> None:
        self.changes_requested.emit({"starts_from_image": key == "image"})

    @Slot(int)
    def _on_start_t_edited(self, t: int) -> None:
        self.changes_requested.emit({"start_t": t})

    @Slot(int)
    def _on_seed_edited(self, seed: int) -> None:
        self.changes_requested.emit({"seed": seed})


def _guidance_text(scale: float) -> str:
    if abs(scale - 1.0) < 1e-9:
        return "1.0 (off)"
    if scale < 1e-9:
        return "0.0 (no class)"
    return f"{scale:.1f}"
