"""What happened in a training run, step by step and sheet by sheet; kept for the plots, and in a file."""

from __future__ import annotations

import bisect
import json
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffviz.engine.training_plan import TrainingPlan
from diffviz.export.whole_file import whole_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Floor", "Moment", "TrainingLog"]

_SMOOTHING_STEPS = 40
_COLUMNS = ("images_seen", "loss", "smoothed", "gradient_norm", "elapsed_s")


@dataclass(frozen=True, eq=False)
class Moment:
    """A look at the network: samples from always the same noises, and its loss at each noise level.

    Attributes
    ----------
    step, images_seen
        When it was.
    samples
        uint8 (n, H, W, C), or points as float32 (n, 2).
    loss_by_time
        Weighted loss in equal parts of the chain from t = 1 to T, float32.
    """

    step: int
    images_seen: int
    samples: NDArray[Any]
    loss_by_time: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Floor:
    """What the exact denoiser of the data loses on the examples of `Moment.loss_by_time`.

    No network that learns these data can lose less on average.

    Attributes
    ----------
    by_time
        Like `Moment.loss_by_time`.
    known
        How many examples it knows, of `of` in the data.
    """

    by_time: NDArray[np.float32]
    known: int
    of: int

    @property
    def loss(self) -> float:
        """Mean over all times."""
        return float(self.by_time.mean())


class TrainingLog:
    """Losses of every step, sheets of some, and the floor.

    Parameters
    ----------
    plan
        The run that it tells about.

    Attributes
    ----------
    num_examples
        How many examples make an epoch; 0 until the data are read.
    column_names
        What each sample of a sheet is asked to show, where the network knows classes.
    """

    def __init__(self, plan: TrainingPlan) -> None:
        self.plan = plan
        self.moments: list[Moment] = []
        self.floor: Floor | None = None
        self.num_examples = 0
        self.column_names: tuple[str, ...] = ()
        self._rows = np.empty((1024, len(_COLUMNS)))
        self._count = 0
        self._weight = 0.0

    def __len__(self) -> int:
        return self._count

    @property
    def step(self) -> int:
        """Steps of the optimiser so far."""
        return self._count

    def column(self, name: str) -> NDArray[np.float64]:
        """Values of all steps: "images_seen", "loss", "smoothed", "gradient_norm" or "elapsed_s"."""
        return self._rows[: self._count, _COLUMNS.index(name)]

    def last(self, name: str) -> float:
        """Value of the last step; NaN before the first."""
        return float(self.column(name)[-1]) if self._count else math.nan

    def epoch_of(self, images_seen: int) -> float:
        """Passes over the data after so many images; 0 until their number is known."""
        return images_seen / self.num_examples if self.num_examples else 0.0

    def add(self, images_seen: int, loss: float, gradient_norm: float, elapsed_s: float) -> None:
        """Take one step; the smoothed loss is a moving average of about the last 40."""
        if self._count == len(self._rows):
            self._rows = np.concatenate((self._rows, np.empty_like(self._rows)))
        before = self.last("smoothed")
        # A short memory at first, so that the untrained start does not linger.
        keep = min(1 - 1 / _SMOOTHING_STEPS, self._count / (self._count + 4.0))
        smoothed = loss if math.isnan(before) else keep * before + (1 - keep) * loss
        self._rows[self._count] = (images_seen, loss, smoothed, gradient_norm, elapsed_s)
        self._count += 1

    def add_moment(self, moment: Moment) -> None:
        """Take a sheet; it takes the place of one of the same step."""
        steps = [known.step for known in self.moments]
        place = bisect.bisect_left(steps, moment.step)
        replaced = place < len(steps) and steps[place] == moment.step
        self.moments[place : place + replaced] = [moment]

    def cut(self, step: int) -> None:
        """Forget what came after a step, as when a run goes on from an older state."""
        self._count = min(self._count, step)
        self.moments = [moment for moment in self.moments if moment.step <= step]

    def write(self, path: Path) -> None:
        """Write it whole or not at all.

        Raises
        ------
        ExportError
            If it cannot be written.
        """
        arrays: dict[str, NDArray[Any]] = {"rows": self._rows[: self._count].copy()}
        facts: dict[str, Any] = {
            "plan": self.plan.to_text(),
            "num_examples": self.num_examples,
            "column_names": self.column_names,
        }
        if self.moments:
            arrays["moments"] = np.array([(m.step, m.images_seen) for m in self.moments])
            arrays["samples"] = np.stack([m.samples for m in self.moments])
            arrays["loss_by_time"] = np.stack([m.loss_by_time for m in self.moments])
        if self.floor is not None:
            arrays["floor"] = self.floor.by_time
            facts["floor"] = [self.floor.known, self.floor.of]
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as stream:
            arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
            np.savez(stream, **arrays)  # type: ignore[arg-type]

    @classmethod
    def read(cls, path: Path) -> TrainingLog:
        """Read a file of `write`.

        Raises
        ------
        ValueError
            If it is damaged or something else.
        OSError
            If it cannot be read.
        """
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                facts = json.loads(arrays["facts"].tobytes())
                log = cls(TrainingPlan.from_text(facts["plan"]))
                log.num_examples = int(facts["num_examples"])
                log.column_names = tuple(facts["column_names"])
                log._rows = arrays["rows"] if len(arrays["rows"]) else log._rows
                log._count = len(arrays["rows"])
                if "moments" in arrays:
                    columns = (arrays["moments"], arrays["samples"], arrays["loss_by_time"])
                    log.moments = [
                        Moment(int(step), int(seen), samples, losses)
                        for (step, seen), samples, losses in zip(*columns)
                    ]
                if "floor" in arrays:
                    log.floor = Floor(arrays["floor"], *facts["floor"])
                return log
        except (KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path.name} is not the log of a training run.") from error
