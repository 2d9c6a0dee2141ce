"""The stage: layout at every size, live numbers, the pixel line, the three modes."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt

from diffviz.ui import theme
from diffviz.ui.tokens import DARK
from diffviz.ui.widgets.compare_view import CompareView
from diffviz.ui.widgets.equation_stage import EquationStage
from diffviz.ui.widgets.stage_geometry import Rect, StageMeasures, stage_geometry

MEASURES = StageMeasures(title=26, pill=34, term=162)


def picture(height: int, width: int, value: int = 90) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def fill(stage: EquationStage, height: int = 192, width: int = 192) -> None:
    stage.set_pictures(picture(height, width), picture(height, width, 160), picture(height, width, 40))
    stage.set_coefficients(0.687, 0.727)
    stage.set_pixel_probe(lambda _x, _y, c: (0.289, 0.075, -0.328 + 0.1 * c))


@pytest.fixture
def stage(shown) -> EquationStage:
    made = EquationStage()
    fill(made)
    return shown(made, 820, 500)


def as_rect(r: Rect) -> QRect:
    return QRect(round(r.left), round(r.top), round(r.width), round(r.height))


def test_the_mock_up_is_met_at_its_own_size() -> None:
    place = stage_geometry((192, 192), (820, 500), MEASURES)
    assert (place.hero.width, place.hero.height) == (384, 384)
    assert place.clean.width == pytest.approx(175, abs=2)
    assert place.clean.left - place.hero.right == 162
    assert place.noise.bottom == pytest.approx(place.hero.bottom, abs=1)
    assert place.clean.top == place.hero.top


@pytest.mark.parametrize(
    "size",
    [(1, 1), (28, 28), (32, 32), (192, 192), (300, 200), (200, 300), (1024, 1024), (1024, 128), (1024, 14)],
)
@pytest.mark.parametrize(
    "room", [(460, 386), (440, 330), (560, 430), (820, 500), (1000, 700), (1300, 680), (1940, 1040)]
)
def test_nothing_overlaps_or_leaves_the_stage(size, room) -> None:
    measures = StageMeasures(title=26, pill=34, term=110 if room[0] < 640 else 162, margin=8, term_height=36)
    place = stage_geometry(size, room, measures)
    rects = [as_rect(rect) for rect in (*place.pictures(), place.clean_term, place.noise_term)]
    whole = QRect(0, 0, *room).adjusted(-1, -1, 1, 1)
    for rect in rects[:3]:
        assert whole.contains(rect)
        assert rect.top() >= 25
    for i, first in enumerate(rects[:3]):
        for second in rects[i + 1 : 3]:
            assert not first.intersects(second)
    assert place.pill_top >= max(rect.bottom() for rect in rects[:3])
    assert place.pill_top >= place.noise.middle + measures.term_height / 2
    assert place.pill_top + measures.pill <= room[1] + 1


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (640, 240), (33, 77)])
def test_pictures_keep_their_shape(size) -> None:
    place = stage_geometry(size, (820, 500), MEASURES)
    for rect in place.pictures():
        assert rect.width / rect.height == pytest.approx(size[0] / size[1], rel=0.03)


def test_a_wide_stage_reads_in_one_row() -> None:
    place = stage_geometry((192, 192), (1300, 700), MEASURES)
    assert place.arrangement == "row"
    assert place.hero.middle == pytest.approx(place.clean.middle, abs=1)
    assert place.hero.right < place.clean.left < place.clean.right < place.noise.left


def test_the_children_lie_where_the_geometry_says(stage) -> None:
    place = stage.geometry_now
    for view, rect in zip((stage.hero, stage.clean, stage.noise), place.pictures(), strict=True):
        drawn = view.picture_rect().translated(view.pos())
        assert drawn.left() == pytest.approx(rect.left, abs=1)
        assert drawn.top() == pytest.approx(rect.top, abs=1)
        assert drawn.width() == pytest.approx(rect.width, abs=1)


def test_coefficients_have_their_colours_and_bars_of_their_size(stage, color_at) -> None:
    for term, role, value in (
        (stage.geometry_now.clean_term, DARK.signal, 0.687),
        (stage.geometry_now.noise_term, DARK.noise, 0.727),
    ):
        found = [
            (x, y)
            for y in range(round(term.middle), round(term.middle) + 24)
            for x in (round(term.left + term.width / 2),)
            if color_at(stage, x, y).name().upper() == role
        ]
        assert found
        row = found[-1][1] - 1
        width = sum(
            color_at(stage, x, row).name().upper() == role for x in range(round(term.left), round(term.right))
        )
        assert width == pytest.approx(theme.metric(64) * value, abs=3)


def test_the_pixel_line_spells_out_the_arithmetic(stage) -> None:
    words = " ".join(stage.pill.plain.split())
    assert words == "Pixel (61, 84) red 0.289 = 0.687 × 0.075 + 0.727 × −0.328"


def test_a_click_on_the_line_takes_the_next_colour(qtbot, stage) -> None:
    qtbot.mouseClick(stage.pill, Qt.MouseButton.LeftButton)
    assert "green" in stage.pill.plain
    assert "−0.228" in stage.pill.plain


def test_numbers_that_change_do_not_move_the_line(stage) -> None:
    before = stage.pill.geometry()
    for values in ((1.0, -1.0, 2.718), (-0.001, 0.9, -3.1)):
        stage.set_pixel_probe(lambda _x, _y, _c, v=values: v)
        assert stage.pill.geometry() == before


def test_the_pixel_under_the_mouse_is_marked_in_all_three_pictures(qtbot, stage) -> None:
    rect = stage.clean.picture_rect()
    with qtbot.waitSignal(stage.pixel_probed) as probed:
        qtbot.mouseMove(stage.clean, rect.center().toPoint())
    assert probed.args == [96, 96]
    assert {view.marker for view in (stage.hero, stage.clean, stage.noise)} == {(96, 96)}


def test_grey_pictures_have_no_colour_to_name(stage) -> None:
    grey = np.full((28, 28, 1), 7, np.uint8)
    stage.set_pictures(grey, grey, grey)
    assert "red" not in stage.pill.plain


def test_the_single_mode_gives_all_room_to_x_t(stage) -> None:
    stage.set_mode("single")
    assert stage.hero.isVisible()
    assert not stage.clean.isVisible()
    assert not stage.pill.isVisible()
    stage.resize(820, 640)
    assert stage.hero.picture_rect().width() == 576


def test_the_comparison_shows_both_and_returns(stage, color_at) -> None:
    stage.set_mode("compare")
    rect = stage.compare.picture_rect().translated(stage.compare.pos())
    middle = round(rect.center().y()) + 40
    assert color_at(stage, round(rect.left()) + 30, middle).red() == 160
    assert color_at(stage, round(rect.right()) - 30, middle).red() == 90
    stage.set_pictures(picture(192, 192, 200))
    assert color_at(stage, round(rect.right()) - 30, middle).red() == 200
    stage.set_mode("equation")
    assert stage.clean.isVisible()


def test_the_divider_follows_mouse_and_keyboard_and_stays_inside(qtbot, shown) -> None:
    view = CompareView()
    view.set_pictures(picture(100, 200), picture(100, 200, 10))
    shown(view, 420, 240)
    moved: list[float] = []
    view.divider_moved.connect(moved.append)
    view.set_divider(0.9)
    assert moved == []
    rect = view.picture_rect()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=rect.center().toPoint())
    qtbot.mouseMove(view, QPoint(round(rect.left()) - 50, round(rect.center().y())))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton)
    assert moved[0] == pytest.approx(0.5, abs=0.01)
    assert view.divider == 0.0
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.divider == pytest.approx(0.1)
    assert view.accessibleDescription() == "Divider at 10%"


def test_coefficients_are_told_to_screen_readers(stage) -> None:
    assert (
        stage.accessibleDescription()
        == "x_t is 0.687 times the clean image plus 0.727 times the Gaussian noise"
    )


def test_a_very_low_stage_gives_up_the_line_first(stage) -> None:
    stage.resize(460, 210)
    assert not stage.pill.isVisible()
    assert stage.hero.picture_rect().height() > 100
