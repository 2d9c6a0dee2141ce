"""The export dialog as a person uses it, with real frames, real files and real threads."""

import json
import os
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow

from diffviz.core.noise import Stream, draw_noise
from diffviz.core.samplers import SamplerSpec
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.data.images import to_uint8
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.history import RunHistory
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseContext, ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.engine.session import Session, SessionState, Workspace
from diffviz.export import animation
from diffviz.ui import export_controller
from diffviz.ui.export_controller import ExportController
from diffviz.ui.export_place import with_ending
from diffviz.ui.theme import apply_theme
from diffviz.ui.widgets.export_choices import ExportChoices

WAIT_MS = 30_000
FORMS = ("gif", "mp4", "webp", "apng", "webm", "png", "strip")


@pytest.fixture(autouse=True)
def _calm_look(qapp):
    font = qapp.font()
    apply_theme(qapp, "dark", reduce_motion=True)
    QSettings().remove("export")
    yield
    QSettings().remove("export")
    qapp.setFont(font)


@pytest.fixture(scope="module")
def images():
    """A picture of 24 × 32 and two more for the exact denoiser."""
    store = ImageStore()
    rows, columns = np.mgrid[0:24, 0:32]
    for planes in ((rows, columns, rows + columns), (columns, rows, rows), (rows, rows, columns)):
        store.add_paste(np.stack([plane * 5 % 256 for plane in planes], axis=-1).astype(np.uint8))
    return store


@pytest.fixture(scope="module")
def records(images):
    """What a finished run of the exact denoiser yields."""
    request = ReverseRequest(
        ScheduleSpec(num_timesteps=200),
        SamplerSpec(num_sampling_steps=6),
        exact_size=16,
        picture_keys=images.opened_keys,
    )
    return request, list(reverse_steps(request, DenoiserShelf(images)))


@pytest.fixture
def session(images):
    return Session(SessionState(image=images.opened_keys[0], schedule=ScheduleSpec(num_timesteps=200), t=60))


@pytest.fixture
def history():
    return RunHistory()


@pytest.fixture
def run(history, records):
    request, all_records = records
    made = history.begin(request)
    for record in all_records:
        if isinstance(record, ReverseContext):
            history.set_context(made, record)
        else:
            history.append(made, record)
    return made


@pytest.fixture
def window(qtbot):
    made = QMainWindow()
    qtbot.addWidget(made)
    made.resize(1100, 700)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def place():
    """Where the person saves, as a test says, and what the program suggested."""

    class Place:
        answer: Path | None = None
        asked: Path | None = None

        def __call__(self, _parent, suggestion, _choices):
            self.asked = suggestion
            return self.answer

    return Place()


@pytest.fixture
def controller(session, images, history, place):
    made = ExportController(session, images, history, choose_path=place)
    made.notes = []
    made.noted.connect(made.notes.append)
    yield made
    made.shutdown()


@pytest.fixture
def opened(qtbot, controller, window):
    """Open the dialog and wait for its first picture."""

    def open_dialog():
        controller.open(window)
        dialog = controller.dialog
        qtbot.waitUntil(lambda: dialog.preview.canvas.picture is not None, timeout=WAIT_MS)
        return dialog

    return open_dialog


def choose(dialog, form):
    QTest.mouseClick(dialog.fields.formats.button(form), Qt.MouseButton.LeftButton)


def write_number(field, text):
    """Type a number as a person does."""
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Tab)


def export(qtbot, controller, place, path):
    place.answer = path
    dialog = controller.dialog
    QTest.mouseClick(dialog.footer.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not controller.runner.busy, timeout=WAIT_MS)


def expected_frame(images, session, t):
    """x_t of the frozen display, by its formula alone."""
    x_0 = images.x_0(session.state.image)
    alpha = build_schedule(session.state.schedule).alphas_cumprod[t]
    noise = draw_noise(x_0.shape, session.state.seed, Stream.FROZEN)
    return to_uint8(np.float32(np.sqrt(alpha)) * x_0 + np.float32(np.sqrt(1 - alpha)) * noise)


def read_back(path):
    """Frames and length in seconds of any export."""
    if path.is_dir():
        return [np.asarray(Image.open(file).convert("RGB")) for file in sorted(path.iterdir())], None
    if path.suffix in {".mp4", ".webm"}:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
            return frames, float(len(frames) / stream.average_rate)
    with Image.open(path) as image:
        frames, length_ms = [], 0
        for frame in ImageSequence.Iterator(image):
            frames.append(np.asarray(frame.convert("RGB")))
            length_ms += frame.info["duration"]
    return frames, length_ms / 1000


