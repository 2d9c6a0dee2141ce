"""The trained networks at hand: listing them costs no import of torch, loading one does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from diffviz import paths
from diffviz.core.prediction import PredictionType
from diffviz.models.checkpoint import CheckpointError, StoredFile, load_network, read_header
from diffviz.models.denoiser import DenoiserInfo, NetworkDenoiser

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Catalog", "CheckpointError", "list_networks", "load_denoiser", "read_catalog"]

SUFFIX = ".safetensors"
STATE_SUFFIX = ".training.safetensors"


@dataclass(frozen=True)
class Catalog:
    """Networks that can be used, and one sentence for each file that cannot."""

    networks: tuple[DenoiserInfo, ...]
    problems: tuple[str, ...]


def read_catalog() -> Catalog:
    """Look through the shipped networks and the user's own, reading only the files' headers."""
    networks, problems = [], []
    for key, path in _files():
        try:
            networks.append(_info(key, read_header(path)))
        except CheckpointError as error:
            problems.append(str(error))
    return Catalog(tuple(networks), tuple(problems))


def list_networks() -> tuple[DenoiserInfo, ...]:
    """The networks that can be used, shipped ones first."""
    return read_catalog().networks


def load_denoiser(key_or_path: str | Path, device: str = "cpu") -> NetworkDenoiser:
    """Load a network by its key in the catalogue, or from a file.

    Raises
    ------
    CheckpointError
        If there is no such network, or its file cannot be used.
    """
    known = dict(_files())
    path = known.get(str(key_or_path), Path(key_or_path))
    if not path.is_file():
        names = ", ".join(known) or "none"
        raise CheckpointError(
            f"There is no network “{key_or_path}”: name a file, or one of those at hand: {names}."
        )
    stored = read_header(path)
    header, network = load_network(path, device)
    try:
        prediction = PredictionType(header.prediction)
        return NetworkDenoiser(network, prediction, header.schedule, _info(str(key_or_path), stored))
    except ValueError as error:
        raise CheckpointError(f"{path.name} cannot be used: {error}") from error


def _files() -> Iterator[tuple[str, Path]]:
    """Key and path of every network file; a name that is taken gives way to the whole path."""
    taken = set()
    for folder in (paths.checkpoints_dir(), paths.user_checkpoints_dir()):
        for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
            if path.name.endswith(STATE_SUFFIX) or path.name.startswith("."):
                continue
            key = str(path) if path.stem in taken else path.stem
            taken.add(key)
            yield key, path


def _info(key: str, stored: StoredFile) -> DenoiserInfo:
    header = stored.header
    shape = header.data_shape
    image_shape = (shape[0], shape[1], shape[2]) if len(shape) == 3 else None
    size = f"{image_shape[1]}×{image_shape[2]}" if image_shape else f"{shape[0]}-D points"
    return DenoiserInfo(
        key=key,
        name=header.name,
        trained_on=header.trained_on,
        image_shape=image_shape,
        class_names=header.class_names,
        parameters=stored.parameters,
        file_bytes=stored.file_bytes,
        kind="network",
        detail=f"{header.name} · {size}",
        schedule=header.schedule,
    )
