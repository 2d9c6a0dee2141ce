"""Where the Train workspace keeps things: the run to be resumed, and the networks that come out of runs."""

from __future__ import annotations

import re
from pathlib import Path

from diffviz import paths
from diffviz.engine.training_log import TrainingLog

__all__ = ["forget_stored_run", "log_file", "network_file", "state_file", "stored_log"]


def state_file() -> Path:
    """Weights, optimiser and recipe of the last run."""
    return paths.user_data_dir() / "training" / "run.training.safetensors"


def log_file() -> Path:
    """Losses and sheets of the last run."""
    return paths.user_data_dir() / "training" / "run.npz"


def stored_log() -> TrainingLog | None:
    """What is known of the run on disk; None where there is none that can be resumed.

    Raises
    ------
    ValueError, OSError
        If there is one and its log cannot be read.
    """
    if not state_file().is_file() or not log_file().is_file():
        return None
    return TrainingLog.read(log_file())


def forget_stored_run() -> None:
    """Delete the run on disk, if there is one."""
    for path in (state_file(), log_file()):
        path.unlink(missing_ok=True)


def network_file(title: str, run_name: str, images_seen: int) -> tuple[Path, str]:
    """Where a network of a run goes, and the name that all networks of the run share.

    Parameters
    ----------
    title
        What the network is called: "Emoji U-Net".
    run_name
        The shared name, once the run has one; empty: the next that is free, "emoji-u-net-1".
    images_seen
        How long it was trained.
    """
    folder = paths.user_checkpoints_dir()
    if not run_name:
        stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "network"
        number = 1
        while any(folder.glob(f"{stem}-{number}-*")):
            number += 1
        run_name = f"{stem}-{number}"
    return folder / f"{run_name}-{images_seen:07d}.safetensors", run_name
