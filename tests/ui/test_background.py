"""Transparent parts of a picture lie over a colour that the person chooses."""

from pathlib import Path

import numpy as np
from PIL import Image
from pytestqt.qtbot import QtBot

from diffviz.ui.main_window import MainWindow


def transparent_picture(path: Path) -> Path:
    pixels = np.zeros((12, 16, 4), np.uint8)
    pixels[3:9, 4:12] = (255, 80, 0, 255)
    Image.fromarray(pixels).save(path)
    return path


def corner_and_middle(window: MainWindow) -> tuple[list[int], list[int]]:
    shown = window.forward.stage.clean.picture
    assert shown is not None
    corner, middle = shown.pixelColor(0, 0), shown.pixelColor(8, 6)
    return [corner.red(), corner.green(), corner.blue()], [middle.red(), middle.green(), middle.blue()]


def test_a_transparent_picture_lies_over_white_until_another_colour_is_chosen(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    assert not window.forward.background.isVisible()
    window.open_files([transparent_picture(tmp_path / "logo.png")])
    qtbot.waitUntil(lambda: window.session.state.image.endswith("logo.png"))
    assert window.forward.background.isVisible()
    assert corner_and_middle(window) == ([255, 255, 255], [255, 80, 0])
    black = next(a for a in window.forward.background.menu_of_colours().actions() if a.text() == "Black")
    window.forward.background.background_chosen.emit(tuple(black.data()))
    qtbot.waitUntil(lambda: corner_and_middle(window)[0] == [0, 0, 0])
    assert corner_and_middle(window)[1] == [255, 80, 0]


def test_an_opaque_picture_keeps_its_pixels_and_shows_no_colour_button(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "plain.png"
    Image.fromarray(np.full((12, 16, 3), 40, np.uint8)).save(path)
    window.open_files([path])
    qtbot.waitUntil(lambda: window.session.state.image.endswith("plain.png"))
    window.forward.set_background((0, 0, 0))
    assert not window.forward.background.isVisible()
    assert corner_and_middle(window) == ([40, 40, 40], [40, 40, 40])
