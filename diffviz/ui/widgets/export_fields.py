"""Everything that can be set about an export, as a column of fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from diffviz.export.settings import FORMATS, GIF_FRAME_RATES
from diffviz.ui.theme import metric
from diffviz.ui.widgets.availability import set_unavailable
from diffviz.ui.widgets.export_choices import (
    DIRECTIONS,
    FEWEST_FRAMES,
    FEWEST_PICTURES,
    LOOPING_FORMATS,
    MAX_HOLD_S,
    MOST_FRAMES,
    MOST_PICTURES,
    PICTURES,
    SAMPLE_DIRECTIONS,
    STRIP,
    ExportChoices,
    ExportOffer,
    pace_of,
    settled,
)
from diffviz.ui.widgets.export_words import CARDS, FORMAT_KEYS, WHAT, format_note, range_words
from diffviz.ui.widgets.fields import ChoiceField, IntegerField, LabelledField, NumberField, ToggleField
from diffviz.ui.widgets.format_cards import FormatCards
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch
from diffviz.ui.widgets.size_field import SizeField
from diffviz.ui.widgets.stacking_row import StackingRow
from diffviz.ui.widgets.time_range import TimeRange

_LABELS = "Label with $t$, $ᾱ$ and SNR"


class ExportFields(QWidget):
    """
    The settings of an export, always in agreement with each other.

    Parameters
    ----------
    offer
        What there is to export.
    choices
        Where to begin.

    Signals
    -------
    edited(ExportChoices, ExportChoices)
        The user changed something: before and after.
    """

    edited = Signal(object, object)

    def __init__(self, offer: ExportOffer, choices: ExportChoices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offer = offer
        self._choices = settled(choices, offer)
        self._pixel_note = ""
        # A size that nobody chose makes way for the usual one of another format.
        self._has_own_size = choices.width > 0
        self._build()
        self._connect()
        self._mark_unavailable()
        self._show()

    @property
    def choices(self) -> ExportChoices:
        """What is chosen, settled."""
        return self._choices

    @property
    def height_px(self) -> int:
        """Height of a frame in pixels."""
        return self._offer.size(self._choices)[1]

    @property
    def lasting_choices(self) -> ExportChoices:
        """The choices for the next time: a size that nobody chose is left open."""
        return self._choices if self._has_own_size else replace(self._choices, width=0)

    @property
    def is_whole_range(self) -> bool:
        """Whether all times that there are are chosen."""
        return (self._choices.first_t, self._choices.last_t) == self._offer.limits[self._choices.what]

    @property
    def smaller_width(self) -> int:
        """Width about two thirds as large, among those that frames can have."""
        return self._offer.size(replace(self._choices, width=round(self._choices.width * 2 / 3)))[0]

    def set_missing(self, reasons: Mapping[str, str]) -> None:
        """Learn which formats cannot be written here, and why; a chosen one gives way to another."""
        self._offer = replace(self._offer, unavailable={**self._offer.unavailable, **reasons})
        self._mark_unavailable()
        self.change()

    def _mark_unavailable(self) -> None:
        for key, reason in self._offer.unavailable.items():
            if key in FORMAT_KEYS:
                self.formats.set_unavailable(key, reason)
            else:
                self.what.set_unavailable(key, reason)

    def _build(self) -> None:
        self.formats = FormatCards(CARDS)
        self.what = SegmentedSwitch(WHAT, "What")
        self.picture = QStackedWidget()
        self.pictures = {
            what: SegmentedSwitch([Segment(key, label) for key, label in options.items()], "Picture")
            for what, options in PICTURES.items()
        }
        for switch in self.pictures.values():
            self.picture.addWidget(switch)
        self.width_field = SizeField("Width in pixels")
        self.height_field = SizeField("Height in pixels")
        self.scaling = ChoiceField(
            [
                ("sharp", "Sharp pixels", "Every pixel is drawn as a square; sizes are whole multiples"),
                ("smooth", "Smooth", "Any size; pixels blend into each other"),
            ]
        )
        self.frames = IntegerField(FEWEST_FRAMES, MOST_FRAMES)
        self.rate = NumberField(1, 120, decimals=0, step=1)
        self.gif_rate = ChoiceField([(f"{rate:.1f}", f"{rate:.4g}"[:4]) for rate in GIF_FRAME_RATES])
        self.rates = QStackedWidget()
        self.rates.addWidget(self.rate)
        self.rates.addWidget(self.gif_rate)
        self.direction = ChoiceField(list(DIRECTIONS.items()))
        self.range = TimeRange()
        self.range_label = MathLabel("", "label")
        self.captions = ToggleField(_LABELS, tooltip="Write who denoised, and which time or sample it is")
        self.loop = ToggleField("Loop", tooltip="Start again at the end")
        self.hold = ToggleField("Hold last frame", tooltip="Let the last frame stay for a while")
        self.hold_s = NumberField(0.1, MAX_HOLD_S, decimals=1, step=0.1, unit="s")
        self.hold_s.setAccessibleName("Seconds for which the last frame stays")
        self.hold_s.setToolTip("Seconds for which the last frame stays")
        self.exact = ToggleField(
            "Exact colour (4:4:4)", tooltip="Keep colour at full resolution; not every player shows it"
        )
        self.lossless = ToggleField("Lossless", tooltip="Keep every pixel as it is; the file is larger")
        self.note = MathLabel("", "label", "text2", wraps=True)
        self._lay_out()

    def _lay_out(self) -> None:
        self._frames_label = LabelledField("Frames", self.frames, tooltip="How many frames the animation has")
        picture_label = LabelledField("Picture", self.picture, tooltip="What a frame shows")
        rate_label = LabelledField("Frames per second", self.rates)
        for field in (self.rate, self.gif_rate):
            field.setAccessibleName("Frames per second")
            field.setToolTip("How many frames are shown in a second")
        range_head = QHBoxLayout()
        self._range_title = MathLabel("Range of $t$", "label", "text2")
        range_head.addWidget(self._range_title)
        range_head.addStretch(1)
        range_head.addWidget(self.range_label)
        range_box = QVBoxLayout()
        range_box.setSpacing(5)
        range_box.addLayout(range_head)
        range_box.addWidget(self.range)
        hold_row = QWidget()
        hold = QHBoxLayout(hold_row)
        hold.setContentsMargins(0, 0, 0, 0)
        hold.setSpacing(8)
        hold.addWidget(self.hold)
        hold.addWidget(self.hold_s)
        hold.addStretch(1)
        self.hold_s.setFixedWidth(metric(84))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(13)
        column.addWidget(LabelledField("Format", self.formats))
        column.addWidget(StackingRow([LabelledField("What", self.what), picture_label], [9, 11]))
        column.addWidget(
            StackingRow(
                [
                    LabelledField("Width", self.width_field, tooltip="Width of a frame; the height follows"),
                    LabelledField(
                        "Height", self.height_field, tooltip="Height of a frame; the width follows"
                    ),
                    LabelledField("Scaling", self.scaling, tooltip="How pixels are enlarged"),
                ],
                [6, 6, 9],
            )
        )
        direction = LabelledField("Direction", self.direction, tooltip="Which way time runs")
        column.addWidget(StackingRow([self._frames_label, rate_label, direction], [6, 6, 9]))
        column.addLayout(range_box)
        column.addWidget(StackingRow([self.captions, self.loop]))
        exactness = QWidget()
        exact_row = QVBoxLayout(exactness)
        exact_row.setContentsMargins(0, 0, 0, 0)
        exact_row.addStretch(1)
        exact_row.addWidget(self.exact)
        exact_row.addWidget(self.lossless)
        exact_row.addStretch(1)
        column.addWidget(StackingRow([hold_row, exactness]))
        column.addWidget(self.note)
        column.addStretch(1)

    def _connect(self) -> None:
        self.formats.selected.connect(self._on_format_selected)
        self.what.selected.connect(self._on_what_selected)
        for switch in self.pictures.values():
            switch.selected.connect(self._on_picture_selected)
        self.width_field.value_edited.connect(self._on_width_edited)
        self.height_field.value_edited.connect(self._on_height_edited)
        for side in (self.width_field, self.height_field):
            side.step_wanted.connect(self._on_size_step_wanted)
        self.scaling.choice_edited.connect(self._on_scaling_edited)
        self.frames.value_edited.connect(self._on_frames_edited)
        self.rate.value_edited.connect(self._on_rate_edited)
        self.gif_rate.choice_edited.connect(self._on_gif_rate_edited)
        self.direction.choice_edited.connect(self._on_direction_edited)
        self.range.range_edited.connect(self._on_range_edited)
        self.captions.state_edited.connect(self._on_captions_edited)
        self.loop.state_edited.connect(self._on_loop_edited)
        self.hold.state_edited.connect(self._on_hold_edited)
        self.hold_s.value_edited.connect(self._on_hold_s_edited)
        self.exact.state_edited.connect(self._on_exact_edited)
        self.lossless.state_edited.connect(self._on_lossless_edited)

    # From the fields to the choices

    def change(self, **changes: Any) -> None:
        """Change choices as a person does, settle them, show them and tell of them."""
        before = self._choices
        if not self._has_own_size:
            changes["width"] = 0
        self._choices = settled(replace(before, **changes), self._offer)
        self._show()
        if self._choices != before:
            self.edited.emit(before, self._choices)

    @Slot(str)
    def _on_format_selected(self, key: str) -> None:
        # One picture of many has another size than a frame of its own.
        if (key == STRIP) != self._choices.is_strip:
            self._has_own_size = False
        self.change(format=key)

    @Slot(str)
    def _on_what_selected(self, key: str) -> None:
        start, end = self._offer.limits[key]
        usual = {"forward": "to_noise", "reverse": "to_image", "samples": "to_noise"}
        direction = usual.get(key, self._choices.direction)
        self._has_own_size = False
        pace = pace_of(key, self._choices.what, end)
        self.change(what=key, picture="", first_t=start, last_t=end, direction=direction, **pace)

    @Slot(str)
    def _on_picture_selected(self, key: str) -> None:
        self._has_own_size = False
        self.change(picture=key)

    @Slot(int)
    def _on_width_edited(self, width: int) -> None:
        self._has_own_size = True
        self.change(width=width)

    @Slot(int)
    def _on_height_edited(self, height: int) -> None:
        self._has_own_size = True
        width, present, _ = self._offer.size(self._choices)
        self.change(width=round(height * width / present))

    @Slot(int)
    def _on_size_step_wanted(self, direction: int) -> None:
        self._has_own_size = True
        self.change(width=self._offer.next_width(self._choices, direction))

    @Slot(str)
    def _on_scaling_edited(self, key: str) -> None:
        self.change(is_smooth=key == "smooth")

    @Slot(int)
    def _on_frames_edited(self, count: int) -> None:
        self.change(**{"num_pictures" if self._choices.is_strip else "num_frames": count})

    @Slot(float)
    def _on_rate_edited(self, frame_rate_fps: float) -> None:
        self.change(frame_rate_fps=frame_rate_fps)

    @Slot(str)
    def _on_gif_rate_edited(self, key: str) -> None:
        self.change(frame_rate_fps=float(key))

    @Slot(str)
    def _on_direction_edited(self, key: str) -> None:
        self.change(direction=key)

    @Slot(int, int)
    def _on_range_edited(self, first: int, last: int) -> None:
        self.change(first_t=first, last_t=last)

    @Slot(bool)
    def _on_captions_edited(self, on: bool) -> None:
        self.change(captions=on)

    @Slot(bool)
    def _on_loop_edited(self, on: bool) -> None:
        self.change(loop=on)

    @Slot(bool)
    def _on_hold_edited(self, on: bool) -> None:
        self.change(holds_last=on)

    @Slot(float)
    def _on_hold_s_edited(self, seconds: float) -> None:
        self.change(hold_s=seconds, holds_last=True)

    @Slot(bool)
    def _on_exact_edited(self, on: bool) -> None:
        self.change(exact_colour=on)

    @Slot(bool)
    def _on_lossless_edited(self, on: bool) -> None:
        self.change(lossless=on)

    # From the choices to the fields

    def _show(self) -> None:
        chosen = self._choices
        self.formats.set_current(chosen.format)
        self.what.set_current(chosen.what)
        self.picture.setCurrentWidget(self.pictures[chosen.what])
        self.pictures[chosen.what].set_current(chosen.picture)
        width, height, self._pixel_note = self._offer.size(chosen)
        self.width_field.set_value(width)
        self.height_field.set_value(height)
        self.scaling.set_current("smooth" if chosen.is_smooth else "sharp")
        self._show_frames()
        self._show_range()
        self.captions.set_on(chosen.captions)
        self.loop.set_on(chosen.loop)
        self.hold.set_on(chosen.holds_last)
        self.hold_s.set_value(chosen.hold_s)
        self._show_what_counts()

    def _show_frames(self) -> None:
        chosen = self._choices
        self._frames_label.label.set_markup("Pictures" if chosen.is_strip else "Frames")
        words = "How many pictures stand side by side" if chosen.is_strip else "How many frames there are"
        self.frames.setAccessibleName(self._frames_label.label.plain)
        self.frames.setToolTip(words)
        if chosen.is_strip:
            self.frames.set_limits(FEWEST_PICTURES, MOST_PICTURES)
        else:
            self.frames.set_limits(FEWEST_FRAMES, MOST_FRAMES)
        self.frames.set_value(chosen.count)
        is_gif = chosen.format == "gif"
        self.rates.setCurrentWidget(self.gif_rate if is_gif else self.rate)
        if is_gif:
            self.gif_rate.set_current(f"{chosen.frame_rate_fps:.1f}")
        else:
            is_whole = chosen.frame_rate_fps == round(chosen.frame_rate_fps)
            self.rate.set_limits(1, 120, 0 if is_whole else 1)
            self.rate.set_value(chosen.frame_rate_fps)

    def _show_range(self) -> None:
        chosen = self._choices
        of_samples = chosen.what == "samples"
        self.direction.set_options(list((SAMPLE_DIRECTIONS if of_samples else DIRECTIONS).items()))
        self.direction.set_current(chosen.direction)
        self._range_title.set_markup("Range of samples" if of_samples else "Range of $t$")
        self.captions.set_label("Name each sample" if of_samples else _LABELS)
        self.range.set_limits(*self._offer.limits[chosen.what])
        self.range.set_range(chosen.first_t, chosen.last_t)
        self.range_label.set_markup(range_words(chosen, self._offer.lengths[chosen.what]))

    def _show_what_counts(self) -> None:
        """Disable, with the reason, what does not count for this format."""
        chosen = self._choices
        label = "A strip" if chosen.is_strip else FORMATS[chosen.format].label
        still = "A strip is one picture" if chosen.is_strip else None
        set_unavailable(self.rates, still)
        untimed = "Numbered pictures have no clock" if chosen.format == "png" else still
        looping = untimed
        if untimed is None and chosen.format not in LOOPING_FORMATS:
            looping = f"In {label} the player decides whether it loops"
        set_unavailable(self.loop, looping)
        set_unavailable(self.hold, untimed)
        set_unavailable(self.hold_s, untimed)
        self.exact.setVisible(chosen.is_video)
        self.exact.set_on(chosen.exact_colour)
        self.lossless.setVisible(chosen.format == "webp")
        self.lossless.set_on(chosen.lossless)
        self.note.set_markup(f"{format_note(chosen)} {self._pixel_note}".strip())
        reason = "The strip is a filmstrip itself" if chosen.is_strip else None
        self.pictures["forward"].set_unavailable("filmstrip", reason)
