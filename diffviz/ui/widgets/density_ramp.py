"""The colours of a density, from the dark ground to nearly white."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from diffviz.ui.tokens import DENSITY_RAMP


@lru_cache(maxsize=1)
def density_colors() -> NDArray[np.uint8]:
    """Colour of each shade 0 … 255, uint8 (256, 3); the same in dark and light, for it is a scale."""
    stops = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in DENSITY_RAMP])
    places, shades = np.linspace(0.0, 1.0, len(stops)), np.linspace(0.0, 1.0, 256)
    channels = [np.interp(shades, places, stops[:, channel]) for channel in range(3)]
    colors = np.round(np.stack(channels, axis=-1)).astype(np.uint8)
    colors.flags.writeable = False
    return colors
