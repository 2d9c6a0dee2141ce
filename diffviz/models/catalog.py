"""The trained networks at hand: listing them costs no import of torch, loading one does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffviz import paths
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec
from diffviz.models.checkpoint import CheckpointError, StoredFile, load_network, read_header
from diffviz.models.denoiser import DenoiserInfo, NetworkDenoiser

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Catalog",
    "CheckpointError",
    "ClassifierInfo",
    "find_classifier",
    "list_classifiers",
    "list_networks",
    "load_denoiser",
    "read_catalog",
]

SUFFIX = ".safetensors"
STATE_SUFFIX = ".training.safetensors"
CLASSIFIER = "classifier"
"""The `kind` in the header of a classifier's file; all other kinds are denoisers."""


@dataclass(frozen=True)
class ClassifierInfo:
    """What a person should know of a classifier before steering a denoiser by it.

    Attributes
    ----------
    key
        How it is asked for.
    image_shape
        (C, H, W) of the pictures that it reads.
    schedule
        The schedule whose noise it was trained with.
    """

    key: str
    name: str
    trained_on: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    schedule: ScheduleSpec
    parameters: int = 0
    file_bytes: int = 0


@dataclass(frozen=True)
class Catalog:
    """Networks that can be used, and one sentence for each file that cannot."""

    networks: tuple[DenoiserInfo, ...]
    problems: tuple[str, ...]
    classifiers: tuple[ClassifierInfo, ...] = ()


def read_catalog() -> Catalog:
    """Look through the shipped networks and the user's own, reading only the files' headers."""
    networks, problems, classifiers = [], [], []
    for key, path in _files():
        try:
            stored = read_header(path)
            if _is_classifier(stored):
                classifiers.append(_classifier_info(key, path, stored))
            else:
                networks.append(_info(key, stored))
        except CheckpointError as error:
            problems.append(str(error))
    return Catalog(tuple(networks), tuple(problems), tuple(classifiers))


def list_networks() -> tuple[DenoiserInfo, ...]:
    """The networks that can be used, shipped ones first."""
    return read_catalog().networks


def list_classifiers() -> tuple[ClassifierInfo, ...]:
    """The classifiers that can be used, shipped ones first."""
    return read_catalog().classifiers


def find_classifier(key_or_path: str | Path) -> tuple[Path, ClassifierInfo, dict[str, Any]]:
    """File, description and architecture of a classifier, by its key in the catalogue or by its file.

    Raises
    ------
    CheckpointError
        If there is no such file, or it holds no classifier.
    """
    path = dict(_files()).get(str(key_or_path), Path(key_or_path))
    if not path.is_file():
        names = ", ".join(info.key for info in list_classifiers()) or "none"
        raise CheckpointError(
            f"There is no classifier “{key_or_path}”: name a file, or one of those at hand: {names}."
        )
    stored = read_header(path)
    if not _is_classifier(stored):
        raise CheckpointError(f"{path.name} is a denoiser, not a classifier.")
    return path, _classifier_info(str(key_or_path), path, stored), stored.header.architecture


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
        names = ", ".join(info.key for info in list_networks()) or "none"
        raise CheckpointError(
            f"There is no network “{key_or_path}”: name a file, or one of those at hand: {names}."
        )
    stored = read_header(path)
    if _is_classifier(stored):
        raise CheckpointError(f"{path.name} is a classifier, which cannot draw: name a denoiser.")
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


def _is_classifier(stored: StoredFile) -> bool:
    return stored.header.architecture.get("kind") == CLASSIFIER


def _classifier_info(key: str, path: Path, stored: StoredFile) -> ClassifierInfo:
    header = stored.header
    if len(header.data_shape) != 3 or not header.class_names:
        raise CheckpointError(f"{path.name} is a classifier that does not say what it classifies.")
    channels, height, width = header.data_shape
    return ClassifierInfo(
        key=key,
        name=header.name,
        trained_on=header.trained_on,
        image_shape=(channels, height, width),
        class_names=header.class_names,
        schedule=header.schedule,
        parameters=stored.parameters,
        file_bytes=stored.file_bytes,
    )


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
        fingerprint=header.fingerprint,
    )
