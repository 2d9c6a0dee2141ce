"""What passes between a training run's thread and the window: records one way, wishes the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffviz.engine.training_log import Floor, Moment

if TYPE_CHECKING:
    from diffviz.models.denoiser import NetworkDenoiser

__all__ = [
    "ChangeLength",
    "ChangeRate",
    "FloorFound",
    "MomentReady",
    "NetworkSaved",
    "NetworkShared",
    "RunOpened",
    "SampleNow",
    "SaveFailed",
    "SaveNetwork",
    "ShareNetwork",
    "StateSaved",
    "TrainingTick",
    "Wish",
]


@dataclass(frozen=True)
class RunOpened:
    """The data are read and the network is made, new or from its file.

    Attributes
    ----------
    step, images_seen, images
        How far it is, and its length in images.
    num_examples
        How many examples make an epoch.
    column_names
        What the samples of a sheet are asked to show, where the network knows classes.
    """

    title: str
    parameters: int
    num_examples: int
    step: int
    images_seen: int
    images: int
    column_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainingTick:
    """One step of the optimiser; `elapsed_s` counts working time, pauses left out."""

    step: int
    images_seen: int
    loss: float
    gradient_norm: float
    elapsed_s: float
    note: str = ""


@dataclass(frozen=True, eq=False)
class MomentReady:
    """Samples were made; `asked` where a person asked for them."""

    moment: Moment
    asked: bool = False


@dataclass(frozen=True, eq=False)
class FloorFound:
    """The exact denoiser has answered."""

    floor: Floor


@dataclass(frozen=True)
class StateSaved:
    """The run is on disk and can be resumed from this step."""

    step: int


@dataclass(frozen=True)
class SaveFailed:
    """Something could not be written; the run goes on, and what was saved before is still there."""

    reason: str


@dataclass(frozen=True)
class NetworkSaved:
    """A network that other workspaces can use; `then_use` as it was asked for."""

    key: str
    name: str
    step: int
    loss: float
    then_use: bool


@dataclass(frozen=True)
class SampleNow:
    """Make a sheet of samples in so many steps."""

    num_sampling_steps: int


@dataclass(frozen=True)
class SaveNetwork:
    """Write the averaged network among the user's networks."""

    then_use: bool = False


@dataclass(frozen=True)
class ShareNetwork:
    """Hand out the averaged network as it is, without a file."""


@dataclass(frozen=True, eq=False)
class NetworkShared:
    """The averaged network after so many steps, in a copy that training does not touch."""

    denoiser: NetworkDenoiser
    step: int


@dataclass(frozen=True)
class ChangeRate:
    """Train on with another learning rate."""

    learning_rate: float


@dataclass(frozen=True)
class ChangeLength:
    """Train on to another length in images."""

    images: int


Wish = SampleNow | SaveNetwork | ShareNetwork | ChangeRate | ChangeLength
