"""Ways in for pictures: drops, the clipboard, the dialog, the gallery; and what cannot be opened."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QTimer, QUrl
from PySide6.QtGui import QFileOpenEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from diffviz.core.schedules import ScheduleSpec
from diffviz.data.images import load_image, to_uint8
from diffviz.data.schedule_files import write_schedule
from diffviz.ui.main_window import MainWindow
from diffviz.ui.open_requests import OpenRequests
from diffviz.ui.widgets.pixels import picture_from_array
from tests.ui import expected
from tests.ui.person import Person, pixels, write_picture

CTRL = Qt.KeyboardModifier.ControlModifier


def shows(window: MainWindow, path: Path) -> bool:
    """Whether the stage shows this file's picture, clean and noised."""
    state, stage = window.session.state, window.forward.stage
    is_clean = np.array_equal(pixels(stage.clean.picture), to_uint8(load_image(path).x_0))
    return is_clean and np.array_equal(pixels(stage.hero.picture), expected.x_t(state))


def test_a_dropped_picture_is_shown_and_schedule_seed_and_t_stay(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    path = write_picture(tmp_path / "waves.png")
    before = window.session.state
    drag = person.hold_over([path])
    assert window.drop_overlay.isVisible()
    assert window.drop_overlay.offer.headline == "Drop to open waves.png"
    assert drag.let_go()
    assert not window.drop_overlay.isVisible()
    qtbot.waitUntil(lambda: window.session.state.image == f"file:{path}")
    assert shows(window, path)
    now = window.session.state
    assert (now.schedule, now.seed, now.t) == (before.schedule, before.seed, before.t)
    qtbot.waitUntil(lambda: window.status.message == "Opened waves.png")
    assert window.forward.gallery.current == f"file:{path}"
    assert not window.message_bar.messages


def test_many_dropped_pictures_wait_in_the_gallery_and_the_first_is_shown(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    paths = [write_picture(tmp_path / f"waves{seed}.png", seed=seed) for seed in range(4)]
    samples = window.forward.gallery.strip.keys()
    person.drop(paths)
    qtbot.waitUntil(lambda: window.status.message == "Opened 4 pictures")
    assert window.forward.gallery.strip.keys() == (*samples, *(f"file:{path}" for path in paths))
    assert shows(window, paths[0])


def test_a_picture_can_be_dropped_anywhere_even_on_a_number_field(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    spots = {
        "field": window.forward.panel.seed,
        "curve": window.schedule_panel.curve,
        "timeline": window.forward.timeline,
        "header": window.header,
    }
    for name, spot in spots.items():
        path = write_picture(tmp_path / f"{name}.png")
        person.drop([path], spot)
        qtbot.waitUntil(lambda path=path: window.session.state.image == f"file:{path}")
    assert window.forward.panel.seed.text() == "7"


def test_a_file_that_is_no_picture_is_refused_while_it_is_held_over_the_window(
    window: MainWindow, person: Person, tmp_path: Path
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no picture")
    drag = person.hold_over([path])
    assert window.drop_overlay.offer.headline == "notes.txt cannot be opened"
    assert not drag.let_go()
    assert not window.drop_overlay.isVisible()
    assert window.session.state.image == "sample:chelsea"


def truncated(path: Path) -> Path:
    whole = write_picture(path, 200, 150).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def text_called_png(path: Path) -> Path:
    path.write_text("no picture")
    return path


def huge(path: Path) -> Path:
    """A PNG whose header promises 400 megapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize("spoil", [truncated, text_called_png, huge])
def test_a_file_that_cannot_be_read_is_named_with_its_reason_and_the_old_picture_stays(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path, spoil
) -> None:
    before = pixels(window.forward.stage.hero.picture)
    person.drop([spoil(tmp_path / "photo.png")])
    qtbot.waitUntil(lambda: bool(window.message_bar.messages))
    level, headline, detail = window.message_bar.messages[0]
    assert level == "error"
    assert headline.startswith("photo.png")
    assert len(detail) > 20
    assert "Still showing" in detail
    assert window.session.state.image == "sample:chelsea"
    np.testing.assert_array_equal(pixels(window.forward.stage.hero.picture), before)
    assert f"file:{tmp_path / 'photo.png'}" not in window.images.keys


def test_of_several_dropped_files_the_good_ones_open_though_one_is_broken(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    good = write_picture(tmp_path / "good.png")
    person.drop([truncated(tmp_path / "broken.png"), good])
    qtbot.waitUntil(lambda: window.status.message == "Opened good.png")
    assert window.session.state.image == f"file:{good}"
    assert [headline for _, headline, _ in window.message_bar.messages] == ["broken.png could not be read:"]


def test_many_files_that_cannot_be_read_are_told_in_one_message(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    broken = [text_called_png(tmp_path / f"broken{index}.png") for index in range(5)]
    person.drop([*broken, write_picture(tmp_path / "good.png")])
    qtbot.waitUntil(lambda: window.status.message == "Opened good.png")
    [(_, headline, detail)] = window.message_bar.messages
    assert headline == "5 of 6 files could not be read:"
    assert all(path.name in detail for path in broken[:3])
    assert "and 2 more. Still showing good.png." in detail


def test_the_error_can_be_closed_and_another_file_chosen_from_it(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    person.drop([text_called_png(tmp_path / "broken.png")])
    qtbot.waitUntil(lambda: bool(window.message_bar.messages))
    good = write_picture(tmp_path / "good.png")
    QTimer.singleShot(0, window, lambda: answer_file_dialog(good))
    row = window.message_bar._rows[0]
    person.click(row.buttons[0])
    qtbot.waitUntil(lambda: window.session.state.image == f"file:{good}")
    assert not window.message_bar.messages


def answer_file_dialog(path: Path) -> None:
    """Type a path into the file dialog that is open and accept it."""
    dialog = QApplication.activeModalWidget()
    if not isinstance(dialog, QFileDialog):
        QTimer.singleShot(20, lambda: answer_file_dialog(path))
        return
    dialog.findChild(QLineEdit).setText(str(path))
    dialog.accept()


def test_control_o_opens_a_picture_by_dialog(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    path = write_picture(tmp_path / "waves.png")
    QTimer.singleShot(0, window, lambda: answer_file_dialog(path))
    person.key(Qt.Key.Key_O, CTRL)
    qtbot.waitUntil(lambda: shows(window, path))


def test_a_picture_saved_anew_and_dropped_again_shows_its_new_pixels(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    path = write_picture(tmp_path / "waves.png", seed=1)
    person.drop([path])
    qtbot.waitUntil(lambda: window.session.state.image == f"file:{path}" and shows(window, path))
    write_picture(path, 40, 40, seed=2)
    person.drop([path])
    qtbot.waitUntil(lambda: shows(window, path))


def test_a_large_picture_is_scaled_and_the_stage_bar_says_so(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "large.jpg"
    Image.new("RGB", (2400, 1200), (90, 140, 30)).save(path)
    person.drop([path])
    qtbot.waitUntil(lambda: window.session.state.image == f"file:{path}")
    assert window.images.x_0(f"file:{path}").shape == (512, 1024, 3)
    assert "1024 × 512 RGB · scaled from 2400 × 1200" in window.forward.bar.title.accessibleName()


def test_a_grey_picture_gets_grey_noise(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "grey.png"
    Image.fromarray(np.uint8(np.add.outer(np.arange(40), np.arange(60)))).save(path)
    person.drop([path])
    qtbot.waitUntil(lambda: window.session.state.image == f"file:{path}")
    shown = pixels(window.forward.stage.hero.picture)
    np.testing.assert_array_equal(shown[..., 0], shown[..., 1])
    assert "60 × 40 grey" in window.forward.bar.title.accessibleName()


def test_a_pasted_picture_is_shown_pixel_for_pixel(window: MainWindow, person: Person) -> None:
    pasted = np.random.default_rng(3).integers(0, 256, (30, 20, 3), np.uint8)
    QGuiApplication.clipboard().setImage(picture_from_array(pasted))
    person.key(Qt.Key.Key_V, CTRL)
    assert window.session.state.image == "paste:1"
    np.testing.assert_array_equal(pixels(window.forward.stage.clean.picture), pasted)
    QGuiApplication.clipboard().clear()


def test_files_copied_in_a_file_manager_can_be_pasted(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    path = write_picture(tmp_path / "waves.png")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    QGuiApplication.clipboard().setMimeData(mime)
    person.key(Qt.Key.Key_V, CTRL)
    qtbot.waitUntil(lambda: window.session.state.image == f"file:{path}")
    QGuiApplication.clipboard().clear()


def test_pasting_words_says_that_there_is_no_picture(window: MainWindow, person: Person) -> None:
    QGuiApplication.clipboard().setText("words")
    person.key(Qt.Key.Key_V, CTRL)
    assert window.status.message == "There is no picture in the clipboard"
    assert window.session.state.image == "sample:chelsea"


def test_a_click_in_the_gallery_and_its_arrow_keys_choose_a_sample(
    window: MainWindow, person: Person
) -> None:
    strip = window.forward.gallery.strip
    spot = strip.thumbnail_rect("sample:coffee").center()
    person.click(strip, spot.x(), spot.y())
    assert window.session.state.image == "sample:coffee"
    assert window.forward.bar.title.accessibleName().startswith("coffee.png")
    strip.setFocus(Qt.FocusReason.TabFocusReason)
    keys = strip.keys()
    person.key(Qt.Key.Key_Right)
    assert window.session.state.image == keys[keys.index("sample:coffee") + 1]
    person.key(Qt.Key.Key_Home)
    assert window.session.state.image == keys[0]
    assert window.session.state.t == 270


def test_undo_brings_the_picture_before_back(window: MainWindow, person: Person) -> None:
    strip = window.forward.gallery.strip
    spot = strip.thumbnail_rect("sample:coffee").center()
    person.click(strip, spot.x(), spot.y())
    person.key(Qt.Key.Key_Z, CTRL)
    assert window.session.state.image == "sample:chelsea"
    assert strip.current == "sample:chelsea"


def test_a_dropped_schedule_file_becomes_the_schedule(
    window: MainWindow, person: Person, tmp_path: Path
) -> None:
    spec = ScheduleSpec("cosine", 200)
    write_schedule(tmp_path / "mine.json", spec)
    person.drop([tmp_path / "mine.json"])
    assert window.session.state.schedule == spec
    assert window.session.state.image == "sample:chelsea"


def test_a_file_that_the_desktop_asks_for_is_opened(
    window: MainWindow, application: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    path = write_picture(tmp_path / "asked for.png")
    requests = OpenRequests(application, window.open_files)
    try:
        QApplication.sendEvent(application, QFileOpenEvent(QUrl.fromLocalFile(str(path))))
        qtbot.waitUntil(lambda: window.session.state.image == f"file:{path}")
    finally:
        application.removeEventFilter(requests)
    assert shows(window, path)
