"""What a denoiser is worth: every figure of `diffviz evaluate`, in the order in which they are known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from diffviz.core.schedules import NoiseSchedule, ScheduleSpec, build_schedule
from diffviz.evaluation.bound import bound_of_pictures
from diffviz.evaluation.distances import Moments, frechet_distance, nearest_distances
from diffviz.evaluation.findings import JUDGE_STAGE, Finding, Plan, Progress, RealPictures, SamplesAt
from diffviz.evaluation.judge import prepare_judge
from diffviz.evaluation.losses import SHARES, loss_by_time
from diffviz.evaluation.real_pictures import even_places, some_pictures
from diffviz.evaluation.samples import draw_samples
from diffviz.models.exact import ExactDenoiser

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diffviz.models.classifier import Classifier
    from diffviz.models.denoiser import Denoiser
    from diffviz.training.examples import Material

_AT_ONCE = 250
_MOST_REFERENCES = 10_000
_CLOSE_QUANTILE = 0.01


def evaluate(
    denoiser: Denoiser, plan: Plan, train: Material, held_out: Material | None, device: str = "cpu"
) -> Iterator[Progress | Finding]:
    """Measure a denoiser.

    Parameters
    ----------
    denoiser
        The denoiser.
    plan
        What to measure.
    train
        The pictures that it was trained with.
    held_out
        Others of the same kind; without them, what needs them is `None` or left out.
    device
        Where the judge computes.

    Yields
    ------
    Progress or Finding
        The last `BoundSoFar` is the bound; all other findings come once.

    Raises
    ------
    ValueError
        If the pictures or their classes are not those of the denoiser.
    """
    _check(denoiser, train, plan)
    return _measure(denoiser, plan, train, held_out, device)


def _measure(
    denoiser: Denoiser, plan: Plan, train: Material, held_out: Material | None, device: str
) -> Iterator[Progress | Finding]:
    schedule = build_schedule(denoiser.info.schedule or ScheduleSpec("cosine"))
    if plan.num_pictures:
        yield from _against_the_floor(denoiser, plan, train, held_out, schedule)
    if plan.num_samples:
        yield from _samples(denoiser, plan, train, held_out, device)


def _check(denoiser: Denoiser, train: Material, plan: Plan) -> None:
    info = denoiser.info
    if info.image_shape is None or len(train.shape) != 3:
        raise ValueError(f"{info.name} does not draw pictures, which is what can be evaluated.")
    if info.image_shape != train.shape:
        sides = ["×".join(str(side) for side in shape) for shape in (info.image_shape, train.shape)]
        raise ValueError(
            f"{info.name} draws pictures of {sides[0]}, and those of {plan.data} have {sides[1]}."
        )
    if info.class_names and train.class_names and info.class_names != train.class_names:
        raise ValueError(f"{info.name} draws other classes than those of {plan.data}.")


def _against_the_floor(
    denoiser: Denoiser, plan: Plan, train: Material, held_out: Material | None, schedule: NoiseSchedule
) -> Iterator[Progress | Finding]:
    known = some_pictures(train, plan.num_pictures, plan.seed)
    unknown = None if held_out is None else some_pictures(held_out, plan.num_pictures, plan.seed)
    exact = ExactDenoiser(train.examples.x_0(slice(None)))
    stage = "Loss against the exact denoiser"
    yield Progress(stage, 0, len(SHARES))
    losses = loss_by_time(denoiser, exact, known, unknown, schedule, seed=plan.seed)
    for done, loss in enumerate(losses, 1):
        yield loss
        yield Progress(stage, done, len(SHARES))
    bounds = bound_of_pictures(
        denoiser, known if unknown is None else unknown, schedule, num_terms=plan.num_terms, seed=plan.seed
    )
    bound = None
    for bound in bounds:
        yield Progress("Bound on −ln p", bound.evaluations_done, bound.evaluations)
    if bound is not None:
        yield bound


def _samples(
    denoiser: Denoiser, plan: Plan, train: Material, held_out: Material | None, device: str
) -> Iterator[Progress | Finding]:
    judge, reference = None, None
    if train.class_names:
        for judging in prepare_judge(plan.data, train, device):
            yield Progress(JUDGE_STAGE, judging.steps_done, judging.steps)
            judge = judging.judge
        yield Progress("Reading real pictures", 0, 2)
        count = len(train.examples.values)
        chosen = torch.arange(0, count, max(1, -(-count // _MOST_REFERENCES)))
        reference = _moments(judge, train.examples.x_0(chosen)) if judge else None
    yield Progress("Reading real pictures", 1, 2)
    near, right = None, None
    if held_out is not None:
        real, near = _real_pictures(plan, train, held_out, judge, reference)
        right = real.judged_right
        yield real
    yield Progress("Reading real pictures", 2, 2)
    classes = _wanted(denoiser, plan, held_out or train)
    scales = plan.guidance_scales if classes[0] is not None else (1.0,)
    for scale in scales:
        samples = None
        drawn = draw_samples(
            denoiser,
            classes,
            guidance_scale=scale,
            num_sampling_steps=plan.num_sampling_steps,
            seed=plan.seed,
        )
        for step in drawn:
            yield Progress(f"Samples at guidance {scale:g}", step.steps_done, step.steps)
            samples = step.samples
        if samples is not None:
            hits = _hits(judge, samples, classes)
            distances = nearest_distances(samples, train.examples.values)
            yield SamplesAt(
                guidance_scale=scale,
                num_samples=len(samples),
                as_asked=None if hits is None else float(hits.mean()),
                standard_error=None if hits is None else _error_of_share(hits),
                against_real=float(hits.mean()) / right if hits is not None and right else None,
                by_class={} if hits is None else _by_class(hits, classes, train.class_names),
                frechet=_frechet(judge, samples, reference),
                nearest=float(np.median(distances)),
                closer_than_real=None if near is None else float((distances < near).mean()),
            )


def _real_pictures(
    plan: Plan, train: Material, held_out: Material, judge: Classifier | None, reference: Moments | None
) -> tuple[RealPictures, float]:
    """What samples are measured by, and the distance below which a picture counts as close."""
    everything = held_out.examples.x_0(slice(None))
    labels = held_out.examples.labels
    hits = None if labels is None else _hits(judge, everything, labels.tolist())
    compared = some_pictures(held_out, plan.num_samples, plan.seed)
    distances = nearest_distances(compared, train.examples.values)
    found = RealPictures(
        num_pictures=len(everything),
        num_compared=len(compared),
        judged_right=None if hits is None else float(hits.mean()),
        frechet=_frechet(judge, compared, reference),
        nearest=float(np.median(distances)),
    )
    return found, float(np.quantile(distances, _CLOSE_QUANTILE))


def _wanted(denoiser: Denoiser, plan: Plan, like: Material) -> list[int | None]:
    """A class for each sample, in the proportions of real pictures; none where the denoiser knows none."""
    labels = like.examples.labels
    if labels is None or not denoiser.info.class_names:
        return [None] * plan.num_samples
    ordered = np.sort(labels.numpy())
    return [int(ordered[place]) for place in even_places(len(ordered), plan.num_samples)]


def _hits(judge: Classifier | None, pictures: Tensor, classes: list[int | None]) -> NDArray[np.bool_] | None:
    """Which pictures the judge takes for their class."""
    if judge is None or any(index is None for index in classes):
        return None
    clean = judge.schedule.level(0)
    said = [judge.log_probabilities(part, clean).argmax(1) for part in torch.split(pictures, _AT_ONCE)]
    return np.asarray(torch.cat(said).cpu().numpy() == np.array(classes))


def _error_of_share(hits: NDArray[np.bool_]) -> float:
    share = float(hits.mean())
    return float((share * (1.0 - share) / len(hits)) ** 0.5)


def _by_class(hits: NDArray[np.bool_], classes: list[int | None], names: tuple[str, ...]) -> dict[str, float]:
    asked = np.array(classes)
    return {
        name: float(hits[asked == index].mean()) for index, name in enumerate(names) if (asked == index).any()
    }


def _moments(judge: Classifier, pictures: Tensor) -> Moments:
    clean = judge.schedule.level(0)
    features = [judge.features(part, clean).cpu() for part in torch.split(pictures, _AT_ONCE)]
    return Moments.of(torch.cat(features).numpy())


def _frechet(judge: Classifier | None, pictures: Tensor, reference: Moments | None) -> float | None:
    if judge is None or reference is None or len(pictures) < 2:
        return None
    return frechet_distance(_moments(judge, pictures), reference)
