"""Texts that change while a person scrubs: read at once, and without moving their panel."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.widgets.live_line import LiveLine
from diffviz.ui.widgets.math_label import MathLabel


class LayoutCount(QObject):
    """How often a widget was told to lay out its children."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.requests = 0
        watched.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.requests += event.type() == QEvent.Type.LayoutRequest
        return False


def holder(*widgets: QWidget) -> QWidget:
    panel = QWidget()
    column = QVBoxLayout(panel)
    for widget in widgets:
        column.addWidget(widget)
    return panel


def test_another_text_is_read_and_drawn_at_once_without_laying_out_its_panel(shown: Callable[..., QWidget]):
    line = LiveLine("At step 9")
    panel = shown(holder(line), 200, 60)
    before = line.grab().toImage()
    layouts = LayoutCount(panel)
    line.set_markup("At step 270")
    QCoreApplication.processEvents()
    assert (line.plain, line.accessibleName()) == ("At step 270", "At step 270")
    assert line.grab().toImage() != before
    assert layouts.requests == 0


def test_a_line_is_as_high_as_its_text_and_asks_for_its_width():
    line = LiveLine("At step 270")
    assert line.sizeHint().width() > LiveLine("At").sizeHint().width()
    assert line.minimumSizeHint().height() == line.sizeHint().height() > 8


def test_a_label_out_of_sight_is_read_at_once_and_drawn_when_it_comes_into_sight(
    shown: Callable[..., QWidget],
):
    space, label = QWidget(), MathLabel("short")
    space.setFixedHeight(500)
    panel = holder(space, label)
    area = QScrollArea()
    area.setWidget(panel)
    shown(area, 200, 100)
    layouts = LayoutCount(panel)
    label.set_markup("a longer text")
    QCoreApplication.processEvents()
    assert label.accessibleName() == "a longer text"
    assert layouts.requests == 0
    area.ensureWidgetVisible(label)
    QCoreApplication.processEvents()
    assert "a longer text" in label.text()
