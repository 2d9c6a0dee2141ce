"""Several denoisers asked about one x_t: the run's own, the exact one of its data, a linear one, a blur."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diffviz.core.schedules import build_schedule
from diffviz.data.datasets import DatasetError, key_of_title
from diffviz.data.images import Picture
from diffviz.engine.denoisers import DenoiserShelf, ShelvedDenoiser
from diffviz.engine.request import BLUR_PICTURES, ReverseRequest
from diffviz.engine.tasks import ExactExplanation, explanation
from diffviz.models.denoiser import EXACT_PREFIX, GAUSSIAN_PREFIX, DenoiserInfo, blur_info, picture_set

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.schedules import NoiseLevel

__all__ = ["Answer", "Duel"]

_MISSING = "The pictures that the network was trained on are not at hand"
_KNOWLEDGE = {"gaussian": "knows mean and covariance of {info.trained_on}", "blur": "knows no pictures"}


@dataclass(frozen=True, eq=False)
class Answer:
    """What a denoiser takes x_t for.

    Attributes
    ----------
    name, detail
        Who answers, and what it knows; of one that is not at hand, why.
    key
        By which a run with it is asked for; None where it is not at hand.
    x_0
        Its guess of the first sample, float32 (H, W, C); None where it is not at hand.
    error
        Root mean square of the guess minus the truth, or the exact answer where the truth is unknown.
    why
        Of the exact denoiser the pictures behind its guess.
    """

    name: str
    detail: str
    x_0: Picture | None
    error: float | None = None
    key: str | None = None
    why: ExactExplanation | None = None


class Duel:
    """Asks denoisers about the steps of runs.

    Parameters
    ----------
    shelf
        Where denoisers come from.
    """

    def __init__(self, shelf: DenoiserShelf) -> None:
        self._shelf = shelf

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
        level = build_schedule(request.schedule).level(t)
        answers = []
        for name, key in self._duelists(request):
            if key is None:
                answers.append(Answer(name, _MISSING, None))
                continue
            shelved = self._shelf.fetch(_asking(request, key))
            label = request.class_index if shelved.denoiser.info.class_names else None
            guess, why = _guess(shelved, x_t[:1], level, label)
            info = shelved.info(label)
            detail = _KNOWLEDGE.get(info.kind, info.detail or info.name).format(info=info)
            answers.append(Answer(name, detail, guess, key=key, why=why))
        exact = next((answer.x_0 for answer in answers if answer.name == "Exact"), None)
        wanted = truth if truth is not None else exact
        return tuple(replace(answer, error=_distance(answer.x_0, wanted)) for answer in answers)

    def _duelists(self, request: ReverseRequest) -> list[tuple[str, str | None]]:
        """Name and key of each; no key where its pictures are not at hand."""
        own = self._shelf.fetch(request).denoiser.info
        known = _pictures_of(own)
        found: list[tuple[str, str | None]] = []
        if own.kind == "network":
            found.append(("Network", request.denoiser))
            known = known if known is not None and self._fits(request, own, known) else None
        if own.kind == "blur":
            # Who knows no pictures has no exact or Gaussian counterpart, but for pictures of one's own.
            known = "pictures" if request.denoiser == BLUR_PICTURES else None
        found.append(("Exact", None if known is None else f"{EXACT_PREFIX}{known}"))
        found.append(("Gaussian", None if known is None else f"{GAUSSIAN_PREFIX}{known}"))
        assert own.image_shape is not None
        has_any_size = known == "pictures"
        found.append(("Blur", BLUR_PICTURES if has_any_size else blur_info(own.image_shape).key))
        return found

    def _fits(self, request: ReverseRequest, own: DenoiserInfo, known: str) -> bool:
        """Whether the data that a network was trained on are at hand and of its size."""
        try:
            exact = self._shelf.fetch(_asking(request, f"{EXACT_PREFIX}{known}"))
        except DatasetError:
            return False
        return exact.denoiser.info.image_shape == own.image_shape


def _guess(
    shelved: ShelvedDenoiser, x_t: Tensor, level: NoiseLevel, label: int | None
) -> tuple[Picture, ExactExplanation | None]:
    """The guess of the only sample, and of an exact denoiser what stands behind it, at no further cost."""
    from diffviz.models.exact import ExactDenoiser

    denoiser, why = shelved.denoiser, None
    if isinstance(denoiser, ExactDenoiser) and shelved.data is not None:
        posterior = denoiser.posterior(x_t, level, label)
        x_0, why = posterior.x_0, explanation(posterior, shelved.data, label)
    else:
        x_0 = denoiser.predict(x_t, level, label).x_0
    return np.moveaxis(x_0[0].float().cpu().numpy(), 0, -1), why


def _pictures_of(own: DenoiserInfo) -> str | None:
    """The pictures that a denoiser knows or was trained on, as the rest of a key."""
    if own.kind == "network":
        return key_of_title(own.trained_on)
    return picture_set(own.key)


def _asking(request: ReverseRequest, key: str) -> ReverseRequest:
    """The run with another denoiser, for the shelf."""
    if key == request.denoiser:
        return request
    size = request.exact_size if request.exact_size else 32
    return replace(request, denoiser=key, device="cpu", exact_size=size)


def _distance(guess: Picture | None, wanted: Picture | None) -> float | None:
    if guess is None or wanted is None:
        return None
    return float(np.sqrt(np.mean((guess - wanted) ** 2)))
