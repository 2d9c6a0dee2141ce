"""Where the parts of the equation x_t = c₀ x_0 + c₁ ε lie on a stage of any size."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from diffviz.ui.widgets.picture_fit import PictureFit, fit_picture, fit_picture_closely

Arrangement = Literal["stacked", "below", "row"]

SMALL_SHARE = 0.45
_ROW_SMALL_SHARE = 0.3
_ROW_FROM_WIDTH_PX = 1160.0
_MAX_HERO_STEPS = 64


@dataclass(frozen=True)
class Rect:
    """A rectangle in logical px."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right end."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Lower end."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """Height of the middle."""
        return self.top + self.height / 2


@dataclass(frozen=True)
class StageMeasures:
    """Sizes in logical px that the text decides."""

    title: float
    pill: float
    term: float
    gap: float = 12.0
    margin: float = 16.0
    small_title: float = 0.0
    term_height: float = 0.0


@dataclass(frozen=True)
class StageGeometry:
    """Places of pictures (without their titles), of the two terms, and of the signs."""

    arrangement: Arrangement
    hero: Rect
    clean: Rect
    noise: Rect
    clean_term: Rect
    noise_term: Rect
    pill_top: float

    def pictures(self) -> tuple[Rect, Rect, Rect]:
        """Places of x_t, x_0 and the noise."""
        return self.hero, self.clean, self.noise


def stage_geometry(
    picture: tuple[int, int], stage: tuple[float, float], measures: StageMeasures, pixel_ratio: float = 1.0
) -> StageGeometry:
    """
    Lay out the equation: the arrangement whose hero is largest wins, an equation in one row on wide stages.

    Parameters
    ----------
    picture
        Width and height of the pictures in their own pixels.
    stage
        Width and height of the stage in logical px.
    measures
        Sizes that depend on the text.
    pixel_ratio
        Device px per logical px.
    """
    stacked = _stacked(picture, stage, measures, pixel_ratio)
    if stage[0] >= _ROW_FROM_WIDTH_PX:
        row = _row(picture, stage, measures, pixel_ratio)
        if row.hero.width >= stacked.hero.width:
            return row
    if picture[0] <= 1.4 * picture[1]:
        return stacked
    below = _below(picture, stage, measures, pixel_ratio)
    return below if below.hero.width > 1.15 * stacked.hero.width else stacked


def _content_height(stage: tuple[float, float], m: StageMeasures) -> float:
    return stage[1] - 2 * m.margin - m.pill - m.gap


def _hero_sizes(picture: tuple[int, int], room: tuple[float, float], ratio: float) -> Iterator[PictureFit]:
    """Sizes for the hero from the largest down: whole factors first, then smooth reductions."""
    best = fit_picture(picture, room, ratio)
    for step in range(_MAX_HERO_STEPS):
        factor = best.width * ratio / picture[0] - step
        if factor < 1.0:
            break
        yield PictureFit(int(picture[0] * factor) / ratio, int(picture[1] * factor) / ratio, True)
    for step in range(_MAX_HERO_STEPS):
        share = 0.96**step
        room_now = (min(room[0], picture[0] / ratio) * share, min(room[1], picture[1] / ratio) * share)
        yield fit_picture(picture, room_now, ratio)


def _stacked(
    picture: tuple[int, int], stage: tuple[float, float], m: StageMeasures, ratio: float
) -> StageGeometry:
    """Hero at the left, the two terms above each other at its right."""
    room = (stage[0] - 2 * m.margin - m.term, _content_height(stage, m) - m.title)
    hero, small, column = PictureFit(1, 1, False), PictureFit(1, 1, False), 0.0
    for hero in _hero_sizes(picture, room, ratio):
        side = (hero.height - m.title - m.gap) / 2
        small = fit_picture_closely(picture, (1e6, max(16.0, side)), ratio)
        # The titles of small pictures may be wider than these.
        column = max(small.width, m.small_title)
        if hero.width + m.term + column <= stage[0] - 2 * m.margin:
            break
    left = (stage[0] - hero.width - m.term - column) / 2
    top = (stage[1] - m.title - hero.height - m.gap - m.pill) / 2 + m.title
    hero_rect = Rect(left, top, hero.width, hero.height)
    small_left = hero_rect.right + m.term
    clean = Rect(small_left, top, small.width, small.height)
    noise_top = max(hero_rect.bottom - small.height, clean.bottom + m.gap + m.title)
    noise = Rect(small_left, noise_top, small.width, small.height)
    return StageGeometry(
        "stacked",
        hero_rect,
        clean,
        noise,
        Rect(hero_rect.right, clean.top, m.term, clean.height),
        Rect(hero_rect.right, noise.top, m.term, noise.height),
        max(hero_rect.bottom, noise.bottom) + m.gap,
    )


def _below(
    picture: tuple[int, int], stage: tuple[float, float], m: StageMeasures, ratio: float
) -> StageGeometry:
    """Hero above, the two terms side by side under it: for wide pictures on narrow stages."""
    height = _content_height(stage, m) - 2 * m.title - m.gap
    width = stage[0] - 2 * m.margin
    hero, small = PictureFit(1, 1, False), PictureFit(1, 1, False)
    for hero in _hero_sizes(picture, (width, height / (1 + SMALL_SHARE)), ratio):
        small_room = ((width - 2 * m.term) / 2, hero.height * SMALL_SHARE)
        small = fit_picture_closely(picture, small_room, ratio)
        if hero.height + small.height <= height:
            break
    total = 2 * m.title + hero.height + small.height + 2 * m.gap + m.pill
    top = (stage[1] - total) / 2 + m.title
    hero_rect = Rect((stage[0] - hero.width) / 2, top, hero.width, hero.height)
    row_top = hero_rect.bottom + m.gap + m.title
    left = (stage[0] - 2 * m.term - 2 * small.width) / 2
    clean = Rect(left + m.term, row_top, small.width, small.height)
    noise = Rect(clean.right + m.term, row_top, small.width, small.height)
    return StageGeometry(
        "below",
        hero_rect,
        clean,
        noise,
        Rect(left, row_top, m.term, small.height),
        Rect(clean.right, row_top, m.term, small.height),
        _below_terms(clean, m),
    )


def _row(
    picture: tuple[int, int], stage: tuple[float, float], m: StageMeasures, ratio: float
) -> StageGeometry:
    """Read from left to right like the formula, all on one axis."""
    width = stage[0] - 2 * m.margin - 2 * m.term
    room = (width / (1 + 2 * _ROW_SMALL_SHARE), _content_height(stage, m) - m.title)
    hero = next(_hero_sizes(picture, room, ratio))
    small = fit_picture(picture, ((width - hero.width) / 2, hero.height), ratio)
    left = (stage[0] - hero.width - 2 * m.term - 2 * small.width) / 2
    top = (stage[1] - m.title - hero.height - m.gap - m.pill) / 2 + m.title
    hero_rect = Rect(left, top, hero.width, hero.height)
    small_top = hero_rect.middle - small.height / 2
    clean = Rect(hero_rect.right + m.term, small_top, small.width, small.height)
    noise = Rect(clean.right + m.term, small_top, small.width, small.height)
    return StageGeometry(
        "row",
        hero_rect,
        clean,
        noise,
        Rect(hero_rect.right, small_top, m.term, small.height),
        Rect(clean.right, small_top, m.term, small.height),
        max(hero_rect.bottom + m.gap, _below_terms(clean, m)),
    )


def _below_terms(small: Rect, m: StageMeasures) -> float:
    """Top of what stands below pictures in a row: those of a panorama are lower than their coefficients."""
    return max(small.bottom, small.middle + m.term_height / 2) + m.gap
