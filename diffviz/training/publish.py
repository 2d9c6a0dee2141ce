"""The finished product of a run: the averaged weights in a file that says what they are."""

from __future__ import annotations

from pathlib import Path

from diffviz.models.checkpoint import CheckpointHeader, write_checkpoint
from diffviz.models.denoiser import DenoiserInfo, NetworkDenoiser
from diffviz.models.network_config import describe
from diffviz.training.examples import Material
from diffviz.training.loop import TrainingRun
from diffviz.training.options import command_line

_TITLES = {"unet": "U-Net", "convnet": "five-layer network", "mlp": "MLP"}


def network_header(run: TrainingRun, material: Material) -> CheckpointHeader:
    """What the file of a run's network says about it."""
    config = run.config
    architecture = describe(config.network)
    return CheckpointHeader(
        name=config.name or f"{material.title} {_TITLES[architecture['kind']]}",
        architecture=architecture,
        prediction=config.prediction.value,
        schedule=config.schedule,
        data_shape=material.shape,
        class_names=_classes(run, material),
        trained_on=material.title,
        licence=material.licence,
        images_seen=run.images_seen,
        command=command_line(config),
        fingerprint=material.examples.fingerprint,
    )


def publish(run: TrainingRun, material: Material, path: Path) -> None:
    """Write the averaged network, beside its place and moved in.

    Raises
    ------
    OSError
        If the disk refuses; the old file is then still there.
    """
    write_checkpoint(path, network_header(run, material), run.average.weights)


def as_denoiser(run: TrainingRun, material: Material) -> NetworkDenoiser:
    """The averaged network of a run as it is now, in a copy that training does not touch."""
    shape = material.shape
    info = DenoiserInfo(
        key="training",
        name=material.title,
        trained_on=material.title,
        image_shape=(shape[0], shape[1], shape[2]) if len(shape) == 3 else None,
        class_names=_classes(run, material),
        schedule=run.config.schedule,
        fingerprint=material.examples.fingerprint,
    )
    return NetworkDenoiser(run.averaged_network(), run.config.prediction, run.config.schedule, info)


def _classes(run: TrainingRun, material: Material) -> tuple[str, ...]:
    """Names of the classes that the network can be asked for, which may know fewer than its data: none."""
    return material.class_names if run.config.network.num_classes else ()
