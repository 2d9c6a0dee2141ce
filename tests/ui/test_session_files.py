"""Sessions as files: everything comes back, what is missing is said, and damage changes nothing."""

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from diffviz.app import make_window
from diffviz.core.sampler_spec import SamplerKind
from diffviz.core.schedules import ScheduleSpec
from diffviz.engine.lab_spec import EXACT
from diffviz.engine.session import SessionState, Workspace
from diffviz.ui.main_window import MainWindow
from tests.ui.person import Person, write_picture

CTRL = Qt.KeyboardModifier.ControlModifier


def do_much(window: MainWindow, picture: Path) -> None:
    """Change settings of every kind, with a picture from a file and a pasted one."""
    key = window.images.add_file(picture)
    pasted = window.images.add_paste(np.full((9, 7, 3), 90, np.uint8), class_name="Bag")
    state = window.session.state
    window.session.update(
        workspace=Workspace.FORWARD,
        image=key,
        path_image=pasted,
        schedule=replace(
            ScheduleSpec("custom", 400), quantity="log_snr", points=((0.0025, 9.0), (0.5, -1.0), (1.0, -9.0))
        ),
        ghost=None,
        t=123,
        seed=99,
        sampler=replace(state.sampler, kind=SamplerKind.HEUN, num_sampling_steps=17, churn=3.0),
        guidance_scale=2.5,
        lab=replace(state.lab, data="drawn", drawn=((0.5, -1.0), (1.0, 1.0)), particles=77),
    )
    window.images.set_background((10, 20, 30))


def document(state: SessionState) -> dict[str, object]:
    return {f.name: getattr(state, f.name) for f in fields(SessionState) if f.name != "device"}


def test_a_saved_session_comes_back_whole_in_another_window(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    picture = write_picture(tmp_path / "waves.png")
    do_much(window, picture)
    saved = document(window.session.state)

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        dialog.findChild(QLineEdit).setText(str(tmp_path / "mine"))
        dialog.accept()

    person.hold_no_control()
    QTimer.singleShot(300, answer)
    person.key("s", CTRL)
    path = tmp_path / "mine.diffviz"
    assert path.is_file()
    assert window.status.message == "Saved mine.diffviz"
    assert window.windowTitle() == "mine – diffviz"
    # The next Ctrl+S asks nothing.
    # There is no window manager here to give the keyboard back.
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.session.update(seed=100)
    person.key("s", CTRL)
    assert json.loads(path.read_text())["settings"]["seed"] == 100
    saved["seed"] = 100

    other = make_window()
    qtbot.addWidget(other)
    with qtbot.waitSignal(other.files.named, timeout=20_000):
        other.open_files([path])
    opened = document(other.session.state)
    # A pasted picture has a key of its own in each window.
    pasted = opened["path_image"]
    assert opened == saved | {"path_image": pasted}
    np.testing.assert_array_equal(other.images.x_0(str(pasted)), window.images.x_0(str(saved["path_image"])))
    assert other.images.entry(str(pasted)).class_name == "Bag"
    assert other.images.background == (10, 20, 30)
    assert not other.message_bar.messages
    other.session.undo()
    assert other.session.state.seed == SessionState().seed, "one undo brings the own settings back"
    other.close()


def test_a_session_whose_pictures_and_network_are_gone_is_opened_with_the_rest(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    do_much(window, write_picture(tmp_path / "a" / "waves.png"))
    path = tmp_path / "a" / "mine.diffviz"
    window.files.save_to(path)
    content = json.loads(path.read_text())
    content["settings"]["denoiser"] = "my-own-network"
    content["settings"]["lab"]["denoiser"] = "my-own-points"
    path.write_text(json.dumps(content))
    # Moved together they find each other.
    moved = (tmp_path / "a").rename(tmp_path / "b")
    window.session.update(image="sample:chelsea", seed=1)
    person.drop([moved / "mine.diffviz"])
    qtbot.waitUntil(lambda: window.status.message == "Opened mine.diffviz")
    assert window.session.state.image == f"file:{moved / 'waves.png'}"
    _, headline, reason = window.message_bar.messages[0]
    assert headline == "mine.diffviz was opened without all that belongs to it"
    assert "The network “my-own-network” is not on this computer." in reason
    assert "The lab's network “my-own-points” is not on this computer." in reason
    assert window.session.state.lab.denoiser == EXACT
    window.message_bar.clear()

    (moved / "waves.png").unlink()
    other = make_window()
    qtbot.addWidget(other)
    other.files.open(moved / "mine.diffviz")
    qtbot.waitUntil(lambda: other.session.state.seed == 99)
    assert other.session.state.image == "sample:chelsea"
    assert "waves.png could not be" in other.message_bar.messages[0][2]
    other.close()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "a.diffviz is no session of diffviz, or it is damaged."),
        ("[1]", "a.diffviz is no session of diffviz."),
        ('{"format": "diffviz session", "version": 9, "program": "3.0"}', "another version of diffviz, 3.0"),
        ('{"format": "diffviz session", "version": 1, "settings": {"t": "x"}}', "t: 'x' is no number."),
        ('{"format": "diffviz session", "version": 1, "settings": {"odd": 1}}', "there is no such setting"),
    ],
)
def test_a_damaged_session_is_one_sentence_and_changes_nothing(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, content: str, sentence: str
) -> None:
    before = window.session.state
    path = tmp_path / "a.diffviz"
    path.write_text(content)
    window.files.open(path)
    qtbot.waitUntil(lambda: bool(window.message_bar.messages))
    level, headline, reason = window.message_bar.messages[0]
    assert (level, headline) == ("error", "The session could not be opened")
    assert sentence in reason
    assert window.session.state == before
    assert window.windowTitle() == "diffviz"


def test_a_session_that_cannot_be_written_is_said_and_the_old_file_stays(
    window: MainWindow, tmp_path: Path
) -> None:
    window.files.save_to(tmp_path / "nowhere" / "a.diffviz")
    assert window.message_bar.messages[0][1] == "The session could not be saved"
    assert window.windowTitle() == "diffviz"
