"""The left panel of the Theory workspace: the image under test, who denoises it, and what is averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from diffviz.core.sampler_steps import Variance
from diffviz.core.schedules import PRESETS, ScheduleSpec
from diffviz.ui.theme import metric, notifier
from diffviz.ui.widgets.availability import set_unavailable
from diffviz.ui.widgets.badge import denoiser_icon
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.cost_map import MapLegend
from diffviz.ui.widgets.denoise_panel import DenoiserOption
from diffviz.ui.widgets.fields import Choice, ChoiceField, IntegerField, LabelledField
from diffviz.ui.widgets.image_view import ImageView
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch
from diffviz.ui.widgets.side_panel import SidePanel
from diffviz.ui.widgets.stacking_row import StackingRow

_VIEW_PX, _COMPACT_VIEW_PX = 264, 168
_OWN_SCHEDULE = "own"
_KNOW_VARIANCE = ("exact", "gaussian")
_TERMS = (20, 60, 200, 0)
_FITS = (("crop", "Crop"), ("pad", "Pad"), ("resize", "Stretch"))


@dataclass(frozen=True)
class SpecimenSettings:
    """What the panel shows; the names are those of the session's fields."""

    image: str
    start_fit: str
    denoiser: str
    schedule: ScheduleSpec
    schedule_name: str
    bound_over: str
    bound_pictures: int
    bound_draws: int
    bound_terms: int
    bound_variance: Variance
    remark: str = ""
    data_problem: str = ""
    set_problem: str = ""
    bound_class: int = -1
    classes: tuple[tuple[str, str], ...] = ()


