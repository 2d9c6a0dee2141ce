"""The fields that describe a schedule: its kind, its length, and the parameters of the kind."""

from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.core.schedules import (
    SCHEDULE_KINDS,
    ScheduleError,
    ScheduleParameter,
    ScheduleSpec,
    build_schedule,
)
from diffviz.ui.widgets.curve_quantity import QUANTITIES
from diffviz.ui.widgets.fields import ChoiceField, IntegerField, LabelledField, NumberField, ToggleField
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.stacking_row import StackingRow

_SHORTEST_DECIMALS = 4
_WIDEST_T = 99_999
_SPACING_PX = 10


class ScheduleFields(QWidget):
    """
    Edits a schedule's description field by field; what makes no schedule is marked and kept to oneself.

    Signals
    -------
    spec_edited(object, str)
        The user changed a field: the new ``ScheduleSpec``, which can be built, and the name of the field.
    custom_chosen
        The user wants to draw the present schedule by hand.
    """

    spec_edited = Signal(object, str)
    custom_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = ScheduleSpec()
        self._params_of_kind: dict[str, tuple[tuple[str, float], ...]] = {}
        self._number_fields: dict[str, LabelledField] = {}
        self._switches: dict[str, ToggleField] = {}
        self._edited: LabelledField | None = None
        self._kind = ChoiceField(
            [(kind.name, kind.label, kind.summary) for kind in SCHEDULE_KINDS.values()],
            accessible_name="Kind of noise schedule",
            tooltip="Which formula gives β",
        )
        self._total = IntegerField(0, _WIDEST_T, accessible_name="Steps T", tooltip="Length of the chain, T")
        self._total_field = LabelledField("Steps T", self._total)
        self._kind_field = LabelledField("Kind", self._kind)
        self._zero_snr = ToggleField(
            "Zero SNR",
            tooltip="Zero terminal SNR: scale √ᾱ so that no signal at all is left at T (Lin et al., 2024)",
        )
        self._zero_snr.setAccessibleName("Zero terminal SNR")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(_SPACING_PX)
        self._column.addWidget(StackingRow([self._kind_field, self._total_field], (3, 2)))
        # Across the panel: below a single narrow field a sentence would be a tower of words.
        self._problem_words = MathLabel("", "label", "bad", wraps=True)
        self._problem_words.hide()
        self._column.addWidget(self._problem_words)
        self._body = QWidget()
        self._column.addWidget(self._body)
        self._kind.choice_edited.connect(self._on_kind_edited)
        self._total.value_edited.connect(self._on_total_edited)
        self._zero_snr.state_edited.connect(self._on_zero_snr_edited)
        self._build_body()
        self.show_spec(self._spec)

    @property
    def problem(self) -> str:
        """Sentence of the field whose value is not accepted; empty when all are."""
        fields = (self._kind_field, self._total_field, *self._number_fields.values())
        return next((field.problem for field in fields if field.problem), "")

    def show_spec(self, spec: ScheduleSpec) -> None:
        """Show a description, silently, and end every complaint."""
        rebuilds = spec.kind != self._spec.kind
        self._spec = spec
        self._params_of_kind[spec.kind] = spec.params
        if rebuilds:
            self._build_body()
        self._kind.set_current(spec.kind)
        self._total.set_value(spec.num_timesteps)
        self._zero_snr.set_on(spec.zero_terminal_snr)
        for name, field in self._number_fields.items():
            if isinstance(field.field, NumberField):
                field.field.set_value(spec.value(name))
        for name, switch in self._switches.items():
            switch.set_on(spec.value(name) != 0.0)
        self._complain(None, "")
        self._show_points()

    def show_problem(self, sentence: str) -> None:
        """Say why the last edit was not accepted, at the field that was edited."""
        self._complain(self._edited or self._kind_field, sentence)

    def field(self, name: str) -> QWidget:
        """
        Return a field by the name of its parameter, "kind", "num_timesteps" or "zero_terminal_snr".

        Raises
        ------
        KeyError
            The kind has no such parameter.
        """
        fixed: dict[str, QWidget] = {
            "kind": self._kind,
            "num_timesteps": self._total,
            "zero_terminal_snr": self._zero_snr,
        }
        if name in fixed:
            return fixed[name]
        return self._switches[name] if name in self._switches else self._number_fields[name].field

    def _build_body(self) -> None:
        """Lay out the parameters of the kind in two columns, the switches below."""
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(_SPACING_PX)
        self._zero_snr.setParent(body)
        self._number_fields = {}
        self._switches = {}
        for parameter in SCHEDULE_KINDS[self._spec.kind].parameters:
            if parameter.is_switch:
                self._switches[parameter.name] = self._make_switch(parameter)
            else:
                self._number_fields[parameter.name] = self._make_number(parameter)
        numbers = list(self._number_fields.values())
        for first in range(0, len(numbers), 2):
            column.addWidget(StackingRow(numbers[first : first + 2]))
        self._points_words = MathLabel("", "label", "text2", wraps=True)
        self._points_words.setVisible(self._spec.kind == "custom")
        column.addWidget(self._points_words)
        column.addWidget(StackingRow([*self._switches.values(), self._zero_snr]))
        column.addStretch(1)
        self._zero_snr.show()
        if self._spec.kind == "custom":
            # A drag makes a kind custom; the plot below must not move under the pointer.
            body.setMinimumHeight(self._body.height())
        self._column.replaceWidget(self._body, body)
        self._body.hide()
        self._body.deleteLater()
        self._body = body

    def _make_number(self, parameter: ScheduleParameter) -> LabelledField:
        field = _ParameterField(parameter)
        field.value_edited.connect(lambda value, name=parameter.name: self._on_value_edited(name, value))
        return LabelledField(parameter.label, field, tooltip=parameter.tooltip)

    def _make_switch(self, parameter: ScheduleParameter) -> ToggleField:
        switch = ToggleField(parameter.label, tooltip=parameter.tooltip)
        switch.state_edited.connect(lambda on, name=parameter.name: self._on_value_edited(name, float(on)))
        return switch

    @Slot(str)
    def _on_kind_edited(self, kind: str) -> None:
        if kind == "custom":
            self.custom_chosen.emit()
            return
        params = self._params_of_kind.get(kind, ())
        total, zero = self._spec.num_timesteps, self._spec.zero_terminal_snr
        self._offer(ScheduleSpec(kind, total, params, zero), self._kind_field, "kind")

    @Slot(int)
    def _on_total_edited(self, total: int) -> None:
        self._offer(replace(self._spec, num_timesteps=total), self._total_field, "num_timesteps")

    @Slot(bool)
    def _on_zero_snr_edited(self, on: bool) -> None:
        self._offer(replace(self._spec, zero_terminal_snr=on), self._kind_field, "zero_terminal_snr")

    def _on_value_edited(self, name: str, value: float) -> None:
        spec = self._spec.with_value(name, value)
        self._offer(spec, self._number_fields.get(name, self._kind_field), name)

    def _offer(self, spec: ScheduleSpec, field: LabelledField, name: str) -> None:
        """Tell of an edit if it can be built, else say at its field why it cannot."""
        self._edited = field
        try:
            build_schedule(spec)
        except ScheduleError as error:
            self._complain(field, str(error))
            # A switch or a list shows what is in force; a number stays as it was typed.
            self._kind.set_current(self._spec.kind)
            self._zero_snr.set_on(self._spec.zero_terminal_snr)
            for switch_name, switch in self._switches.items():
                switch.set_on(self._spec.value(switch_name) != 0.0)
        else:
            self._complain(None, "")
            self.spec_edited.emit(spec, name)

    def _complain(self, blamed: LabelledField | None, sentence: str) -> None:
        for field in (self._kind_field, self._total_field, *self._number_fields.values()):
            field.set_problem(sentence if field is blamed else "", is_shown=False)
        self._problem_words.set_markup(sentence)
        self._problem_words.setVisible(bool(sentence))

    def _show_points(self) -> None:
        spec = self._spec
        if spec.kind == "custom":
            named = QUANTITIES.get(spec.quantity)
            self._points_words.set_markup(
                f"{len(spec.points)} points in {named.markup if named else spec.quantity}. "
                "Drag them on the curve; double-click adds one, Delete removes it."
            )


class _ParameterField(NumberField):
    """A number as short as it can be, that takes any typing and steps within its range."""

    def __init__(self, parameter: ScheduleParameter) -> None:
        self._decimals_shown = min(_SHORTEST_DECIMALS, parameter.decimals)
        self._low, self._high = parameter.minimum, parameter.maximum
        widest = 10.0 * max(abs(parameter.minimum), abs(parameter.maximum))
        super().__init__(-widest, widest, decimals=parameter.decimals, value=parameter.default)

    @override
    def textFromValue(self, value: float) -> str:
        text = super().textFromValue(value)
        whole, point, decimals = text.partition(".")
        kept = decimals.rstrip("0").ljust(self._decimals_shown, "0")
        return f"{whole}{point}{kept}"

    @override
    def stepBy(self, steps: int) -> None:
        super().stepBy(steps)
        if not self._low <= self.value() <= self._high:
            self.setValue(min(max(self.value(), self._low), self._high))
