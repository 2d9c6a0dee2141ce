"""Pictures side by side take the room that there is."""

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from diffviz.ui.widgets.columns_stage import Column, ColumnsStage


@pytest.mark.parametrize("count", [3, 4])
def test_pictures_are_as_large_as_a_narrow_stage_allows(qtbot: QtBot, count: int) -> None:
    stage = ColumnsStage()
    qtbot.addWidget(stage)
    # As in the smallest window; four pictures of 28 × 28 in a grid.
    stage.resize(540, 412)
    stage.show()
    picture = np.zeros((58, 58), np.uint8)
    stage.set_columns([Column("x_0", f"Number {number}", picture, "words") for number in range(count)])
    assert {view.width() for view in stage.views[:count]} == {2 * 58 + 6}
    lefts = [view.mapTo(stage, view.rect().topLeft()).x() for view in stage.views[:count]]
    rights = [left + 2 * 58 + 6 for left in lefts]
    assert lefts[0] >= 0
    assert rights[-1] <= stage.width()
    assert all(left > right for left, right in zip(lefts[1:], rights[:-1], strict=True))


def test_a_plot_below_keeps_its_room_from_pictures_that_could_be_larger(qtbot: QtBot) -> None:
    stage, plot = ColumnsStage(), QWidget()
    qtbot.addWidget(stage)
    stage.resize(540, 340)
    stage.show()
    stage.set_below(plot)
    picture = np.zeros((28, 28), np.uint8)
    stage.set_columns([Column("", "Name", picture, "words", action="Run") for _ in range(4)])
    assert plot.isVisible()
    assert plot.height() >= 84
    assert stage.views[0].width() < 4 * 28 + 6
