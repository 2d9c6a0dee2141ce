"""The right panel of the lab: what moves the particles, how well they fit the data, and the run block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from diffviz.core.sampler_spec import SamplerSpec
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.fields import Choice, ChoiceField, IntegerField, LabelledField, SliderField
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.read_out import ReadOutGrid
from diffviz.ui.widgets.run_block import RunBlock
from diffviz.ui.widgets.sampler_fields import SamplerFields
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch
from diffviz.ui.widgets.side_panel import SidePanel
from diffviz.ui.widgets.stacking_row import StackingRow
from diffviz.ui.widgets.training_glance import TrainingGlance

_MAX_SEED = 2**31 - 1
_MAX_G = 1.5
_MOTIONS = (
    Segment("sampler", "Sampler", "From noise to data by the steps of a sampler"),
    Segment("flow", "Flow", "From noise to data in continuous time, with noise g"),
    Segment("forward", "Forward", "From data to noise"),
)
_G_TOOLTIP = (
    "Noise of the reverse process: 0 is the probability-flow ODE, 1 the reverse SDE. Every g leads to the "
    "same distribution at each time."
)
_WORDS = {
    "sampler": "",
    "flow": "Steps evenly spaced in log-SNR; between them the guess of $x_0$ stays as it is.",
    "forward": "Each particle begins at a data point and takes up noise.",
}


@dataclass(frozen=True)
class LabSettings:
    """What the panel shows."""

    motion: str
    denoiser: str
    sampler: SamplerSpec
    num_timesteps: int
    g: float
    particles: int
    most_particles: int
    seed: int
    noise_mode: str
    denoiser_remark: str = ""
    sampler_remark: str = ""


class LabPanel(SidePanel):
    """
    Settings of the lab's particles and paths.

    Signals
    -------
    changes_requested(dict)
        The user edited settings: field names of ``LabSettings`` with their new values.
    gesture_finished()
        A drag is over.
    new_seed_requested()
        The user asked for other noise.
    training_requested()
        The user wants a network to learn these points.
    """

    changes_requested = Signal(dict)
    gesture_finished = Signal()
    new_seed_requested = Signal()
    training_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Denoise", parent)
        self.motion = SegmentedSwitch(_MOTIONS, "What moves the particles")
        self.motion.selected.connect(self._on_motion_selected)
        self.add(self.motion)
        self._words = MathLabel("", "label", "text2", wraps=True)
        self.add(self._words)
        self.denoiser = ChoiceField(accessible_name="Denoiser", tooltip="What answers at each step")
        self.denoiser.choice_edited.connect(self._on_denoiser_edited)
        self._denoiser_field = LabelledField("Denoiser", self.denoiser)
        self.add(self._denoiser_field)
        self._remark = MathLabel("", "label", "warn", wraps=True)
        self.add(self._remark)
        self.sampling = SamplerFields(of_pictures=False)
        self.sampling.changes_requested.connect(self.changes_requested)
        self.add(self.sampling)
        self.flow_steps = IntegerField(1, 1000, accessible_name="Steps of the flow")
        self.flow_steps.value_edited.connect(self._on_flow_steps_edited)
        self._flow_field = LabelledField(
            "Steps", self.flow_steps, tooltip="Shared with the sampler, at most T"
        )
        self.add(self._flow_field)
        self.g = SliderField(
            "Noise $g$ of noisy paths", 0.0, _MAX_G, step=0.05, text_of="{:.2f}".format, tooltip=_G_TOOLTIP
        )
        self.g.value_edited.connect(self._on_g_edited)
        self.g.gesture_finished.connect(self.gesture_finished)
        self.add(self.g)
        self.noise_modes = SegmentedSwitch(
            [
                Segment("frozen", "Frozen $ε$", "One draw of noise for all times"),
                Segment("markov", "Markov", "Fresh noise at every step of the chain"),
                Segment("redraw", "Redraw", "Other noise at each time, as in training"),
            ],
            "Noise across time",
        )
        self.noise_modes.selected.connect(self._on_noise_mode_selected)
        self.add(self.noise_modes)
        self._build_numbers()
        self._build_fit()
        self.run_block = RunBlock()
        self.pin(self.run_block)

    def _build_numbers(self) -> None:
        self.particles = IntegerField(1, 100_000, accessible_name="Particles")
        self.particles.value_edited.connect(self._on_particles_edited)
        self.seed = IntegerField(0, _MAX_SEED, accessible_name="Seed")
        self.seed.value_edited.connect(self._on_seed_edited)
        self.new_seed = make_button("plain", "New noise", "dice-5", "Draw other noise", "N")
        self.new_seed.clicked.connect(self.new_seed_requested)
        self.add(
            StackingRow(
                [
                    LabelledField("Particles", self.particles, tooltip="How many move, up to 100,000"),
                    LabelledField("Seed", self.seed, tooltip="The same seed gives the same noise"),
                ]
            )
        )
        self.add(self.new_seed)

    def _build_fit(self) -> None:
        self.add_divider()
        self._fit_heading = self.add_heading("Fit to the data at $t$ = 0")
        self.fit = ReadOutGrid()
        self.add(self.fit)
        self.fit_words = MathLabel("", "label", "text2", wraps=True)
        self.add(self.fit_words)
        self.add_divider()
        self._loss_heading = self.add_heading("Loss at this time")
        self.losses = ReadOutGrid()
        self.add(self.losses)
        self.loss_words = MathLabel("", "label", "text2", wraps=True)
        self.add(self.loss_words)
        self.training = TrainingGlance()
        self.training.hide()
        self.add(self.training)
        self.train = make_button(
            "plain", "Train on these points", "network", "A network learns them in the Train workspace"
        )
        self.train.clicked.connect(self.training_requested)
        self.add(self.train)

    @property
    def remark(self) -> str:
        """What is to be said of the denoiser; empty for nothing."""
        return self._remark.markup

    def set_denoisers(self, options: Sequence[Choice]) -> None:
        """Offer these denoisers, silently."""
        self.denoiser.set_options(options)

    def show_settings(self, settings: LabSettings) -> None:
        """Show settings, silently; what has no effect is hidden."""
        motion, is_forward = settings.motion, settings.motion == "forward"
        self.motion.set_current(motion)
        self._words.set_markup(_WORDS[motion])
        self._words.setVisible(bool(_WORDS[motion]))
        if settings.denoiser in self.denoiser.keys():  # noqa: SIM118  (a method, not a mapping)
            self.denoiser.set_current(settings.denoiser)
        self._remark.set_markup(settings.denoiser_remark)
        self._remark.setVisible(bool(settings.denoiser_remark))
        self.sampling.show_settings(
            settings.sampler,
            settings.num_timesteps,
            1,
            knows_variance=settings.denoiser == "exact",
            remark=settings.sampler_remark,
        )
        self.sampling.setVisible(motion == "sampler")
        self.flow_steps.set_limits(1, settings.num_timesteps)
        self.flow_steps.set_value(settings.sampler.num_sampling_steps)
        self._flow_field.setVisible(motion == "flow")
        self.g.set_value(settings.g)
        self.noise_modes.set_current(settings.noise_mode)
        self.noise_modes.setVisible(is_forward)
        self.particles.set_limits(1, settings.most_particles)
        self.particles.set_value(settings.particles)
        self.seed.set_value(settings.seed)

    def show_fit(self, cells: Sequence[tuple[str, str, str]], words: str) -> None:
        """Show how well the particles fit the data; no cells: the words alone."""
        self.fit.set_cells(cells)
        self.fit.setVisible(bool(cells))
        self.fit_words.set_markup(words)
        self.fit_words.setVisible(bool(words))

    def show_losses(self, cells: Sequence[tuple[str, str, str]], words: str) -> None:
        """Show the loss of a network beside its floor; nothing where there is no network."""
        self.losses.set_cells(cells)
        for widget in (self._loss_heading, self.losses):
            widget.setVisible(bool(cells))
        self.loss_words.set_markup(words)
        self.loss_words.setVisible(bool(words))

    def set_training_offered(self, reason: str) -> None:
        """Offer to train on the points, or say why that cannot be."""
        self.train.setEnabled(not reason)
        self.train.setToolTip(reason or "A network learns these points in the Train workspace")

    @Slot(str)
    def _on_motion_selected(self, key: str) -> None:
        self.changes_requested.emit({"motion": key})

    @Slot(str)
    def _on_denoiser_edited(self, key: str) -> None:
        self.changes_requested.emit({"denoiser": key})

    @Slot(int)
    def _on_flow_steps_edited(self, steps: int) -> None:
        self.changes_requested.emit({"num_sampling_steps": steps})

    @Slot(float)
    def _on_g_edited(self, g: float) -> None:
        self.changes_requested.emit({"g": round(g, 2)})

    @Slot(str)
    def _on_noise_mode_selected(self, key: str) -> None:
        self.changes_requested.emit({"noise_mode": key})

    @Slot(int)
    def _on_particles_edited(self, count: int) -> None:
        self.changes_requested.emit({"particles": count})

    @Slot(int)
    def _on_seed_edited(self, seed: int) -> None:
        self.changes_requested.emit({"seed": seed})
