"""A side of a picture in pixels, which goes in steps of its own."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from diffviz.ui.widgets.export_choices import LARGEST_SIDE
from diffviz.ui.widgets.fields import IntegerField


class SizeField(IntegerField):
    """
    A side of a frame in pixels; its arrows go to the next size at which pixels stay squares.

    Signals
    -------
    step_wanted(int)
        The user wants the next larger (+1) or smaller (−1) size.
    """

    step_wanted = Signal(int)

    def __init__(self, accessible_name: str, parent: QWidget | None = None) -> None:
        super().__init__(1, LARGEST_SIDE, unit="px", accessible_name=accessible_name, parent=parent)

    @override
    def stepBy(self, steps: int) -> None:
        for _ in range(abs(steps)):
            self.step_wanted.emit(1 if steps > 0 else -1)
