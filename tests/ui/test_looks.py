"""Colours and room: themes recolour everything, and no words are cut at any size of the window."""

import itertools

import pytest
from PySide6.QtCore import QCoreApplication, QSettings, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from diffviz.app import make_window
from diffviz.core.samplers import SamplerSpec
from diffviz.core.schedules import PRESETS, ScheduleSpec
from diffviz.ui.main_window import MainWindow
from diffviz.ui.theme import metric
from diffviz.ui.tokens import DARK, LIGHT, Tokens
from diffviz.ui.widgets.collapsible import Collapsible
from tests.ui.person import Person, visible_widgets
from tests.ui.runs import run_to_the_end

SIZES = [(1100, 700), (1280, 820), (1440, 900), (1920, 1080)]


def colours_of(window: MainWindow, person: Person) -> dict[str, QColor]:
    """Colours at places of the window that are one colour, by their token."""
    picture = person.sees(window)
    places: dict[str, tuple[QWidget, int, int]] = {
        "panel": (window.header, window.header.width() // 2, 4),
        "stage": (window.forward.stage, 4, 4),
    }
    found = {}
    for name, (widget, x, y) in places.items():
        spot = widget.mapTo(window, widget.rect().topLeft())
        found[name] = picture.pixelColor(spot.x() + x, spot.y() + y)
    curve = window.schedule_panel.curve
    spot = curve.mapTo(window, curve.plot_rect.toRect().topRight())
    found["field"] = picture.pixelColor(spot.x() - 6, spot.y() + 12)
    timeline = window.forward.timeline
    spot = timeline.mapTo(window, timeline.rect().topLeft())
    found["panel of the timeline"] = picture.pixelColor(spot.x() + 4, spot.y() + 60)
    return found


def expected_colours(tokens: Tokens) -> dict[str, QColor]:
    panel, stage, field = (tokens.color(role) for role in ("panel", "stage", "field"))
    return {"panel": panel, "stage": stage, "field": field, "panel of the timeline": panel}


def test_the_theme_button_recolours_every_region_and_is_remembered(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    assert colours_of(window, person) == expected_colours(DARK)
    person.click(window.header.theme)
    qtbot.waitUntil(lambda: colours_of(window, person) == expected_colours(LIGHT))
    assert QSettings().value("theme") == "light"
    assert window.header.theme.accessibleName() == "Change to dark colours"
    person.click(window.header.theme)
    qtbot.waitUntil(lambda: colours_of(window, person) == expected_colours(DARK))
    assert QSettings().value("theme") == "dark"


def lines_cut(label: QLabel) -> bool:
    """Whether a label has less room than its words need."""
    if not label.text():
        return False
    needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
    is_too_narrow = not label.wordWrap() and label.width() < label.sizeHint().width()
    return label.height() < needed or is_too_narrow


def cut_words(window: MainWindow) -> list[str]:
    """Words of labels and buttons that do not fit."""
    cut = []
    for widget in visible_widgets(window):
        if isinstance(widget, QLabel) and lines_cut(widget):
            cut.append(f"label {getattr(widget, 'plain', widget.text())!r}")
        elif isinstance(widget, QAbstractButton) and widget.text():
            # A few px of its padding may go before the words do.
            least = widget.minimumSizeHint() - QSize(metric(8), 0)
            if widget.width() < least.width() or widget.height() < least.height():
                cut.append(f"button {widget.text()!r}")
    return cut


def overlapping(window: MainWindow) -> list[str]:
    """Pairs of neighbours in a column or a row of the side panels that lie over each other."""
    pairs = []
    for panel in (window.panels.widget(0), window.current_workspace().panel):
        for parent in [panel, *panel.findChildren(QWidget)]:
            layout = parent.layout()
            if layout is None or not parent.isVisible() or isinstance(parent, Collapsible):
                continue
            items = [layout.itemAt(i).widget() for i in range(layout.count())]
            shown = [w for w in items if w is not None and w.isVisible()]
            for one, other in itertools.pairwise(shown):
                if one.geometry().intersects(other.geometry()):
                    pairs.append(f"{type(one).__name__} and {type(other).__name__}")
    return pairs


def test_no_words_are_cut_and_nothing_overlaps_or_moves_at_any_size(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    def is_whole() -> bool:
        return not cut_words(window) and not overlapping(window)

    def look(what: str) -> None:
        try:
            qtbot.waitUntil(is_whole)
        except Exception as error:
            raise AssertionError(f"{what}: {cut_words(window)} {overlapping(window)}") from error

    presets = dict(PRESETS)
    for size in SIZES:
        window.resize(*size)
        qtbot.waitUntil(lambda size=size: (window.width(), window.height()) == size)
        for label in ("DDPM, linear", "Lesson: T = 100, β not scaled", "Sigmoid"):
            window.session.update(workspace="forward", schedule=presets[label])
            look(f"{label} at {size}")
        sampler = SamplerSpec(num_sampling_steps=3)
        window.session.update(workspace="reverse", schedule=ScheduleSpec(), exact_size=16, sampler=sampler)
        look(f"reverse at {size}")
        widths = window.panels.sizes()
        run_to_the_end(window, person)
        look(f"a finished run at {size}")
        assert window.panels.sizes() == widths, "a run moves no panel"
        assert (window.width(), window.height()) == size
        window.session.update(start="image", denoiser="fashion-unet", class_index=0)
        look(f"a network, a class, a start from a picture at {size}")
        window.session.update(start="noise", denoiser="exact:pictures", workspace="train")
        look(f"train at {size}")
        window.session.update(workspace="theory", bound_draws=1, bound_terms=20)
        for mode in ("losses", "spectrum", "bound"):
            window.theory.set_mode(mode)
            qtbot.waitUntil(lambda: window.theory.view is not None and window.theory.estimate.is_whole)
            look(f"{mode} at {size}")


def test_panels_are_narrower_in_a_narrow_window_and_wide_again_in_a_wide_one(
    window: MainWindow, qtbot: QtBot
) -> None:
    for width, panels in ((1100, (288, 272)), (1440, (320, 300)), (1100, (288, 272))):
        window.resize(width, 700)
        qtbot.waitUntil(lambda panels=panels: tuple(window.panels.sizes()[::2]) == panels)


@pytest.mark.usefixtures("application")
@pytest.mark.parametrize(("size", "panels"), [((1100, 700), (288, 272)), ((1500, 900), (320, 300))])
def test_a_window_that_opens_small_has_both_side_panels(size, panels, qtbot: QtBot) -> None:
    window = make_window()
    qtbot.addWidget(window)
    window.resize(*size)
    window.show()
    qtbot.waitUntil(lambda: tuple(window.panels.sizes()[::2]) == panels)
    window.show_workspace("theory")
    qtbot.waitUntil(lambda: window.theory.panel.width() == panels[1])
    window.close()


def test_in_a_low_window_the_gallery_and_the_small_views_make_room(window: MainWindow, qtbot: QtBot) -> None:
    assert window.forward.gallery.isVisible()
    tall = window.forward.timeline.height()
    window.resize(1440, 700)
    qtbot.waitUntil(lambda: not window.forward.gallery.isVisible())
    assert not any(spark.isVisible() for spark in window.schedule_panel.sparks)
    assert window.forward.timeline.height() < tall
    window.resize(1440, 900)
    qtbot.waitUntil(window.forward.gallery.isVisible)


def test_with_text_twice_as_large_words_wrap_and_panels_scroll(
    window: MainWindow, application: QApplication, qtbot: QtBot
) -> None:
    font = application.font()
    font.setPointSizeF(2 * font.pointSizeF())
    application.setFont(font)
    window.toggle_theme()
    for workspace in ("forward", "reverse", "train", "theory"):
        window.show_workspace(workspace)
        qtbot.waitUntil(lambda: not cut_words(window) and not overlapping(window))
    assert window.forward.timeline.filmstrip.height() > 0


def test_with_large_text_in_the_smallest_window_the_left_panel_gives_way_and_comes_back(
    window: MainWindow, person: Person, application: QApplication, qtbot: QtBot
) -> None:
    font = application.font()
    font.setPointSizeF(2 * font.pointSizeF())
    application.setFont(font)
    window.toggle_theme()
    window.resize(1100, 700)
    left, centre, right = (window.panels.widget(index) for index in range(3))
    for workspace in ("forward", "reverse", "train", "lab", "theory"):
        window.show_workspace(workspace)
        qtbot.waitUntil(lambda: not centre.geometry().intersects(right.geometry()))
        assert window.panels.sizes()[0] == 0 or left.width() >= left.minimumSizeHint().width()
        qtbot.waitUntil(lambda: right.width() >= right.minimumSizeHint().width())
        assert right.geometry().right() < window.width()
        # Header and transport give way by icons; names and tooltips stay.
        qtbot.waitUntil(lambda: not any(word.startswith("button") for word in cut_words(window)))
        switch = window.header.workspaces
        buttons = [switch.button(key) for key in ("forward", "reverse", "train", "lab", "theory")]
        shown = [(button.accessibleName(), button.toolTip()) for button in buttons]
        assert [name for name, _ in shown] == ["Forward", "Reverse", "Train", "2-D Lab", "Theory"]
        assert all(f"Alt+{number}" in tip for number, (_, tip) in enumerate(shown, 1))
        assert window.header.theme.geometry().right() < window.width()
    person.click(window.header.workspaces.button("lab"))
    assert window.session.state.workspace == "lab"
    window.resize(1900, 1000)
    qtbot.waitUntil(lambda: window.panels.sizes()[0] > 0)
    # A panel that was folded by hand stays folded.
    window.panels.toggle_left()
    window.resize(1800, 1000)
    QCoreApplication.processEvents()
    assert window.panels.sizes()[0] == 0


def test_pictures_are_enlarged_by_whole_factors(window: MainWindow, person: Person) -> None:
    window.session.update(workspace="reverse", exact_size=16, sampler=SamplerSpec(num_sampling_steps=3))
    run_to_the_end(window, person)
    view = window.reverse.stage.x_0
    factor = view.picture_rect().width() / view.picture_size[0]
    assert factor == round(factor) >= 4


def test_reduced_motion_is_remembered(window: MainWindow, person: Person) -> None:
    person.key(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    person.type("Movements on or off")
    person.key(Qt.Key.Key_Return)
    assert window.status.message == "Movements are on"
    assert QSettings().value("reduce_motion", type=bool) is False
