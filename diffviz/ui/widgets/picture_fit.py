"""How large a picture is shown: enlarged by whole factors, reduced to just fit, its shape always kept."""

from dataclasses import dataclass

_WELL_FILLED = 0.84


@dataclass(frozen=True)
class PictureFit:
    """Size in logical px at which a picture is shown, and whether its pixels stay sharp squares."""

    width: float
    height: float
    is_sharp: bool


def fit_picture_closely(
    picture: tuple[int, int], room: tuple[float, float], pixel_ratio: float = 1.0
) -> PictureFit:
    """Size in a room that must be well filled: a broken factor where whole ones would waste over a sixth."""
    whole = fit_picture(picture, room, pixel_ratio)
    exact = fit_picture(picture, room, pixel_ratio, whole_factors=False)
    return whole if whole.width >= _WELL_FILLED * exact.width else exact


def fit_picture(
    picture: tuple[int, int],
    room: tuple[float, float],
    pixel_ratio: float = 1.0,
    *,
    whole_factors: bool = True,
) -> PictureFit:
    """
    Size of a picture in a room.

    Parameters
    ----------
    picture
        Width and height in pixels of the picture, at least 1.
    room
        Width and height in logical px.
    pixel_ratio
        Device px per logical px; whole factors are whole in device px.
    whole_factors
        Allow only whole factors when enlarging.

    Returns
    -------
    PictureFit
        Never larger than the room, never smaller than 1 device px.
    """
    width, height = picture
    room_width, room_height = (max(1.0, side * pixel_ratio) for side in room)
    factor = min(room_width / width, room_height / height)
    if factor >= 1.0 and whole_factors:
        factor = float(int(factor))
    is_sharp = factor >= 1.0 and factor.is_integer()
    shown = (max(1, int(width * factor)), max(1, int(height * factor)))
    return PictureFit(shown[0] / pixel_ratio, shown[1] / pixel_ratio, is_sharp)