# Opening


def test_it_opens_at_the_playhead_with_a_real_frame(opened, session):
    dialog = opened()
    times = dialog.choices
    assert (times.first_t, times.last_t) == (0, 200)
    shown_t = dialog.preview.frame / (dialog.choices.num_frames - 1) * 200
    assert shown_t == pytest.approx(session.state.t, abs=2)
    assert dialog.focusWidget() is dialog.footer.export_button
    assert dialog.width() <= 1100
    assert dialog.height() <= 700


def test_everything_fits_the_smallest_window_without_scrolling(opened):
    dialog = opened()
    for form in FORMS:
        choose(dialog, form)
        QApplication.processEvents()
        assert dialog._area.verticalScrollBar().maximum() == 0, form


def test_every_control_has_a_name_and_a_tooltip(opened):
    dialog = opened()
    fields = dialog.fields
    controls = [fields.width_field, fields.height_field, fields.scaling, fields.frames, fields.rate]
    controls += [fields.gif_rate, fields.direction, fields.captions, fields.loop, fields.hold, fields.hold_s]
    controls += [
        fields.exact,
        fields.lossless,
        fields.range,
        dialog.preview.slider,
        dialog.preview.play_button,
    ]
    controls += [fields.formats.button(key) for key in FORMS]
    controls += [dialog.footer.export_button, dialog.footer.cancel_button, dialog.close_button]
    for control in controls:
        assert control.accessibleName()
        assert control.toolTip()
    assert fields.range.low.accessibleName() != fields.range.high.accessibleName()


def test_the_window_behind_is_dimmed_and_comes_back(opened, window, qtbot):
    before = window.children()
    dialog = opened()
    assert len(window.children()) > len(before)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: len(window.children()) == len(before))


def test_escape_closes_and_it_opens_again(opened, controller):
    QTest.keyClick(opened(), Qt.Key.Key_Escape)
    assert controller.dialog is None
    assert opened().isVisible()


def test_opening_twice_gives_one_dialog(opened, controller, window):
    dialog = opened()
    controller.open(window)
    assert controller.dialog is dialog


# What can be chosen


def test_without_a_run_reverse_and_both_say_why_not(opened):
    dialog = opened()
    for key in ("reverse", "both"):
        button = dialog.fields.what.button(key)
        assert not button.isEnabled()
        assert "run the sampler" in button.toolTip()


@pytest.mark.usefixtures("run")
def test_with_a_run_reverse_is_shown_where_it_is_looked_at(opened, session):
    session.update(workspace=Workspace.REVERSE)
    dialog = opened()
    assert dialog.choices.what == "reverse"
    assert dialog.choices.direction == "to_image"
    assert dialog.fields.range_label.plain == "200 (noise) to 0 (image)"
    QTest.mouseClick(dialog.fields.what.button("both"), Qt.MouseButton.LeftButton)
    assert dialog.choices.what == "both"
    assert dialog.choices.picture == "x_0"


def test_a_format_without_encoder_says_why_not(opened, qtbot, monkeypatch):
    missing = {**dict.fromkeys(animation.FORMATS), "mp4": "MP4 needs the package av."}
    monkeypatch.setattr(export_controller, "encoders_available", lambda: missing)
    dialog = opened()
    button = dialog.fields.formats.button("mp4")
    qtbot.waitUntil(lambda: not button.isEnabled(), timeout=WAIT_MS)
    assert button.toolTip() == "MP4 needs the package av."
    assert dialog.choices.format == "gif"


def test_arrow_keys_choose_formats(opened):
    dialog = opened()
    QTest.keyClick(dialog.fields.formats.button("mp4"), Qt.Key.Key_Right)
    assert dialog.choices.format == "webp"
    QTest.keyClick(dialog.fields.formats.button("webp"), Qt.Key.Key_End)
    assert dialog.choices.format == "strip"
    assert dialog.footer.export_button.text() == "Export strip…"
    QTest.keyClick(dialog.fields.formats.button("strip"), Qt.Key.Key_Home)
    assert dialog.choices.format == "gif"


def test_a_gif_has_only_the_frame_rates_that_gifs_can_have(opened):
    dialog = opened()
    write_number(dialog.fields.rate, "24")
    assert dialog.choices.frame_rate_fps == 24
    choose(dialog, "gif")
    assert dialog.choices.frame_rate_fps == 25
    assert dialog.fields.rates.currentWidget() is dialog.fields.gif_rate
    assert [dialog.fields.gif_rate.itemText(i) for i in range(5)] == ["50", "33.3", "25", "20", "10"]
    QTest.keyClick(dialog.fields.gif_rate, Qt.Key.Key_Home)
    assert dialog.choices.frame_rate_fps == 50


