"""Exports from the real window: by its keys and buttons, through the real save dialog, to its status line."""

from pathlib import Path

import av
import pytest
from PySide6.QtCore import QPoint, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from diffviz.ui.export_place import choose_export_path
from diffviz.ui.widgets.export_choices import ExportChoices

WAIT_MS = 60_000


@pytest.fixture(autouse=True)
def _nothing_remembered(application):  # noqa: ARG001
    QSettings().remove("export")


def answer_save_dialog(name, seen):
    """Type a name into the save dialog that is about to open and accept it; leave it for None."""

    def answer():
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog):
            QTimer.singleShot(20, answer)
            return
        seen.append(Path(dialog.selectedFiles()[0]).name)
        if name is None:
            dialog.reject()
        else:
            dialog.selectFile(name)
            dialog.accept()

    QTimer.singleShot(0, answer)


def test_a_film_is_exported_by_keyboard_alone(window, qtbot, tmp_path):
    t = window.session.state.t
    QSettings().setValue("export/folder", str(tmp_path))
    QTest.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = window.export.dialog
    assert dialog.isVisible()
    # The window behind must not hear the keys that are meant for the dialog.
    QTest.keyClick(dialog.fields.formats.button("mp4"), Qt.Key.Key_Right)
    QTest.keyClick(dialog.fields.formats.button("webp"), Qt.Key.Key_Left)
    assert window.session.state.t == t
    field = dialog.fields.frames
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "6")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert dialog.choices.num_frames == 6
    assert not dialog.is_exporting
    seen = []
    answer_save_dialog("film", seen)
    dialog.footer.export_button.setFocus()
    QTest.keyClick(dialog.footer.export_button, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.export.dialog is None, timeout=WAIT_MS)
    assert seen == ["chelsea-forward.mp4"]
    assert window.status.message.startswith("Saved film.mp4, ")
    assert str(tmp_path) in window.status.message
    with av.open(str(tmp_path / "film.mp4")) as container:
        frames = list(container.decode(video=0))
    assert (len(frames), frames[0].width, frames[0].height) == (6, 902, 600)


def test_the_export_button_opens_the_dialog_over_a_dimmed_window(window, qtbot):
    def brightness():
        # Not grab(): a virtual screen may have only 16 bits per pixel.
        return window.grab().toImage().pixelColor(QPoint(60, 24)).lightness()

    before = brightness()
    QTest.mouseClick(window.header.export, Qt.MouseButton.LeftButton)
    dialog = window.export.dialog
    qtbot.waitUntil(dialog.isActiveWindow)
    assert window.frameGeometry().contains(dialog.geometry())
    assert brightness() < before
    QTest.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)
    assert window.export.dialog is None
    assert brightness() == before


def test_the_dialog_stays_in_the_middle_of_its_window(window, qtbot):
    window.open_export()
    dialog = window.export.dialog
    window.resize(1200, 760)
    qtbot.waitUntil(lambda: (dialog.geometry().center() - window.geometry().center()).manhattanLength() <= 4)
    dialog.reject()


def test_the_save_dialog_adds_the_ending_and_can_be_left(window, tmp_path):
    seen = []
    answer_save_dialog("clip", seen)
    path = choose_export_path(window, tmp_path / "a.gif", ExportChoices(format="gif"))
    assert (path, seen) == (tmp_path / "clip.gif", ["a.gif"])
    answer_save_dialog(None, seen)
    assert choose_export_path(window, tmp_path / "frames", ExportChoices(format="png")) is None
