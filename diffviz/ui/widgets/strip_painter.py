"""The still part of the filmstrip: cells, the lane of signal and noise, times and end labels."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPainterPath, QPen, QPolygonF

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, TextRole, current_tokens, metric, paint_icon
from diffviz.ui.widgets.branch_lane import Branch, BranchLane, paint_heading
from diffviz.ui.widgets.strip_layout import CELL_GAP_PX, MARGIN_PX, StripLayout, strip_left
from diffviz.ui.widgets.strip_pictures import StripPictures
from diffviz.ui.widgets.time_axis import TimeAxis

_EDGE_STEP_PX = 4.0
_RADIUS_PX = 6.0
_FAINT = 0.30
_SIGNAL_OPACITY, _NOISE_OPACITY = 0.55, 0.30


@dataclass
class Strip:
    """One row of thumbnails: its name, its pictures, and which times were sampled (None: every time)."""

    title: str
    subtitle: str = ""
    role: Role = "text"
    pictures: StripPictures = field(default_factory=StripPictures)
    sampled: tuple[int, int] | None = None
    unsampled_label: str = ""

    def is_sampled(self, t: int) -> bool:
        """Whether the run has reached this time."""
        return self.sampled is None or self.sampled[0] <= t <= self.sampled[1]


@dataclass(frozen=True)
class StripPainter:
    """
    Draws the still part of the filmstrip; positions are logical px.

    Parameters
    ----------
    layout, axis
        Where things lie.
    strips
        Rows from top to bottom.
    alphas_cumprod
        ᾱ of t = 0 … T for the lane.
    width
        Width of the filmstrip.
    branches
        Runs that share a beginning; with them their tree is drawn in place of the lane.
    clean_word
        What lies at t = 0.
    """

    layout: StripLayout
    axis: TimeAxis
    strips: Sequence[Strip]
    alphas_cumprod: NDArray[np.float64]
    width: int
    branches: Sequence[Branch] = ()
    clean_word: str = "image"

    def cell_rect(self, strip: int, cell: int) -> QRectF:
        """Place of a cell, on whole px."""
        left = round(self.axis.left + cell * self.axis.pitch)
        right = round(self.axis.left + (cell + 1) * self.axis.pitch)
        if cell < self.axis.num_cells - 1:
            right -= CELL_GAP_PX
        return QRectF(left, self.layout.strip_top(strip), right - left, self.layout.strip_height)

    def paint(self, painter: QPainter) -> None:
        """Draw everything."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row in range(len(self.strips)):
            self.paint_strip(painter, row)
        if not self.layout.has_branches:
            self._paint_lane(painter)
        if len(self.strips) > 1:
            self.paint_paths(painter)
        self._paint_ticks(painter)

    def paint_paths(self, painter: QPainter) -> None:
        """Draw what lies between two strips and moves with a run: its path, or the tree of runs."""
        band = self.layout.paths_band(self.width)
        painter.save()
        painter.setClipRect(band)
        painter.fillRect(band, current_tokens().color("panel"))
        if self.layout.has_branches:
            self.branch_lane().paint(painter)
            paint_heading(painter, self.layout.path_rect(self.width))
        else:
            self._paint_path(painter)
        painter.restore()

    def branch_lane(self) -> BranchLane:
        """The tree of runs."""
        return BranchLane(self.branches, self.layout.path_rect(self.width), self.axis.x)

    def paint_strip(self, painter: QPainter, row: int) -> None:
        """Draw one strip with its rounded ends and its label."""
        tokens = current_tokens()
        self._paint_label(painter, row)
        strip_rect = self.layout.strip_rect(row, self.width)
        painter.fillRect(strip_rect, tokens.color("panel"))
        outline = QPainterPath()
        outline.addRoundedRect(strip_rect, _RADIUS_PX, _RADIUS_PX)
        painter.save()
        painter.setClipPath(outline)
        strip = self.strips[row]
        for cell, t in enumerate(self.axis.cell_times):
            self._paint_cell(painter, strip, t, self.cell_rect(row, cell))
        painter.restore()
        for first, last in self._unsampled_runs(strip):
            self._paint_unsampled(
                painter, strip, self.cell_rect(row, first).united(self.cell_rect(row, last))
            )

    def _paint_label(self, painter: QPainter, row: int) -> None:
        tokens, strip = current_tokens(), self.strips[row]
        rect = self.layout.strip_rect(row, self.width)
        column = QRectF(0, rect.top(), strip_left(), rect.height())
        painter.fillRect(column, tokens.color("panel"))
        title = RichLine(strip.title, "heading")
        cells, steps = self.axis.num_cells, self.axis.num_timesteps
        shown = f"{cells} of {steps} steps" if cells <= steps else "every step"
        subtitle = RichLine(strip.subtitle.format(shown=shown), "label", tabular=True)
        painter.save()
        painter.setClipRect(column)
        top = column.center().y() - (title.height() + 1 + subtitle.height()) / 2
        title.paint(painter, MARGIN_PX, round(top + title.ascent()), tokens.color(strip.role), tokens)
        top += title.height() + 1
        subtitle.paint(painter, MARGIN_PX, round(top + subtitle.ascent()), tokens.color("text2"), tokens)
        painter.restore()

    def _paint_cell(self, painter: QPainter, strip: Strip, t: int, rect: QRectF) -> None:
        painter.fillRect(rect, current_tokens().color("stage"))
        ratio = painter.device().devicePixelRatioF()
        image = strip.pictures.image(t, round(rect.width() * ratio), round(rect.height() * ratio))
        if image is None:
            return
        width, height = image.width() / ratio, image.height() / ratio
        # On whole device px, or the thumbnail's own pixels would be resampled.
        left = round((rect.left() + (rect.width() - width) / 2) * ratio) / ratio
        top = round((rect.top() + (rect.height() - height) / 2) * ratio) / ratio
        painter.setOpacity(1.0 if strip.is_sampled(t) else _FAINT)
        painter.drawImage(QRectF(left, top, width, height), image)
        painter.setOpacity(1.0)

    def _unsampled_runs(self, strip: Strip) -> list[tuple[int, int]]:
        runs: list[tuple[int, int]] = []
        for cell, t in enumerate(self.axis.cell_times):
            if strip.is_sampled(t):
                continue
            if runs and runs[-1][1] == cell - 1:
                runs[-1] = (runs[-1][0], cell)
            else:
                runs.append((cell, cell))
        return runs

    def _paint_unsampled(self, painter: QPainter, strip: Strip, rect: QRectF) -> None:
        tokens = current_tokens()
        pen = QPen(tokens.color("edge"), 1.0)
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS_PX, _RADIUS_PX)
        line = RichLine(strip.unsampled_label, "label", QFont.Weight.Medium)
        room = line.width() + metric(20)
        if not strip.unsampled_label or room > rect.width() - 8:
            return
        height = metric(22)
        pill = QRectF(rect.center().x() - room / 2, rect.center().y() - height / 2, room, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.color("panel", 0.9))
        painter.drawRoundedRect(pill, height / 2, height / 2)
        _centred(painter, line, pill, "text")

    def _paint_lane(self, painter: QPainter) -> None:
        tokens = current_tokens()
        lane = self.layout.lane_rect(self.width)
        outline = QPainterPath()
        outline.addRoundedRect(lane, 4, 4)
        painter.save()
        painter.setClipPath(outline)
        # The signal lies over the panel, not over the noise, so that amber stays amber.
        painter.fillRect(lane, tokens.color("noise", _NOISE_OPACITY))
        edge = self._signal_edge(lane)
        area = QPolygonF([*edge, QPointF(lane.right(), lane.bottom()), QPointF(lane.left(), lane.bottom())])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.color("panel"))
        painter.drawPolygon(area)
        painter.setBrush(tokens.color("signal", _SIGNAL_OPACITY))
        painter.drawPolygon(area)
        painter.setPen(QPen(tokens.color("signal"), 1.5))
        painter.drawPolyline(QPolygonF(edge))
        painter.restore()
        role: TextRole = "label" if self.layout.num_strips == 1 else "tick"
        words = RichLine("Signal and noise", "label")
        baseline = lane.center().y() - words.height() / 2 + words.ascent()
        words.paint(painter, MARGIN_PX, round(baseline), tokens.color("text3"), tokens)
        signal = RichLine("signal", role, QFont.Weight.DemiBold)
        noise = RichLine("noise", role, QFont.Weight.DemiBold)
        inset = metric(10)
        baseline = lane.center().y() - signal.height() / 2 + signal.ascent()
        signal.paint(painter, lane.left() + inset, baseline, tokens.color("text"), tokens)
        noise.paint(painter, lane.right() - inset - noise.width(), baseline, tokens.color("text"), tokens)

    def _signal_edge(self, lane: QRectF) -> list[QPointF]:
        """ᾱ across the lane, level beyond the centres of the outer cells."""
        xs = self.axis.xs()
        # One point every few px: the lane is drawn anew at every step of a run, and is smooth.
        columns = np.append(np.arange(lane.left(), lane.right(), _EDGE_STEP_PX), lane.right() + 1.0)
        signal = np.interp(columns, xs, self.alphas_cumprod)
        ys = lane.top() + 1 + (1 - signal) * (lane.height() - 2)
        return [QPointF(float(x), float(y)) for x, y in zip(columns, ys)]

    def _paint_path(self, painter: QPainter) -> None:
        """The path of the run from its noise down to where it is now."""
        strip = self.strips[-1]
        if strip.sampled is None or strip.sampled[0] > strip.sampled[1]:
            return
        tokens = current_tokens()
        rect = self.layout.strip_rect(1, self.width)
        y = self.layout.path_top + self.layout.path_height / 2 + 1.5
        start = self._clamped_x(strip.sampled[1], rect)
        now = self._clamped_x(strip.sampled[0], rect)
        painter.setPen(QPen(tokens.color("edge"), 1.0, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(rect.left() + 4, y), QPointF(rect.right() - 4, y))
        words = RichLine("← sampling runs from noise to image", "tick")
        left = now - metric(14) - words.width()
        if left > rect.left() + 8:
            ground = QRectF(left - 6, y - words.height() / 2, words.width() + 12, words.height())
            painter.fillRect(ground, tokens.color("panel"))
            _centred(painter, words, ground, "text3")
        pen = QPen(tokens.color("model"), 2.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawLine(QPointF(now, y), QPointF(start, y))
        painter.setBrush(tokens.color("panel"))
        painter.setPen(QPen(tokens.color("model"), 2.0))
        painter.drawEllipse(QPointF(start, y), 4.0, 4.0)
        painter.setBrush(tokens.color("model"))
        head = QPolygonF([QPointF(now - 5, y), QPointF(now + 3, y - 4.5), QPointF(now + 3, y + 4.5)])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(head)

    def _clamped_x(self, t: int, rect: QRectF) -> float:
        return min(max(self.axis.x(t), rect.left() + 5), rect.right() - 5)

    def _paint_ticks(self, painter: QPainter) -> None:
        tokens = current_tokens()
        times = self.axis.cell_times
        rect = self.layout.strip_rect(0, self.width)
        row = QRectF(rect.left(), self.layout.ticks_top, rect.width(), self.layout.ticks_height)
        left_end = self._paint_end(painter, row, at_noise=False)
        right_start = self._paint_end(painter, row, at_noise=True)
        for cell in range(1, len(times) - 1):
            line = RichLine(str(times[cell]), "label", tabular=True)
            middle = self.axis.left + (cell + 0.5) * self.axis.pitch
            left = middle - line.width() / 2
            if left < left_end + 8 or left + line.width() > right_start - 8:
                continue
            baseline = row.center().y() - line.height() / 2 + line.ascent()
            line.paint(painter, left, baseline, tokens.color("text3"), tokens)

    def _paint_end(self, painter: QPainter, row: QRectF, *, at_noise: bool) -> float:
        """Name one end of the strip and return the inner edge of its label."""
        tokens = current_tokens()
        role: Role = "noise" if at_noise else "signal"
        t = self.axis.cell_times[-1 if at_noise else 0]
        word = "noise" if at_noise else self.clean_word
        if at_noise:
            is_end = t == self.axis.num_timesteps
            text = f"t = T · {word}" if is_end else f"{t} · {word} →"
        else:
            is_end = t == 0
            text = f"t = 0 · {word}" if is_end else f"← {word} · {t}"
        line = RichLine(text, "label", QFont.Weight.DemiBold)
        baseline = row.center().y() - line.height() / 2 + line.ascent()
        side, gap = (metric(13), metric(4)) if is_end else (0, 0)
        if at_noise:
            left = row.right() - side - gap - line.width()
            icon_left = row.right() - side
        else:
            left = row.left() + side + gap
            icon_left = row.left()
        line.paint(painter, left, baseline, tokens.color(role), tokens)
        if is_end:
            icon_rect = QRectF(icon_left, row.center().y() - side / 2, side, side)
            paint_icon(painter, "noise" if at_noise else "image", icon_rect, tokens.color(role))
        return left if at_noise else left + line.width()


def _centred(painter: QPainter, line: RichLine, rect: QRectF, role: Role) -> None:
    tokens = current_tokens()
    baseline = rect.center().y() - line.height() / 2 + line.ascent()
    line.paint(painter, rect.center().x() - line.width() / 2, baseline, tokens.color(role), tokens)