def test_the_default_film_enlarges_by_even_whole_numbers(opened):
    dialog = opened()
    width, height = dialog.choices.width, dialog.fields.height_px
    assert width % 64 == 0
    assert width * 24 == height * 32
    assert "noise keeps its colour" in dialog.fields.note.plain


def test_width_and_height_stay_linked_and_pixels_square(opened):
    dialog = opened()
    write_number(dialog.fields.width_field, "300")
    assert (dialog.choices.width, dialog.fields.height_field.value()) == (320, 240)
    write_number(dialog.fields.height_field, "100")
    assert (dialog.fields.width_field.value(), dialog.fields.height_field.value()) == (128, 96)
    QTest.keyClick(dialog.fields.width_field, Qt.Key.Key_Up)
    assert (dialog.fields.width_field.value(), dialog.fields.height_field.value()) == (192, 144)
    QTest.keyClick(dialog.fields.height_field, Qt.Key.Key_Down)
    assert dialog.choices.width == 128


def test_smooth_takes_any_size_and_warns_of_colour(opened):
    dialog = opened()
    dialog.fields.scaling.setFocus()
    QTest.keyClick(dialog.fields.scaling, Qt.Key.Key_Down)
    write_number(dialog.fields.width_field, "300")
    assert (dialog.choices.width, dialog.fields.height_px) == (300, 225)
    assert "washes colour noise out" in dialog.fields.note.plain
    QTest.mouseClick(dialog.fields.exact, Qt.MouseButton.LeftButton, pos=QPoint(8, 12))
    assert dialog.choices.exact_colour
    assert "Not every player" in dialog.fields.note.plain


def test_a_size_that_nobody_chose_follows_the_format(opened):
    dialog = opened()
    choose(dialog, "gif")
    usual = dialog.choices.width
    choose(dialog, "mp4")
    choose(dialog, "gif")
    assert dialog.choices.width == usual
    write_number(dialog.fields.width_field, "96")
    choose(dialog, "apng")
    assert dialog.choices.width == 96


def test_what_does_not_count_is_off_and_says_why(opened):
    dialog = opened()
    fields = dialog.fields
    assert not fields.loop.isEnabled()
    assert "player decides" in fields.loop.toolTip()
    choose(dialog, "gif")
    assert fields.loop.isEnabled()
    assert fields.loop.toolTip() == "Start again at the end"
    choose(dialog, "png")
    assert "no clock" in fields.hold.toolTip()
    choose(dialog, "strip")
    assert not fields.rates.isEnabled()
    assert not fields.pictures["forward"].button("filmstrip").isEnabled()


def test_the_range_moves_by_keys_and_by_mouse(opened):
    dialog = opened()
    strip = dialog.fields.range
    QTest.keyClick(strip.low, Qt.Key.Key_Right)
    QTest.keyClick(strip.low, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert (dialog.choices.first_t, dialog.choices.last_t) == (11, 200)
    QTest.keyClick(strip.high, Qt.Key.Key_Home)
    assert (dialog.choices.first_t, dialog.choices.last_t) == (11, 12)
    QTest.keyClick(strip.high, Qt.Key.Key_End)
    middle = strip.height() // 2
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(strip.x_of(200)) + 3, middle))
    QTest.mouseMove(strip, QPoint(round(strip.x_of(150)) + 3, middle))
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(strip.x_of(150)) + 3, middle))
    assert dialog.choices.last_t == pytest.approx(150, abs=1)
    length = dialog.choices.last_t - 11
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(strip.x_of(80)), middle))
    QTest.mouseMove(strip, QPoint(round(strip.x_of(100)), middle))
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton)
    assert dialog.choices.first_t == pytest.approx(31, abs=1)
    assert dialog.choices.last_t - dialog.choices.first_t == length
    assert dialog.fields.range_label.plain == f"{dialog.choices.first_t} to {dialog.choices.last_t}"


def test_a_run_that_is_not_through_offers_the_times_it_reached(opened, history, records, session):
    request, all_records = records
    made = history.begin(request)
    history.set_context(made, all_records[0])
    for step in all_records[1:4]:
        history.append(made, step)
    session.update(workspace=Workspace.REVERSE)
    dialog = opened()
    assert dialog.choices.first_t == all_records[3].s > 0
    assert dialog.choices.last_t == 200


