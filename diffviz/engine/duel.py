"""Several denoisers asked about one x_t: the run's own, the exact one of its data, a linear one, a blur."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diffviz.core.schedules import build_schedule
from diffviz.data.datasets import DatasetError, key_of_title
from diffviz.data.images import Picture, from_uint8
from diffviz.engine.denoisers import DenoiserShelf, ShelvedDenoiser
from diffviz.engine.request import ReverseRequest
from diffviz.models.denoiser import EXACT_PREFIX, Denoiser

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Answer", "Duel"]

# The filter is made while somebody waits: eigenvectors cost the cube of the smaller of count and size.
_MOST_PICTURES, _LARGE_VALUES = (10_000, 1_000), 1_000


@dataclass(frozen=True, eq=False)
class Answer:
    """What a denoiser takes x_t for.

    Attributes
    ----------
    name, detail
        Who answers, and what it knows; of one that is not at hand, why.
    x_0
        Its guess of the first sample, float32 (H, W, C); None where it is not at hand.
    error
        Root mean square of the guess minus the truth, or the exact answer where the truth is unknown.
    """

    name: str
    detail: str
    x_0: Picture | None
    error: float | None = None


class Duel:
    """Asks denoisers about the steps of runs; the Wiener filter of a data set is made once.

    Parameters
    ----------
    shelf
        Where denoisers come from.
    """

    def __init__(self, shelf: DenoiserShelf) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()
        self._filters: dict[object, Denoiser] = {}

    def answers(
        self, request: ReverseRequest, x_t: Tensor, t: int, truth: NDArray[np.float32] | None
    ) -> tuple[Answer, ...]:
        """What each denoiser says of x_t; costs an evaluation of each, without guidance.

        Parameters
        ----------
        request
            The run that x_t belongs to.
        x_t
            Pictures at time t, float64 (B, C, H, W).
        t
            Time in 0…T.
        truth
            The picture that was noised, float32 (H, W, C), where it is known.
        """
        from diffviz.models.simple_denoisers import BlurDenoiser

        level = build_schedule(request.schedule).level(t)
        own = self._shelf.fetch(request)
        exact = own if own.data is not None else self._exact_of(request, own)
        found: list[tuple[str, str, Denoiser | None]] = []
        if own.data is None:
            info = own.info(request.class_index)
            found.append(("Network", info.detail or info.name, own.denoiser))
        missing = "The pictures that the network was trained on are not at hand"
        if exact is not None and exact.data is not None:
            info = exact.info(request.class_index)
            found.append(("Exact", info.detail, exact.denoiser))
            linear = self._filter(request, exact)
            found.append(("Gaussian", f"knows mean and covariance of {linear.info.trained_on}", linear))
        else:
            found += [("Exact", missing, None), ("Gaussian", missing, None)]
        found.append(("Blur", "knows no pictures", BlurDenoiser()))
        guesses: dict[str, Picture] = {}
        for name, _, denoiser in found:
            if denoiser is not None:
                label = request.class_index if name in ("Network", "Exact") else None
                guess = denoiser.predict(x_t[:1], level, label).x_0[0]
                guesses[name] = np.moveaxis(guess.float().cpu().numpy(), 0, -1)
        wanted = truth if truth is not None else guesses.get("Exact")
        return tuple(
            Answer(name, detail, guesses.get(name), _distance(guesses.get(name), wanted))
            for name, detail, _ in found
        )

    def _exact_of(self, request: ReverseRequest, own: ShelvedDenoiser) -> ShelvedDenoiser | None:
        """The exact denoiser of the data that a network was trained on, if at hand and of its size."""
        info = own.denoiser.info
        key = key_of_title(info.trained_on)
        if key is None:
            return None
        wanted = replace(request, denoiser=f"{EXACT_PREFIX}{key}", device="cpu", exact_size=0)
        try:
            exact = self._shelf.fetch(wanted)
        except DatasetError:
            return None
        return exact if exact.denoiser.info.image_shape == info.image_shape else None

    def _filter(self, request: ReverseRequest, exact: ShelvedDenoiser) -> Denoiser:
        """The Wiener filter of the pictures of an exact denoiser, or of as many as can be had at once."""
        import torch

        from diffviz.models.simple_denoisers import WienerDenoiser

        assert exact.data is not None
        key = (id(exact.data), request.class_index)
        with self._lock:
            if key not in self._filters:
                pixels = exact.data.pixels
                if request.class_index is not None and exact.data.labels is not None:
                    pixels = pixels[exact.data.labels == request.class_index]
                most = _MOST_PICTURES[pixels[0].size > _LARGE_VALUES]
                chosen = np.linspace(0, len(pixels) - 1, min(len(pixels), most)).astype(int)
                images = np.moveaxis(from_uint8(pixels[chosen]), -1, 1)
                self._filters = {key: WienerDenoiser(torch.from_numpy(np.ascontiguousarray(images)))}
            return self._filters[key]


def _distance(guess: Picture | None, wanted: Picture | None) -> float | None:
    if guess is None or wanted is None:
        return None
    return float(np.sqrt(np.mean((guess - wanted) ** 2)))
