"""The right panel of the reverse process: which denoiser, which sampler, from where, and the run block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from diffviz.core.samplers import SamplerSpec
from diffviz.core.schedules import ScheduleSpec
from diffviz.ui.widgets.badge import denoiser_icon
from diffviz.ui.widgets.fields import Choice, ChoiceField, LabelledField
from diffviz.ui.widgets.guidance_fields import GuidanceFields
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.run_block import RunBlock
from diffviz.ui.widgets.sampler_fields import SamplerFields
from diffviz.ui.widgets.side_panel import SidePanel
from diffviz.ui.widgets.start_fields import StartFields, StartSettings

EXACT_SIZES = (16, 32, 48, 64, 96, 128, 192, 256)
_NO_CLASS = "none"
_KNOW_VARIANCE = ("exact", "gaussian")


@dataclass(frozen=True)
class DenoiserOption:
    """A denoiser to choose: key, name, classes, what its badge says, its kind as `DenoiserInfo` has it."""

    key: str
    name: str
    class_names: tuple[str, ...] = ()
    detail: str = ""
    kind: str = "network"
    any_size: bool = False
    has_classifier: bool = False
    trained_schedule: ScheduleSpec | None = None
    image_shape: tuple[int, int, int] | None = None


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
    start: StartSettings
    num_samples: int
    exact_size: int
    num_timesteps: int
    guidance_rescale: float = 0.0
    path_guidance: float | None = None
    classifier_scale: float = 0.0
    remark: str = ""
    denoiser_remark: str = ""


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
        self._denoiser_remark = MathLabel("", "label", "warn", wraps=True)
        self._denoiser_remark.hide()
        self.add(self._denoiser_remark)
        self.class_choice = ChoiceField(accessible_name="Class", tooltip="What the picture should show")
        self.class_choice.choice_edited.connect(self._on_class_edited)
        self.exact_size = ChoiceField(
            [(str(size), f"{size} × {size}") for size in EXACT_SIZES],
            accessible_name="Picture size",
            tooltip="Side in pixels to which every picture of the denoiser is fitted",
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
        self.sampling = SamplerFields()
        self.sampling.changes_requested.connect(self.changes_requested)
        self.add(self.sampling)
        self.sampler, self.steps, self.samples = (
            self.sampling.sampler,
            self.sampling.steps,
            self.sampling.samples,
        )
        self.variance, self.eta = self.sampling.variance, self.sampling.eta
        self.steering = GuidanceFields()
        self.steering.changes_requested.connect(self.changes_requested)
        self.guidance = self.steering.scale
        self.add(self.steering)

    def _build_start(self) -> None:
        self.add_heading("Start from")
        self.beginning = StartFields()
        self.beginning.changes_requested.connect(self.changes_requested)
        self.beginning.new_seed_requested.connect(self.new_seed_requested)
        self.start, self.start_t = self.beginning.start, self.beginning.start_t
        self.seed = self.beginning.seed
        self.add(self.beginning)

    @property
    def options(self) -> dict[str, DenoiserOption]:
        """The denoisers on offer by key."""
        return dict(self._options)

    def set_denoisers(self, options: Sequence[DenoiserOption]) -> None:
        """Offer these denoisers, silently."""
        self._options = {option.key: option for option in options}
        self.denoiser.set_options(
            [Choice(o.key, o.name, o.detail, denoiser_icon(o.kind), "model") for o in options]
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
        self._denoiser_remark.set_markup(settings.denoiser_remark)
        self._denoiser_remark.setVisible(bool(settings.denoiser_remark))
        self._class_field.setVisible(bool(names))
        self._size_field.setVisible(option is not None and option.any_size)
        if str(settings.exact_size) in self.exact_size.keys():  # noqa: SIM118  (a method, not a mapping)
            self.exact_size.set_current(str(settings.exact_size))
        if settings.device in self.device.keys():  # noqa: SIM118
            self.device.set_current(settings.device)
        has_class = bool(names) and settings.class_index is not None
        is_guided = has_class and (
            settings.guidance_scale != 1.0
            or settings.path_guidance is not None
            or settings.classifier_scale != 0.0
        )
        self.sampling.show_settings(
            spec,
            settings.num_timesteps,
            settings.num_samples,
            knows_variance=option is not None and option.kind in _KNOW_VARIANCE and not is_guided,
            remark=settings.remark if settings.start.start == "noise" else "",
        )
        self.steering.show_settings(
            settings.guidance_scale,
            settings.path_guidance if settings.num_samples > 1 else None,
            settings.guidance_rescale,
            settings.classifier_scale,
            has_classifier=option is not None and option.has_classifier,
        )
        self.steering.setVisible(has_class)
        self.beginning.show_settings(settings.start)

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