# Preview and estimate


def test_the_preview_shows_the_frame_of_its_slider(opened, qtbot, session, images):
    dialog = opened()
    QTest.mouseClick(dialog.fields.captions, Qt.MouseButton.LeftButton, pos=QPoint(8, 12))
    seen = []
    for key, t in ((Qt.Key.Key_Home, 0), (Qt.Key.Key_End, 200)):
        QTest.keyClick(dialog.preview.slider, key)
        expected = expected_frame(images, session, t)

        def is_shown(expected=expected):
            picture = dialog.preview.canvas.picture
            scale = picture.width() // 32
            color = picture.pixelColor(scale * 7, scale * 5)
            return np.abs(np.array(color.getRgb()[:3]) - expected[5, 7]).max() <= 1

        qtbot.waitUntil(is_shown, timeout=WAIT_MS)
        seen.append(dialog.preview.time_label.text())
    assert seen == ["0.0 / 6.0 s", "6.0 / 6.0 s"]


def test_it_plays_and_pauses(opened, qtbot):
    dialog = opened()
    start = dialog.preview.frame
    QTest.mouseClick(dialog.preview.play_button, Qt.MouseButton.LeftButton)
    assert dialog.preview.play_button.accessibleName() == "Pause"
    qtbot.waitUntil(lambda: dialog.preview.frame > start + 2, timeout=WAIT_MS)
    QTest.mouseClick(dialog.preview.play_button, Qt.MouseButton.LeftButton)
    assert not dialog.preview.is_playing


def test_it_plays_by_itself_where_movement_is_welcome(opened, qapp):
    apply_theme(qapp, "dark", reduce_motion=False)
    assert opened().preview.is_playing


def test_the_last_frame_is_the_end_without_loop(opened, qtbot):
    dialog = opened()
    choose(dialog, "gif")
    QTest.mouseClick(dialog.fields.loop, Qt.MouseButton.LeftButton, pos=QPoint(8, 12))
    write_number(dialog.fields.frames, "4")
    QTest.mouseClick(dialog.preview.play_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.preview.is_playing, timeout=WAIT_MS)
    assert dialog.preview.frame == 3


def test_length_and_hold_are_told(opened):
    dialog = opened()
    write_number(dialog.fields.frames, "50")
    write_number(dialog.fields.rate, "25")
    write_number(dialog.fields.hold_s, "1.5")
    assert dialog.choices.holds_last
    assert dialog.preview.duration_s == 3.5
    assert "3.5 s" in dialog.footer.cost.plain


def test_the_size_is_estimated_and_a_smaller_one_offered(opened, qtbot):
    dialog = opened()
    qtbot.waitUntil(lambda: dialog.footer.cost.plain.startswith("About"), timeout=WAIT_MS)
    dialog.show_estimate(9_400_000)
    words = dialog.footer.cost.plain
    assert words.startswith("About 9.4 MB")
    assert "px would be about" in words


def test_thumbnails_come_to_the_range(opened, qtbot):
    dialog = opened()
    qtbot.waitUntil(lambda: len(dialog.fields.range._pictures) > 5, timeout=WAIT_MS)


# Files


