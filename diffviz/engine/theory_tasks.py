"""What the jobs of the Theory workspace run: the bound term by term, losses along the chain, their timing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffviz.data.datasets import SOURCES, key_of_title
from diffviz.data.images import Pixels, from_uint8, to_uint8
from diffviz.engine.courtesy import leave_a_core_to_the_window
from diffviz.engine.denoisers import DenoiserShelf, is_at_hand
from diffviz.engine.request import BLUR_PICTURES, EXACT_PICTURES, ReverseRequest
from diffviz.engine.step_view import picture_shape
from diffviz.engine.theory_question import BoundQuestion, TheoryQuestion, eight_bit_picture
from diffviz.models.denoiser import picture_set

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.evaluation.agreement import AnswerErrors
    from diffviz.evaluation.bound import BoundByTime
    from diffviz.evaluation.timing import LossTimings
    from diffviz.models.denoiser import DenoiserInfo
    from diffviz.training.examples import Material

__all__ = [
    "BoundNews",
    "RealPicture",
    "bound_steps",
    "data_of",
    "data_problem",
    "loss_steps",
    "loss_times",
    "real_picture",
    "set_problem",
    "timing_steps",
]

_NUM_LOSS_TIMES = 12
_MY_PICTURES = picture_set(EXACT_PICTURES)


@dataclass(frozen=True, eq=False)
class BoundNews:
    """The bound as far as it is known, and over what.

    Attributes
    ----------
    question
        What was asked.
    bound
        Its parts and terms.
    words
        What was averaged: "16 held-out pictures of Emoji".
    """

    question: BoundQuestion
    bound: BoundByTime
    words: str


@dataclass(frozen=True, eq=False)
class RealPicture:
    """A picture of a denoiser's data set, uint8 (H, W, C), what to call it, and its class ("": none)."""

    pixels: Pixels
    title: str
    class_name: str = ""


def data_of(key: str, info: DenoiserInfo) -> str | None:
    """The name of the pictures that the denoiser of a key is for; None where they are not known here."""
    if key == BLUR_PICTURES:
        return _MY_PICTURES
    return picture_set(key) or key_of_title(info.trained_on)


def data_problem(key: str, info: DenoiserInfo) -> str:
    """Why there is no bound over the denoiser's data, in a sentence; empty where there is one."""
    name = data_of(key, info)
    if name is None:
        return "The pictures that it is for are not known here."
    source = SOURCES.get(name)
    return "" if source is None or is_at_hand(source) else f"{source.title} is not on this computer."


def set_problem(key: str, info: DenoiserInfo) -> str:
    """Why no picture can be taken out of the denoiser's data set; empty where one can."""
    if data_of(key, info) == _MY_PICTURES:
        return "It is for the pictures of the gallery: choose one above."
    return data_problem(key, info)


def real_picture(request: ReverseRequest, seed: int, shelf: DenoiserShelf) -> Iterator[RealPicture]:
    """One picture of the denoiser's data set, held out if there are such; raises as `bound_steps`."""
    leave_a_core_to_the_window()
    info = shelf.fetch(request).denoiser.info
    material, kind = _material(data_of(request.denoiser, info), info)
    values = material.examples.values
    place = int(np.random.default_rng(seed).integers(len(values)))
    pixels = np.moveaxis(values[place].numpy(), 0, -1)
    labels = material.examples.labels
    class_name = "" if labels is None else material.class_names[int(labels[place])]
    yield RealPicture(np.ascontiguousarray(pixels), f"{material.title}, {kind} {place + 1}", class_name)


def bound_steps(question: BoundQuestion, shelf: DenoiserShelf) -> Iterator[BoundNews]:
    """Estimate the bound, as `diffviz evaluate` does, with a record after each call of the denoiser.

    Raises
    ------
    CheckpointError, DatasetError, ImageReadError
        If a file cannot be used.
    ValueError
        If the denoiser does not work on pictures, or its data are not known.
    """
    from diffviz.evaluation.bound import bound_by_time

    leave_a_core_to_the_window()
    shelved = shelf.fetch(question.request)
    schedule, info = question.schedule, shelved.denoiser.info
    asked = question.request.class_index
    own: list[int] | None = None
    at_once: dict[str, int] = {}
    if question.image is None:
        x_0, words, own = _data(question, shelf, info)
    else:
        shape = picture_shape(info)
        x_0 = _batch(eight_bit_picture(shelf.images, question.image, shape, question.fit)[None])
        x_0 = x_0.repeat(question.count, 1, 1, 1)
        words = f"{question.count} draw{'s' if question.count != 1 else ''} of noise for this image"
        # Each draw is a group of its own, so that draws tell how far they scatter.
        at_once = {"at_once": 1}
    classes: list[int] | None = None
    if question.has_own_classes and own is not None:
        classes, words = own, f"{words}, each as its own class"
    elif asked is not None:
        classes, words = [asked] * len(x_0), f"{words}, as {info.class_names[asked]}"
    elif info.class_names:
        words = f"{words}, without a class"
    for bound in bound_by_time(
        shelved.denoiser,
        x_0,
        schedule,
        variance=question.variance,
        num_terms=question.num_terms,
        seed=question.seed,
        classes=classes,
        **at_once,
    ):
        yield BoundNews(question, bound, words)


