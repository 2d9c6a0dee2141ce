"""The fields of the denoise panel that say where a run begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.fields import Choice, ChoiceField, IntegerField, LabelledField
from diffviz.ui.widgets.fit_preview import FitPreview
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch
from diffviz.ui.widgets.stacking_row import StackingRow

_MAX_SEED = 2**31 - 1
_NO_PATH, _SEED_PATH = "none", "seed"
_FITS = (
    Choice("crop", "Crop", "Fill the denoiser's frame and cut the rest evenly"),
    Choice("pad", "Pad", "Show all of it, on mid-grey"),
    Choice("resize", "Stretch", "Show all of it, stretched to the frame"),
)


@dataclass(frozen=True)
class StartSettings:
    """Where the next run begins: "noise", "image" or "inverted", and what belongs to it."""

    start: str
    start_t: int
    fit: str
    seed: int
    path_seed: int | None
    path_image: str | None
    num_samples: int
    num_timesteps: int


class StartFields(QWidget):
    """
    Start, its time, how a picture is fitted, what several samples lead to, and the seed.

    Signals
    -------
    changes_requested(dict)
        The user edited something: "start", "start_t", "start_fit", "path_seed", "path_image" or "seed".
    new_seed_requested()
        The user asked for other noise.
    """

    changes_requested = Signal(dict)
    new_seed_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings: StartSettings | None = None
        self._pictures: tuple[Choice, ...] = ()
        self.start = SegmentedSwitch(
            [
                Segment("noise", "Noise", "Start at t = T from Gaussian noise: a new sample"),
                Segment("image", "Image", "Noise the open picture to t and run back from there"),
                Segment(
                    "inverted",
                    "Inverted",
                    "Seek the noise that the open picture comes from, by DDIM run backwards, and run from it",
                ),
            ],
            "Start from",
        )
        self.start.selected.connect(self._on_start_selected)
        self.start_t = IntegerField(1, 1000, accessible_name="Start at t")
        self.start_t.value_edited.connect(self._on_start_t_edited)
        self.fit = ChoiceField(
            _FITS, accessible_name="Fit", tooltip="How the picture is brought to the denoiser's size"
        )
        self.fit.choice_edited.connect(self._on_fit_edited)
        self.preview = FitPreview()
        self.path = ChoiceField(accessible_name="Samples lead to", tooltip="What the last of the samples is")
        self.path.choice_edited.connect(self._on_path_edited)
        self.path_seed = IntegerField(0, _MAX_SEED, accessible_name="Seed of the last sample")
        self.path_seed.value_edited.connect(self._on_path_seed_edited)
        self.seed = IntegerField(0, _MAX_SEED, accessible_name="Seed of the run")
        self.seed.value_edited.connect(self._on_seed_edited)
        self.new_seed = make_button("plain", "New seed", "dice-5", "Other noise", "N")
        self.new_seed.clicked.connect(self.new_seed_requested)
        self._build()

    def _build(self) -> None:
        time = LabelledField(
            "Start at $t$", self.start_t, tooltip="How far into the noise the picture goes before the run"
        )
        self._picture_row = StackingRow([time, LabelledField("Fit", self.fit)])
        self._path_field = LabelledField("Samples lead to", self.path)
        self._path_seed_field = LabelledField("Last seed", self.path_seed)
        self._path_row = StackingRow([self._path_field, self._path_seed_field])
        seeds = QWidget()
        row = QHBoxLayout(seeds)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(LabelledField("Seed", self.seed), 1)
        row.addWidget(self.new_seed, 1, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.start)
        column.addWidget(self._picture_row)
        column.addWidget(self.preview)
        column.addWidget(self._path_row)
        column.addWidget(seeds)

    def set_pictures(self, pictures: Sequence[tuple[str, str]]) -> None:
        """Offer these pictures, key and title, as ends of a path, silently."""
        self._pictures = tuple(Choice(key, title) for key, title in pictures)
        if self._settings is not None:
            self.show_settings(self._settings)

    def show_preview(self, pixels: NDArray[np.uint8] | None) -> None:
        """Show the picture as the denoiser gets it, uint8 (H, W, C); None: nothing."""
        self.preview.set_picture(pixels)

    def show_settings(self, settings: StartSettings) -> None:
        """Show settings, silently; what a start ignores is hidden."""
        self._settings = settings
        from_picture = settings.start != "noise"
        self.start.set_current(settings.start)
        self.start_t.set_limits(1, settings.num_timesteps)
        self.start_t.set_value(settings.start_t)
        self.fit.set_current(settings.fit)
        self._picture_row.setVisible(from_picture)
        self.preview.setVisible(from_picture and self.preview.has_picture)
        self.seed.set_value(settings.seed)
        self._show_path(settings)

    def _show_path(self, settings: StartSettings) -> None:
        nothing = Choice(_NO_PATH, "Nothing", "Each sample has noise of its own")
        if settings.start == "noise":
            other = Choice(_SEED_PATH, "Other noise", "From the first to the last on the sphere of noises")
            self.path.set_options([nothing, other])
            self.path.set_current(_NO_PATH if settings.path_seed is None else _SEED_PATH)
        else:
            self.path.set_options([nothing, *self._pictures])
            known = settings.path_image in self.path.keys()  # noqa: SIM118  (a method, not a mapping)
            self.path.set_current(settings.path_image if known and settings.path_image else _NO_PATH)
        self._path_row.setVisible(settings.num_samples > 1 and settings.start != "image")
        self._path_seed_field.setVisible(settings.start == "noise" and settings.path_seed is not None)
        if settings.path_seed is not None:
            self.path_seed.set_value(settings.path_seed)

    @Slot(str)
    def _on_start_selected(self, key: str) -> None:
        self.changes_requested.emit({"start": key})

    @Slot(int)
    def _on_start_t_edited(self, t: int) -> None:
        self.changes_requested.emit({"start_t": t})

    @Slot(str)
    def _on_fit_edited(self, fit: str) -> None:
        self.changes_requested.emit({"start_fit": fit})

    @Slot(str)
    def _on_path_edited(self, key: str) -> None:
        if key == _NO_PATH:
            self.changes_requested.emit({"path_seed": None, "path_image": None})
        elif key == _SEED_PATH:
            first = self._settings.seed if self._settings is not None else 0
            self.changes_requested.emit({"path_seed": first + 1 if first < _MAX_SEED else 0})
        else:
            self.changes_requested.emit({"path_image": key})

    @Slot(int)
    def _on_path_seed_edited(self, seed: int) -> None:
        self.changes_requested.emit({"path_seed": seed})

    @Slot(int)
    def _on_seed_edited(self, seed: int) -> None:
        self.changes_requested.emit({"seed": seed})