@pytest.mark.parametrize("form", ["gif", "mp4", "webp", "apng", "webm", "png"])
def test_what_was_chosen_is_in_the_file(opened, qtbot, controller, place, tmp_path, session, images, form):
    dialog = opened()
    choose(dialog, form)
    QTest.mouseClick(dialog.fields.captions, Qt.MouseButton.LeftButton, pos=QPoint(8, 12))
    write_number(dialog.fields.frames, "11")
    write_number(dialog.fields.width_field, "128")
    if form != "png":
        QTest.mouseClick(dialog.fields.hold, Qt.MouseButton.LeftButton, pos=QPoint(8, 12))
    QTest.keyClick(dialog.fields.range.low, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    path = with_ending(tmp_path / "out", dialog.choices)
    export(qtbot, controller, place, path)
    assert controller.dialog is None
    assert list(tmp_path.iterdir()) == [path]
    frames, length_s = read_back(path)
    held = 10 if form in {"mp4", "webm"} else 0
    assert len(frames) == 11 + held
    assert frames[0].shape == (96, 128, 3)
    if length_s is not None:
        assert length_s == pytest.approx(11 / 20 + 0.5, abs=0.011)
    tolerance = {"gif": 60, "mp4": 40, "webm": 40}.get(form, 1)
    for frame, t in ((frames[0], 10), (frames[-1], 200)):
        seen = frame.reshape(24, 4, 32, 4, 3).mean(axis=(1, 3))
        expected = expected_frame(images, session, t).astype(float)
        assert np.abs(seen - expected).mean() <= tolerance / 4
        assert np.abs(seen - expected).max() <= (tolerance if tolerance == 1 else 200)
        np.testing.assert_allclose(seen.std((0, 1)), expected.std((0, 1)), rtol=0.1)
    assert controller.notes[-1].startswith(f"Saved {path.name}, ")
    assert controller.notes[-1].endswith(str(tmp_path))


def test_a_strip_is_exported_as_one_picture(opened, qtbot, controller, place, tmp_path):
    dialog = opened()
    choose(dialog, "strip")
    write_number(dialog.fields.frames, "5")
    size = (dialog.choices.width, dialog.fields.height_px)
    export(qtbot, controller, place, tmp_path / "strip.png")
    with Image.open(tmp_path / "strip.png") as image:
        assert image.size == size
        assert json.loads(image.info["Description"])["times"] == [0, 50, 100, 150, 200]


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(("what", "picture"), [("reverse", "x_0"), ("reverse", "triptych"), ("both", "x_0")])
def test_runs_are_exported(opened, qtbot, controller, place, tmp_path, what, picture):
    dialog = opened()
    choose(dialog, "apng")
    QTest.mouseClick(dialog.fields.what.button(what), Qt.MouseButton.LeftButton)
    QTest.mouseClick(dialog.fields.pictures[what].button(picture), Qt.MouseButton.LeftButton)
    write_number(dialog.fields.frames, "7")
    size = (dialog.fields.height_px, dialog.choices.width, 3)
    export(qtbot, controller, place, tmp_path / "run.apng")
    frames, length_s = read_back(tmp_path / "run.apng")
    assert len(frames) == 7
    assert frames[0].shape == size
    assert length_s == pytest.approx(7 / 20)
    assert (frames[0] != frames[-1]).any()


def test_there_and_back_loops_and_labels_stand_on_every_frame(opened, qtbot, controller, place, tmp_path):
    dialog = opened()
    choose(dialog, "apng")
    write_number(dialog.fields.frames, "6")
    dialog.fields.direction.setFocus()
    QTest.keyClick(dialog.fields.direction, Qt.Key.Key_End)
    assert dialog.choices.direction == "there_and_back"
    export(qtbot, controller, place, tmp_path / "a.apng")
    with Image.open(tmp_path / "a.apng") as image:
        assert image.info["loop"] == 0
    frames, _ = read_back(tmp_path / "a.apng")
    assert len(frames) == 6
    for index in range(6):
        np.testing.assert_array_equal(frames[index], frames[5 - index])


def test_choosing_no_place_writes_nothing_and_keeps_the_dialog(opened, controller, place):
    dialog = opened()
    place.answer = None
    QTest.mouseClick(dialog.footer.export_button, Qt.MouseButton.LeftButton)
    assert controller.dialog is dialog
    assert not dialog.is_exporting
    assert place.asked.name == "picture-forward.mp4"


def test_cancelling_in_the_middle_leaves_nothing(opened, qtbot, controller, place, tmp_path):
    dialog = opened()
    choose(dialog, "apng")
    write_number(dialog.fields.frames, "2000")
    place.answer = tmp_path / "long.apng"
    QTest.mouseClick(dialog.footer.export_button, Qt.MouseButton.LeftButton)
    assert dialog.is_exporting
    assert not dialog.fields.isEnabled()
    qtbot.waitUntil(lambda: dialog.footer.progress.share > 0, timeout=WAIT_MS)
    assert "of 2000" in dialog.footer.progress_label.plain
    assert list(tmp_path.iterdir())
    QTest.mouseClick(dialog.footer.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not controller.runner.busy, timeout=WAIT_MS)
    assert not list(tmp_path.iterdir())
    assert controller.dialog is dialog
    assert not dialog.is_exporting
    assert dialog.choices.num_frames == 2000
    assert "nothing of it was left" in dialog.message.sentence


def test_escape_while_writing_stops_and_a_second_one_closes(opened, qtbot, controller, place, tmp_path):
    dialog = opened()
    write_number(dialog.fields.frames, "2000")
    place.answer = tmp_path / "long.mp4"
    QTest.mouseClick(dialog.footer.export_button, Qt.MouseButton.LeftButton)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not controller.runner.busy, timeout=WAIT_MS)
    assert dialog.isVisible()
    assert not list(tmp_path.iterdir())
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert controller.dialog is None


