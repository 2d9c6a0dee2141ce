"""The export dialog: a preview at the left, the settings at the right, what it will cost at the bottom."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.export.settings import FORMATS
from diffviz.ui.theme import color, duration_ms, metric, paint_icon
from diffviz.ui.widgets.announce import announce
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.export_choices import ExportChoices, ExportOffer
from diffviz.ui.widgets.export_fields import ExportFields
from diffviz.ui.widgets.export_preview import ExportPreview
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.sheet import Sheet
from diffviz.ui.widgets.surfaces import ProgressLine

_SIZE_PX = (1048, 640)
_PREVIEW_PX = 440
_PREVIEW_SHARE = 0.42
_ESTIMATE_AFTER_MS = 250
_SEPARATOR = "\u00a0 · \u00a0"
_WORTH_A_HINT_BYTES = 3_000_000


class ExportDialog(Sheet):
    """
    Lets a person choose what to write, see it, and follow the writing.

    It knows nothing of pictures and files: it asks, and is told.

    Signals
    -------
    frame_wanted(int)
        The frame of that index is to be shown; answered by ``preview.show_frame``.
    thumbnails_wanted()
        The strip under the range of t needs pictures; answered by ``show_thumbnails``.
    estimate_wanted()
        The choices rest; answered by ``show_estimate``.
    choices_edited(ExportChoices)
        The user changed something.
    export_requested(ExportChoices)
        The user pressed the export button.
    cancel_requested()
        The user wants the export under way to end.
    """

    frame_wanted = Signal(int)
    thumbnails_wanted = Signal()
    estimate_wanted = Signal()
    choices_edited = Signal(object)
    export_requested = Signal(object)
    cancel_requested = Signal()

    def __init__(self, offer: ExportOffer, choices: ExportChoices, parent: QWidget | None = None) -> None:
        super().__init__("Export animation", parent, _SIZE_PX)
        self._is_exporting = False
        self.fields = ExportFields(offer, choices)
        self.preview = ExportPreview()
        self.message = _MessageLine()
        self.footer = _Footer()
        self._estimating = QTimer(self)
        self._estimating.setSingleShot(True)
        self._estimating.setInterval(_ESTIMATE_AFTER_MS)
        self._lay_out()
        self._connect()
        self._show_choices(None)

    @property
    def choices(self) -> ExportChoices:
        """What is chosen, settled."""
        return self.fields.choices

    @property
    def is_exporting(self) -> bool:
        """Whether a file is being written."""
        return self._is_exporting

    def _lay_out(self) -> None:
        self._left = _Ground()
        stage = QVBoxLayout(self._left)
        stage.setContentsMargins(metric(24), metric(20), metric(24), metric(16))
        stage.addWidget(self.preview)
        inner = QWidget()
        margins = QVBoxLayout(inner)
        margins.setContentsMargins(metric(24), metric(20), metric(24), metric(16))
        margins.addWidget(self.fields)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setProperty("surface", "panel")
        self._area.setWidget(inner)
        body = QHBoxLayout()
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self._left)
        body.addWidget(self._area, 1)
        self.column.addLayout(body, 1)
        self.column.addWidget(self.message)
        self.column.addWidget(self.footer)

    def _connect(self) -> None:
        self.fields.edited.connect(self._on_edited)
        self.preview.frame_wanted.connect(self.frame_wanted)
        self._estimating.timeout.connect(self.estimate_wanted)
        self.footer.export_button.clicked.connect(self._on_export_clicked)
        self.footer.cancel_button.clicked.connect(self.reject)
        self.footer.stop_button.clicked.connect(self.cancel_requested)

    # What the owner tells

    def show_thumbnails(self, pictures: Sequence[NDArray[np.uint8] | None]) -> None:
        """Show the strip under the range of t."""
        self.fields.range.set_thumbnails(pictures)

    def show_estimate(self, num_bytes: int) -> None:
        """Say how large the file will be, about."""
        chosen = self.choices
        pieces = [f"[text]**About {size_text(num_bytes)}**[/]", *self._facts()]
        if num_bytes >= _WORTH_A_HINT_BYTES:
            width = self.fields.smaller_width
            share = (width / chosen.width) ** 2
            if share < 0.9:
                cost = size_text(round(num_bytes * share))
                pieces.append(f"noise compresses poorly; {width} px would be about {cost}")
        self.footer.cost.set_markup(_SEPARATOR.join(pieces))

    def show_no_estimate(self, sentence: str) -> None:
        """Say why the size is not known."""
        self.footer.cost.set_markup(_SEPARATOR.join([f"[bad]{sentence}[/]", *self._facts()]))

    def show_problem(self, sentence: str) -> None:
        """Say what went wrong; every setting stays as it is."""
        self.message.show_sentence(sentence, is_problem=True)

    def show_note(self, sentence: str) -> None:
        """Say what happened, where nothing went wrong."""
        self.message.show_sentence(sentence, is_problem=False)

    def begin_export(self, name: str) -> None:
        """Show progress in place of the footer; nothing can be changed until the end."""
        self._is_exporting = True
        self.preview.pause()
        self.message.clear()
        self.fields.setEnabled(False)
        self.footer.show_progress(0.0, f"[text]**Writing {name}**[/]")
        self.footer.set_exporting(True)
        self.footer.stop_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_progress(self, index: int, count: int, num_bytes: int, seconds_left: float | None) -> None:
        """Say how far the export is."""
        noun = "Picture" if self.choices.is_strip else "Frame"
        pieces = [f"[text]**{noun} {index} of {count}**[/]"]
        if num_bytes:
            pieces.append(size_text(num_bytes))
        if seconds_left is not None:
            pieces.append(f"{max(1, round(seconds_left))} s left")
        self.footer.show_progress(index / max(1, count), _SEPARATOR.join(pieces))

    def end_export(self) -> None:
        """Show the footer again."""
        self._is_exporting = False
        self.fields.setEnabled(True)
        self.footer.set_exporting(False)
        self._estimating.start()
        self.footer.export_button.setFocus(Qt.FocusReason.OtherFocusReason)

    # What the user does

    @Slot(object, object)
    def _on_edited(self, before: ExportChoices, now: ExportChoices) -> None:
        self.message.clear()
        self._show_choices(before)
        self.choices_edited.emit(now)

    @Slot()
    def _on_export_clicked(self) -> None:
        self.message.clear()
        self.export_requested.emit(self.choices)

    @override
    def reject(self) -> None:
        """Esc, Cancel and the cross: close, or stop the export under way."""
        if self._is_exporting:
            self.cancel_requested.emit()
        else:
            super().reject()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if self._is_exporting:
            event.ignore()
            self.cancel_requested.emit()
        else:
            super().closeEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # With large text the settings need the room more.
        self._left.setFixedWidth(min(metric(_PREVIEW_PX), round(_PREVIEW_SHARE * self.width())))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.footer.export_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.preview.want()
        self.thumbnails_wanted.emit()
        if duration_ms("panel"):
            self.preview.play()

    @override
    def done(self, result: int) -> None:
        self.preview.pause()
        self._estimating.stop()
        super().done(result)

    def _show_choices(self, before: ExportChoices | None) -> None:
        chosen = self.choices
        titles = {"strip": "Export picture strip", "png": "Export frames"}
        self.set_title(titles.get(chosen.format, "Export animation"))
        label = "strip" if chosen.is_strip else FORMATS[chosen.format].label
        self.footer.export_button.set_label(f"Export {label}…")
        self.footer.export_button.setAccessibleName(f"Export {label}")
        self.footer.export_button.setToolTip("Choose a place and write the file")
        count = 1 if chosen.is_strip else chosen.num_frames
        self.preview.set_animation(count, chosen.frame_rate_fps, chosen.hold_last_s, loops=chosen.loop)
        self.footer.cost.set_markup(_SEPARATOR.join(["Estimating the size", *self._facts()]))
        self._estimating.start()
        if before is not None:
            self.preview.want()
            if (before.what, before.picture) != (chosen.what, chosen.picture):
                self.thumbnails_wanted.emit()

    def _facts(self) -> list[str]:
        chosen = self.choices
        size = f"{chosen.width} × {self.fields.height_px}"
        if chosen.is_strip:
            return [f"{chosen.num_pictures} pictures", size]
        if chosen.format == "png":
            return [f"{chosen.num_frames} pictures", size]
        return [f"{chosen.duration_s:.1f} s"]


class _Footer(QStackedWidget):
    """What it will cost and the buttons; while a file is written, how far it is and how to stop it."""

    def __init__(self) -> None:
        super().__init__()
        self.cost = MathLabel("", "body", "text2", wraps=True)
        self.cancel_button = make_button("outline", "Cancel", tooltip="Close without writing", shortcut="Esc")
        self.export_button = make_button("primary", "Export…")
        resting = QWidget()
        row = QHBoxLayout(resting)
        row.setContentsMargins(metric(24), 0, metric(20), 0)
        row.setSpacing(10)
        row.addWidget(self.cost, 1)
        row.addWidget(self.cancel_button)
        row.addWidget(self.export_button)
        self.progress_label = MathLabel("", "body", "text2")
        self.progress = ProgressLine("Progress of the export")
        self.stop_button = make_button(
            "outline", "Cancel", tooltip="Stop and delete what was written so far", shortcut="Esc"
        )
        writing = QWidget()
        outer = QHBoxLayout(writing)
        outer.setContentsMargins(metric(24), 0, metric(20), 0)
        outer.setSpacing(metric(20))
        column = QVBoxLayout()
        column.setSpacing(metric(7))
        column.addStretch(1)
        column.addWidget(self.progress_label)
        column.addWidget(self.progress)
        column.addStretch(1)
        outer.addLayout(column, 1)
        outer.addWidget(self.stop_button)
        self.addWidget(resting)
        self.addWidget(writing)
        self.setFixedHeight(metric(62))

    def set_exporting(self, exporting: bool) -> None:
        """Show progress, or cost and buttons."""
        self.setCurrentIndex(1 if exporting else 0)

    def show_progress(self, share: float, words: str) -> None:
        """Show how far it is, 0 to 1, and in words."""
        self.progress.set_share(share)
        self.progress_label.set_markup(words)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(0, 0, self.width(), 1, color("line"))


class _MessageLine(QWidget):
    """One sentence about what happened, with its icon; takes no room without one."""

    def __init__(self) -> None:
        super().__init__()
        self._is_problem = True
        self.label = MathLabel("", "body", wraps=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(metric(50), metric(9), metric(24), metric(9))
        row.addWidget(self.label)
        self.hide()

    @property
    def sentence(self) -> str:
        """What is said; empty for nothing."""
        return self.label.markup

    def show_sentence(self, sentence: str, *, is_problem: bool) -> None:
        """Say something."""
        self._is_problem = is_problem
        self.label.set_markup(sentence)
        self.setAccessibleName(sentence)
        self.show()
        self.update()
        announce(self, sentence, urgent=is_problem)

    def clear(self) -> None:
        """Say nothing."""
        self.label.set_markup("")
        self.hide()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("badbg" if self._is_problem else "accsoft"))
        side = metric(16)
        spot = QRectF(metric(24), (self.height() - side) / 2, side, side)
        if self._is_problem:
            paint_icon(painter, "triangle-alert", spot, color("bad"))
        else:
            paint_icon(painter, "info", spot, color("accent"))


class _Ground(QWidget):
    """The dark ground of the preview, with a line at its right."""

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("stage"))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), color("line"))


def size_text(num_bytes: int) -> str:
    """Size of a file for people: "9.4 MB", "340 kB"."""
    if num_bytes >= 1e9:
        return f"{num_bytes / 1e9:.1f} GB"
    if num_bytes >= 99.5e3:
        return f"{num_bytes / 1e6:.1f} MB" if num_bytes >= 0.95e6 else f"{num_bytes / 1e3:.0f} kB"
    return f"{max(1, round(num_bytes / 1e3))} kB"
