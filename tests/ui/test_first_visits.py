"""Workspaces are built when they are first asked for, and then are as if they had always been there."""

import itertools
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from typing_extensions import override

from diffviz.engine.session import Workspace
from diffviz.engine.trainer import TrainerState
from diffviz.models.network_config import MlpConfig
from diffviz.ui.main_window import MainWindow
from diffviz.ui.theme import current_tokens
from diffviz.ui.tokens import LIGHT
from diffviz.ui.widgets.chart import charts_in
from tests.ui.person import Person, focused

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
LATE = [workspace for workspace in Workspace if workspace is not Workspace.FORWARD]


class WindowWatch(QObject):
    """Notes every window of its own that comes on the screen."""

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self.seen: list[str] = []
        application.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.seen.append(type(watched).__name__)
        return False


def find_command(person: Person, words: str) -> None:
    person.key(Qt.Key.Key_K, CTRL)
    person.type(words)
    person.key(Qt.Key.Key_Return)


def saved_network(window: MainWindow, qtbot: QtBot) -> str:
    """Save the network of the run that rests; its key."""
    with qtbot.waitSignal(window.network_saved) as saved:
        window.train.save_network()
    qtbot.waitUntil(lambda: not window.trainer.state.is_active)
    return saved.args[0]


def test_a_fresh_window_has_only_the_workspace_that_is_seen(window: MainWindow, person: Person) -> None:
    window.resize(1100, 700)
    person.key(Qt.Key.Key_F6)
    find_command(person, "Dark or light colours")
    person.key(Qt.Key.Key_L, CTRL)
    assert window.lessons.list.isVisible()
    person.key(Qt.Key.Key_Escape)
    person.key(Qt.Key.Key_Space)
    person.key(Qt.Key.Key_Space)
    assert set(window.pages.built) == {Workspace.FORWARD}


def test_a_command_builds_the_lab_once_and_its_head_is_seen_there_alone(
    window: MainWindow, person: Person
) -> None:
    find_command(person, "Go to 2-D Lab")
    assert set(window.pages.built) == {Workspace.FORWARD, Workspace.LAB}
    lab = window.lab
    assert lab.left_head.isVisible()
    person.key(Qt.Key.Key_1, ALT)
    assert not lab.left_head.isVisible()
    assert not lab.centre.isVisible()
    person.key(Qt.Key.Key_4, ALT)
    assert window.lab is lab
    assert lab.left_head.isVisible()
    assert window.pages.centre.count() == window.pages.right.count() == window.pages.timelines.count() == 2


def test_a_command_of_a_workspace_that_is_not_seen_builds_nothing(window: MainWindow) -> None:
    for command in window.commands:
        command.is_enabled()
    for key in ("lab.phase", "theory.losses", "train.stop", "reverse.compare", "run.next"):
        window.actions_by_key[key].trigger()
    assert set(window.pages.built) == {Workspace.FORWARD}


def test_no_window_of_its_own_comes_up_while_workspaces_are_built(
    window: MainWindow, application: QApplication
) -> None:
    watch = WindowWatch(application)
    for workspace in LATE:
        window.show_workspace(workspace)
        application.processEvents()
    assert watch.seen == []
    application.removeEventFilter(watch)


def test_a_theme_and_a_height_from_before_the_first_visit_hold_in_it(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    window.resize(1440, 700)
    qtbot.waitUntil(lambda: not window.forward.gallery.isVisible())
    person.click(window.header.theme)
    assert current_tokens() is LIGHT
    window.show_workspace("theory")
    low = window.theory.timeline.height()
    picture = person.sees(window.theory.panel)
    assert picture.pixelColor(3, 3) == LIGHT.color("panel")
    window.resize(1440, 900)
    qtbot.waitUntil(lambda: window.theory.timeline.height() > low)


def test_what_torch_finds_is_offered_in_workspaces_that_come_later(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.torch_ready):
        window.preload_torch()
    devices = ["cpu", *(d.key for d in window.torch_loader.found.devices if d.key != "cpu")]
    for panel in (window.reverse.panel, window.train.panel):
        assert sorted(panel.device.keys()) == sorted(devices)
    assert window.train.recipe.plan.device == window.torch_loader.found.best_device


def test_the_keyboard_goes_through_late_workspaces_from_left_to_right_and_down(window: MainWindow) -> None:
    names = ("left", "centre", "right", "timeline")
    parts = {"header": window.header} | dict(zip(names, window.pages.regions))
    # Backwards: what was built before must not come in between.
    for workspace in reversed(LATE):
        window.show_workspace(workspace)
        stop = window.header.nextInFocusChain()
        passed = []
        while stop is not window.header:
            if stop.isVisibleTo(window) and stop.focusPolicy() & Qt.FocusPolicy.TabFocus:
                passed += [name for name, part in parts.items() if part.isAncestorOf(stop)]
            stop = stop.nextInFocusChain()
        assert [name for name, _ in itertools.groupby(passed)] == list(parts), workspace


def test_the_lab_begins_above_the_schedule_for_the_keyboard_too(window: MainWindow, person: Person) -> None:
    window.show_workspace("lab")
    window.header.theme.setFocus(Qt.FocusReason.TabFocusReason)
    person.key(Qt.Key.Key_Tab)
    assert focused() is window.lab.left_head.cards


def test_charts_of_a_late_workspace_say_what_became_of_them(window: MainWindow, qtbot: QtBot) -> None:
    window.show_workspace("theory")
    qtbot.waitUntil(lambda: window.theory.view is not None)
    chart = next(c for c in charts_in(window.theory.centre) if c.is_visible)
    said: list[str] = []
    window.pages.noted.connect(said.append)
    chart.copy_numbers()
    assert said == [window.status.message] == [f"Copied the numbers of “{chart.name}”"]


def test_a_network_that_was_trained_before_the_lab_was_seen_is_there_when_it_is_opened(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    window.show_workspace("train")
    recipe, trainer = window.train.recipe, window.trainer
    recipe.take_data("moons")
    qtbot.waitUntil(lambda: recipe.plan.is_points)
    config = replace(recipe.plan.config, network=MlpConfig(width=8, depth=1), batch_size=16, images=32)
    recipe.take_plan(replace(recipe.plan, config=config, sheet_every=64_000, num_sampling_steps=2))
    window.train.run()
    qtbot.waitUntil(lambda: trainer.state is TrainerState.FINISHED)
    first = saved_network(window, qtbot)
    assert Workspace.LAB not in window.pages.built
    person.key(Qt.Key.Key_4, ALT)
    assert first in window.lab.panel.denoiser.keys()  # noqa: SIM118  (a method, not a mapping)
    # Another one comes to the lab while it is not seen.
    person.key(Qt.Key.Key_3, ALT)
    window.train.run()
    qtbot.waitUntil(lambda: trainer.state is TrainerState.FINISHED and len(trainer.log) == 4)
    second = saved_network(window, qtbot)
    assert second != first
    assert second in window.lab.panel.denoiser.keys()  # noqa: SIM118
