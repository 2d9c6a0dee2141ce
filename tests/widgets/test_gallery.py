"""Thumbnails: choosing by mouse and keyboard, ring, room, scrolling."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel

from diffviz.ui.tokens import DARK
from diffviz.ui.widgets.gallery import Gallery


def entries(count: int) -> list[tuple[str, str, np.ndarray]]:
    return [(f"sample:{i}", f"Sample {i}", np.full((40, 60, 3), 20 * i + 30, np.uint8)) for i in range(count)]


@pytest.fixture
def gallery(shown) -> Gallery:
    made = Gallery()
    made.set_pictures(entries(6))
    made.set_current("sample:1")
    return shown(made, 820, 78)


@pytest.fixture
def heard(gallery) -> list[str]:
    keys: list[str] = []
    gallery.picture_chosen.connect(keys.append)
    return keys


def test_a_click_chooses_and_setters_are_silent(qtbot, gallery, heard) -> None:
    gallery.set_current("sample:0")
    strip = gallery.strip
    qtbot.mouseClick(
        strip, Qt.MouseButton.LeftButton, pos=strip.thumbnail_rect("sample:4").center().toPoint()
    )
    qtbot.mouseClick(
        strip, Qt.MouseButton.LeftButton, pos=strip.thumbnail_rect("sample:4").center().toPoint()
    )
    assert heard == ["sample:4"]
    assert gallery.current == "sample:4"


def test_arrows_walk_along_and_stop_at_the_ends(qtbot, gallery, heard) -> None:
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Home):
        qtbot.keyClick(gallery.strip, key)
    assert heard == ["sample:0", "sample:5", "sample:0"]


def test_the_chosen_picture_wears_the_accent_ring(gallery, color_at) -> None:
    rect = gallery.strip.thumbnail_rect("sample:1")
    x, y = round(rect.center().x()), round(rect.top()) - 3
    assert color_at(gallery.strip, x, y).name().upper() == DARK.accent
    other = gallery.strip.thumbnail_rect("sample:3")
    assert color_at(gallery.strip, round(other.center().x()), y).name().upper() != DARK.accent


def test_thumbnails_are_at_least_56_px_and_square(gallery) -> None:
    rect = gallery.strip.thumbnail_rect("sample:0")
    assert rect.width() == rect.height() >= 56


def test_words_give_way_before_pictures_do(gallery) -> None:
    label, hint = (child for child in gallery.findChildren(QLabel))
    assert label.isVisible()
    assert hint.isVisible()
    gallery.resize(560, 78)
    assert label.isVisible()
    assert not hint.isVisible()
    gallery.resize(440, 78)
    assert not label.isVisible()


def test_an_opened_picture_is_scrolled_into_sight(gallery) -> None:
    gallery.resize(300, 78)
    gallery.set_pictures([*entries(6), ("file:/a.png", "a.png", np.zeros((90, 40), np.uint8))])
    gallery.set_current("file:/a.png")
    rect = gallery.strip.thumbnail_rect("file:/a.png")
    assert rect.left() >= 0
    assert rect.right() <= gallery.strip.width()
    assert gallery.strip.accessibleDescription() == "a.png chosen of 7"


def test_a_click_between_pictures_does_nothing(qtbot, gallery, heard) -> None:
    last = gallery.strip.thumbnail_rect("sample:5")
    qtbot.mouseClick(gallery.strip, Qt.MouseButton.LeftButton, pos=QPoint(round(last.right()) + 30, 30))
    assert heard == []
