"""Every kind of field, and the frame of label above and sentence below that holds one."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from diffviz.ui.widgets.choice_field import Choice, ChoiceField
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.number_fields import IntegerField, NumberField
from diffviz.ui.widgets.slider_field import SliderField, TrackSlider
from diffviz.ui.widgets.toggle import ToggleField

__all__ = [
    "Choice",
    "ChoiceField",
    "IntegerField",
    "LabelledField",
    "NumberField",
    "SliderField",
    "ToggleField",
    "TrackSlider",
]


class LabelledField(QWidget):
    """
    A field with its label above and, when its value is not accepted, a sentence below.

    Parameters
    ----------
    label
        Name of the field, with the markup of ``rich_line``.
    field
        The field itself; reachable as ``field``.
    tooltip
        What the value does; given to the field as well where it has no tooltip of its own.
    """

    def __init__(
        self, label: str, field: QWidget, *, tooltip: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.field = field
        self.label = MathLabel(label, "label", "text2")
        self.label.setBuddy(field)
        self._sentence = MathLabel("", "label", "bad", wraps=True)
        self._sentence.hide()
        if not field.accessibleName():
            field.setAccessibleName(self.label.plain)
        if tooltip:
            self.label.setToolTip(tooltip)
        if tooltip or not field.toolTip():
            field.setToolTip(tooltip or self.label.plain)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.label)
        column.addWidget(field)
        column.addWidget(self._sentence)
        # Not an alignment, with which Qt would forget that the sentence grows higher when it is narrow.
        column.addStretch(1)

    @property
    def problem(self) -> str:
        """Sentence shown below the field; empty when the value is accepted."""
        return self._sentence.markup

    def set_problem(self, sentence: str, *, is_shown: bool = True) -> None:
        """
        Mark the field's value as not accepted and say why.

        Parameters
        ----------
        sentence
            Why; an empty one ends it.
        is_shown
            Show the sentence below the field, not only to screen readers.
        """
        self._sentence.set_markup(sentence)
        self._sentence.setVisible(bool(sentence) and is_shown)
        if isinstance(self.field, (NumberField, IntegerField, ChoiceField)):
            self.field.set_problem(sentence)
