"""The formula beside the picture: its numbers are of this step, symbol and picture light up together."""

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from diffviz.core.samplers import SamplerSpec
from diffviz.core.schedules import build_schedule
from diffviz.core.slips import Slip
from diffviz.ui.main_window import MainWindow
from diffviz.ui.math_layout import Words
from diffviz.ui.rich_line import RichLine
from diffviz.ui.symbol_links import SymbolLinks
from diffviz.ui.widgets.formula_line import FormulaLine, FormulaPart, sign
from tests.ui.person import Person
from tests.ui.runs import run_to_the_end, wait_for_the_end

WORKSPACES = ("forward", "reverse", "train", "lab", "theory")


def line_of(window: MainWindow) -> FormulaLine:
    """The formula line of the workspace that is seen."""
    lines = [line for line in window.findChildren(FormulaLine) if line.isVisible()]
    assert len(lines) == 1, "each workspace has one"
    return lines[0]


def value_of(line: FormulaLine, key: str) -> str:
    return next(part.value for part in line.parts if part.key == key)


def point_at(widget: QWidget) -> None:
    """Bring the mouse over a widget."""
    middle = QPointF(widget.rect().center())
    QApplication.sendEvent(widget, QEnterEvent(middle, middle, QPointF(widget.mapToGlobal(middle))))


def take_away(widget: QWidget) -> None:
    QApplication.sendEvent(widget, QEvent(QEvent.Type.Leave))


def test_the_numbers_follow_the_playhead_and_the_way_of_showing(window: MainWindow, qtbot: QtBot) -> None:
    schedule = build_schedule(window.session.state.schedule)
    line = line_of(window)
    for t in (0, 1, 500, 1000):
        window.session.update(t=t)
        assert value_of(line, "signal") == f"{schedule.alphas_cumprod[t] ** 0.5:.3f}"
        assert value_of(line, "noise_level") == f"{schedule.one_minus_alphas_cumprod[t] ** 0.5:.3f}"
    window.session.update(t=400)
    window.forward.set_mode("step")
    qtbot.waitUntil(lambda: "x399" in line.plain)
    assert value_of(line, "noise_level") == f"{schedule.betas[400] ** 0.5:.4f}"


def test_pointing_at_a_symbol_lights_what_it_is_and_pointing_at_that_the_symbol(window: MainWindow) -> None:
    line, forward = line_of(window), window.forward
    symbol = line.spot("signal")
    point_at(symbol)
    lit = forward.links.marked
    assert forward.stage in lit
    assert forward.panel.read_outs in lit
    assert window.schedule_panel.curve in lit
    take_away(symbol)
    assert not forward.links.marked
    point_at(line.spot("noise"))
    assert forward.links.marked == (forward.stage.noise,)
    take_away(line.spot("noise"))


def test_pointing_at_a_picture_lights_its_symbol(window: MainWindow, person: Person) -> None:
    line, clean = line_of(window), window.forward.stage.clean
    spot = clean.picture_rect().center()
    person.hover(clean, spot.x(), spot.y())
    assert line.lit == "before"
    noise = window.forward.stage.noise
    person.hover(noise, noise.picture_rect().center().x(), noise.picture_rect().center().y())
    assert line.lit == "noise"


def test_a_lit_symbol_and_its_place_change_their_pixels(window: MainWindow, person: Person) -> None:
    def looks() -> tuple[QImage, QImage]:
        return person.sees(line_of(window)), person.sees(window.forward.panel.read_outs)

    before = looks()
    point_at(line_of(window).spot("noise_level"))
    after = looks()
    assert all(one != other for one, other in zip(before, after))
    take_away(line_of(window).spot("noise_level"))
    assert looks() == before


@pytest.mark.parametrize("workspace", WORKSPACES)
def test_every_symbol_is_reached_by_keyboard_and_says_what_it_means(
    window: MainWindow, qtbot: QtBot, workspace: str
) -> None:
    window.session.update(workspace=workspace, t=300, exact_size=16)
    line = line_of(window)
    qtbot.waitUntil(lambda: bool(line.parts))
    keys = [part.key for part in line.parts if part.key]
    for key in dict.fromkeys(keys):
        symbol = line.spot(key)
        assert symbol.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert symbol.accessibleName()
        assert len(symbol.toolTip()) > 8
        symbol.setFocus(Qt.FocusReason.TabFocusReason)
        assert line.lit == key
    spots = [line.spot(key).geometry() for key in dict.fromkeys(keys)]
    assert all(line.rect().contains(spot) for spot in spots), "nothing is cut"


def test_the_step_of_a_run_is_shown_and_a_slip_stands_in_it_in_the_colour_of_errors(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    window.session.update(workspace="reverse", exact_size=16, sampler=SamplerSpec(num_sampling_steps=4))
    run_to_the_end(window, person)
    window.reverse.driver.break_it(Slip.VARIANCE_FOR_DEVIATION)
    qtbot.waitUntil(lambda: window.reverse.history.runs[-1].request.slip is not None)
    broken = wait_for_the_end(window, qtbot)
    step = broken.steps[1]
    window.session.update(t=step.t)
    line = line_of(window)
    part = next(part for part in line.parts if part.key == "c_z")
    assert part.role == "bad"
    assert "√" not in part.node.plain
    assert part.value == f"{step.coefficients.noise:.3f}"


def test_in_a_low_window_the_numbers_stand_alone(window: MainWindow, qtbot: QtBot) -> None:
    line = line_of(window)
    tall = line.height()
    window.resize(1100, 700)
    qtbot.waitUntil(lambda: line.height() < tall)
    assert value_of(line, "signal") in line.plain


@pytest.mark.parametrize("workspace", WORKSPACES)
def test_every_symbol_has_a_place_on_screen(window: MainWindow, qtbot: QtBot, workspace: str) -> None:
    sampler = SamplerSpec(num_sampling_steps=4)
    window.session.update(workspace=workspace, t=300, exact_size=16, sampler=sampler)
    line = line_of(window)
    if workspace == "reverse":
        # Before a run there are no pictures to be pointed at.
        window.reverse.run()
        wait_for_the_end(window, qtbot)
        window.session.update(t=300)
    links = line.findChild(SymbolLinks)
    assert links is not None
    for key in dict.fromkeys(part.key for part in line.parts if part.key):
        symbol = line.spot(key)
        point_at(symbol)
        assert links.marked, f"{key} is nowhere"
        take_away(symbol)


@pytest.mark.usefixtures("application")
def test_a_longer_number_gets_the_room_that_it_needs(qtbot: QtBot) -> None:
    line = FormulaLine("Formula")
    qtbot.addWidget(line)
    line.resize(600, 60)
    numbers = ("0.12", "3.41 · 10⁻⁸", "0.5")
    for number in numbers:
        line.set_formula(
            [
                FormulaPart(Words("a"), number, "a", "a", widest="0.00"),
                sign("="),
                FormulaPart(Words("b"), "1", "b"),
            ]
        )
        needed = RichLine(number, "body", tabular=True).width()
        assert line.spot("a").width() >= needed
        assert not line.spot("a").geometry().intersects(line.spot("b").geometry())
