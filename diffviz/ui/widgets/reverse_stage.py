"""The stage of the reverse process: x_t, x̂_0 and ε̂ side by side and who made them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import color, metric
from diffviz.ui.widgets.badge import Badge
from diffviz.ui.widgets.image_view import ImageView
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.picture_fit import fit_picture
from diffviz.ui.widgets.picture_painting import MARGIN_PX, title_height
from diffviz.ui.widgets.psnr_card import PsnrCard
from diffviz.ui.widgets.why_card import WhyCard

Pixels = NDArray[np.uint8]
_MODES = ("triptych", "single")
_SIDE_PX = 24
_GAP_PX = 16
_ROW_GAP_PX = 12
_LOW_ROW_GAP_PX = 8
_LOW_PX = 440
_CARD_FROM_PX = 340
_EMPTY_PX = 230
_TITLE_PX = 170
_CARD_PX = 640


class ReverseStage(QWidget):
    """
    Pictures of one step of a reverse run.

    Signals
    -------
    picture_saved(str), save_failed(str)
        The user saved one of the pictures, or it failed.
    """

    picture_saved = Signal(str)
    save_failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.x_t = ImageView("x_t", "Now")
        self.x_0 = ImageView("x̂_0", "Predicted image")
        self.noise = ImageView("ε̂", "Predicted noise")
        for view in (self.x_0, self.noise):
            view.set_outline("model")
        for view in (self.x_t, self.x_0, self.noise):
            view.picture_saved.connect(self.picture_saved)
            view.save_failed.connect(self.save_failed)
        self.badge = Badge("exact", "")
        self.explanation = MathLabel("", "label", "text2", wraps=True)
        self.why = WhyCard()
        self.why.hide()
        self.comparison = PsnrCard()
        self.comparison.hide()
        self._mode = "triptych"
        self._wanted: frozenset[QWidget] = frozenset()
        pictures = QHBoxLayout()
        pictures.setSpacing(0)
        for index, view in enumerate((self.x_t, self.x_0, self.noise)):
            if index:
                pictures.addStretch(1)
            pictures.addWidget(view)
        maker = QHBoxLayout()
        maker.setSpacing(10)
        maker.addWidget(self.badge)
        maker.addWidget(self.explanation, 1)
        maker.addStretch()
        self._content = QWidget()
        self._column = column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(pictures)
        column.addLayout(maker)
        column.addWidget(self.why)
        column.addWidget(self.comparison)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(_SIDE_PX, 4, _SIDE_PX, 12)
        outer.addStretch(2)
        outer.addWidget(self._content, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_mode(self, mode: str) -> None:
        """Show "triptych", all three pictures, or "single", x̂_0 alone and large."""
        if mode not in _MODES:
            raise KeyError(mode)
        self._mode = mode
        self.x_t.setVisible(mode == "triptych")
        self.noise.setVisible(mode == "triptych")
        self._fit_pictures()

    def set_pictures(self, x_t: Pixels | None, x_0: Pixels | None, noise: Pixels | None) -> None:
        """Show the three pictures of a step, uint8 (H, W, C); several samples come as one grid each."""
        size = self.x_0.picture_size
        self.x_t.set_image(x_t)
        self.x_0.set_image(x_0)
        self.noise.set_image(noise)
        if self.x_0.picture_size != size:
            self._fit_pictures()

    def _fit_pictures(self) -> None:
        """Enlarge the pictures as far as the stage allows and line the rest up with them."""
        views = (self.x_t, self.x_0, self.noise) if self._mode == "triptych" else (self.x_0,)
        # In a low stage the sentence gives its room to the pictures and goes into the badge's tooltip.
        is_low = self.height() < metric(_LOW_PX)
        gap = _LOW_ROW_GAP_PX if is_low else _ROW_GAP_PX
        self.explanation.setVisible(not is_low)
        self._column.setSpacing(gap)
        frame = 2 * MARGIN_PX
        for card in (self.why, self.comparison):
            card.setVisible(card in self._wanted and self.height() >= metric(_CARD_FROM_PX))
        stage_width = self.width() - 2 * _SIDE_PX
        room_width = (stage_width - (len(views) - 1) * _GAP_PX) / len(views) - frame
        others = (self.badge, self.why, self.comparison)
        taken = sum(w.sizeHint().height() + gap for w in others if not w.isHidden())
        room_height = self.height() - taken - title_height() - frame - 2 * gap
        room = (max(room_width, 64.0), max(room_height, 64.0))
        if self.x_0.picture_size == (0, 0):
            side = min(*room, metric(_EMPTY_PX))
            width, height = side, side
        else:
            fit = fit_picture(self.x_0.picture_size, room, self.devicePixelRatioF())
            width, height = fit.width, fit.height
        width = max(width, min(room[0], metric(_TITLE_PX)))
        is_narrow = any(view.title_width() > width + frame for view in (self.x_0, self.noise))
        for view in views:
            view.set_name_short(is_narrow and len(views) > 1)
            view.setFixedSize(round(width + frame), round(height + title_height() + frame))
        together = len(views) * round(width + frame) + (len(views) - 1) * _GAP_PX
        self._content.setFixedWidth(max(together, min(stage_width, metric(_CARD_PX))))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_pictures()

    def set_time(self, t: int) -> None:
        """Say which step the pictures belong to."""
        self.x_t.set_title("x_t", "Now,", f"t = {t}")
        self.x_0.set_title("x̂_0", "Predicted image", short_name="Image")
        self.noise.set_title("ε̂", "Predicted noise", short_name="Noise")

    def set_placeholders(self, x_t: str, prediction: str) -> None:
        """Say what will stand where no picture is yet."""
        self.x_t.set_placeholder(x_t)
        self.x_0.set_placeholder(prediction)
        self.noise.set_placeholder(prediction)

    def set_maker(self, kind: str, badge: str, explanation: str) -> None:
        """Name the denoiser that made the predictions: "exact" or "network", badge text, one sentence."""
        self.badge.set_badge(kind, badge)
        self.explanation.set_markup(explanation)
        self.badge.setToolTip(f"{badge} {self.explanation.plain}")

    def set_reason(self, *, why: bool | None = None, comparison: bool | None = None) -> None:
        """Show or hide the card of weights and the card of PSNR; None leaves one as it is."""
        before = self._wanted
        for card, wish in ((self.why, why), (self.comparison, comparison)):
            if wish is not None:
                self._wanted = self._wanted | {card} if wish else self._wanted - {card}
        if self._wanted != before:
            self._fit_pictures()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), color("stage"))
