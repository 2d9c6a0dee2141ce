"""Charts leave the program: copied, printed in colours for paper, and as numbers."""

import base64
import csv
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QGuiApplication, QHelpEvent, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QMenu, QToolTip

from diffviz.core.schedules import build_schedule
from diffviz.engine.session import Workspace
from diffviz.ui.main_window import MainWindow
from diffviz.ui.theme import LIGHT, current_tokens
from diffviz.ui.widgets.chart import Chart, charts_in
from diffviz.ui.widgets.chart_files import as_picture
from diffviz.ui.widgets.phase_view import PhaseView
from diffviz.ui.widgets.plane_view import PlaneView
from tests.ui.person import Person, pixels


def right_click(chart: Chart) -> QMenu:
    widget = chart.parent()
    target = widget.viewport() if hasattr(widget, "viewport") else widget
    spot = target.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, target.mapToGlobal(spot))
    QApplication.sendEvent(target, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def near(picture: QImage, wanted: str, within: int = 12) -> float:
    """Share of the pixels that have nearly a colour."""
    color = QColor(wanted)
    target = np.array([color.red(), color.green(), color.blue()])
    distance = np.abs(pixels(picture)[..., :3].astype(int) - target).max(axis=2)
    return float((distance <= within).mean())


def test_a_right_click_saves_the_schedule_as_numbers_a_picture_a_drawing_and_a_page(
    window: MainWindow, person: Person, tmp_path: Path
) -> None:
    curve = window.schedule_panel.curve
    assert current_tokens().is_dark
    before = pixels(person.sees(curve)).copy()
    menu = right_click(curve.chart)
    assert [action.text() for action in menu.actions()] == ["Copy chart", "Copy its numbers", "Save chart…"]
    assert all(action.isEnabled() for action in menu.actions())
    menu.close()
    for ending in ("csv", "png", "svg", "pdf"):
        curve.chart.save(tmp_path / f"schedule.{ending}")
        assert window.status.message == f"Saved schedule.{ending}"

    with (tmp_path / "schedule.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    state = window.session.state
    np.testing.assert_array_equal(
        [float(row["alpha_cumprod"]) for row in rows], build_schedule(state.schedule).alphas_cumprod
    )
    assert [int(row["t"]) for row in rows] == list(range(1001))
    assert state.ghost is not None
    ghost = [float(row["alpha_cumprod of the ghost"]) for row in rows]
    np.testing.assert_array_equal(ghost, build_schedule(state.ghost).alphas_cumprod)

    picture = QImage(str(tmp_path / "schedule.png"))
    assert picture.size() == curve.size() * 3
    assert picture.dotsPerMeterX() == pytest.approx(288 / 0.0254, rel=1e-3)
    assert near(picture, "#FFFFFF") > 0.6, "paper is white"
    assert near(picture, LIGHT.signal) > 0.001, "the curve is in the ink of the light colours"

    # The drawing, read by another painter, is the picture: lines and letters have the same size.
    drawn = QImage(picture.size(), QImage.Format.Format_RGB32)
    drawn.fill(Qt.GlobalColor.white)
    with QPainter(drawn) as painter:
        QSvgRenderer(str(tmp_path / "schedule.svg")).render(painter)
    difference = np.abs(pixels(drawn).astype(int) - pixels(picture)).max(axis=2)
    assert (difference > 60).mean() < 0.01

    drawing = ET.parse(tmp_path / "schedule.svg").getroot()
    kinds = {element.tag.rpartition("}")[2] for element in drawing.iter()}
    assert {"path", "text"} & kinds
    assert "image" not in kinds, "a drawing is no picture of pixels"
    assert b"non-scaling-stroke" not in (tmp_path / "schedule.svg").read_bytes(), "few readers know it"
    assert drawing.find("{http://www.w3.org/2000/svg}title").text == "Noise schedule"

    page = (tmp_path / "schedule.pdf").read_bytes()
    assert page.startswith(b"%PDF-")
    assert page.count(b"/Type /Page\n") == 1
    box = re.search(rb"/MediaBox \[([\d. ]+)\]", page)
    assert box is not None
    *_, width, height = (float(number) for number in box.group(1).split())
    assert width == pytest.approx(curve.width() * 0.75, abs=1)
    assert height == pytest.approx(curve.height() * 0.75, abs=1)
    assert b"/FontFile" in page, "words are words, in fonts that travel along"
    assert b"/Subtype /Image" not in page

    # The screen is as it was.
    np.testing.assert_array_equal(pixels(person.sees(curve)), before)
    assert current_tokens().is_dark


def test_numbers_and_picture_reach_the_clipboard_by_keyboard(window: MainWindow, person: Person) -> None:
    clipboard = QGuiApplication.clipboard()
    person.hold_no_control()
    person.key("k", Qt.KeyboardModifier.ControlModifier)
    person.type("copy numbers schedule")
    person.key(Qt.Key.Key_Return)
    first, second, *_ = clipboard.text().splitlines()
    assert first.split("\t")[:2] == ["t", "alpha_cumprod"]
    assert second.split("\t")[:2] == ["0", "1.0"]
    assert window.status.message == "Copied the numbers of “Noise schedule”"
    person.key("k", Qt.KeyboardModifier.ControlModifier)
    person.type("copy chart pixel values")
    person.key(Qt.Key.Key_Return)
    assert clipboard.mimeData().hasImage()
    assert clipboard.mimeData().hasFormat("image/svg+xml")
    histogram = window.forward.panel.histogram
    assert clipboard.image().size() == histogram.size() * 3


def test_what_cannot_be_written_is_one_sentence(window: MainWindow, tmp_path: Path) -> None:
    chart = window.schedule_panel.curve.chart
    chart.save(tmp_path / "a.docx")
    level, headline, reason = window.message_bar.messages[0]
    assert (level, headline) == ("error", "The chart could not be saved")
    assert "a chart is saved as .png, .svg, .pdf or .csv, not “.docx”" in reason
    chart.save(tmp_path / "nowhere" / "a.png")
    assert any("there is no folder" in reason for _, _, reason in window.message_bar.messages)
    assert not list(tmp_path.iterdir())


def test_every_chart_of_the_window_has_a_name_and_prints(window: MainWindow, tmp_path: Path) -> None:
    for workspace in Workspace:
        window.show_workspace(workspace)
    charts = charts_in(window)
    assert len({chart.name for chart in charts}) == len(charts) >= 5
    assert current_tokens().is_dark
    for chart in charts:
        path = tmp_path / f"{chart.name}.svg"
        chart.save(path)
        assert ET.parse(path).getroot().tag.endswith("svg")
        widget = chart.parent()
        picture = as_picture(widget)
        # The density shines out of the dark on paper, too; around it paper is white.
        if isinstance(widget, PhaseView):
            picture = picture.copy(0, 0, 30, picture.height())
        elif isinstance(widget, PlaneView) and widget.area.left > widget.area.top:
            picture = picture.copy(0, 0, 3 * widget.area.left, picture.height())
        elif isinstance(widget, PlaneView):
            assert widget.area.top > 0
            picture = picture.copy(0, 0, picture.width(), 3 * widget.area.top)
        assert near(picture, "#FFFFFF") > 0.5, f"{chart.name}: paper is white"
    # A chart without numbers offers nothing.
    menu = window.train.centre.loss_plot.chart.menu()
    assert not any(action.isEnabled() for action in menu.actions())


def test_a_density_on_a_drawing_is_as_smooth_as_on_the_screen(window: MainWindow, tmp_path: Path) -> None:
    window.session.update(workspace=Workspace.LAB, t=700)
    plane = window.lab.plane
    plane.chart.save(tmp_path / "plane.svg")
    found = re.search(r'base64,([^"]+)"', (tmp_path / "plane.svg").read_text())
    assert found is not None
    density = pixels(QImage.fromData(base64.b64decode(found[1]))).astype(int)
    assert len(density) >= plane.area.side
    assert np.ptp(density) > 150
    assert np.abs(np.diff(density, axis=1)).max() < 10, "there are no tiles"


def test_a_tooltip_says_what_a_right_click_does(window: MainWindow) -> None:
    histogram = window.forward.panel.histogram
    spot = QPointF(20, 20).toPoint()
    event = QHelpEvent(QHelpEvent.Type.ToolTip, spot, histogram.mapToGlobal(spot))
    QApplication.sendEvent(histogram, event)
    assert "Right-click: copy this chart, or save it as PNG, SVG, PDF or CSV" in QToolTip.text()
    QToolTip.hideText()
