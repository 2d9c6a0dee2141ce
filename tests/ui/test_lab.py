"""The 2-D lab in the real window: looked at, steered, painted, followed, and taken back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.engine.lab_spec import DRAWN, LabMotion, exact_points
from diffviz.engine.state import Workspace
from diffviz.models.network_config import MlpConfig
from diffviz.ui.main_window import MainWindow
from diffviz.ui.theme import DARK
from diffviz.ui.widgets.chart_files import as_picture
from diffviz.ui.widgets.plane_geometry import PlaneArea
from diffviz.ui.widgets.plane_painting import dots_image, paint_corner
from tests.ui.person import Person, is_in_sight, pixels

# A run steps back from the window: on a busy machine it gets little of the processor.
PATIENCE_MS = 240_000
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def lab(window: MainWindow, person: Person, qtbot: QtBot):
    """The lab with few points and particles, its walk and paths at hand."""
    state = window.session.state
    small = replace(state.lab, data="ring", count=40, particles=60, starts=((-1.5, 1.2), (1.0, -1.6)))
    window.session.update(lab=small, sampler=replace(state.sampler, num_sampling_steps=10))
    person.key(Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    wait_for_answers(window, qtbot)
    return window.lab


def wait_for_answers(window: MainWindow, qtbot: QtBot) -> None:
    driver = window.lab.driver

    def has_come() -> bool:
        walked = driver.cloud is not None and driver.cloud.is_complete and driver.fit is not None
        return walked and not driver.is_walking and driver.paths is not None

    qtbot.waitUntil(has_come)


def spot(window: MainWindow, place: tuple[float, float]) -> QPointF:
    """Px of a place on the plane."""
    x, y = window.lab.plane.area.px(np.array([place]))[0]
    return QPointF(round(x), round(y))


def only(window: MainWindow, *layers: str) -> None:
    for key, toggle in window.lab.stage.toggles.items():
        if toggle.isChecked() != (key in layers):
            toggle.click()


def color_at(window: MainWindow, person: Person, place: tuple[float, float]) -> np.ndarray:
    at = spot(window, place)
    return pixels(person.sees(window.lab.plane))[int(at.y()), int(at.x())].astype(int)


def test_the_lab_shows_the_exact_density_and_the_particles_at_the_shared_time(
    window: MainWindow, person: Person, lab
) -> None:
    assert window.session.state.workspace is Workspace.LAB
    assert lab.timeline.t == window.session.state.t
    only(window, "density")
    window.session.update(t=150)
    level = build_schedule(window.session.state.schedule).level(150)
    exact = exact_points(window.session.state.lab)
    places = [(1.3, 0.1), (0.9, 0.9), (0.0, 0.0), (2.6, 2.6)]
    brightness = [int(color_at(window, person, place).sum()) for place in places]
    density = exact.posterior(np.array(places), level).log_density
    assert np.argsort(brightness).tolist() == np.argsort(density).tolist()
    only(window, "particles")
    particles = lab.driver.particles(window.session.state)
    white = DARK.color("text")
    for x, y in particles[:5]:
        seen = color_at(window, person, (float(x), float(y)))
        assert np.abs(seen - (white.red(), white.green(), white.blue())).max() < 40
    only(window)
    dark = color_at(window, person, places[0])
    assert dark.max() < 30


def test_another_time_moves_everything_and_the_strip_shows_the_way(
    window: MainWindow, person: Person, lab, qtbot: QtBot
) -> None:
    only(window, "particles")
    before = pixels(person.sees(lab.plane)).copy()
    person.key(Qt.Key.Key_End)
    assert window.session.state.t == 1000
    assert (pixels(person.sees(lab.plane)) != before).any()
    person.key(Qt.Key.Key_Home)
    ends = lab.driver.particles(window.session.state)
    assert np.abs(np.hypot(*ends.T) - 1.4).max() < 0.5
    pictures = lab.timeline.filmstrip.strips[0].pictures
    qtbot.waitUntil(lambda: all(pictures.image(t, 40, 40) is not None for t in lab.timeline.cell_times()))


def test_a_start_is_dragged_and_its_paths_follow_until_it_is_taken_back(
    window: MainWindow, person: Person, lab, qtbot: QtBot
) -> None:
    only(window, "ode", "sde")
    old = window.session.state.lab.starts
    person.drag(lab.plane, spot(window, old[0]), spot(window, (0.4, 1.8)))
    moved = window.session.state.lab.starts
    assert moved[0] == pytest.approx((0.4, 1.8), abs=0.03)
    assert moved[1] == old[1]

    def follows() -> bool:
        paths = lab.driver.paths
        return all(np.allclose(kind.places[:, 0], moved) for kind in (paths.ode, paths.sde, paths.steps))

    qtbot.waitUntil(follows)
    person.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.state.lab.starts == old
    person.click(lab.plane, spot(window, (2.0, 2.0)).x(), spot(window, (2.0, 2.0)).y())
    assert window.session.state.lab.starts[-1] == pytest.approx((2.0, 2.0), abs=0.03)
    added = spot(window, window.session.state.lab.starts[-1])
    person.double_click(lab.plane, added.x(), added.y())
    assert window.session.state.lab.starts == old
    person.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    only(window, "ode")
    window.session.update(t=0)
    qtbot.waitUntil(lambda: len(lab.driver.paths.ode.places) == 3)
    on_the_way = tuple(lab.driver.paths.ode.at(500)[2])
    pink = DARK.color("model")
    assert np.abs(color_at(window, person, on_the_way) - (pink.red(), pink.green(), pink.blue())).max() < 60


def test_starts_are_moved_and_removed_by_keys_while_time_stays(
    window: MainWindow, person: Person, lab
) -> None:
    old, t = window.session.state.lab.starts, window.session.state.t
    lab.plane.setFocus()
    person.key(Qt.Key.Key_Tab)
    assert lab.plane.selected == 0
    person.key(Qt.Key.Key_Right)
    person.key(Qt.Key.Key_Up, SHIFT)
    assert window.session.state.lab.starts[0] == pytest.approx((old[0][0] + 0.05, old[0][1] + 0.25))
    person.key(Qt.Key.Key_Tab)
    person.key(Qt.Key.Key_Delete)
    assert len(window.session.state.lab.starts) == 1
    assert window.session.state.t == t
    person.key(Qt.Key.Key_Return)
    assert window.session.state.lab.starts[-1] == (0.0, 0.0)
    person.key(Qt.Key.Key_Plus)
    assert lab.stage.whole.isEnabled()
    person.click(lab.stage.whole)
    assert lab.plane.area.is_whole


def test_points_are_painted_wiped_and_taken_back_stroke_by_stroke(
    window: MainWindow, person: Person, lab, qtbot: QtBot
) -> None:
    person.click(lab.left_head.brush)
    assert window.session.state.t == 0
    person.drag(lab.plane, spot(window, (-1.0, -1.0)), spot(window, (1.0, -1.0)))
    first = window.session.state.lab
    assert first.data == DRAWN
    assert len(first.drawn) >= 6
    assert np.abs(np.array(first.drawn)[:, 1] + 1.0).max() < 0.4
    person.drag(lab.plane, spot(window, (-1.0, 1.0)), spot(window, (1.0, 1.0)))
    assert len(window.session.state.lab.drawn) > len(first.drawn)
    person.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.state.lab.drawn == first.drawn
    wait_for_answers(window, qtbot)
    assert np.abs(lab.driver.cloud.at(0)[:, 1] + 1.0).max() < 0.5
    lab.plane.erased.emit(*first.drawn[0])
    assert first.drawn[0] not in window.session.state.lab.drawn
    person.click(lab.left_head.clear)
    assert window.session.state.lab.drawn == ()
    rect = lab.left_head.cards.card_rect("moons").center()
    person.click(lab.left_head.cards, rect.x(), rect.y())
    assert window.session.state.lab.data == "moons"
    assert not lab.plane.paints
    person.click(lab.left_head.brush)
    lab.plane.setFocus()
    person.key(Qt.Key.Key_Escape)
    assert not lab.plane.paints


@pytest.mark.parametrize(("side", "lines"), [(560.0, 1), (260.0, 2), (120.0, 1)])
@pytest.mark.usefixtures("application")
def test_the_remark_on_the_plane_never_leaves_it_or_covers_the_scale(side: float, lines: int) -> None:
    picture = QImage(700, 600, QImage.Format.Format_RGB32)
    picture.fill(0)
    area = PlaneArea(20.0, 10.0, side)
    with QPainter(picture) as painter:
        paint_corner(painter, area, "Narrower than a cell, drawn 0.056 wide")
    inked = pixels(picture).max(axis=2) > 60
    columns, rows = inked.any(axis=0).nonzero()[0], inked.any(axis=1).nonzero()[0]
    assert columns[0] >= 20
    assert columns[-1] < 20 + side
    assert 1 + int((np.diff(rows) > 2).sum()) == lines


def test_the_plane_is_copied_as_numbers_and_printed_sharp(window: MainWindow, lab, tmp_path: Path) -> None:
    chart = lab.plane.chart
    chart.save(tmp_path / "plane.csv")
    table = np.genfromtxt(tmp_path / "plane.csv", delimiter=",", names=True)
    particles = lab.driver.particles(window.session.state)
    assert np.allclose(table["x_of_particles"][: len(particles)], particles[:, 0], atol=1e-6)
    chart.save(tmp_path / "plane.svg")
    drawing = (tmp_path / "plane.svg").read_text()
    assert drawing.count("<circle") + drawing.count("<ellipse") >= len(particles)


def test_a_network_stands_beside_the_exact_score_with_its_loss_and_floor(
    window: MainWindow, person: Person, lab, qtbot: QtBot
) -> None:
    assert not lab.stage.toggles["errors"].isEnabled()
    person.choose(lab.panel.denoiser, "Swiss roll MLP")
    qtbot.waitUntil(lambda: lab.driver.field is not None)
    assert lab.stage.toggles["errors"].isEnabled()
    only(window, "errors")
    field = lab.driver.field
    assert lab.panel.losses.value("Floor") == f"{field.floor:.4f}"
    # The network learned a swiss roll, not this ring.
    assert field.loss > field.floor
    row, column = np.unravel_index(field.errors.argmax(), field.errors.shape)
    side = lab.plane.area.side / len(field.errors)
    worst = lab.plane.area.place(
        lab.plane.area.left + (column + 0.5) * side, lab.plane.area.top + (row + 0.5) * side
    )
    row, column = np.unravel_index(field.errors.argmin(), field.errors.shape)
    best = lab.plane.area.place(
        lab.plane.area.left + (column + 0.5) * side, lab.plane.area.top + (row + 0.5) * side
    )
    assert color_at(window, person, worst)[0] > color_at(window, person, best)[0] + 30
    others = "This network learned Swiss roll, not these points."
    assert lab.panel.remark == others
    window.session.update(schedule=ScheduleSpec("cosine"))
    assert lab.panel.remark.startswith(others)
    assert "was not trained at the noise below" in lab.panel.remark
    assert "The curve shows where" in lab.panel.remark
    person.choose(lab.panel.denoiser, "Exact score")
    assert not lab.panel.remark
    assert lab.driver.field is None
    assert not lab.stage.toggles["errors"].isEnabled()


def test_the_run_block_walks_the_particles_from_rest_to_rest(
    window: MainWindow, person: Person, lab, qtbot: QtBot
) -> None:
    block = lab.panel.run_block
    person.click(block.restart_button)
    assert window.session.state.t == 1000
    person.click(block.step_button)
    assert window.session.state.t == 900
    person.key(".")
    assert window.session.state.t == 800
    person.key(",")
    assert window.session.state.t == 900
    person.click(block.back_button)
    assert window.session.state.t == 1000
    person.click(block.step_button)
    person.key("r")
    assert lab.timeline.is_playing
    qtbot.waitUntil(lambda: window.session.state.t < 900)
    person.key(Qt.Key.Key_Space)
    assert not lab.timeline.is_playing


def test_motion_g_particles_and_seed_are_settings_with_undo(
    window: MainWindow, person: Person, lab, qtbot: QtBot
) -> None:
    state = window.session.state
    person.click(lab.panel.motion, lab.panel.motion.width() * 0.9)
    assert window.session.state.lab.motion is LabMotion.FORWARD
    assert lab.panel.noise_modes.isVisible()
    window.session.update(t=0)
    data = exact_points(state.lab).points
    particles = lab.driver.particles(window.session.state)
    assert np.abs(particles[:, None] - data).max(axis=2).min(axis=1).max() < 1e-6
    person.key("n")
    assert window.session.state.seed != state.seed
    assert window.session.state.reverse_seed == state.reverse_seed
    person.click(lab.panel.motion, lab.panel.motion.width() * 0.5)
    assert window.session.state.lab.motion is LabMotion.FLOW
    slider = lab.panel.g.slider
    person.drag(slider, slider.knob_center(), QPointF(4.0, slider.height() / 2))
    assert window.session.state.lab.g == 0.0
    person.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.state.lab.g == 1.0
    person.set_number(lab.panel.particles, "120")
    qtbot.waitUntil(lambda: lab.driver.cloud.is_complete and len(lab.driver.cloud.at(0)) == 120)


def test_what_lies_under_the_pointer_is_read_from_the_exact_field(
    window: MainWindow, person: Person, lab
) -> None:
    window.session.update(t=300)
    at = spot(window, (2.0, 0.5))
    person.hover(lab.plane, at.x(), at.y())
    place = np.array([lab.plane.area.place(at.x(), at.y())])
    level = build_schedule(window.session.state.schedule).level(300)
    exact = exact_points(window.session.state.lab)
    strength = float(np.hypot(*exact.score(place, level)[0]))
    shown = lab.stage.under_pointer
    assert float(shown.value("Score $∇$ log $p$")) == pytest.approx(strength, rel=0.03)
    density = float(exact.posterior(place, level).log_density[0])
    assert float(shown.value("Log density").replace("−", "-")) == pytest.approx(density, abs=0.06)


def test_training_on_a_set_begins_in_the_train_workspace_with_these_points(
    window: MainWindow, person: Person, lab, qtbot: QtBot
) -> None:
    person.click(lab.panel.train)
    assert window.session.state.workspace is Workspace.TRAIN
    qtbot.waitUntil(lambda: window.train.recipe.plan.config.data == "ring")
    window.session.update(lab=replace(window.session.state.lab, data=DRAWN), workspace=Workspace.LAB)
    assert not lab.panel.train.isEnabled()
    assert lab.panel.train.toolTip() == "Paint at least 10 points in the 2-D lab first."


def test_one_coordinate_is_seen_over_all_times_and_moves_the_playhead(
    window: MainWindow, person: Person, lab, qtbot: QtBot
) -> None:
    only(window, "density")
    lab.set_mode("phase")
    phase = lab.stage.phase
    area = phase.area
    look = lambda: pixels(person.sees(phase)).astype(int).sum(axis=2)  # noqa: E731
    qtbot.waitUntil(lambda: look()[round(area.center().y()), round(area.right()) - 4] > 400)
    seen = look()
    row = lambda value: round(area.center().y() - value / 3 * area.height() / 2)  # noqa: E731
    data, noise = round(area.left()) + 4, round(area.right()) - 4
    # At the data the ring has points near x = 1.41 and none beyond; the noise is densest in the middle.
    assert seen[row(1.4), data] > 5 * seen[row(2.2), data]
    assert seen[row(0.0), noise] > seen[row(1.5), noise] > seen[row(2.9), noise]
    person.click(phase, area.left() + 0.25 * area.width(), area.center().y())
    assert window.session.state.t == pytest.approx(250, abs=3)
    lab.timeline.set_even_in("log_snr")
    lab.timeline.even_in_changed.emit("log_snr")
    person.click(phase, area.left() + 0.25 * area.width(), area.center().y())
    assert window.session.state.t < 100


def test_a_cut_shows_density_and_score_along_a_line(window: MainWindow, person: Person, lab) -> None:
    window.session.update(t=200)
    person.click(lab.bar.modes.button("cut"))
    cut, exact = lab.stage.cut, exact_points(window.session.state.lab)
    slider = cut.line_height.slider
    person.drag(slider, slider.knob_center(), QPointF(slider.width() * 0.75, slider.height() / 2))
    height = cut.line_height.value
    assert height > 1.0
    level = build_schedule(window.session.state.schedule).level(200)
    (density,), (score,) = cut.density.series, cut.scores.series
    places = np.stack([density.xs, np.full(len(density.xs), height)], axis=1)
    assert np.allclose(density.ys, np.exp(exact.posterior(places, level).log_density))
    assert np.allclose(score.ys, np.clip(exact.score(places, level)[:, 0], -12, 12))
    without_noise = ScheduleSpec("constant", 10, params=(("beta", 0.0),))
    window.session.update(schedule=without_noise)
    person.sees(cut)
    assert not cut.density.series
    assert not cut.scores.series


def test_the_lab_fits_small_and_large_windows(window: MainWindow, lab, qtbot: QtBot) -> None:
    for width, height in ((1100, 700), (1800, 1100)):
        window.resize(width, height)
        qtbot.waitUntil(lambda w=width, h=height: (window.width(), window.height()) == (w, h))
        assert lab.plane.area.side >= 240
        for widget in (lab.panel.motion, lab.panel.run_block.run_button, lab.left_head.cards, lab.plane):
            assert is_in_sight(widget)


@pytest.mark.parametrize("count", [10, 2_000, 20_000, 100_000])
def test_every_particle_is_a_dot_where_it_is(count: int) -> None:
    px = np.random.default_rng(1).uniform(10, 190, (count, 2))
    picture = dots_image([(px, "text")], 200, 1.0)
    alpha = np.frombuffer(picture.constBits(), np.uint8).reshape(200, 200, 4)[..., 3]
    columns, rows = px.astype(int).T
    assert (alpha[rows, columns] > 100).all()
    assert not alpha[:5].any()
    px[:3] = np.nan, np.inf
    px[3] = 1e30
    assert not dots_image([(px, "text")], 200, 1.0).isNull()


@pytest.mark.parametrize("layer", ["particles", "data", "steps", "arrows"])
def test_what_lies_over_the_density_does_not_cover_it_on_screen_or_paper(
    window: MainWindow, person: Person, lab, layer: str
) -> None:
    window.session.update(t=300)
    only(window, "density")
    alone = pixels(person.sees(lab.plane)).astype(int)
    only(window, "density", layer)
    for picture in (person.sees(lab.plane), as_picture(lab.plane).scaled(lab.plane.size())):
        area, shown = lab.plane.area, pixels(picture).astype(int)
        inside = np.s_[area.top + 10 : area.top + area.side - 10, area.left + 10 : area.left + area.side - 10]
        share = (np.abs(shown[inside] - alone[inside]).max(axis=2) < 12).mean()
        assert 0.5 < share < 1.0


def test_a_network_in_training_is_watched_beside_the_exact_score(
    window: MainWindow, person: Person, lab, qtbot: QtBot
) -> None:
    person.click(lab.panel.train)
    recipe, trainer = window.train.recipe, window.train.trainer
    qtbot.waitUntil(lambda: recipe.plan.config.data == "ring", timeout=PATIENCE_MS)
    config = replace(recipe.plan.config, network=MlpConfig(width=16, depth=1), batch_size=32, images=64_000)
    recipe.take_plan(replace(recipe.plan, config=config, sheet_every=64_000, num_sampling_steps=2))
    window.train.run()
    person.key(Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    labels = lambda: [lab.panel.denoiser.itemText(row) for row in range(lab.panel.denoiser.count())]  # noqa: E731
    qtbot.waitUntil(lambda: "Network in training" in labels(), timeout=PATIENCE_MS)
    assert lab.panel.training.isVisible()
    assert lab.panel.training.plot.num_steps > 0
    assert "8 Gaussians, step" in lab.panel.training.words
    person.choose(lab.panel.denoiser, "Network in training")
    qtbot.waitUntil(lambda: lab.driver.field is not None, timeout=PATIENCE_MS)
    first = lab.driver.field
    qtbot.waitUntil(lambda: lab.driver.field is not first, timeout=PATIENCE_MS)
    assert not np.array_equal(lab.driver.field.scores, first.scores)
    window.train.stop()
    qtbot.waitUntil(lambda: not trainer.state.is_active, timeout=PATIENCE_MS)


def test_views_layers_and_data_are_commands_too(window: MainWindow, lab) -> None:
    commands = {command.key: command for command in window.commands}
    commands["lab.phase"].run()
    assert lab.stage.mode == "phase"
    commands["lab.sde"].run()
    assert lab.stage.is_on("sde")
    assert not commands["lab.errors"].is_enabled()
    commands["lab.moons"].run()
    assert window.session.state.lab.data == "moons"
    commands["lab.paint"].run()
    assert lab.plane.paints
    assert lab.stage.mode == "plane"
    window.show_workspace("forward")
    assert not lab.plane.paints
    assert not commands["lab.phase"].is_enabled()
