"""What is measured of a denoiser, and the records in which it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from diffviz.evaluation.bound import BoundSoFar
from diffviz.evaluation.losses import LossAt

JUDGE_STAGE = "Training a judge"
"""The stage that takes place only once for a data set."""


@dataclass(frozen=True)
class Plan:
    """What to measure, and with how much effort.

    Attributes
    ----------
    data
        Name or folder of the denoiser's training data.
    num_pictures
        Real pictures for losses and bound; 0 leaves both out.
    num_terms
        Evaluations per picture for the bound.
    num_samples
        Samples for each guidance; 0 leaves out what is said of samples.
    guidance_scales
        g of classifier-free guidance; ignored by denoisers without classes.
    """

    data: str
    num_pictures: int = 64
    num_terms: int = 60
    num_samples: int = 200
    guidance_scales: tuple[float, ...] = (1.0, 2.0)
    num_sampling_steps: int = 50
    seed: int = 0


@dataclass(frozen=True)
class Progress:
    """How far the stage under way is."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class RealPictures:
    """What the judge and the distances say of held-out real pictures: what samples are measured by.

    Attributes
    ----------
    judged_right
        Share of all `num_pictures` held-out pictures whose class the judge finds.
    frechet
        Distance of `num_compared` of them from the training pictures, in the judge's features.
    nearest
        Median distance of those to their nearest training pictures (root mean square, 2 is black to white).
    """

    num_pictures: int
    num_compared: int
    judged_right: float | None
    frechet: float | None
    nearest: float


@dataclass(frozen=True)
class SamplesAt:
    """What the judge and the distances say of samples.

    Attributes
    ----------
    as_asked, standard_error
        Share that the judge takes for the class that was asked for; `None` without classes.
    against_real
        `as_asked` over the share of held-out real pictures that it gets right.
    by_class
        `as_asked` of each class by its name.
    frechet
        Distance from the training pictures in the judge's features.
    nearest
        Median distance to the nearest training picture.
    closer_than_real
        Share of samples nearer to a training picture than 99 % of held-out pictures are; about 0.01 for a
        denoiser that has learnt nothing by heart.
    """

    guidance_scale: float
    num_samples: int
    as_asked: float | None
    standard_error: float | None
    against_real: float | None
    by_class: dict[str, float]
    frechet: float | None
    nearest: float
    closer_than_real: float | None


Finding: TypeAlias = LossAt | BoundSoFar | RealPictures | SamplesAt
