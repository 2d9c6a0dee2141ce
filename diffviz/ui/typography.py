"""The type scale: sizes are relative to the application font, so that large text enlarges everything."""

from functools import lru_cache
from typing import Literal

from PySide6.QtGui import QFont, QFontDatabase, QFontInfo, QGuiApplication

TextRole = Literal["display", "coefficient", "readout", "title", "heading", "body", "label", "tick"]

BODY_PX = 13.0
_SIZES_PX: dict[TextRole, tuple[float, QFont.Weight]] = {
    "display": (32.0, QFont.Weight.DemiBold),
    "coefficient": (24.0, QFont.Weight.DemiBold),
    "readout": (18.0, QFont.Weight.DemiBold),
    "title": (16.0, QFont.Weight.DemiBold),
    "heading": (13.0, QFont.Weight.DemiBold),
    "body": (13.0, QFont.Weight.Normal),
    "label": (12.0, QFont.Weight.Normal),
    "tick": (10.5, QFont.Weight.Medium),
}


class _MeasuredFor:
    """Counts the application fonts that measures were kept for."""

    generation = 0
    is_listening = False


_measured_for = _MeasuredFor()
MATH_FAMILIES = (
    "STIX Two Text",
    "Cambria Math",
    "Times New Roman",
    "Noto Serif",
    "DejaVu Serif",
)


def font_generation() -> int:
    """Number that grows whenever the application's font changes; what is measured once is kept under it."""
    # Told, not asked: painting one frame wants this number some five hundred times.
    if not _measured_for.is_listening and isinstance(app := QGuiApplication.instance(), QGuiApplication):
        app.fontChanged.connect(_begin_generation)
        _measured_for.is_listening = True
        _begin_generation()
    return _measured_for.generation


def _begin_generation() -> None:
    _measured_for.generation += 1


def text_scale() -> float:
    """Size of the application's text relative to 13 px at 100 %."""
    return _scale_of(font_generation())


def metric(px: float) -> int:
    """Length of the specification in px, grown with the application's text but never shrunk."""
    return round(px * max(1.0, text_scale()))


def control_height() -> int:
    """Height of buttons and fields: 30 px at 100 %."""
    return metric(30)


def font_for(role: TextRole, weight: QFont.Weight | None = None, *, tabular: bool = False) -> QFont:
    """
    Font of a place in the type scale.

    Parameters
    ----------
    role
        Place in the scale.
    weight
        Another weight than the role's own.
    tabular
        Give every digit the same width where the font can, for numbers that change in place.
    """
    return QFont(_font(font_generation(), role, weight, tabular))


def math_font(role: TextRole = "body", *, italic: bool = True) -> QFont:
    """Serif of mathematics at a place in the type scale, a little larger than the text beside it."""
    return QFont(_math_font(font_generation(), role, italic))


def scale_font(font: QFont, factor: float) -> None:
    """Enlarge or reduce a font, whether it is given in points or, as some desktops do, in px."""
    if font.pointSizeF() > 0:
        font.setPointSizeF(font.pointSizeF() * factor)
    else:
        font.setPixelSize(max(1, round(font.pixelSize() * factor)))


@lru_cache(maxsize=8)
def _scale_of(generation: int) -> float:  # noqa: ARG001
    """Scale of the application font; kept, because painting asks thousands of times a second."""
    return _pixel_size(QGuiApplication.font()) / BODY_PX


@lru_cache(maxsize=256)
def _font(
    generation: int,  # noqa: ARG001
    role: TextRole,
    weight: QFont.Weight | None,
    tabular: bool,
) -> QFont:
    """Font of a role; callers take copies."""
    font = QFont(QGuiApplication.font())
    size_px, usual_weight = _SIZES_PX[role]
    scale_font(font, size_px / BODY_PX)
    font.setWeight(usual_weight if weight is None else weight)
    if tabular:
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


@lru_cache(maxsize=64)
def _math_font(generation: int, role: TextRole, italic: bool) -> QFont:
    """Mathematics at a role; callers take copies."""
    font = QFont(_font(generation, role, QFont.Weight.Normal, False))
    font.setFamilies(list(_math_families()))
    font.setStyleHint(QFont.StyleHint.Serif)
    font.setItalic(italic)
    scale_font(font, 1.1)
    return font


@lru_cache(maxsize=1)
def _math_families() -> tuple[str, ...]:
    """Families to try in turn, without those that the machine lacks."""
    here = set(QFontDatabase.families())
    found = tuple(family for family in MATH_FAMILIES if family in here)
    return found or ("serif",)


def _pixel_size(font: QFont) -> float:
    """Height in px of a font given in points or in px."""
    if font.pointSizeF() > 0:
        return font.pointSizeF() * QGuiApplication.primaryScreen().logicalDotsPerInchY() / 72.0
    return float(QFontInfo(font).pixelSize())
