"""The left panel of training: which data, which network, which loss, and how it is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from diffviz.core.losses import Loss
from diffviz.core.prediction import PredictionType
from diffviz.models.network_config import architecture_of
from diffviz.ui.widgets.availability import set_unavailable
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.fields import Choice, ChoiceField, IntegerField, NumberField, ToggleField
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.picture_wall import PictureWall
from diffviz.ui.widgets.recipe_words import (
    ARCHITECTURES,
    LOCKS,
    LOSSES,
    OWN_PRESET,
    PREDICTIONS,
    SCHEDULES,
    SESSION_SCHEDULE,
    RecipeView,
    has_attention,
    has_gelu_output,
    misfit,
    shown_value,
    size_entry,
    size_of,
    usual_value,
    value_words,
)
from diffviz.ui.widgets.resettable_field import ResettableField
from diffviz.ui.widgets.side_panel import SidePanel
from diffviz.ui.widgets.stacking_row import StackingRow
from diffviz.ui.widgets.surfaces import make_card


class RecipePanel(SidePanel):
    """
    The recipe of a run.

    Signals
    -------
    preset_chosen(str), data_chosen(str)
        The user took another preset or data set.
    folder_requested()
        The user wants to choose a folder of pictures.
    config_edited(str, object), network_edited(str, object)
        The user gave a field of the recipe, or of its network, another value.
    architecture_chosen(str), schedule_chosen(str)
        The user took another kind of network, or of schedule (`SESSION_SCHEDULE` for that of the session).
    timesteps_edited(int), sheet_every_edited(int)
        The user changed T, or how often samples are made.
    """

    preset_chosen = Signal(str)
    data_chosen = Signal(str)
    folder_requested = Signal()
    config_edited = Signal(str, object)
    network_edited = Signal(str, object)
    architecture_chosen = Signal(str)
    schedule_chosen = Signal(str)
    timesteps_edited = Signal(int)
    sheet_every_edited = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Training run", parent)
        self._fields: dict[str, ResettableField] = {}
        self._free: list[QWidget] = []
        self._view: RecipeView | None = None
        self._build_start()
        self._build_network()
        self._build_training()
        self.lock_note = MathLabel("", "label", "text2", wraps=True)
        self.lock_note.hide()
        self.pin(self.lock_note)

    # Building

    def _build_start(self) -> None:
        self.preset = ChoiceField(accessible_name="Preset", tooltip="A whole recipe, good or instructive")
        self.preset.choice_edited.connect(self.preset_chosen)
        self.add(self._field("preset", "Preset", self.preset))
        self.lesson = MathLabel("", "label", "text2", wraps=True)
        self.add(self.lesson)
        self.data = ChoiceField(accessible_name="Data set", tooltip="What the network learns from")
        self.data.choice_edited.connect(self.data_chosen)
        self.folder_button = make_button(
            "plain", "", "folder-open", "Learn from a folder of pictures; or drop one on the window"
        )
        self.folder_button.setAccessibleName("Choose a folder of pictures")
        self.folder_button.clicked.connect(self.folder_requested)
        self._free.append(self.folder_button)
        row = self.add_pair(self._field("data", "Data set", self.data), self.folder_button, 1, 0)
        row.setAccessibleName("Data set")
        self.wall = PictureWall(24, rows=2)
        self.data_words = MathLabel("", "label", "text2", wraps=True)
        card = make_card(QVBoxLayout())
        layout = card.layout()
        assert layout is not None
        layout.setContentsMargins(10, 10, 10, 8)
        layout.setSpacing(6)
        layout.addWidget(self.wall)
        layout.addWidget(self.data_words)
        self.add(card)
        self.image_size = self._integer("image_size", 8, 128, step=8, unit="px")
        self.add(self._field("image_size", "Picture size", self.image_size))

    def _build_network(self) -> None:
        self.architecture = ChoiceField(ARCHITECTURES, accessible_name="Architecture")
        self.architecture.choice_edited.connect(self.architecture_chosen)
        self.width_field = IntegerField(8, 512, step=8, accessible_name="Width")
        self.width_field.value_edited.connect(self._size_editor("width"))
        self._pair(
            self._field("architecture", "Architecture", self.architecture),
            self._field(
                "width", "Width", self.width_field, "Channels at full resolution, or units of a layer"
            ),
        )
        self.depth_field = IntegerField(1, 6, accessible_name="Depth")
        self.depth_field.value_edited.connect(self._size_editor("depth"))
        self.attention = ToggleField("Attention", tooltip="Self-attention at the lowest resolution")
        self.attention.state_edited.connect(self._on_attention_edited)
        depth = self._field(
            "depth", "Depth", self.depth_field, "Residual blocks of a level, or hidden layers"
        )
        self._depth_row = StackingRow([depth, self.attention], is_centred=True)
        self.add(self._depth_row)
        self.network_words = MathLabel("", "label", "text2", wraps=True)
        self.add(self.network_words)
        self.time_toggle = self._network_toggle(
            "knows_time", "Tell it the time $t$", "Off: the network is not told how noisy its input is"
        )
        self.gelu_toggle = self._network_toggle(
            "gelu_output", "GELU on the output", "As the course text prints it: it cannot answer below −0.17"
        )
        self._free += [self.attention, self.time_toggle, self.gelu_toggle]
        self.add_divider()

    def _build_training(self) -> None:
        self.prediction = self._choice("prediction", PREDICTIONS, PredictionType)
        self.loss = self._choice("loss", LOSSES, Loss)
        self._pair(
            self._field("prediction", "It predicts", self.prediction, "What the numbers it puts out mean"),
            self._field("loss", "Loss", self.loss, "How much the error counts at each noise level"),
        )
        self.schedule = ChoiceField(SCHEDULES, accessible_name="Schedule")
        self.schedule.choice_edited.connect(self.schedule_chosen)
        self.timesteps = IntegerField(1, 4000, accessible_name="Steps T")
        self.timesteps.value_edited.connect(self.timesteps_edited)
        self._pair(
            self._field("schedule", "Schedule", self.schedule, "How fast noise is added"),
            self._field("timesteps", "Steps $T$", self.timesteps, "Length of the chain"),
        )
        self.learning_rate = NumberField(0.00001, 0.9, decimals=5, accessible_name="Learning rate")
        self.learning_rate.value_edited.connect(self._config_editor("learning_rate"))
        self.batch = self._integer("batch_size", 1, 1024, step=8)
        self._pair(
            self._field("learning_rate", "Learning rate", self.learning_rate, "Size of a step of AdamW"),
            self._field("batch_size", "Batch", self.batch, "Examples in each step"),
        )
        self.ema = NumberField(0.0, 0.9999, decimals=4, step=0.001, accessible_name="EMA decay")
        self.ema.value_edited.connect(self._config_editor("ema_decay"))
        self.warmup = self._integer("warmup_images", 0, 1_000_000, step=1000)
        self._pair(
            self._field(
                "ema_decay", "EMA decay", self.ema, "Decay of the moving average of weights; 0: none"
            ),
            self._field("warmup_images", "Warm-up", self.warmup, "Images over which the learning rate rises"),
        )
        self.length = self._integer("images", 1, 1_000_000_000, step=10_000)
        self.sheet_every = IntegerField(1, 10_000_000, step=1000, accessible_name="Samples every")
        self.sheet_every.value_edited.connect(self.sheet_every_edited)
        self._pair(
            self._field("images", "Length, images", self.length, "Examples seen until the run is complete"),
            self._field("sheet_every", "Samples every", self.sheet_every, "Images between two sheets"),
        )
        self.mirror = ToggleField("Mirror pictures at random", tooltip="Each picture as it is, or mirrored")
        self.mirror.state_edited.connect(self._config_editor("mirror"))
        self._free.append(self.mirror)
        self.add(self.mirror)

    def _field(self, key: str, label: str, field: QWidget, tooltip: str = "") -> ResettableField:
        labelled = ResettableField(label, field, tooltip=tooltip)
        labelled.reset_requested.connect(self._resetter(key))
        self._fields[key] = labelled
        return labelled

    def _pair(self, left: QWidget, right: QWidget) -> StackingRow:
        row = StackingRow([left, right])
        self.add(row)
        return row

    def _integer(self, name: str, low: int, high: int, *, step: int = 1, unit: str = "") -> IntegerField:
        field = IntegerField(low, high, step=step, unit=unit)
        field.value_edited.connect(self._config_editor(name))
        return field

    def _choice(self, name: str, choices: Sequence[Choice], kind: Callable[[str], object]) -> ChoiceField:
        field = ChoiceField(choices)

        def edit(key: str) -> None:
            self.config_edited.emit(name, kind(key))

        field.choice_edited.connect(edit)
        return field

    def _network_toggle(self, name: str, label: str, tooltip: str) -> ToggleField:
        toggle = ToggleField(label, tooltip=tooltip)

        def edit(on: bool) -> None:
            self.network_edited.emit(name, on)

        toggle.state_edited.connect(edit)
        self.add(toggle)
        return toggle

    def _config_editor(self, name: str) -> Callable[[Any], None]:
        def edit(value: object) -> None:
            self.config_edited.emit(name, value)

        return edit

    def _size_editor(self, key: str) -> Callable[[int], None]:
        def edit(value: int) -> None:
            if self._view is not None:
                self.network_edited.emit(size_entry(self._view.config, key), value)

        return edit

    def _resetter(self, key: str) -> Callable[[], None]:
        def reset() -> None:
            self._reset(key)

        return reset

    # What it shows

    def set_presets(self, choices: Sequence[Choice]) -> None:
        """Offer these presets, silently."""
        self.preset.set_options([*choices, Choice(OWN_PRESET, "Own recipe", "Fields were changed by hand")])

    def set_data_choices(self, choices: Sequence[Choice]) -> None:
        """Offer these data sets, silently."""
        self.data.set_options(choices)

    def show_data(self, pictures: NDArray[np.uint8] | None, words: str) -> None:
        """Show some pictures of the data set, uint8 (n, H, W, C), and say how many there are."""
        self.wall.set_pictures(pictures)
        self.wall.setVisible(pictures is not None)
        self.data_words.set_markup(words)

    def set_network_words(self, markup: str) -> None:
        """Say how large the network is."""
        self.network_words.set_markup(markup)

    def show_recipe(self, view: RecipeView) -> None:
        """Show a recipe, silently; what its network does not have is hidden."""
        self._view = view
        config = view.config
        kind = architecture_of(config.network)
        is_points = kind == "mlp"
        self.preset.set_current(view.preset)
        self.lesson.set_markup(view.lesson)
        if config.data in self.data.keys():  # noqa: SIM118  (a method, not a mapping)
            self.data.set_current(config.data)
        self.architecture.set_options(
            [
                Choice(c.key, c.label, c.tooltip, unavailable=misfit(c.key, is_points=is_points))
                for c in ARCHITECTURES
            ]
        )
        self.architecture.set_current(kind)
        self.width_field.set_limits(8, 512 if is_points else 128)
        self._show_size("width", self.width_field)
        self._show_size("depth", self.depth_field)
        self._show_toggle(self.attention, has_attention(config))
        self._show_toggle(self.gelu_toggle, has_gelu_output(config))
        self._show_toggle(self.time_toggle, config.network.knows_time)
        self._show_toggle(self.mirror, None if is_points else config.mirror)
        self._depth_row.setVisible(kind != "convnet")
        self.prediction.set_current(config.prediction)
        self.loss.set_current(config.loss)
        spec = config.schedule
        is_known = spec.kind in self.schedule.keys()  # noqa: SIM118
        self.schedule.set_current(
            spec.kind if is_known and not view.has_session_schedule else SESSION_SCHEDULE
        )
        self.timesteps.set_value(spec.num_timesteps)
        for name, field in self._number_fields().items():
            field.set_value(getattr(config, name))
        self.sheet_every.set_value(view.sheet_every)
        self._fields["image_size"].setVisible(view.is_folder)
        self._show_resets(view)
        self._show_lock(view)

    def _number_fields(self) -> dict[str, IntegerField | NumberField]:
        return {
            "image_size": self.image_size,
            "learning_rate": self.learning_rate,
            "batch_size": self.batch,
            "ema_decay": self.ema,
            "warmup_images": self.warmup,
            "images": self.length,
        }

    def _show_size(self, key: str, field: IntegerField) -> None:
        assert self._view is not None
        value = size_of(self._view.config, key)
        self._fields[key].setVisible(value is not None)
        if value is not None:
            field.set_value(value)

    @staticmethod
    def _show_toggle(toggle: ToggleField, is_on: bool | None) -> None:
        toggle.setVisible(is_on is not None)
        toggle.set_on(bool(is_on))

    def _show_resets(self, view: RecipeView) -> None:
        is_locked = bool(view.lock)
        for key, field in self._fields.items():
            now, usual = shown_value(view.config, view.sheet_every, key), usual_value(view, key)
            changed = usual is not None and now != usual and not is_locked
            field.set_preset(value_words(usual) if changed else None)

    def _show_lock(self, view: RecipeView) -> None:
        sentence = LOCKS.get(view.lock, "")
        self.lock_note.set_markup(sentence)
        self.lock_note.setVisible(bool(sentence))
        free = {"learning_rate"} if view.lock == "paused" else set()
        for key, field in self._fields.items():
            set_unavailable(field.field, sentence if sentence and key not in free else None)
        for widget in self._free:
            set_unavailable(widget, sentence or None)
        if not sentence and view.has_session_schedule:
            set_unavailable(self.timesteps, "T comes with the schedule of the other workspaces.")

    def _reset(self, key: str) -> None:
        view = self._view
        if view is None:
            return
        usual = usual_value(view, key)
        if key == "sheet_every":
            self.sheet_every_edited.emit(view.usual_sheet_every)
        elif key == "timesteps":
            self.timesteps_edited.emit(view.usual.schedule.num_timesteps)
        elif key == "schedule":
            self.schedule_chosen.emit(view.usual.schedule.kind)
        elif key in ("width", "depth"):
            self.network_edited.emit(size_entry(view.config, key), usual)
        elif key == "architecture":
            self.architecture_chosen.emit(architecture_of(view.usual.network))
        else:
            self.config_edited.emit(key, usual)

    @Slot(bool)
    def _on_attention_edited(self, on: bool) -> None:
        self.network_edited.emit("attention_levels", (2,) if on else ())