def loss_steps(question: TheoryQuestion, shelf: DenoiserShelf) -> Iterator[AnswerErrors]:
    """Losses of the denoiser's answers at some two dozen times, denser near the image.

    Times at which the answer cannot be said in every unit are passed over. Raises as `bound_steps`.
    """
    from diffviz.evaluation.agreement import judge_answer

    leave_a_core_to_the_window()
    shelved = shelf.fetch(question.request)
    shape = picture_shape(shelved.denoiser.info)
    process = question.process(eight_bit_picture(shelf.images, question.image, shape, question.fit))
    x_0 = _batch(process.x_0[None]).double()
    for t in loss_times(process.schedule.num_timesteps):
        level = process.schedule.level(t)
        noise = _batch(process.noise(t)[None]).double()
        x_t = level.sqrt_alpha_cumprod * x_0 + level.sqrt_one_minus_alpha_cumprod * noise
        try:
            answer = shelved.denoiser.predict(x_t, level, question.request.class_index).noise
            errors = judge_answer(answer, noise, x_0, process.schedule, t)
        except ValueError:
            continue
        yield errors


def loss_times(num_timesteps: int) -> tuple[int, ...]:
    """Times from 1 to T, some evenly and some in equal ratios."""
    ratios = np.geomspace(1, num_timesteps, _NUM_LOSS_TIMES)
    evenly = np.linspace(1, num_timesteps, _NUM_LOSS_TIMES)
    return tuple(sorted({int(t) for t in np.rint(np.concatenate((ratios, evenly)))}))


def timing_steps(question: TheoryQuestion, t: int, shelf: DenoiserShelf) -> Iterator[LossTimings]:
    """Time the loss on ε and the loss on the mean for the picture; raises as `bound_steps`."""
    from diffviz.evaluation.timing import time_losses

    leave_a_core_to_the_window()
    shelved = shelf.fetch(question.request)
    shape = picture_shape(shelved.denoiser.info)
    process = question.process(eight_bit_picture(shelf.images, question.image, shape, question.fit))
    t = min(max(t, 2), process.schedule.num_timesteps)
    x_0, noise = (_batch(picture[None]) for picture in (process.x_0, process.noise(t)))
    class_index = question.request.class_index
    yield from time_losses(shelved.denoiser, x_0, noise, process.schedule, t, class_index)


def _data(
    question: BoundQuestion, shelf: DenoiserShelf, info: DenoiserInfo
) -> tuple[Tensor, str, list[int] | None]:
    """Pictures of the denoiser's data, unseen ones if there are any, what they are, and their classes."""
    from diffviz.evaluation.real_pictures import even_places, some_places

    name, (channels, side, _) = data_of(question.request.denoiser, info), picture_shape(info)
    if name == _MY_PICTURES:
        mine = shelf.images.picture_set(side, channels, question.request.picture_keys or None)
        pixels = to_uint8(mine.images)
        chosen = even_places(len(pixels), min(question.count, len(pixels)))
        return _batch(from_uint8(pixels[chosen])), f"{len(chosen)} of my pictures", None
    material, kind = _material(name, info)
    examples, places = material.examples, some_places(material, question.count, question.seed)
    own = None if examples.labels is None else examples.labels[places].tolist()
    return examples.x_0(places), f"{len(places)} {kind} pictures of {material.title}", own


def _material(name: str | None, info: DenoiserInfo) -> tuple[Material, str]:
    """The pictures of a data set that a denoiser has not seen, or else those that it has."""
    from diffviz.evaluation.real_pictures import both_splits

    if name is None:
        raise ValueError(f"The pictures that {info.name} is for are not known here.")
    train, held_out = both_splits(name, picture_shape(info)[1])
    return (train, "training") if held_out is None else (held_out, "held-out")


def _batch(pictures: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Tensor:
    """Pictures (N, H, W, C) as a float32 tensor (N, C, H, W)."""
    import torch

    return torch.from_numpy(np.moveaxis(pictures, -1, 1).copy())
