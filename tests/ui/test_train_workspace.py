"""Training in the real window: begun, watched, held, steered, ended, used, and taken up again."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from diffviz import paths
from diffviz.app import make_window
from diffviz.core.schedules import ScheduleSpec
from diffviz.engine.job import JobState
from diffviz.engine.state import Workspace
from diffviz.engine.trainer import TrainerState
from diffviz.engine.training_files import state_file
from diffviz.engine.training_log import TrainingLog
from diffviz.engine.training_plan import TrainingPlan
from diffviz.models.network_config import MlpConfig, UNetConfig
from diffviz.ui.main_window import MainWindow
from diffviz.ui.widgets.recipe_words import OWN_PRESET
from tests.ui.person import Person, pixels, write_picture
from tests.ui.runs import wait_for_the_end

BATCH = 32
# A run steps back from the window: on a busy machine it gets little of the processor.
PATIENCE_MS = 240_000


def open_train(window: MainWindow, qtbot: QtBot) -> None:
    window.show_workspace("train")
    qtbot.waitUntil(lambda: window.train.recipe.preview is not None, timeout=PATIENCE_MS)


def take_data(window: MainWindow, qtbot: QtBot, key: str) -> None:
    window.train.recipe.take_data(key)
    qtbot.waitUntil(lambda: window.train.recipe.plan.config.data == key, timeout=PATIENCE_MS)


def shrink(window: MainWindow, steps: int, every: int) -> TrainingPlan:
    """Make the plan of the panel one of few cheap steps."""
    recipe = window.train.recipe
    plan = recipe.plan
    small = (
        MlpConfig(width=16, depth=1) if plan.is_points else UNetConfig(base_channels=8, channel_mult=(1, 1))
    )
    if isinstance(small, UNetConfig):
        small = replace(small, attention_levels=())
    config = replace(
        plan.config,
        network=small,
        batch_size=BATCH,
        images=steps * BATCH,
        schedule=ScheduleSpec("cosine", 100),
    )
    plan = replace(plan, config=config, sheet_every=every * BATCH, num_sampling_steps=3)
    recipe.take_plan(plan)
    return plan


def log_of(window: MainWindow) -> TrainingLog:
    assert window.train.trainer.log is not None
    return window.train.trainer.log


def wait_for_state(window: MainWindow, qtbot: QtBot, *states: TrainerState) -> None:
    qtbot.waitUntil(lambda: window.train.trainer.state in states, timeout=PATIENCE_MS)


def wait_for_steps(window: MainWindow, qtbot: QtBot, steps: int) -> None:
    def has_come() -> bool:
        log = window.train.trainer.log
        return log is not None and len(log) >= steps

    qtbot.waitUntil(has_come, timeout=PATIENCE_MS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve small pictures and a file that is none."""
    pictures = tmp_path / "mine"
    pictures.mkdir()
    for number in range(12):
        write_picture(pictures / f"{number}.png", 20, 20, seed=number)
    (pictures / "broken.png").write_bytes(b"no picture")
    return pictures


