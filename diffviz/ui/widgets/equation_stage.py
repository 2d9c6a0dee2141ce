"""The forward process as an equation in pictures: x_t = c₀ × x_0 + c₁ × ε, with live numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.compare_view import CompareView
from diffviz.ui.widgets.equation_terms import number_place, paint_term, term_height, term_width
from diffviz.ui.widgets.image_view import ImageView
from diffviz.ui.widgets.picture_fit import fit_picture
from diffviz.ui.widgets.picture_painting import MARGIN_PX, title_height
from diffviz.ui.widgets.pill import Cell, Pill
from diffviz.ui.widgets.stage_geometry import Rect, StageGeometry, StageMeasures, stage_geometry

StageMode = Literal["equation", "single", "compare"]
PixelProbe = Callable[[int, int, int], "tuple[float, float, float] | None"]
"""Values of (x_t, x_0, noise) on the [-1, 1] scale at a column, row and channel; None: there are none."""

_CHANNEL_NAMES = ("red", "green", "blue")
_NARROW_PX = 640
_LOW_PX = 420
_PILL_PX = 34
_PILL_FROM_HEIGHT = 7
_WIDEST_VALUE = "\u22120.000"


@dataclass(frozen=True)
class Coefficients:
    """Weights of the clean picture and of the noise in x_t."""

    signal: float = 1.0
    noise: float = 0.0


class EquationStage(QWidget):
    """
    Stage of the forward workspace, in three modes: the equation, x_t alone, and x_0 against x_t.

    Signals
    -------
    pixel_probed(int, int)
        The user moved to this column and row, by mouse or keyboard.
    picture_saved(str)
        A picture was saved at this path.
    save_failed(str)
        It could not be saved; a sentence says why.
    """

    pixel_probed = Signal(int, int)
    picture_saved = Signal(str)
    save_failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode: StageMode = "equation"
        self._coefficients = Coefficients()
        self._probe: PixelProbe | None = None
        self._pixel: tuple[int, int] | None = None
        self._channel = 0
        self._num_channels = 3
        self._size = (0, 0)
        self._geometry: StageGeometry | None = None
        self.hero = ImageView("x_t", "Noisy image", parent=self)
        self.clean = ImageView(parent=self)
        self.noise = ImageView(parent=self)
        self.clean.set_title("x_0", "Clean image", short_name="Image")
        self.noise.set_title("ε", "Gaussian noise", short_name="Noise")
        self.compare = CompareView("$x_0$  clean", "$x_t$  noisy", parent=self)
        self.pill = Pill(parent=self, clickable=True)
        self.pill.setToolTip("Arithmetic of the marked pixel. Click: next colour channel.")
        self.pill.clicked.connect(self._on_pill_clicked)
        for view in self._views():
            view.pixel_hovered.connect(self._on_pixel_hovered)
            view.picture_saved.connect(self.picture_saved)
            view.save_failed.connect(self.save_failed)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Equation in pictures")
        self._arrange()

    # What is shown

    def set_pictures(
        self,
        x_t: NDArray[np.uint8],
        x_0: NDArray[np.uint8] | None = None,
        noise: NDArray[np.uint8] | None = None,
    ) -> None:
        """
        Show the three pictures, uint8 (H, W, C) of one size; None leaves a picture as it is.

        While t moves only x_t changes, and in frozen mode only it need be handed in. x_t is painted before
        this returns: what else follows t comes after it.
        """
        if self._mode == "compare":
            self.compare.set_pictures(x_0, x_t)
        self.hero.set_image(x_t)
        if x_0 is not None:
            self.clean.set_image(x_0)
        if noise is not None:
            self.noise.set_image(noise)
        size = (x_t.shape[1], x_t.shape[0])
        self._num_channels = x_t.shape[2] if x_t.ndim == 3 else 1
        if size != self._size:
            self._size = size
            self._pixel = (int(size[0] * 0.32), int(size[1] * 0.44))
            self._mark()
            self._arrange()
        else:
            (self.compare if self._mode == "compare" else self.hero).repaint()
        self.refresh_pixel()

    def set_coefficients(self, signal: float, noise: float) -> None:
        """Show the weights of the clean picture and of the noise, each 0 to 1."""
        names = (view.accessibleName() for view in (self.clean, self.noise))
        first, second = (name if name.startswith("Gauss") else name.lower() for name in names)
        words = f"x_t is {signal:.3f} times the {first} plus {noise:.3f} times the {second}"
        self.setAccessibleDescription(words)
        new = Coefficients(signal, noise)
        if new == self._coefficients:
            return
        self._coefficients = new
        if self._geometry is not None:
            for rect in (self._geometry.clean_term, self._geometry.noise_term):
                self.update(_column(rect))
        self.refresh_pixel()

    def set_step(self, t: int) -> None:
        """Name the step in the title of x_t."""
        self.hero.set_title("x_t", "Noisy image", f"at step {t}")
        self.compare.set_labels("$x_0$  clean", f"$x_t$  at step {t}")

    def set_pixel_probe(self, probe: PixelProbe | None) -> None:
        """Take a function that answers what one pixel is made of, for the line below the pictures."""
        self._probe = probe
        self.refresh_pixel()

    def set_mode(self, mode: StageMode) -> None:
        """Show the equation, x_t alone, or x_0 against x_t."""
        if mode == self._mode:
            return
        self._mode = mode
        if mode == "compare":
            left, right = self.clean.picture, self.hero.picture
            self.compare.show_pictures(left, right)
        self._arrange()

    @property
    def mode(self) -> StageMode:
        """What the stage shows."""
        return self._mode

    @property
    def pixel(self) -> tuple[int, int] | None:
        """Column and row of the marked pixel."""
        return self._pixel

    @property
    def geometry_now(self) -> StageGeometry | None:
        """Layout of the equation, None in the other modes."""
        return self._geometry if self._mode == "equation" else None

    def term_place(self, role: Literal["signal", "noise"]) -> QRect:
        """Place of a coefficient with its bar; empty in the other modes."""
        if self.geometry_now is None:
            return QRect()
        return number_place(
            self.geometry_now.clean_term if role == "signal" else self.geometry_now.noise_term,
            is_narrow=self._is_narrow(),
        )

    def refresh_pixel(self) -> None:
        """Ask the probe again; needed only when values change while pictures and weights do not."""
        values = None
        if self._probe is not None and self._pixel is not None:
            channel = min(self._channel, self._num_channels - 1)
            values = self._probe(*self._pixel, channel)
        self.pill.setVisible(values is not None and self._mode == "equation" and self._has_room_for_pill())
        if values is not None:
            self.pill.set_cells(self._pixel_cells(values))
            self._place_pill()

    # Events

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(820), metric(500))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(420, 320)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.fillRect(event.rect(), tokens.color("stage"))
        if self._mode != "equation" or self._geometry is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place, weights, is_narrow = self._geometry, self._coefficients, self._is_narrow()
        # Above each other, the terms share one sign of equality at the middle of x_t.
        equals_at = place.hero.middle if place.arrangement == "stacked" else None
        clean, noise = _column(place.clean_term), _column(place.noise_term)
        # A new x_t repaints the ground under it; the terms beside it then need no drawing.
        if event.region().intersects(clean.united(noise) if place.arrangement == "stacked" else clean):
            paint_term(
                painter, place.clean_term, "=", weights.signal, "signal", equals_at, is_narrow=is_narrow
            )
        if event.region().intersects(noise):
            paint_term(painter, place.noise_term, "+", weights.noise, "noise", is_narrow=is_narrow)

    # Geometry

    def _views(self) -> tuple[ImageView, ImageView, ImageView]:
        return self.hero, self.clean, self.noise

    def _is_narrow(self) -> bool:
        return self.width() < metric(_NARROW_PX)

    def _has_room_for_pill(self) -> bool:
        return self.height() >= _PILL_FROM_HEIGHT * metric(_PILL_PX)

    def _measures(self) -> StageMeasures:
        is_narrow = self._is_narrow()
        return StageMeasures(
            title=title_height(),
            pill=metric(_PILL_PX) if self._has_room_for_pill() else 0.0,
            term=term_width(is_narrow=is_narrow),
            gap=metric(8 if self.height() < metric(_LOW_PX) else 12),
            margin=metric(8 if is_narrow else 16),
            term_height=term_height(is_narrow=is_narrow),
            small_title=max(self.clean.title_width(), self.noise.title_width()),
        )

    @Slot()
    def _arrange(self) -> None:
        """Give every child its place in the mode and size at hand."""
        is_equation = self._mode == "equation"
        self.hero.setVisible(self._mode != "compare")
        self.compare.setVisible(self._mode == "compare")
        for view in (self.clean, self.noise):
            view.setVisible(is_equation)
        whole = self.rect().adjusted(metric(16), metric(8), -metric(16), -metric(16))
        self.compare.setGeometry(whole)
        self._geometry = None
        if is_equation and min(self._size) > 0:
            stage = (float(self.width()), float(self.height()))
            self._geometry = stage_geometry(self._size, stage, self._measures(), self.devicePixelRatioF())
            hero, clean, noise = self._geometry.pictures()
            is_below = self._geometry.arrangement == "below"
            # A title may be longer than its picture, up to the next title in its row.
            _place(self.hero, hero, self.width() if is_below else clean.left)
            _place(self.clean, clean, self.width() if clean.left == noise.left else noise.left)
            _place(self.noise, noise, self.width())
        elif self._mode == "single" and min(self._size) > 0:
            room = (whole.width() - 2.0 * MARGIN_PX, whole.height() - 2.0 * MARGIN_PX - title_height())
            fit = fit_picture(self._size, room, self.devicePixelRatioF())
            left = (self.width() - fit.width) / 2
            top = whole.top() + title_height() + (room[1] - fit.height) / 2
            _place(self.hero, Rect(left, top, fit.width, fit.height), self.width())
        else:
            self.hero.setGeometry(whole)
        self.pill.set_role("tick" if self._is_narrow() else "body")
        self.refresh_pixel()
        self.update()

    def _place_pill(self) -> None:
        if self._geometry is None:
            return
        size = self.pill.sizeHint()
        left = min(max(0.0, (self.width() - size.width()) / 2), max(0, self.width() - size.width()))
        self.pill.setGeometry(round(left), round(self._geometry.pill_top), size.width(), size.height())

    # The pixel under the pointer

    def _mark(self) -> None:
        for view in self._views():
            view.set_marker(self._pixel)

    def _pixel_cells(self, values: tuple[float, float, float]) -> list[Cell]:
        assert self._pixel is not None
        column, row = self._pixel
        name = _CHANNEL_NAMES[min(self._channel, 2)] if self._num_channels >= 3 else ""
        x_t, x_0, noise = (f"{value:.3f}".replace("-", "\u2212") for value in values)
        weights = self._coefficients
        return [
            Cell(f"Pixel ({column}, {row}) {name}".strip() + "   ", "text2"),
            Cell(x_t, "text", _WIDEST_VALUE, is_strong=True),
            Cell("  =  ", "text2"),
            Cell(f"{weights.signal:.3f}", "signal", "0.000", is_strong=True),
            Cell(" × ", "text2"),
            Cell(x_0, "text", _WIDEST_VALUE, is_strong=True),
            Cell("  +  ", "text2"),
            Cell(f"{weights.noise:.3f}", "noise", "0.000", is_strong=True),
            Cell(" × ", "text2"),
            Cell(noise, "text", _WIDEST_VALUE, is_strong=True),
        ]

    @Slot(int, int)
    def _on_pixel_hovered(self, column: int, row: int) -> None:
        if (column, row) != self._pixel:
            self._pixel = (column, row)
            self._mark()
            self.refresh_pixel()
            self.pixel_probed.emit(column, row)

    @Slot()
    def _on_pill_clicked(self) -> None:
        self._channel = (self._channel + 1) % max(1, min(3, self._num_channels))
        self.refresh_pixel()


def _place(view: ImageView, rect: Rect, right_end: float) -> None:
    """Put a view so that its picture lies exactly in ``rect``; a longer title reaches further right."""
    left, top = round(rect.left) - MARGIN_PX, round(rect.top) - MARGIN_PX - title_height()
    width = max(round(rect.width) + 2 * MARGIN_PX, min(view.title_width(), int(right_end) - left))
    height = round(rect.height) + 2 * MARGIN_PX + title_height()
    view.set_fit_size(rect.width, rect.height)
    view.setGeometry(QRect(left, top, width, height))


def _column(term: Rect) -> QRect:
    """Part of a term's column that no picture reaches into."""
    inset = MARGIN_PX + 1.0
    return QRectF(term.left + inset, term.top, term.width - 2 * inset, term.height).toAlignedRect()
