"""The words of a recipe: what can be chosen in it, and what its panel shows."""

from __future__ import annotations

from dataclasses import dataclass

from diffviz.core.losses import Loss
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import SCHEDULE_KINDS
from diffviz.models.network_config import ConvNetConfig, MlpConfig, UNetConfig, architecture_of
from diffviz.training.config import TrainingConfig
from diffviz.ui.widgets.fields import Choice

OWN_PRESET, SESSION_SCHEDULE, OWN_FOLDER = "own", "session", "folder"
ARCHITECTURES = (
    Choice("unet", "U-Net", "Residual blocks at several resolutions with attention; knows classes"),
    Choice(
        "convnet", "Five layers", "Five convolutions at full resolution, 124,177 weights on grey pictures"
    ),
    Choice("mlp", "MLP", "A few dense layers, for points in the plane"),
)
PREDICTIONS = (
    Choice(PredictionType.NOISE, "Noise ε", "What was added; useless where no signal is left"),
    Choice(PredictionType.X_0, "Image x₀", "What was there; vague where there is much noise"),
    Choice(PredictionType.V, "Velocity v", "√ᾱ ε − √(1−ᾱ) x₀: well defined at every noise level"),
    Choice(PredictionType.MEAN, "Mean μ", "The mean of the step from t to t − 1"),
    Choice(
        PredictionType.EDM, "EDM F", "x₀ and ε mixed to one size at every noise level (Karras et al., 2022)"
    ),
)
LOSSES = (
    Choice(Loss.SIMPLE, "Simple", "Squared error of ε, every time alike (Ho et al., 2020)"),
    Choice(Loss.V, "Velocity", "Squared error of v (Salimans & Ho, 2022)"),
    Choice(Loss.EDM, "EDM", "Squared error of F, which weighs x₀ with 4 + SNR (Karras et al., 2022)"),
    Choice(Loss.X_0, "Image", "Squared error of x₀"),
    Choice(Loss.MIN_SNR, "Min-SNR", "Error of x₀ times min(SNR, 5) (Hang et al., 2023)"),
    Choice(Loss.ELBO_BETA, "Bound, β", "The variational bound with variance β"),
    Choice(Loss.ELBO_TILDE, "Bound, posterior", "The variational bound with the posterior's variance"),
    Choice(Loss.MEAN, "Mean", "Squared error of the mean of a step"),
)
SCHEDULES = (
    Choice(SESSION_SCHEDULE, "As in Forward", "The schedule of the other workspaces, as it is at the start"),
    *(
        Choice(kind.name, kind.label, kind.summary)
        for kind in SCHEDULE_KINDS.values()
        if kind.name != "custom"
    ),
)
LOCKS = {
    "running": "Locked while the run is active. Pause to change the learning rate; the rest needs a new run.",
    "paused": "Paused: the learning rate may change. Other fields start a new run, once this one is stopped.",
}


@dataclass(frozen=True)
class RecipeView:
    """What the panel shows.

    Attributes
    ----------
    config, sheet_every
        The recipe, and images between two sheets.
    preset, lesson
        Key of the preset, `OWN_PRESET` where fields were changed by hand, and its one sentence.
    usual, usual_sheet_every
        The recipe of the preset, to which fields can be reset.
    has_session_schedule
        Whether the schedule is that of the other workspaces.
    is_folder
        Whether the data are a folder of pictures, which are scaled.
    lock
        "running" or "paused" while a run is active, else empty.
    """

    config: TrainingConfig
    sheet_every: int
    preset: str
    lesson: str
    usual: TrainingConfig
    usual_sheet_every: int
    has_session_schedule: bool = False
    is_folder: bool = False
    lock: str = ""


def size_of(config: TrainingConfig, key: str) -> int | None:
    """Width or depth of a recipe's network under one name for all kinds; None where it is fixed."""
    network = config.network
    match network, key:
        case UNetConfig(), "width":
            return network.base_channels
        case UNetConfig(), "depth":
            return network.num_res_blocks
        case MlpConfig(), _:
            return network.width if key == "width" else network.depth
        case _:
            return None


def size_entry(config: TrainingConfig, key: str) -> str:
    """The entry of a network that its width or depth is."""
    names = {"width": "base_channels", "depth": "num_res_blocks"}
    return names[key] if isinstance(config.network, UNetConfig) else key


def has_gelu_output(config: TrainingConfig) -> bool | None:
    """Whether GELU follows the last layer; None where the network has no such choice."""
    return config.network.gelu_output if isinstance(config.network, ConvNetConfig) else None


def has_attention(config: TrainingConfig) -> bool | None:
    """Whether there is attention; None where the network has no such choice."""
    return bool(config.network.attention_levels) if isinstance(config.network, UNetConfig) else None


def misfit(kind: str, *, is_points: bool) -> str:
    """Why a kind of network cannot learn pictures, or points; empty where it can."""
    if is_points == (kind == "mlp"):
        return ""
    return "It is made for pictures." if is_points else "It is made for points in the plane."


def shown_value(config: TrainingConfig, sheet_every: int, key: str) -> object:
    """What a field shows; None for one that no preset decides."""
    match key:
        case "preset" | "data" | "image_size":
            return None
        case "width" | "depth":
            return size_of(config, key)
        case "architecture":
            return architecture_of(config.network)
        case "schedule":
            return config.schedule.kind
        case "timesteps":
            return config.schedule.num_timesteps
        case "sheet_every":
            return sheet_every
        case _:
            return getattr(config, key)


def usual_value(view: RecipeView, key: str) -> object:
    """What the preset has in a field; None where it decides nothing."""
    same_kind = architecture_of(view.usual.network) == architecture_of(view.config.network)
    if key in ("width", "depth") and not same_kind:
        return None
    return shown_value(view.usual, view.usual_sheet_every, key)


def value_words(value: object) -> str:
    """A value of a field as a person reads it."""
    for choices in (ARCHITECTURES, PREDICTIONS, LOSSES, SCHEDULES):
        for choice in choices:
            if isinstance(value, str) and choice.key == value:
                return choice.label
    return (
        f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
    )
