"""One step of the chain under the microscope: both Gaussians of every pixel, and what they cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffviz.core.elbo import decoder_variance, discretised_log_likelihood, step_term, variance_cost
from diffviz.core.forward import ForwardProcess
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.posterior import posterior_coefficients
from diffviz.core.prediction import noise_from_x_0
from diffviz.core.sampler_steps import ddpm_variance
from diffviz.engine.courtesy import leave_a_core_to_the_window
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.theory_question import TheoryQuestion, eight_bit_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diffviz.core.prediction import Prediction
    from diffviz.core.schedules import NoiseSchedule
    from diffviz.data.images import Picture
    from diffviz.evaluation.agreement import AnswerErrors
    from diffviz.models.denoiser import DenoiserInfo

    FloatArray = NDArray[np.float64]

__all__ = ["StepAnswer", "StepView", "StepViewer", "picture_shape"]


@dataclass(frozen=True, eq=False)
class StepAnswer:
    """q(x_{t−1} | x_t, x_0) and p_θ(x_{t−1} | x_t), pixel by pixel; pictures are float64 (H, W, C).

    Attributes
    ----------
    pred_x_0, pred_noise
        The denoiser's answer, x̂_0 within [−1, 1] and ε̂ to match.
    mean_q, mean_p
        The means. At t = 1, where q is the point x_0, `mean_p` is that of the decoder.
    variance_q, variance_p
        β̃_t and σ_t²; at t = 1 0 and the decoder's.
    bits
        KL(q ‖ p_θ) of each value in bits; at t = 1 what naming its grey level costs.
    weight, constant
        λ_t and C_t, so that the mean of `bits` is (λ_t ‖ε − ε̂‖²/d + C_t)/ln 2 from t = 2 on.
    noise_error
        ‖ε − ε̂‖²/d.
    sample
        x_{t−1} as drawn from p_θ.
    losses
        Of the very ε̂ that the denoiser said, in every unit; None where it cannot be said in all of them.
    """

    pred_x_0: FloatArray
    pred_noise: FloatArray
    mean_q: FloatArray
    mean_p: FloatArray
    variance_q: float
    variance_p: float
    bits: FloatArray
    weight: float
    constant: float
    noise_error: float
    sample: FloatArray
    losses: AnswerErrors | None

    @property
    def bits_per_dim(self) -> float:
        """What the step costs."""
        return float(self.bits.mean())


@dataclass(frozen=True, eq=False)
class StepView:
    """A picture at time t and what a denoiser makes of it; `answer` is None at t = 0, where no step ends.

    Pictures are float32 (H, W, C), x_0 with 8-bit values.
    """

    question: TheoryQuestion
    t: int
    info: DenoiserInfo
    x_0: Picture
    x_t: Picture
    noise: Picture
    answer: StepAnswer | None


class StepViewer:
    """Looks at steps; one instance belongs to one thread, for it keeps the noise of the last question.

    Parameters
    ----------
    shelf
        Where denoisers and pictures come from.
    """

    def __init__(self, shelf: DenoiserShelf) -> None:
        self._shelf = shelf
        self._last: tuple[TheoryQuestion, DenoiserInfo, ForwardProcess] | None = None

    def look(self, question: TheoryQuestion, t: int) -> StepView:
        """Ask the denoiser about x_t, as the class of the question; costs one evaluation for one picture.

        Raises
        ------
        CheckpointError, DatasetError, ImageReadError
            If a file cannot be used.
        ValueError
            If the denoiser cannot be asked.
        """
        import torch

        leave_a_core_to_the_window()
        shelved = self._shelf.fetch(question.request)
        if self._last is None or self._last[0] != question:
            info = shelved.denoiser.info
            x_0 = eight_bit_picture(self._shelf.images, question.image, picture_shape(info), question.fit)
            self._last = question, info, question.process(x_0)
        _, info, process = self._last
        x_t, noise = process.x_t(t), process.noise(t)
        answer = None
        if t > 0:
            batch = torch.from_numpy(np.moveaxis(x_t.astype(np.float64), -1, 0)[None].copy())
            said = shelved.denoiser.predict(batch, process.schedule.level(t), question.request.class_index)
            answer = _compare(said, process.x_0, x_t, noise, question, t)
        return StepView(question, t, info, process.x_0, x_t, noise, answer)


def picture_shape(info: DenoiserInfo) -> tuple[int, int, int]:
    """(C, H, W) of the pictures that a denoiser works on.

    Raises
    ------
    ValueError
        If it works on points.
    """
    if info.image_shape is None:
        raise ValueError(f"{info.name} draws points, and there is no picture of it to look at.")
    return info.image_shape


def _compare(
    said: Prediction, x_0: Picture, x_t: Picture, noise: Picture, question: TheoryQuestion, t: int
) -> StepAnswer:
    schedule, level = question.schedule, question.schedule.level(t)
    clean, noised = x_0.astype(np.float64), x_t.astype(np.float64)
    guess: FloatArray = np.moveaxis(said.x_0[0].double().cpu().numpy(), 0, -1).clip(-1.0, 1.0)
    pred_noise: FloatArray = noise_from_x_0(guess, noised, level)
    posterior = posterior_coefficients(schedule, t - 1, t)
    mean_q, mean_p = (posterior.c_0 * picture + posterior.c_t * noised for picture in (clean, guess))
    if t == 1:
        variance = decoder_variance(schedule, question.variance)
        bits = _decoder_bits(clean, guess, variance)
        constant, sample = 0.0, mean_p
    else:
        left_open = 0.0 if said.x_0_variance is None else float(said.x_0_variance[0])
        variance = ddpm_variance(schedule, t - 1, t, question.variance, x_0_variance=left_open)
        bits = step_term((guess - clean) ** 2, schedule, t, variance) / math.log(2.0)
        constant = variance_cost(posterior.variance, variance) if variance > 0.0 else 0.0
        drawn = draw_noise(clean.shape, question.seed, Stream.ANCESTRAL, t)
        sample = mean_p + math.sqrt(variance) * drawn
    return StepAnswer(
        pred_x_0=guess,
        pred_noise=pred_noise,
        mean_q=mean_q,
        mean_p=mean_p,
        variance_q=posterior.variance,
        variance_p=variance,
        bits=bits,
        weight=_weight(schedule, t, posterior.c_0, variance),
        constant=constant,
        noise_error=float(((pred_noise - noise) ** 2).mean()),
        sample=sample,
        losses=_losses(said, noise, x_0, schedule, t),
    )


def _losses(
    said: Prediction, noise: Picture, x_0: Picture, schedule: NoiseSchedule, t: int
) -> AnswerErrors | None:
    import torch

    from diffviz.evaluation.agreement import judge_answer

    true_noise, clean = (torch.from_numpy(np.moveaxis(p, -1, 0)[None].copy()) for p in (noise, x_0))
    try:
        return judge_answer(said.noise.cpu(), true_noise, clean, schedule, t)
    except ValueError:
        return None


def _decoder_bits(x_0: FloatArray, guess: FloatArray, variance: float) -> FloatArray:
    import torch

    probability = discretised_log_likelihood(torch.from_numpy(x_0), torch.from_numpy(guess), variance)
    return np.asarray(-probability.numpy() / math.log(2.0))


def _weight(schedule: NoiseSchedule, t: int, c_0: float, variance: float) -> float:
    """λ_t of ‖ε − ε̂‖²: c_0²/(2σ²) on ‖x_0 − x̂_0‖² = ‖ε − ε̂‖²/SNR; 0 for a step without noise."""
    snr = float(schedule.snr[t])
    if c_0 == 0.0 or variance == 0.0:
        return 0.0
    return c_0**2 / (2.0 * variance * snr) if snr > 0.0 else math.inf
