"""Sizes that an export can have: pixels stay squares, and colour noise keeps its colour in films."""

from __future__ import annotations

from dataclasses import dataclass, replace

from diffviz.engine.export_scene import Scene, frame_size, picture_size
from diffviz.engine.export_task import STACK_GAP_PX
from diffviz.engine.images import ImageStore
from diffviz.export.lettering import text_size_px

__all__ = ["ExportSize", "SizeRule", "file_size", "nearest_size", "next_size", "usual_size"]

_REDUCTIONS = tuple(twentieth / 20 for twentieth in range(1, 20))
_SMALLEST_SIDE = 24
_LARGEST_WIDTH, _LARGEST_STRIP = 4096, 16_384
_USUAL_WIDTH, _ROOMY_WIDTH, _WIDE_WIDTH, _STRIP_WIDTH = 768, 1280, 1600, 2400


@dataclass(frozen=True)
class SizeRule:
    """
    What decides which sizes there are.

    Attributes
    ----------
    halves_colour
        Whether the file keeps colour at half resolution: then pixels are drawn as squares of even size.
    num_pictures
        Of a strip; 1 for an animation.
    """

    halves_colour: bool = False
    num_pictures: int = 1

    @property
    def scale_step(self) -> int:
        """Smallest whole enlargement, and the distance to the next."""
        return 2 if self.halves_colour else 1


@dataclass(frozen=True)
class ExportSize:
    """
    One size that an export can have.

    Attributes
    ----------
    width, height
        Of the file's pictures in pixels.
    scene
        The scene that comes out at this size.
    """

    width: int
    height: int
    scene: Scene


def file_size(scene: Scene, images: ImageStore, num_pictures: int = 1) -> tuple[int, int]:
    """Width and height of a frame, or of a strip of several."""
    width, height = frame_size(scene, images)
    if num_pictures == 1:
        return width, height
    if scene.is_wide:
        return width, num_pictures * (height + STACK_GAP_PX) - STACK_GAP_PX
    gap = max(2, width // 40) if scene.captions else 0
    lines = (2 if scene.what in ("reverse", "samples") else 1) if scene.captions else 0
    below = lines * round(1.6 * text_size_px(height, width))
    return num_pictures * (width + gap) - gap, height + below


def nearest_size(scene: Scene, images: ImageStore, rule: SizeRule, width: int) -> ExportSize:
    """The size whose width is nearest to the one wished for."""
    if scene.is_smooth:
        return _smooth_size(scene, images, rule, width)
    return min(_sharp_sizes(scene, images, rule), key=lambda size: abs(size.width - width))


def next_size(scene: Scene, images: ImageStore, rule: SizeRule, width: int, direction: int) -> ExportSize:
    """The next larger (+1) or smaller (−1) size than the one nearest to a width; the same at the end."""
    if scene.is_smooth:
        return _smooth_size(scene, images, rule, width + 8 * direction)
    sizes = _sharp_sizes(scene, images, rule)
    widths = [size.width for size in sizes]
    place = widths.index(nearest_size(scene, images, rule, width).width) + direction
    return sizes[min(max(place, 0), len(sizes) - 1)]


def usual_size(scene: Scene, images: ImageStore, rule: SizeRule) -> ExportSize:
    """
    The size to begin with: the largest that is not large.

    A picture is rather enlarged by whole numbers than reduced: it is reduced only where it would be too wide
    otherwise.
    """
    sharp = replace(scene, is_smooth=False, size=None)
    sizes = _sharp_sizes(sharp, images, rule)
    if rule.num_pictures > 1:
        target = roomy = _STRIP_WIDTH
    elif scene.is_wide:
        target = roomy = _WIDE_WIDTH
    else:
        target, roomy = _USUAL_WIDTH, _ROOMY_WIDTH
    whole = [size for size in sizes if size.scene.size is None]
    fitting = [size for size in whole if max(size.width, size.height) <= target]
    fitting = fitting or [size for size in whole[:1] if max(size.width, size.height) <= roomy]
    fitting = fitting or [size for size in sizes if max(size.width, size.height) <= roomy] or sizes[:1]
    found = fitting[-1]
    return nearest_size(scene, images, rule, found.width) if scene.is_smooth else found


def _sharp_sizes(scene: Scene, images: ImageStore, rule: SizeRule) -> list[ExportSize]:
    """All sizes at which every pixel is a square, rising; below the picture's own it is reduced first."""
    step = rule.scale_step
    own = replace(scene, size=None)
    largest = _LARGEST_STRIP if rule.num_pictures > 1 else _LARGEST_WIDTH
    scenes = []
    if scene.what == "forward":
        height, width = picture_size(own, images)
        for share in _REDUCTIONS:
            size = (round(height * share), round(width * share))
            if min(size) >= _SMALLEST_SIDE:
                scenes.append(replace(own, size=size, scale=step))
    scale = step
    while scale == step or file_size(replace(own, scale=scale), images, rule.num_pictures)[0] <= largest:
        scenes.append(replace(own, scale=scale))
        scale += step
    sizes = [ExportSize(*file_size(sized, images, rule.num_pictures), sized) for sized in scenes]
    return sorted({size.width: size for size in sizes}.values(), key=lambda size: size.width)


def _smooth_size(scene: Scene, images: ImageStore, rule: SizeRule, width: int) -> ExportSize:
    """The enlargement that comes nearest to a width, found by halving: letters grow in steps of their own."""
    own = replace(scene, size=None)

    def at(scale: float) -> ExportSize:
        sized = replace(own, scale=scale)
        return ExportSize(*file_size(sized, images, rule.num_pictures), sized)

    side = max(picture_size(own, images))
    low, high = 16 / side, _LARGEST_WIDTH / side
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle).width < width else (low, middle)
    return at(high)
