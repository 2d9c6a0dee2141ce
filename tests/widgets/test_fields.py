"""Fields: silent setters, wheel under focus alone, typing, units, bad values, choices, sliders, switches."""

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from diffviz.ui import theme
from diffviz.ui.tokens import DARK
from diffviz.ui.widgets.availability import set_unavailable
from diffviz.ui.widgets.fields import (
    Choice,
    ChoiceField,
    IntegerField,
    LabelledField,
    NumberField,
    SliderField,
    ToggleField,
)
from diffviz.ui.widgets.stacking_row import StackingRow

UP = 120


def turn_wheel(widget: QWidget, delta: int) -> bool:
    spot = QPointF(widget.rect().center())
    event = QWheelEvent(
        spot,
        QPointF(widget.mapToGlobal(widget.rect().center())),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def beside_another(shown, field: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    other = IntegerField(accessible_name="other")
    column.addWidget(other)
    column.addWidget(field)
    shown(page, 240, 140)
    other.setFocus()
    return page


def values_of(field) -> list:
    heard: list = []
    field.value_edited.connect(heard.append)
    return heard


def test_setting_a_number_is_silent(qtbot) -> None:
    field = NumberField(0, 1, value=0.5)
    qtbot.addWidget(field)
    heard = values_of(field)
    field.set_value(0.25)
    field.set_limits(0, 0.2)
    assert (field.value(), heard) == (0.2, [])


def test_typing_counts_when_it_is_finished(qtbot, shown) -> None:
    field = shown(NumberField(0, 1, decimals=4, value=0.0001), 160, 30)
    heard = values_of(field)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "0.02")
    assert heard == []
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert heard == [0.02]


@pytest.mark.parametrize("typed", ["-1.5", "−1.5", "-1,5"])
def test_minus_and_decimal_sign_are_read_in_every_spelling(qtbot, shown, typed: str) -> None:
    field = shown(NumberField(-5, 5, decimals=1), 160, 30)
    field.selectAll()
    field.lineEdit().insert(typed)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.value() == -1.5
    assert field.text() == "−1.5"


def test_whole_numbers_come_as_int(qtbot, shown) -> None:
    field = shown(IntegerField(1, 4000, value=1000), 160, 30)
    heard = values_of(field)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert heard == [1001]
    assert isinstance(heard[0], int)
    assert isinstance(field.value(), int)


def test_the_wheel_acts_only_under_the_keyboard(shown) -> None:
    for field in (NumberField(0, 10, step=1, decimals=0, value=5), IntegerField(0, 10, value=5)):
        page = beside_another(shown, field)
        assert not turn_wheel(field, UP)
        assert field.value() == 5
        field.setFocus()
        assert turn_wheel(field, UP)
        assert field.value() == 6
        page.close()


def test_the_wheel_leaves_an_unfocused_list_and_slider_alone(shown) -> None:
    choice = ChoiceField([("a", "A"), ("b", "B")])
    slider = SliderField("Guidance", 0, 10)
    page = beside_another(shown, choice)
    page.layout().addWidget(slider)
    assert not turn_wheel(choice, -UP)
    assert not turn_wheel(slider.slider, UP)
    assert (choice.current, slider.value) == ("a", 0.0)


def test_an_invalid_value_gets_the_bad_border_and_a_sentence(shown, color_at) -> None:
    framed = LabelledField("Last $β$", NumberField(0, 1, value=0.5))
    shown(framed, 200, 90)
    middle = framed.field.geometry().center()
    left = framed.field.geometry().left()
    assert color_at(framed, left, middle.y()).name().upper() == DARK.edge
    framed.set_problem("β must stay below 1.")
    QApplication.processEvents()
    middle = framed.field.geometry().center()
    assert color_at(framed, left, middle.y()).name().upper() == DARK.bad
    assert framed.field.accessibleDescription() == "β must stay below 1."
    assert framed.problem == "β must stay below 1."
    framed.set_problem("")
    assert color_at(framed, left, framed.field.geometry().center().y()).name().upper() == DARK.edge


def test_a_label_names_its_field_for_screen_readers(qtbot) -> None:
    framed = LabelledField("First $β$", NumberField(), tooltip="Noise of the first step")
    qtbot.addWidget(framed)
    assert framed.field.accessibleName() == "First β"
    assert framed.field.toolTip() == "Noise of the first step"
    assert framed.label.buddy() is framed.field


def test_a_unit_never_covers_the_widest_number(shown) -> None:
    field = IntegerField(0, 999_999, value=999_999, unit="steps")
    shown(field, field.sizeHint().width(), 30)
    edit = field.lineEdit()
    needed = edit.fontMetrics().horizontalAdvance(field.text())
    assert edit.width() >= needed


def test_a_taken_entry_is_told_once_and_setters_are_silent(qtbot, shown) -> None:
    field = shown(ChoiceField([("linear", "Linear"), ("cosine", "Cosine"), ("jsd", "JSD")]), 200, 30)
    heard: list[str] = []
    field.choice_edited.connect(heard.append)
    field.set_current("cosine")
    assert heard == []
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert (field.current, heard) == ("jsd", ["jsd"])
    field.set_options([("linear", "Linear"), ("jsd", "JSD (2020)")])
    assert (field.current, heard) == ("jsd", ["jsd"])
    with pytest.raises(KeyError):
        field.set_current("cosine")


def test_an_entry_that_cannot_be_taken_says_why(qtbot, shown) -> None:
    field = shown(
        ChoiceField([Choice("cpu", "CPU"), Choice("cuda", "CUDA", unavailable="No CUDA device.")]), 200, 30
    )
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert field.current == "cpu"
    assert field.itemData(1, Qt.ItemDataRole.ToolTipRole) == "No CUDA device."


def test_a_slider_tells_of_drags_and_their_end(qtbot, shown) -> None:
    field = shown(SliderField("Eta $η$", 0.0, 1.0, step=0.01, text_of="{:.2f}".format), 220, 50)
    heard = values_of(field)
    ends = []
    field.gesture_finished.connect(lambda: ends.append(field.value))
    field.set_value(0.25)
    assert (heard, field.value) == ([], 0.25)
    slider = field.slider
    middle = QPoint(slider.width() // 2, slider.height() // 2)
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=middle)
    assert heard == [pytest.approx(0.5, abs=0.01)]
    assert len(ends) == 1
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert heard[-1] == pytest.approx(0.49, abs=0.01)
    assert slider.accessibleName() == "Eta η"


def test_the_knob_stands_where_the_value_is(shown, color_at) -> None:
    field = shown(SliderField("Guidance scale", 0, 10, value=5), 220, 50)
    knob = field.slider.knob_center()
    assert knob.x() == pytest.approx(field.slider.width() / 2, abs=1)
    assert color_at(field.slider, round(knob.x()), round(knob.y())).name().upper() == DARK.text
    assert color_at(field.slider, 20, round(knob.y())).name().upper() == DARK.accent
    assert color_at(field.slider, field.slider.width() - 20, round(knob.y())).name().upper() == DARK.edge


def test_a_switch_tells_only_of_the_user(qtbot, shown) -> None:
    field = shown(ToggleField("Zero terminal SNR"), 220, 30)
    heard: list[bool] = []
    field.state_edited.connect(heard.append)
    field.set_on(True)
    assert (field.isChecked(), heard) == (True, [])
    qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
    qtbot.keyClick(field, Qt.Key.Key_Space)
    assert heard == [False, True]


def test_a_switch_is_mint_when_on(shown, color_at) -> None:
    field = shown(ToggleField("Loop"), 120, 30)
    middle = field.height() // 2
    assert color_at(field, 22, middle).name().upper() == DARK.field
    field.set_on(True)
    assert color_at(field, 10, middle).name().upper() == DARK.accent


def test_a_disabled_field_fades_and_gives_the_reason(shown, color_at) -> None:
    field = shown(NumberField(0, 1, accessible_name="Eta", tooltip="Added noise"), 160, 30)
    set_unavailable(field, "DDPM has no eta.")
    assert field.toolTip() == "DDPM has no eta."
    edge, panel = theme.color("edge"), theme.color("panel")
    faded = color_at(field, 0, field.height() // 2)
    assert faded.red() == pytest.approx(0.55 * edge.red() + 0.45 * panel.red(), abs=3)
    set_unavailable(field, "Another reason.")
    set_unavailable(field, None)
    assert (field.isEnabled(), field.toolTip()) == (True, "Added noise")


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("family", ["Inter", "DejaVu Sans"])
def test_no_field_clips_its_text_at_large_sizes(qapp, shown, family: str, scale: float) -> None:
    font = qapp.font()
    font.setFamily(family)
    font.setPointSizeF(9.75 * scale)
    qapp.setFont(font)
    theme.apply_theme(qapp, "dark", reduce_motion=True)
    number = NumberField(0, 1, decimals=4, value=0.0001, unit="px")
    choice = ChoiceField([("a", "Linear schedule"), ("b", "Cosine")])
    page = QWidget()
    column = QVBoxLayout(page)
    column.addWidget(LabelledField("First $β$", number))
    column.addWidget(choice)
    shown(page)
    assert number.lineEdit().width() >= number.lineEdit().fontMetrics().horizontalAdvance(number.text())
    assert number.height() >= number.lineEdit().fontMetrics().height()
    assert choice.height() >= choice.fontMetrics().height()
    assert choice.width() >= choice.sizeHint().width()


def test_fields_stand_level_though_mathematics_makes_one_label_higher(shown) -> None:
    plain = LabelledField("Steps", IntegerField(0, 9, accessible_name="Steps"))
    with_mathematics = LabelledField("Clip $x̂_0$", IntegerField(0, 9, accessible_name="Clip"))
    row = shown(StackingRow([with_mathematics, plain]), 280, 80)
    assert with_mathematics.label.height() > plain.label.height()
    tops = {field.field.mapTo(row, QPoint()).y() for field in (plain, with_mathematics)}
    assert len(tops) == 1


def test_a_centred_row_of_which_nothing_is_shown_takes_no_room(shown):
    field = QWidget()
    row = StackingRow([field], is_centred=True)
    field.hide()
    shown(row, 200, 40)
    layout = row.layout()
    assert layout is not None
    layout.setGeometry(QRect(0, 0, 200, 40))
    assert layout.heightForWidth(200) == 0