def test_the_first_look_shows_the_data_a_good_recipe_and_one_button_to_begin(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    person.key(Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert window.session.state.workspace is Workspace.TRAIN
    train = window.train
    qtbot.waitUntil(lambda: train.recipe.preview is not None, timeout=PATIENCE_MS)
    assert train.left.preset.current == "recommended"
    assert train.left.data.current == "emoji"
    assert "4,568 pictures in 8 classes" in train.centre.data_title.accessibleName()
    assert train.centre.wall.isVisible()
    colours = pixels(person.sees(train.centre.wall)).reshape(-1, 3)
    assert len(np.unique(colours, axis=0)) > 500, "pictures are seen"
    assert train.panel.run_button.isEnabled()
    assert train.panel.run_button.text() == "Train"
    assert not train.panel.save_button.isEnabled()
    assert "Nothing has been trained yet" in train.panel.save_button.toolTip()
    assert window.status.message == ""

    # Another preset is another recipe with its lesson; what is changed by hand leads back.
    person.choose(train.left.preset, "Bad: learning rate too high")
    assert train.recipe.plan.config.learning_rate == 0.3
    assert "overshoots" in train.left.lesson.plain
    person.set_number(train.left.batch, "40")
    assert train.left.preset.current == OWN_PRESET
    field = train.left._fields["batch_size"]
    assert "back to 32" in field.reset.toolTip()
    person.click(field.reset)
    assert train.recipe.plan.config.batch_size == 32
    assert train.left.preset.current == "rate"

    # An undo in the document does not reach into the recipe.
    window.session.undo()
    assert train.recipe.plan.config.learning_rate == 0.3

    # Points have no five-layer network.
    take_data(window, qtbot, "swiss-roll")
    assert train.left.architecture.current == "mlp"
    assert train.left.preset.current == "rate"
    assert not train.left.mirror.isVisible()
    assert train.centre.data_cloud.isVisible()


def test_a_run_on_points_is_watched_held_steered_ended_and_prolonged(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    open_train(window, qtbot)
    take_data(window, qtbot, "swiss-roll")
    shrink(window, steps=100_000, every=20)
    train, panel = window.train, window.train.panel
    states: list[TrainerState] = []
    train.trainer.changed.connect(lambda: states.append(train.trainer.state))
    person.hold_no_control()
    person.key("r")
    # On a free machine the run has begun before the key is let go.
    assert states[0] is TrainerState.PREPARING
    qtbot.waitUntil(
        lambda: (
            train.trainer.log is not None
            and len(train.trainer.log.moments) >= 4
            and train.trainer.log.floor is not None
        ),
        timeout=PATIENCE_MS,
    )
    assert panel.badge.plain == "Running"
    assert panel.run_button.text() == "Pause"
    assert train.centre.loss_plot.num_steps > 0
    assert not train.left.batch.isEnabled(), "fields are locked while it runs"
    assert "Pause to change the learning rate" in train.left.batch.toolTip()
    log = log_of(window)
    assert log.floor is not None
    assert train.centre.loss_plot.floor == log.floor.loss
    assert log.last("smoothed") > log.floor.loss, "nothing learns more than there is to know"
    assert panel.read_outs.value("Speed") != "–"
    assert train.centre.cloud.samples is log.moments[-1].samples

    person.key(Qt.Key.Key_Space)
    wait_for_state(window, qtbot, TrainerState.PAUSED)
    assert train.left.learning_rate.isEnabled()
    assert not train.left.batch.isEnabled()
    person.set_number(train.left.learning_rate, "0.0005")
    assert window.status.message == "The learning rate is 0.0005 from the next step on"
    person.hold_no_control()

    # Sampling and saving are possible while it is held.
    asked: list[bool] = []
    train.trainer.moment_made.connect(lambda _moment, was_asked: asked.append(was_asked))
    before = len(log)
    person.click(panel.sample_button)
    qtbot.waitUntil(lambda: window.status.message.startswith("Sampled at step"), timeout=PATIENCE_MS)
    assert asked.count(True) == 1
    assert train.trainer.state is TrainerState.PAUSED
    person.click(panel.save_button)
    qtbot.waitUntil(lambda: bool(panel.saved.rows), timeout=PATIENCE_MS)
    assert panel.saved.rows[0][0] == f"step {len(log):,}"
    assert len(log) - before <= 2, "it has stayed where it was held"
    assert not panel.use_button.isEnabled()
    assert "draws points" in panel.use_button.toolTip()

    # Scrubbing shows each moment's own samples; the newest is followed again from the end on.
    strip = train.timeline.strip
    person.click(strip, strip.x_of(0), 40)
    assert train.centre.cloud.samples is log.moments[0].samples
    assert not train.timeline.follow.isChecked()
    strip.setFocus()
    person.key(Qt.Key.Key_Right)
    assert train.centre.cloud.samples is log.moments[1].samples
    person.key(Qt.Key.Key_End)
    assert train.centre.cloud.samples is log.moments[-1].samples
    assert train.timeline.follow.isChecked()
    person.hold_no_control()

    person.key(Qt.Key.Key_Space)
    wait_for_state(window, qtbot, TrainerState.RUNNING)
    wait_for_steps(window, qtbot, len(log) + 5)
    # It goes on while another workspace is seen.
    window.show_workspace("forward")
    wait_for_steps(window, qtbot, len(log) + 30)
    window.show_workspace("train")
    person.click(panel.stop_button)
    wait_for_state(window, qtbot, TrainerState.STOPPED)
    assert state_file().is_file()
    assert "stopped and saved" in window.status.message
    assert log.plan.config.learning_rate == 0.0005
    assert panel.run_button.text() == "Resume"
    assert train.left.batch.isEnabled()

    # A shorter length than what was seen prolongs it; then it ends by itself and can be kept training.
    person.set_number(train.left.length, str(10 * BATCH))
    reached = len(log)
    person.click(panel.run_button)
    wait_for_state(window, qtbot, TrainerState.FINISHED)
    assert len(log) == reached + 10
    assert panel.badge.plain == "Finished"
    assert panel.run_button.text() == "Keep training"
    assert not window.message_bar.messages


def test_a_folder_of_pictures_is_learned_and_its_network_samples_in_reverse(
    window: MainWindow, person: Person, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    open_train(window, qtbot)
    train = window.train

    # Folders with nothing to learn from are said, and the data stay.
    empty = tmp_path / "empty"
    empty.mkdir()
    person.drop([empty])
    qtbot.waitUntil(lambda: bool(window.message_bar.messages), timeout=PATIENCE_MS)
    level, headline, reason = window.message_bar.messages[0]
    assert (level, headline) == ("error", "“empty” cannot be learned from")
    assert "There is no picture" in reason
    assert "Still learning from Emoji" in reason
    window.message_bar.clear()

    offer = person.hold_over([folder])
    assert window.drop_overlay.offer.headline == "Drop to learn from “mine”"
    offer.let_go()
    qtbot.waitUntil(lambda: train.recipe.plan.config.data == str(folder), timeout=PATIENCE_MS)
    assert "12 pictures" in train.left.data_words.plain
    assert "1 file was left out" in train.left.data_words.plain
    assert "learns 12 pictures by heart" in train.left.data_words.plain
    assert train.left.image_size.isVisible()
    shrink(window, steps=6, every=2)
    person.set_number(train.left.image_size, "16")
    qtbot.waitUntil(
        lambda: (
            train.recipe.preview is not None
            and train.recipe.preview.pictures is not None
            and train.recipe.preview.pictures.shape[1] == 16
        ),
        timeout=PATIENCE_MS,
    )
    person.click(train.panel.run_button)
    wait_for_state(window, qtbot, TrainerState.FINISHED)
    log = log_of(window)
    assert [moment.step for moment in log.moments] == [0, 1, 2, 4, 6]
    assert log.moments[0].samples.shape == (8, 16, 16, 3)

    # The sheet: rows are moments, a click goes there; the strip follows the column that was clicked.
    sheets = train.centre.sheets
    assert sheets.rows()[-1] == sheets.chosen == 4
    row = sheets.rows().index(2)
    spot = sheets.cell_rect(row, 3).center()
    person.click(sheets, spot.x(), spot.y())
    assert (sheets.chosen, sheets.column) == (2, 3)
    cell = train.timeline.strip._cells[2]
    np.testing.assert_array_equal(cell.picture, log.moments[2].samples[3])
    spot = sheets.cell_rect(row, 3)
    shown = pixels(person.sees(sheets))[int(spot.top()) + 8 : int(spot.bottom()) - 8]
    shown = shown[:, int(spot.left()) + 8 : int(spot.right()) - 8]
    expected = log.moments[2].samples[3]
    np.testing.assert_allclose(shown.mean(axis=(0, 1)), expected[2:-2, 2:-2].mean(axis=(0, 1)), atol=8)

    # The network goes to Reverse and samples there.
    person.click(train.panel.use_button)
    qtbot.waitUntil(lambda: window.session.state.workspace is Workspace.REVERSE, timeout=PATIENCE_MS)
    key = window.session.state.denoiser
    assert (paths.user_checkpoints_dir() / f"{key}.safetensors").is_file()
    assert window.reverse.panel.denoiser.current == key
    assert "192 images" in window.reverse.panel.denoiser.currentText()
    sampler = replace(window.session.state.sampler, num_sampling_steps=3)
    window.session.update(schedule=ScheduleSpec("cosine", 100), sampler=sampler)
    person.click(window.reverse.panel.run_block.run_button)
    run = wait_for_the_end(window, qtbot)
    assert run.steps[-1].x_s.shape[1:] == (3, 16, 16)
    assert not window.message_bar.messages


def test_a_large_folder_is_read_with_a_count_and_left_at_once(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    write_picture(folder / "0.png", 700, 700, seed=3)
    for number in range(1, 400):
        os.link(folder / "0.png", folder / f"{number}.png")
    open_train(window, qtbot)
    train, panel = window.train, window.train.panel
    plan = train.recipe.plan
    train.recipe.take_plan(replace(plan, config=replace(plan.config, data=str(folder))))
    said: list[tuple[str, float]] = []
    train.trainer.changed.connect(lambda: said.append((panel.where.plain, panel.track.share)))
    person.click(panel.run_button)
    qtbot.waitUntil(lambda: any(words.startswith("Reading") for words, _ in said), timeout=PATIENCE_MS)
    assert panel.badge.plain == "Getting ready"
    person.click(panel.stop_button)
    wait_for_state(window, qtbot, TrainerState.IDLE)
    counts = [int(words.split()[1]) for words, _ in said if words.startswith("Reading")]
    assert counts == sorted(counts)
    assert counts[-1] < 400
    shares = [share for words, share in said if words.startswith("Reading")]
    assert shares[-1] == pytest.approx(counts[-1] / 400)
    assert panel.where.plain == "No step yet"
    assert window.status.message == "Training stopped before its first step"
    assert not window.message_bar.messages


def test_closing_in_the_middle_saves_and_the_next_window_takes_the_run_up(
    application: QApplication, window: MainWindow, qtbot: QtBot
) -> None:
    del application
    open_train(window, qtbot)
    take_data(window, qtbot, "swiss-roll")
    shrink(window, steps=100_000, every=200)
    window.train.run()
    wait_for_steps(window, qtbot, 20)
    window.close()
    reached = len(log_of(window))
    assert state_file().is_file()

    again = make_window()
    try:
        assert again.status.message == "The last training run is kept: Alt+3 shows it"
        with qtbot.waitActive(again, timeout=PATIENCE_MS):
            again.show()
            again.activateWindow()
        open_train(again, qtbot)
        assert again.train.trainer.state is TrainerState.STOPPED
        kept = len(log_of(again))
        assert kept >= reached, "no step that was seen is lost"
        assert again.train.left.data.current == "swiss-roll"
        assert again.train.centre.loss_plot.num_steps == kept
        assert again.train.panel.run_button.text() == "Resume"
        again.train.run()
        wait_for_steps(again, qtbot, kept + 5)
        again.train.stop()
        wait_for_state(again, qtbot, TrainerState.STOPPED)
        seen = log_of(again).column("images_seen")
        np.testing.assert_array_equal(seen, BATCH * np.arange(1, len(seen) + 1))
    finally:
        again.close()
        again.deleteLater()


def test_what_goes_wrong_is_said_and_costs_nothing_that_was_learned(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    open_train(window, qtbot)
    take_data(window, qtbot, "swiss-roll")
    shrink(window, steps=100_000, every=100_000)
    train = window.train
    train.run()
    wait_for_steps(window, qtbot, 3)
    train.pause()
    wait_for_state(window, qtbot, TrainerState.PAUSED)
    live = train.trainer._live
    assert live is not None
    assert live._run is not None
    # Weights of no use, as a division by zero on the way leaves them.
    with_nan = next(iter(live._run.network.parameters()))
    with_nan.data[0] = float("nan")
    train.run()
    wait_for_state(window, qtbot, TrainerState.FAILED)
    level, headline, reason = window.message_bar.messages[0]
    assert (level, headline) == ("error", "Training failed")
    assert "not a number at step" in reason
    assert "lower learning rate" in reason
    assert train.panel.badge.plain == "Failed"
    window.message_bar.clear()

    # A full disk: the network is not written, and that is said.
    if os.name == "posix":
        paths.user_checkpoints_dir().parent.mkdir(parents=True, exist_ok=True)
        paths.user_checkpoints_dir().write_text("in the way")
        person.click(train.panel.save_button)
        qtbot.waitUntil(lambda: bool(window.message_bar.messages), timeout=PATIENCE_MS)
        assert "could not be written" in window.message_bar.messages[0][2]
        window.message_bar.clear()

    # Data that went away between the choice and the start.
    plan = train.recipe.plan
    gone = replace(plan, config=replace(plan.config, data="gone/folder", network=UNetConfig(base_channels=8)))
    train.trainer.begin(gone)
    wait_for_state(window, qtbot, TrainerState.IDLE)
    assert "There is no data set “gone/folder”" in window.message_bar.messages[0][2]
    assert train.centre.pages.currentIndex() == 0, "the data are seen again"


def test_commands_of_training_are_in_the_palette_and_only_work_there(window: MainWindow) -> None:
    titles = {command.title: command for command in window.commands}
    for title in (
        "Go to Train",
        "Pause the training",
        "Stop the training",
        "Sample the network in training",
        "Save the network in training",
        "Use the network in Reverse",
        "Learn from a folder of pictures…",
    ):
        assert title in titles
    assert not titles["Stop the training"].is_enabled()
    assert not titles["Run the sampler, or train"].is_enabled()
    window.show_workspace("train")
    assert titles["Stop the training"].is_enabled()
    assert not titles["New noise"].is_enabled()
    window.show_workspace("reverse")
    assert titles["Run the sampler, or train"].is_enabled()
    assert window.reverse.runner.state is JobState.IDLE
