"""A run on disk: everything that is needed to go on as if it had never stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from diffviz.models.checkpoint import CheckpointError, read_metadata, write_tensors
from diffviz.training.batch import Examples
from diffviz.training.config import TrainingConfig
from diffviz.training.loop import TrainingRun
from diffviz.training.team import Team

STATE_KEY = "diffviz-training"
_POINTS = "points"
_MOMENTS = ("exp_avg", "exp_avg_sq")


def state_path(network_path: Path) -> Path:
    """Where the state of a run lies whose network is written to `network_path`."""
    return network_path.with_suffix(".training.safetensors")


def save_state(run: TrainingRun, path: Path) -> None:
    """Write weights, their average, the optimiser's moments, the step and the recipe, atomically.

    Points of a person's own file go along, for the file may be changed or moved.
    """
    tensors: dict[str, Tensor] = {_POINTS: run.examples.values} if run.examples.fingerprint else {}
    for name, parameter in run.network.named_parameters():
        tensors[f"weight/{name}"] = parameter
        tensors[f"average/{name}"] = run.average.weights[name]
        for moment in _MOMENTS:
            if parameter in run.optimizer.state:
                tensors[f"{moment}/{name}"] = run.optimizer.state[parameter][moment]
    progress = {"step": run.step, "updates": run.average.updates, "config": run.config.to_json()}
    progress |= {"fingerprint": run.examples.fingerprint}
    write_tensors(path, {STATE_KEY: json.dumps(progress)}, tensors)


def read_config(path: Path) -> TrainingConfig:
    """The recipe of a stored run.

    Raises
    ------
    CheckpointError
        If the file is damaged or not the state of a run.
    """
    return _read_progress(path).config


def stored_points(path: Path) -> Tensor | None:
    """The points that a stored run has learned from, (n, 2); None where they came with the program.

    Raises
    ------
    CheckpointError
        If the file is damaged or not the state of a run.
    """
    from safetensors import safe_open

    if not _read_progress(path).fingerprint:
        return None
    with safe_open(path, framework="pt") as stored:
        names = stored.keys()
        points: Tensor | None = stored.get_tensor(_POINTS) if _POINTS in names else None
    return points


def resume(
    path: Path,
    examples: Examples,
    *,
    images: int | None = None,
    device: str = "cpu",
    team: Team | None = None,
) -> TrainingRun:
    """Rebuild a run where it was saved; on the CPU it goes on bit for bit as if it had not stopped.

    Parameters
    ----------
    path
        A file of `save_state`.
    examples
        The same data as before.
    images
        A new length of the run, if it is to become longer or shorter.
    device, team
        Where the network computes, and with whom.

    Raises
    ------
    CheckpointError
        If the file is damaged or not the state of a run, or the run learned other points.
    """
    from safetensors.torch import load_file

    progress = _read_progress(path)
    if progress.fingerprint != examples.fingerprint:
        name = Path(progress.config.data).name
        raise CheckpointError(f"{name} holds other points than this run has learned: begin a new run.")
    config = replace(progress.config, images=progress.config.images if images is None else images)
    run = TrainingRun(config, examples, device, team)
    tensors = load_file(path)
    try:
        with torch.no_grad():
            for name, parameter in run.network.named_parameters():
                parameter.copy_(tensors[f"weight/{name}"])
                if f"{_MOMENTS[0]}/{name}" in tensors:
                    state = run.optimizer.state[parameter]
                    state["step"] = torch.tensor(float(progress.step), device=run.device)
                    for moment in _MOMENTS:
                        state[moment] = torch.empty_like(parameter).copy_(tensors[f"{moment}/{name}"])
        prefix = "average/"
        run.average.restore(
            {n.removeprefix(prefix): w for n, w in tensors.items() if n.startswith(prefix)}, progress.updates
        )
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(f"{path.name} does not fit the network that its recipe names.") from error
    run.step = progress.step
    return run


@dataclass(frozen=True)
class _Progress:
    """How far a stored run is, with what, and on which points."""

    config: TrainingConfig
    step: int
    updates: int
    fingerprint: str


def _read_progress(path: Path) -> _Progress:
    metadata, _, _ = read_metadata(path)
    if STATE_KEY not in metadata:
        raise CheckpointError(f"{path.name} is not the state of a training run.")
    try:
        progress = json.loads(metadata[STATE_KEY])
        config = TrainingConfig.from_json(progress["config"])
        fingerprint = str(progress.get("fingerprint", ""))
        return _Progress(config, int(progress["step"]), int(progress["updates"]), fingerprint)
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path.name} holds a recipe that diffviz cannot read.") from error
