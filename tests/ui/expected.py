"""What pictures the window should show, from the mathematics alone."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from diffviz.core.forward import ForwardProcess, NoiseMode
from diffviz.core.schedules import build_schedule
from diffviz.data.images import load_image, to_uint8
from diffviz.data.samples import sample_picture
from diffviz.engine.session import SessionState

Pixels = npt.NDArray[np.uint8]


def clean_picture(state: SessionState) -> npt.NDArray[np.float32]:
    """x_0 of the picture that a state names, read from its file."""
    origin, _, rest = state.image.partition(":")
    return load_image(sample_picture(rest).path if origin == "sample" else Path(rest)).x_0


def process(state: SessionState, mode: NoiseMode | None = None) -> ForwardProcess:
    """The forward process that a state describes."""
    schedule = build_schedule(state.schedule)
    return ForwardProcess(clean_picture(state), schedule, state.seed, mode or state.noise_mode)


def x_t(state: SessionState, t: int | None = None) -> Pixels:
    """x_t as 8-bit pixels (H, W, 3)."""
    shown = to_uint8(process(state).x_t(state.t if t is None else t))
    return np.repeat(shown, 3, axis=2) if shown.shape[2] == 1 else shown
