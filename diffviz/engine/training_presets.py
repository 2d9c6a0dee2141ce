"""Recipes to begin with: the recommended one, and others with one thing wrong, to see what it is good for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from diffviz.core.losses import Loss
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec
from diffviz.engine.training_plan import TrainingPlan, recommended
from diffviz.models.network_config import ConvNetConfig
from diffviz.training.config import TrainingConfig

__all__ = ["PRESETS", "RECOMMENDED", "TrainingPreset", "preset_plan"]

RECOMMENDED = "recommended"


@dataclass(frozen=True)
class TrainingPreset:
    """A recipe to choose.

    Attributes
    ----------
    lesson
        One sentence on what it shows.
    change
        From the recommended recipe of a data set to this one.
    is_good
        Whether it is meant to work.
    needs_pictures
        Why it makes no sense for points; empty where it does.
    """

    key: str
    name: str
    lesson: str
    change: Callable[[TrainingConfig], TrainingConfig]
    is_good: bool = False
    needs_pictures: str = ""

    def unavailable(self, *, is_points: bool) -> str:
        """Why it cannot be taken for these data; empty where it can."""
        return self.needs_pictures if is_points else ""


def _too_fast(config: TrainingConfig) -> TrainingConfig:
    return replace(config, learning_rate=0.3, warmup_images=0)


def _too_few_steps(config: TrainingConfig) -> TrainingConfig:
    return replace(config, schedule=ScheduleSpec("cosine", 4))


def _leftover_signal(config: TrainingConfig) -> TrainingConfig:
    return replace(config, schedule=ScheduleSpec("linear", 100).with_value("rescale", 0.0))


def _timeless(config: TrainingConfig) -> TrainingConfig:
    return replace(config, network=replace(config.network, knows_time=False))


def _gelu_output(config: TrainingConfig) -> TrainingConfig:
    network = ConvNetConfig(gelu_output=True)
    return replace(config, network=network, prediction=PredictionType.NOISE, loss=Loss.SIMPLE)


def _on_the_mean(config: TrainingConfig) -> TrainingConfig:
    return replace(config, prediction=PredictionType.MEAN, loss=Loss.MEAN)


def _no_average(config: TrainingConfig) -> TrainingConfig:
    return replace(config, ema_decay=0.0, learning_rate=2 * config.learning_rate)


PRESETS: dict[str, TrainingPreset] = {
    preset.key: preset
    for preset in (
        TrainingPreset(
            RECOMMENDED,
            "Recommended",
            "Learns these data well in minutes: watch the colours come first, then shapes, then details.",
            lambda config: config,
            is_good=True,
        ),
        TrainingPreset(
            "rate",
            "Bad: learning rate too high",
            "Every step overshoots: the loss jumps, stays far above the floor, and samples stay noise.",
            _too_fast,
        ),
        TrainingPreset(
            "steps",
            "Bad: T too small",
            "With four steps each must undo too much noise for one guess, so samples are blurred averages.",
            _too_few_steps,
        ),
        TrainingPreset(
            "signal",
            "Bad: signal left at T",
            "The schedule keeps signal at T that pure noise does not have: samples come out washed out.",
            _leftover_signal,
            needs_pictures="It needs pictures: points are centred, and what is left of them hardly shows.",
        ),
        TrainingPreset(
            "time",
            "Bad: no time embedding",
            "The network is not told how noisy its input is, and takes a middle course at every noise level.",
            _timeless,
        ),
        TrainingPreset(
            "gelu",
            "Bad: GELU on the output",
            "GELU cannot answer below −0.17, and half of all noise is below 0: the loss stays above 0.38.",
            _gelu_output,
            needs_pictures="It needs pictures: the fault is one of the five-layer network.",
        ),
        TrainingPreset(
            "mean",
            "Bad: loss on the mean",
            "The mean of a step is almost $x_t$ itself: the loss is tiny and says little about samples.",
            _on_the_mean,
        ),
        TrainingPreset(
            "average",
            "Bad: no averaging (EMA)",
            "Samples of the last weights jump from sheet to sheet; their moving average would stand still.",
            _no_average,
        ),
    )
}


def preset_plan(key: str, data: str) -> TrainingPlan:
    """A preset for a data set.

    Raises
    ------
    KeyError
        If there is no such preset.
    """
    plan = recommended(data)
    return replace(plan, config=PRESETS[key].change(plan.config))
