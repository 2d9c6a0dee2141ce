"""The job of the Train workspace: a run that looks at itself, saves itself, and grants wishes between steps.

Importing this does not import torch; working through a run does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from diffviz.engine.courtesy import leave_a_core_to_the_window
from diffviz.engine.training_files import log_file, network_file, state_file
from diffviz.engine.training_log import Moment, TrainingLog
from diffviz.engine.training_plan import TrainingPlan, fitted
from diffviz.engine.training_records import (
    ChangeLength,
    ChangeRate,
    FloorFound,
    MomentReady,
    NetworkSaved,
    NetworkShared,
    RunOpened,
    SampleNow,
    SaveFailed,
    SaveNetwork,
    ShareNetwork,
    StateSaved,
    TrainingTick,
    Wish,
)
from diffviz.training.config import SHEET_GUIDANCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from torch import Tensor

    from diffviz.engine.training_log import Floor
    from diffviz.engine.training_probe import Probe
    from diffviz.models.denoiser import NetworkDenoiser
    from diffviz.training.examples import Material
    from diffviz.training.loop import TrainingRun

__all__ = ["LiveRun", "TrainingRecord", "training_steps"]

NUM_COLUMNS = 8
NUM_POINTS = 2000
_SAVE_EVERY_S = 60.0
_SAMPLE_SEED = 5

_T = TypeVar("_T")

_Saved = StateSaved | SaveFailed | NetworkSaved | NetworkShared
TrainingRecord = RunOpened | TrainingTick | MomentReady | FloorFound | _Saved


class _LeftWhileReadingError(Exception):
    """Nobody waits for the data any more."""


class LiveRun:
    """One training run, kept by the window; only the job that works on it touches what is inside.

    Parameters
    ----------
    plan
        What to do.
    is_stored
        Go on with the run that is on disk.

    Attributes
    ----------
    reading
        How many files of a folder are read, of how many; None unless that is under way.
    """

    def __init__(self, plan: TrainingPlan, *, is_stored: bool = False) -> None:
        self.plan = plan
        self._is_stored = is_stored
        self.reading: tuple[int, int] | None = None
        self._wishes: SimpleQueue[Wish] = SimpleQueue()
        self._leaving = Event()
        self._run: TrainingRun | None = None
        self._material: Material | None = None
        self._log = TrainingLog(plan)
        self._saved_step = -1
        self._elapsed_s = 0.0
        self._name = ""
        self._floor: Iterator[Floor | None] | None = None
        self._probe: Probe | None = None
        self._noise: Tensor | None = None

    # From the window's thread

    def ask(self, wish: Wish) -> None:
        """Have something done before the next step; from any thread."""
        self._wishes.put(wish)

    def leave(self) -> None:
        """Let go of data that are read or samples that are made, for the job is to stop soon; any thread."""
        self._leaving.set()

    def stay(self) -> None:
        """Take back `leave` before another job begins."""
        self._leaving.clear()

    # In the job's thread

    @property
    def is_complete(self) -> bool:
        """Whether it has reached its length."""
        return self._run is not None and self._run.images_seen >= self._run.config.images

    @property
    def step(self) -> int:
        """Steps made so far."""
        return 0 if self._run is None else self._run.step

    def open(self) -> RunOpened:
        """Read the data and make the network, unless that was done before.

        Raises
        ------
        DatasetError, CheckpointError
            If the data or the stored run cannot be used.
        """
        if self._run is None:
            self._make()
        run, material = self._opened()
        names = tuple(material.class_names[index] for index in self._columns() if index is not None)
        self._log.num_examples, self._log.column_names = len(material.examples.values), names
        return RunOpened(
            title=material.title,
            parameters=sum(p.numel() for p in run.network.parameters()),
            num_examples=self._log.num_examples,
            step=run.step,
            images_seen=run.images_seen,
            images=run.config.images,
            column_names=names,
            notes=material.notes,
        )

    def advance(self) -> TrainingTick:
        """Make one step.

        Raises
        ------
        TrainingError
            If the loss is not a number.
        """
        run, _ = self._opened()
        started_s = time.perf_counter()
        step = run.advance()
        self._elapsed_s += time.perf_counter() - started_s
        self._log.add(step.images_seen, step.loss, step.gradient_norm, self._elapsed_s)
        return TrainingTick(
            step.step, step.images_seen, step.loss, step.gradient_norm, self._elapsed_s, step.note
        )

    def look_due(self) -> bool:
        """Whether a sheet is due: before the first step, often at first, then after every so many images."""
        run, _ = self._opened()
        every, batch = self.plan.sheet_every, run.config.batch_size
        if any(moment.step == run.step for moment in self._log.moments):
            return False
        if run.step == 0 or self.is_complete:
            return True
        now, before = run.images_seen, run.images_seen - batch
        early = any(before < every / part <= now for part in (8, 4, 2))
        return early or now // every > before // every

    def look(self, num_sampling_steps: int | None = None) -> Iterator[Moment]:
        """Make a sheet and measure the loss at each noise level; nothing where the job has to stop."""
        from diffviz.training.publish import as_denoiser

        run, material = self._opened()
        started_s = time.perf_counter()
        denoiser = as_denoiser(run, material)
        samples = self._samples(denoiser, num_sampling_steps or self.plan.num_sampling_steps)
        losses = list(self._until_left(self._probe_of_run().losses(denoiser)))
        self._elapsed_s += time.perf_counter() - started_s
        if samples is not None and not self._leaving.is_set():
            moment = Moment(run.step, run.images_seen, samples, np.array(losses, np.float32))
            self._log.add_moment(moment)
            yield moment

    def floor_part(self) -> Iterator[FloorFound]:
        """Do a sixteenth of the work on the floor; says so when it is found."""
        from diffviz.engine.training_probe import floor_steps

        if self._log.floor is not None:
            return
        run, material = self._opened()
        if self._floor is None:
            self._floor = floor_steps(run.config, material.examples, self._probe_of_run())
        found = next(self._floor)
        if found is not None:
            self._log.floor, self._floor = found, None
            yield FloorFound(found)

    def grant(self) -> Iterator[TrainingRecord]:
        """Do what was wished for, oldest first; changes take effect without an answer."""
        while True:
            try:
                wish = self._wishes.get_nowait()
            except Empty:
                return
            run, _ = self._opened()
            match wish:
                case ChangeRate(learning_rate):
                    run.config = replace(run.config, learning_rate=learning_rate)
                case ChangeLength(images):
                    run.config = replace(run.config, images=images)
                case SampleNow(num_sampling_steps):
                    yield from (MomentReady(m, asked=True) for m in self.look(num_sampling_steps))
                case SaveNetwork(then_use):
                    yield self._save_network(then_use)
                case ShareNetwork():
                    from diffviz.training.publish import as_denoiser

                    yield NetworkShared(as_denoiser(*self._opened()), run.step)

    def save(self) -> StateSaved:
        """Write the run and its log, beside their places and moved in.

        Raises
        ------
        OSError, ExportError
            If the disk refuses; what was there before is still there.
        """
        from diffviz.training.state import save_state

        run, _ = self._opened()
        now = run.config
        config = replace(self.plan.config, learning_rate=now.learning_rate, images=now.images)
        self._log.plan = replace(self.plan, config=config)
        # The log first: one that knows more than the state is cut to it, one that knows less has a gap.
        self._log.write(log_file())
        save_state(run, state_file())
        self._saved_step = run.step
        return StateSaved(run.step)

    def save_if_new(self) -> None:
        """Write the run unless it is on disk as it is; `save` says what can go wrong."""
        if self._run is not None and self._run.step not in (0, self._saved_step):
            self.save()

    def _save_network(self, then_use: bool) -> NetworkSaved | SaveFailed:
        from diffviz.models.checkpoint import write_checkpoint
        from diffviz.training.publish import network_header

        run, material = self._opened()
        header = network_header(run, material)
        path, self._name = network_file(header.name, self._name, run.images_seen)
        name = f"{header.name} {self._name.rpartition('-')[2]}, {run.images_seen:,} images"
        try:
            write_checkpoint(path, replace(header, name=name), run.average.weights)
        except OSError as error:
            return SaveFailed(f"{path} could not be written: {error.strerror or error}.")
        return NetworkSaved(path.stem, name, run.step, self._log.last("smoothed"), then_use)

    def _make(self) -> None:
        from diffviz.training import state
        from diffviz.training.examples import load_material
        from diffviz.training.loop import TrainingRun

        config = self.plan.config
        try:
            material = load_material(
                config.data,
                self.plan.architecture,
                image_size=config.image_size,
                tell=self._tell,
                points=state.stored_points(state_file()) if self._is_stored else None,
            )
        finally:
            self.reading = None
        num_classes = len(material.class_names) if self.plan.architecture == "unet" else 0
        # Networks without a class embedding are not asked for classes.
        material = replace(material, class_names=material.class_names[:num_classes])
        if self._is_stored:
            run = state.resume(state_file(), material.examples, device=self.plan.device)
            self._log = TrainingLog.read(log_file())
            self._log.cut(run.step)
            if len(self._log):
                self._elapsed_s = self._log.last("elapsed_s")
            self._saved_step = run.step
        else:
            config = fitted(config, material.shape, num_classes)
            run = TrainingRun(config, material.examples, self.plan.device)
        self._run, self._material = run, material

    def _opened(self) -> tuple[TrainingRun, Material]:
        if self._run is None or self._material is None:
            raise RuntimeError("The run was not opened.")
        return self._run, self._material

    def _columns(self) -> list[int | None]:
        """The class of each sample of a sheet."""
        _, material = self._opened()
        if len(material.shape) == 1:
            return [None] * NUM_POINTS
        if not material.class_names:
            return [None] * NUM_COLUMNS
        return [index % len(material.class_names) for index in range(NUM_COLUMNS)]

    def _samples(self, denoiser: NetworkDenoiser, num_sampling_steps: int) -> NDArray[Any] | None:
        """Samples from the same noises as always, uint8 (n, H, W, C) or float32 (n, 2); None if left."""
        from diffviz.data.images import to_uint8
        from diffviz.training.preview import sampling_steps, start_noise

        _, material = self._opened()
        columns = self._columns()
        if self._noise is None:
            self._noise = start_noise(material.shape, len(columns), _SAMPLE_SEED)
        steps = sampling_steps(
            denoiser,
            self._noise,
            columns,
            num_sampling_steps=num_sampling_steps,
            guidance_scale=SHEET_GUIDANCE,
        )
        reached = list(self._until_left(steps))
        if not reached:
            return None
        last = reached[-1]
        return last.numpy() if last.ndim == 2 else to_uint8(last.permute(0, 2, 3, 1).numpy())

    def _probe_of_run(self) -> Probe:
        from diffviz.engine.training_probe import Probe

        if self._probe is None:
            run, material = self._opened()
            self._probe = Probe.of(run.config, material.examples)
        return self._probe

    def _tell(self, done: int, total: int) -> None:
        self.reading = done, total
        if self._leaving.is_set():
            raise _LeftWhileReadingError

    def _until_left(self, steps: Iterable[_T]) -> Iterator[_T]:
        for step in steps:
            if self._leaving.is_set():
                return
            yield step


def training_steps(live: LiveRun, *, trains: bool = True) -> Iterator[TrainingRecord]:
    """Work on a run: grant wishes, train, look and save, until it is complete or nobody asks any more.

    However it ends, the run is on disk afterwards.

    Parameters
    ----------
    live
        The run.
    trains
        Off: only grant the wishes that are waiting.
    """
    leave_a_core_to_the_window()
    try:
        yield live.open()
    except _LeftWhileReadingError:
        return
    saved_s = time.monotonic()
    try:
        while True:
            # First of all: a paused job is let on by one record when something is wished for.
            yield from live.grant()
            if not trains:
                break
            if live.look_due():
                yield from (MomentReady(moment) for moment in live.look())
            if live.is_complete:
                break
            yield live.advance()
            yield from live.floor_part()
            if time.monotonic() - saved_s > _SAVE_EVERY_S:
                yield _saved(live)
                saved_s = time.monotonic()
    finally:
        live.save_if_new()


def _saved(live: LiveRun) -> StateSaved | SaveFailed:
    try:
        return live.save()
    except (OSError, ValueError) as error:
        return SaveFailed(str(error))
