"""Badges, read-outs, pills, progress, folding parts, the first-run card."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from diffviz.ui.tokens import DARK
from diffviz.ui.widgets.badge import Badge
from diffviz.ui.widgets.collapsible import Collapsible
from diffviz.ui.widgets.hint_card import HintCard
from diffviz.ui.widgets.pill import Cell, Pill
from diffviz.ui.widgets.read_out import ReadOutGrid
from diffviz.ui.widgets.stage_bar import StageTitle
from diffviz.ui.widgets.surfaces import ProgressLine


def test_a_badge_names_the_denoiser_in_pink(shown, color_at) -> None:
    badge = Badge("exact", "Exact denoiser · 457 emoji")
    shown(badge)
    assert badge.height() >= 22
    assert color_at(badge, badge.width() // 2, 2).name().upper() == DARK.modelbg
    assert badge.accessibleName() == "Exact denoiser · 457 emoji"
    narrow = badge.sizeHint().width()
    badge.set_badge("network", "Fashion U-Net 28 px, step 3200")
    assert badge.sizeHint().width() > narrow
    with pytest.raises(KeyError):
        badge.set_badge("wizard", "")


def test_read_outs_change_one_value_in_place(qtbot) -> None:
    grid = ReadOutGrid([("SNR", "−0.5", "dB"), ("PSNR to $x_0$", "…", "dB")])
    qtbot.addWidget(grid)
    grid.set_value("PSNR to $x_0$", "10.1")
    assert grid.value("PSNR to $x_0$") == "10.1"
    assert grid.accessibleName() == "SNR −0.5 dB, PSNR to x0 10.1 dB"
    with pytest.raises(KeyError):
        grid.set_value("nothing", "1")


def test_read_outs_are_two_to_a_row(qtbot) -> None:
    grid = ReadOutGrid([("a", "1"), ("b", "2")])
    qtbot.addWidget(grid)
    one_row = grid.sizeHint().height()
    grid.set_cells([("a", "1"), ("b", "2"), ("c", "3")])
    assert grid.sizeHint().height() == pytest.approx(2 * one_row, abs=2)


def test_a_pill_keeps_its_width_while_numbers_change(qtbot) -> None:
    pill = Pill()
    qtbot.addWidget(pill)
    widths = set()
    for value in ("0.111", "−0.888", "0.404"):
        pill.set_cells([Cell("x = ", "text2"), Cell(value, "signal", "−0.000")])
        widths.add(pill.sizeHint().width())
    assert len(widths) == 1
    assert pill.plain == "x = 0.404"


def test_progress_is_drawn_to_its_share(shown, color_at) -> None:
    line = ProgressLine()
    shown(line, 200, 6)
    line.set_share(0.5)
    assert color_at(line, 60, 3).name().upper() == DARK.accent
    assert color_at(line, 150, 3).name().upper() == DARK.line
    line.set_share(7.0)
    assert line.share == 1.0
    assert line.accessibleDescription() == "100%"


def test_a_part_folds_by_mouse_and_keyboard_and_silently_by_program(qtbot, shown) -> None:
    page = QWidget()
    part = Collapsible("One step", QLabel("inside"), is_open=False)
    QVBoxLayout(page).addWidget(part)
    shown(page, 240, 160)
    heard: list[bool] = []
    part.opened.connect(heard.append)
    part.set_open(True)
    assert part.content.isVisible()
    assert heard == []
    head = part.findChild(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    qtbot.mouseClick(head, Qt.MouseButton.LeftButton)
    assert not part.content.isVisible()
    qtbot.keyClick(head, Qt.Key.Key_Space)
    assert heard == [False, True]


def test_the_first_run_card_offers_two_ways_and_closes(qtbot, shown) -> None:
    card = shown(HintCard(), 640, 180)
    with qtbot.waitSignal(card.open_requested):
        qtbot.mouseClick(card.open_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(card.play_requested):
        qtbot.mouseClick(card.play_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(card.dismissed):
        qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert card.isHidden()


def test_a_stage_title_leaves_out_facts_that_have_no_room_rather_than_cut_them(shown) -> None:
    made = StageTitle("image")
    made.set_title("cat.png", "451 × 300 RGB · scaled from 2255 × 1500 for display")
    title = shown(made, 600, 44)
    whole, first = title.detail_within(500), title.detail_within(130)
    assert whole.endswith("for display")
    assert first == "451 × 300 RGB"
    assert title.detail_within(60) == ""