def test_closing_the_window_while_writing_leaves_nothing(opened, qtbot, controller, place, tmp_path):
    dialog = opened()
    write_number(dialog.fields.frames, "2000")
    place.answer = tmp_path / "long.mp4"
    QTest.mouseClick(dialog.footer.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.footer.progress.share > 0, timeout=WAIT_MS)
    controller.shutdown()
    assert not controller.runner.busy
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_sentence_and_loses_no_setting(
    opened, qtbot, controller, place, tmp_path, monkeypatch
):
    dialog = opened()
    choose(dialog, "gif")
    write_number(dialog.fields.frames, "33")
    before = dialog.choices
    opened_really = Path.open

    def opened_on_a_full_disk(path, mode="r", **more):
        if path.suffix == ".part":
            return opened_really(Path("/dev/full"), "wb", 0)
        return opened_really(path, mode, **more)

    monkeypatch.setattr(Path, "open", opened_on_a_full_disk)
    export(qtbot, controller, place, tmp_path / "a.gif")
    assert dialog.message.sentence.endswith("a.gif could not be written: the disk is full.")
    assert dialog.isVisible()
    assert dialog.choices == before
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    export(qtbot, controller, place, tmp_path / "a.gif")
    assert controller.dialog is None
    assert [file.name for file in tmp_path.iterdir()] == ["a.gif"]


def test_a_place_that_cannot_be_written_is_one_sentence(opened, qtbot, controller, place, tmp_path):
    dialog = opened()
    write_number(dialog.fields.frames, "5")
    export(qtbot, controller, place, tmp_path / "gone" / "a.mp4")
    assert "could not be written: there is no folder" in dialog.message.sentence
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("keep me")
    choose(dialog, "png")
    assert not dialog.message.sentence
    export(qtbot, controller, place, tmp_path / "full")
    assert "holds other files" in dialog.message.sentence
    assert (tmp_path / "full" / "letter.txt").read_text() == "keep me"


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom folders can refuse"
)
def test_a_folder_without_permission_is_one_sentence(opened, qtbot, controller, place, tmp_path):
    dialog = opened()
    write_number(dialog.fields.frames, "5")
    tmp_path.chmod(0o500)
    try:
        export(qtbot, controller, place, tmp_path / "a.mp4")
        assert dialog.message.sentence.endswith("the system does not permit it.")
    finally:
        tmp_path.chmod(0o700)


# From one export to the next


def test_the_settings_of_the_last_export_come_back(opened, qtbot, controller, place, tmp_path):
    dialog = opened()
    choose(dialog, "apng")
    write_number(dialog.fields.frames, "7")
    write_number(dialog.fields.width_field, "96")
    QTest.mouseClick(dialog.fields.captions, Qt.MouseButton.LeftButton, pos=QPoint(8, 12))
    before = dialog.choices
    export(qtbot, controller, place, tmp_path / "a.apng")
    dialog = opened()
    assert dialog.choices == before
    QTest.mouseClick(dialog.footer.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not controller.runner.busy, timeout=WAIT_MS)
    assert place.asked.parent == tmp_path


def test_a_whole_range_stays_whole_when_the_chain_is_another(
    opened, qtbot, controller, place, tmp_path, session
):
    write_number(opened().fields.frames, "4")
    export(qtbot, controller, place, tmp_path / "a.mp4")
    session.update(schedule=ScheduleSpec(num_timesteps=500))
    assert opened().choices.last_t == 500


@pytest.mark.parametrize("stored", ["no json", "[1]", '{"format": 3, "width": "wide", "what": "sideways"}'])
def test_settings_that_make_no_sense_are_forgotten(opened, stored):
    QSettings().setValue("export/choices", stored)
    assert opened().choices.format == "mp4"


def test_endings_follow_the_format():
    mp4, png, strip = (ExportChoices(format=form) for form in ("mp4", "png", "strip"))
    assert with_ending(Path("a"), mp4) == Path("a.mp4")
    assert with_ending(Path("a.gif"), mp4) == Path("a.mp4")
    assert with_ending(Path("v1.2"), mp4) == Path("v1.2.mp4")
    assert with_ending(Path("frames"), png) == Path("frames")
    assert with_ending(Path("frames.mp4"), png) == Path("frames")
    assert with_ending(Path("a.mp4"), strip) == Path("a.png")