class SpecimenPanel(SidePanel):
    """
    Image with the map of costs, and the settings of what is estimated.

    Signals
    -------
    changes_requested(dict)
        The user edited settings: fields of the session with their new values.
    shows_selected(str)
        The user wants to see "cost", "x_t", "x_0" or "guess".
    open_requested()
        The user wants to open another picture.
    real_picture_requested()
        The user wants a picture of the denoiser's data set.
    """

    changes_requested = Signal(dict)
    shows_selected = Signal(str)
    open_requested = Signal()
    real_picture_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Image under test", parent)
        self._options: dict[str, DenoiserOption] = {}
        self._is_compact = False
        self._build_picture()
        self._build_chain()
        self._build_bound()
        notifier.changed.connect(self._fit_view)
        self._fit_view()

    def _build_picture(self) -> None:
        change = make_button("flat", "Open", "folder", "Open another picture", "Ctrl+O")
        change.clicked.connect(self.open_requested)
        self.add_to_heading(change)
        self.view = ImageView(centered=True)
        self.view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.view.setAccessibleName("Image under test")
        self.view.setToolTip("Click a pixel, then arrow keys: what is under the microscope")
        self.add(self.view)
        self.legend = MapLegend()
        self.add(self.legend)
        self.shows = SegmentedSwitch(
            [
                Segment("cost", "Cost", "What each pixel costs at this step, in bits"),
                Segment("x_t", "$x_t$", "The noisy picture at t"),
                Segment("x_0", "$x_0$", "The clean picture, as the denoiser would have to find it"),
                Segment("guess", "$x̂_0$", "What the denoiser takes it for"),
            ],
            "The image shows",
        )
        self.shows.selected.connect(self.shows_selected)
        self.add(self.shows)
        self.add(
            MathLabel(
                "Click a pixel to put it under the microscope. Arrow keys move it.",
                "label",
                "text2",
                wraps=True,
            )
        )
        self.picture = ChoiceField(accessible_name="Picture", tooltip="Which picture is looked at")
        self.picture.choice_edited.connect(lambda key: self.changes_requested.emit({"image": key}))
        self.fit = ChoiceField(
            _FITS, accessible_name="Fit", tooltip="How the picture is brought to the denoiser's shape"
        )
        self.fit.choice_edited.connect(lambda key: self.changes_requested.emit({"start_fit": key}))
        self.add(
            StackingRow([LabelledField("Picture", self.picture), LabelledField("Fit", self.fit)], (3, 2))
        )
        self.real = make_button(
            "plain",
            "From its data",
            "dice-5",
            "Take a picture of the denoiser's data set, one it has not seen if there is one",
        )
        self.real.clicked.connect(self.real_picture_requested)

    def _build_chain(self) -> None:
        self.add_divider()
        self.denoiser = ChoiceField(accessible_name="Denoiser", tooltip="Who guesses the clean picture")
        self.denoiser.choice_edited.connect(lambda key: self.changes_requested.emit({"denoiser": key}))
        self.add(LabelledField("Denoiser", self.denoiser))
        self.asked = ChoiceField(
            accessible_name="Class", tooltip="As which class the denoiser is asked about the picture"
        )
        self.asked.choice_edited.connect(lambda key: self.changes_requested.emit({"bound_class": int(key)}))
        self._asked_field = LabelledField("Asked as", self.asked)
        self.add(self._asked_field)
        self.add(self.real)
        self._remark = MathLabel("", "label", "warn", wraps=True)
        self._remark.hide()
        self.add(self._remark)
        self.schedule = ChoiceField(
            accessible_name="Schedule", tooltip="The chain; the editor in Forward draws any other"
        )
        self.schedule.choice_edited.connect(self._on_schedule_edited)
        self.variance = ChoiceField(
            accessible_name="Variance", tooltip="Variance of the model's step: σ² of p(x_t−1 | x_t)"
        )
        self.variance.choice_edited.connect(
            lambda key: self.changes_requested.emit({"bound_variance": Variance(key)})
        )
        self.add(
            StackingRow(
                [LabelledField("Schedule", self.schedule), LabelledField("Variance $σ_t^2$", self.variance)]
            )
        )

    def _build_bound(self) -> None:
        self.add_divider()
        self.add_heading("Bound over")
        self.over = SegmentedSwitch(
            [
                Segment("image", "This image", "The bound of the image under test"),
                Segment("data", "Data set", "The mean bound of pictures that the denoiser is for"),
            ],
            "Bound over",
        )
        self.over.selected.connect(lambda key: self.changes_requested.emit({"bound_over": key}))
        self.add(self.over)
        self.draws = IntegerField(
            1, 64, value=4, accessible_name="Noise draws", tooltip="How often the chain is noised anew"
        )
        self.draws.value_edited.connect(
            lambda count: self.changes_requested.emit({"bound_draws": int(count)})
        )
        self.pictures = IntegerField(
            1,
            1000,
            value=32,
            accessible_name="Images averaged",
            tooltip="How many pictures of the data, in groups of 16 with times and noise of their own",
        )
        self.pictures.value_edited.connect(
            lambda count: self.changes_requested.emit({"bound_pictures": int(count)})
        )
        self._draws_field = LabelledField("Noise draws", self.draws)
        self._pictures_field = LabelledField("Images averaged", self.pictures)
        self.terms = ChoiceField(
            [(str(n), f"{n} times" if n else "every t") for n in _TERMS],
            accessible_name="Asked at",
            tooltip="At how many times the denoiser is asked; each stands for the steps around it",
        )
        self.terms.choice_edited.connect(lambda key: self.changes_requested.emit({"bound_terms": int(key)}))
        self.add(
            StackingRow([self._draws_field, self._pictures_field, LabelledField("Asked at", self.terms)])
        )

    # What is shown

    def set_denoisers(self, options: Sequence[DenoiserOption]) -> None:
        """Offer these denoisers, silently."""
        self._options = {option.key: option for option in options}
        self.denoiser.set_options(
            [Choice(o.key, o.name, o.detail, denoiser_icon(o.kind), "model") for o in options]
        )

    def set_pictures(self, pictures: Sequence[tuple[str, str]]) -> None:
        """Offer these pictures, silently: keys and titles."""
        self.picture.set_options(pictures)

    @property
    def options(self) -> dict[str, DenoiserOption]:
        """The denoisers on offer by key."""
        return dict(self._options)

    def show_settings(self, settings: SpecimenSettings) -> None:
        """Show settings, silently."""
        for field, key in (
            (self.picture, settings.image),
            (self.fit, settings.start_fit),
            (self.denoiser, settings.denoiser),
        ):
            if key in field.keys():  # noqa: SIM118  (a method, not a mapping)
                field.set_current(key)
        self._show_schedule(settings)
        self._asked_field.setVisible(bool(settings.classes))
        if settings.classes:
            self.asked.set_options(settings.classes)
            self.asked.set_current(str(settings.bound_class))
        option = self._options.get(settings.denoiser)
        knows = option is None or option.kind in _KNOW_VARIANCE
        unknown = "" if knows else "Only the exact and the Gaussian denoiser know it."
        self.variance.set_options(
            [
                Choice("tilde", "β̃, posterior", "β̃_t: exact if the data were a single picture"),
                Choice("beta", "β, forward", "β_t: exact if the data were pure noise"),
                Choice("optimal", "Optimal", "β̃_t and what x_0 leaves open", unavailable=unknown),
            ]
        )
        shown = settings.bound_variance.value
        self.variance.set_current(shown if shown in self.variance.keys() else "tilde")  # noqa: SIM118
        self._remark.set_markup(settings.remark)
        self._remark.setVisible(bool(settings.remark))
        self.over.set_unavailable("data", settings.data_problem or None)
        set_unavailable(self.real, settings.set_problem or None)
        self.over.set_current(settings.bound_over)
        self.draws.set_value(settings.bound_draws)
        self.pictures.set_value(settings.bound_pictures)
        is_data = settings.bound_over == "data"
        self._draws_field.setVisible(not is_data)
        self._pictures_field.setVisible(is_data)
        terms = str(settings.bound_terms)
        if terms in self.terms.keys():  # noqa: SIM118
            self.terms.set_current(terms)

    def set_compact(self, compact: bool) -> None:
        """Make the picture smaller, for low windows."""
        self._is_compact = compact
        self._fit_view()

    def _show_schedule(self, settings: SpecimenSettings) -> None:
        label = next((label for label, spec in PRESETS if spec == settings.schedule), None)
        choices = [Choice(name, name) for name, _ in PRESETS]
        if label is None:
            choices.insert(0, Choice(_OWN_SCHEDULE, settings.schedule_name, "As drawn in the editor"))
        self.schedule.set_options(choices)
        self.schedule.set_current(_OWN_SCHEDULE if label is None else label)

    @Slot(str)
    def _on_schedule_edited(self, label: str) -> None:
        if label != _OWN_SCHEDULE:
            self.changes_requested.emit({"schedule": dict(PRESETS)[label]})

    @Slot()
    def _fit_view(self) -> None:
        self.view.setFixedHeight(metric(_COMPACT_VIEW_PX if self._is_compact else _VIEW_PX))
