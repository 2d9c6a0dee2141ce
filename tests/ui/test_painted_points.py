"""Points of one's own, painted or from a file, in the lab and in training: learned, and known again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from diffviz import paths
from diffviz.core.losses import Loss
from diffviz.data.point_files import fingerprint_of, points_text
from diffviz.engine.lab_spec import DRAWN, exact_points
from diffviz.engine.state import Workspace
from diffviz.engine.trainer import TrainerState
from diffviz.models.checkpoint import read_header
from diffviz.ui.main_window import MainWindow
from tests.ui.person import Person
from tests.ui.test_lab import spot

# A run steps back from the window: on a busy machine it gets little of the processor.
PATIENCE_MS = 240_000
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(name="lab")
def small_lab(window: MainWindow, person: Person):
    """The lab with few particles and one path, at t = 0."""
    state = window.session.state
    small = replace(state.lab, data="ring", count=40, particles=60, starts=((0.0, 1.0),))
    window.session.update(lab=small, t=0, sampler=replace(state.sampler, num_sampling_steps=5))
    person.key(Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    return window.lab


def paint_line(window: MainWindow, person: Person, height: float) -> None:
    person.drag(window.lab.plane, spot(window, (-1.5, height)), spot(window, (1.5, height)), moves=12)


def write_points(path: Path, count: int = 200, seed: int = 0) -> np.ndarray:
    points = np.random.default_rng(seed).normal(0, 0.8, (count, 2)).astype(np.float32)
    path.write_text(points_text(points))
    return points


def test_what_is_painted_is_learned_to_near_its_floor_and_offered_until_it_is_changed(
    window: MainWindow, person: Person, lab, qtbot: QtBot
) -> None:
    person.click(lab.left_head.brush)
    assert not lab.panel.train.isEnabled()
    assert lab.panel.train.toolTip() == "Paint at least 10 points in the 2-D lab first."
    paint_line(window, person, -0.8)
    paint_line(window, person, 0.8)
    drawn = window.session.state.lab.drawn
    assert len(drawn) >= 60
    person.click(lab.panel.train)

    # The very points, by the recipe that is recommended for points.
    train, recipe, trainer = window.train, window.train.recipe, window.train.trainer
    assert window.session.state.workspace is Workspace.TRAIN
    qtbot.waitUntil(lambda: recipe.plan.is_points, timeout=PATIENCE_MS)
    config = recipe.plan.config
    assert (config.network.depth, config.loss) == (4, Loss.V)
    assert Path(config.data).parent == paths.user_data_dir() / "points"
    assert np.array_equal(recipe.preview.points, np.array(drawn, np.float32))
    assert train.left.data.currentText() == "Painted points 1"
    person.set_number(train.left.length, "100000")
    person.click(train.panel.run_button)
    qtbot.waitUntil(lambda: trainer.state is TrainerState.FINISHED, timeout=PATIENCE_MS)
    log = trainer.log
    assert log is not None
    assert log.floor.known == len(drawn)
    assert log.floor.loss < log.last("smoothed") < 1.25 * log.floor.loss
    away = np.linalg.norm(log.moments[-1].samples[:, None] - np.array(drawn), axis=2).min(axis=1)
    assert np.median(away) < 0.25
    assert np.median(np.abs(np.abs(log.moments[-1].samples[:, 1]) - 0.8)) < 0.2

    # Its card says what it learned, and the lab offers it for these points.
    person.click(train.panel.save_button)
    folder = paths.user_checkpoints_dir()
    qtbot.waitUntil(lambda: any(folder.glob("*.safetensors")), timeout=PATIENCE_MS)
    header = read_header(next(folder.glob("*.safetensors"))).header
    assert header.trained_on == "Painted points 1"
    assert header.fingerprint == fingerprint_of(np.array(drawn))
    person.key(Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    names = [lab.panel.denoiser.itemText(row) for row in range(lab.panel.denoiser.count())]
    person.choose(lab.panel.denoiser, next(name for name in names if "Painted" in name))
    qtbot.waitUntil(lambda: lab.driver.field is not None, timeout=PATIENCE_MS)
    assert "learned" not in lab.panel.remark
    assert lab.panel.training.words.startswith("Painted points 1, step ")
    assert "changed" not in lab.panel.training.words

    # Painted on, the network is that of another painting; undo brings its own back.
    person.click(lab.left_head.brush)
    paint_line(window, person, 0.0)
    changed = "This network learned Painted points 1; the painting was changed since."
    assert lab.panel.remark.startswith(changed)
    assert lab.panel.training.words.endswith("The painting was changed since")
    person.key(Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert "The painting was changed since" in train.left.data_words.plain
    person.choose(train.left.data, "Painted points")
    qtbot.waitUntil(lambda: train.left.data.currentText() == "Painted points 2", timeout=PATIENCE_MS)
    assert "changed" not in train.left.data_words.plain
    person.key(Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    person.key(Qt.Key.Key_Z, CTRL)
    assert window.session.state.lab.drawn == drawn
    assert "learned" not in lab.panel.remark


@pytest.mark.usefixtures("lab")
def test_dropped_points_are_seen_in_the_lab_and_undo_takes_them_back(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    points = write_points(tmp_path / "mine.csv")
    drag = person.hold_over([tmp_path / "mine.csv"])
    assert window.drop_overlay.offer.headline == "Drop to open the points of mine.csv"
    drag.let_go()
    qtbot.waitUntil(lambda: window.session.state.lab.data == DRAWN)
    assert np.array_equal(exact_points(window.session.state.lab).points, points)
    assert window.status.message == "Opened mine.csv, 200 points"
    person.key(Qt.Key.Key_Z, CTRL)
    assert window.session.state.lab.data == "ring"

    # Of many, as many as can be painted; from any workspace; a bad file changes nothing.
    np.save(tmp_path / "many.npy", np.random.default_rng(0).uniform(100, 200, (5000, 2)))
    person.key(Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    person.drop([tmp_path / "many.npy"])
    qtbot.waitUntil(lambda: window.session.state.workspace is Workspace.LAB)
    assert len(window.session.state.lab.drawn) == 2000
    assert "2,000 of its 5,000 points. The points were centred" in window.status.message
    before = window.session.state
    (tmp_path / "bad.csv").write_text("1,2\n3,4,5\n")
    person.drop([tmp_path / "bad.csv"])
    qtbot.waitUntil(lambda: bool(window.message_bar.messages))
    assert "line 2 has 3 columns: points have two." in window.message_bar.messages[0][2]
    assert window.session.state == before


def test_points_dropped_on_train_are_learned_from_unless_they_are_none(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    write_points(tmp_path / "mine.csv")
    (tmp_path / "few.csv").write_text("1,2\n3,4\n")
    person.key(Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    recipe = window.train.recipe
    qtbot.waitUntil(lambda: recipe.preview is not None)
    row = recipe.panel.data.findText("Painted points")
    assert not recipe.panel.data.model().index(row, 0).flags() & Qt.ItemFlag.ItemIsEnabled
    drag = person.hold_over([tmp_path / "mine.csv"])
    assert window.drop_overlay.offer.headline == "Drop to learn from “mine.csv”"
    drag.let_go()
    qtbot.waitUntil(lambda: recipe.plan.config.data == str(tmp_path / "mine.csv"))
    assert recipe.panel.data.currentText() == "mine.csv"
    assert recipe.plan.architecture == "mlp"
    person.drop([tmp_path / "few.csv"])
    qtbot.waitUntil(lambda: bool(window.message_bar.messages))
    assert "few.csv holds 2 points" in window.message_bar.messages[0][2]
    assert recipe.plan.config.data == str(tmp_path / "mine.csv")
