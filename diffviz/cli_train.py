"""The command `train`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diffviz.cli_schedule import ParamOption, ZeroSnrOption, schedule_spec
from diffviz.cli_train_run import ShownRun
from diffviz.data.point_files import is_point_file, learns_points
from diffviz.data.toy2d import TOY_SETS
from diffviz.models.catalog import CLASSIFIER
from diffviz.models.network_config import architecture_of
from diffviz.training.config import TrainingConfig
from diffviz.training.options import OPTIONS, Option, default_word, make_recipe

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.schedules import ScheduleSpec
    from diffviz.training.examples import Material
    from diffviz.training.loop import TrainingRun
    from diffviz.training.team import Team

_POINTS = ", ".join(TOY_SETS)


def _with_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of a recipe, which it receives by keyword."""
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    options = [_parameter(option) for option in OPTIONS]
    command.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    return command


def _parameter(option: Option) -> inspect.Parameter:
    """An option as the signature of a command names it."""
    switch = option.kind is bool
    kind = bool if switch else (str if option.kind is tuple else option.kind) | None
    default = default_word(option) or False
    described = typer.Option(
        f"--{option.name}", help=option.help, rich_help_panel="Recipe", show_default=default
    )
    return inspect.Parameter(
        option.name.replace("-", "_"),
        inspect.Parameter.KEYWORD_ONLY,
        default=False if switch else None,
        annotation=Annotated[kind, described],
    )


@_with_options
def train(
    data: Annotated[
        str | None,
        typer.Option(
            help=f"fashion-mnist, mnist, emoji, {_POINTS}, a folder of pictures, or a file of points "
            "(.csv with two columns, .npy n × 2)."
        ),
    ] = None,
    arch: Annotated[
        str | None,
        typer.Option(help="unet, convnet, mlp (points) or classifier.", show_default="unet, points: mlp"),
    ] = None,
    images: Annotated[int | None, typer.Option(help="Length of the run in images seen.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Length of the run in passes over the data.")] = None,
    out: Annotated[Path | None, typer.Option(help="File of the network; default runs/DATA-ARCH.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the run that wrote this file.")] = None,
    schedule: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Kind of schedule, or its file.", show_default="cosine"),
    ] = None,
    timesteps: Annotated[int | None, typer.Option(help="T, 1 to 4000.", show_default="1000")] = None,
    param: ParamOption = None,
    zero_terminal_snr: ZeroSnrOption = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda:0, mps or xpu.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="CPU threads.", min=1)] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch the data set if it is not here.")
    ] = False,
    sample_every: Annotated[
        int, typer.Option(help="Images between two sheets of samples; 0: none.", min=0)
    ] = 50_000,
    save_every: Annotated[float, typer.Option(help="Seconds between two checkpoints.", min=1)] = 120.0,
    **recipe: Any,
) -> int:
    """Train a network, or go on training one.

    Writes the network with averaged weights to OUT, and beside it OUT's .training.safetensors, from which
    --resume goes on as if it had never stopped. Ctrl-C saves both and stops. Without --arch points are
    learned by the recipe that the window recommends. Several devices or machines share each batch under
    torchrun: torchrun --nproc-per-node 4 -m diffviz train …
    """
    if images is not None and epochs is not None:
        raise ValueError("Give --images or --epochs, not both.")
    if out is not None:
        _check_place(out)
    named = {"data": data, "arch": arch, "schedule": schedule, "timesteps": timesteps, "param": param}
    named |= {"zero-terminal-snr": zero_terminal_snr} | {n.replace("_", "-"): v for n, v in recipe.items()}
    given = {name: value for name, value in named.items() if value is not None and value is not False}
    if resume is not None and given:
        raise ValueError(f"--{next(iter(given))} cannot be changed when a run is resumed.")
    length = (images, epochs)
    if arch == CLASSIFIER:
        return _train_classifier(given, length, out, device, threads, download)
    with _team(device) as (key, team):
        run, material = (
            _resumed_run(resume, length, key, team, download)
            if resume
            else _new_run(given, length, key, team, download)
        )
        _use_threads(threads, run.config.batch_parts)
        for note in material.notes if team.leads else ():
            typer.echo(note, err=True)
        path = out or (_network_path(resume) if resume else _default_path(run.config))
        return ShownRun(run, material, path, sample_every, save_every).work()


@contextmanager
def _team(device: str) -> Iterator[tuple[str, Team]]:
    """Where this process computes, and the processes that torchrun may have started beside it."""
    from diffviz.training.team import Team, join_team, leave_team, local_device, started_by_torchrun

    if not started_by_torchrun():
        yield _device(device), Team()
        return
    key = _device(local_device() if device == "auto" else device)
    team = join_team(key)
    try:
        yield key, team
    finally:
        leave_team(team)


def _train_classifier(
    given: dict[str, Any],
    length: tuple[int | None, int | None],
    out: Path | None,
    device: str,
    threads: int | None,
    download: bool,
) -> int:
    """Train a classifier by the options that were given."""
    from diffviz.cli_classifier import train_classifier
    from diffviz.training.team import started_by_torchrun

    if started_by_torchrun():
        raise ValueError("A classifier is trained by one process, without torchrun.")
    key = _device(device)
    given.pop("arch")
    data, size = given.get("data", TrainingConfig.data), given.pop("size", TrainingConfig.image_size)
    spec = _schedule(given)
    material = _material(data, CLASSIFIER, size, download)
    _use_threads(threads, 1)
    path = out or Path("runs") / f"{Path(data).name or 'pictures'}-{CLASSIFIER}.safetensors"
    return train_classifier(given, spec, material, _images(length, material), path, key)


def _schedule(given: dict[str, Any]) -> ScheduleSpec:
    """The schedule that the options describe, which are taken out."""
    return schedule_spec(
        given.pop("schedule", TrainingConfig().schedule),
        given.pop("timesteps", None),
        given.pop("param", None),
        given.pop("zero-terminal-snr", False),
    )


def _new_run(
    given: dict[str, Any], length: tuple[int | None, int | None], device: str, team: Team, download: bool
) -> tuple[TrainingRun, Material]:
    """A run by the options that were given."""
    from diffviz.engine.training_plan import recommended
    from diffviz.training.loop import TrainingRun

    plain = TrainingConfig()
    data = given.pop("data", plain.data)
    base = recommended(data).config if learns_points(data) and "arch" not in given else None
    architecture = given.pop("arch", "unet" if base is None else "mlp")
    spec = _schedule(given)
    material = _material(data, architecture, given.get("size", plain.image_size), download, team)
    images = _images(length, material)
    if images is None:
        images = (base or plain).images
    config = make_recipe(
        given,
        material,
        architecture=architecture,
        images=images,
        data=data,
        schedule=spec,
        base=base,
    )
    return TrainingRun(config, material.examples, device, team), material


def _resumed_run(
    path: Path, length: tuple[int | None, int | None], device: str, team: Team, download: bool
) -> tuple[TrainingRun, Material]:
    """The run that wrote a file."""
    from diffviz.training import state

    stored = _state_path(path)
    old = state.read_config(stored)
    points = state.stored_points(stored)
    material = _material(old.data, architecture_of(old.network), old.image_size, download, team, points)
    images = _images(length, material)
    return state.resume(stored, material.examples, images=images, device=device, team=team), material


def _device(key: str) -> str:
    from diffviz.models.devices import usable_device

    return usable_device(key)


def _material(
    data: str,
    architecture: str,
    image_size: int,
    download: bool,
    team: Team | None = None,
    points: Tensor | None = None,
) -> Material:
    from diffviz.training.examples import load_material

    if download and (team is None or team.leads):
        _download(data)
    if team is not None:
        team.wait()
    with _reading() as tell:
        return load_material(data, architecture, image_size=image_size, tell=tell, points=points)


def _images(length: tuple[int | None, int | None], material: Material) -> int | None:
    """Length of the run in images, from --images and --epochs."""
    images, epochs = length
    return images if epochs is None else epochs * len(material.examples.values)


def _use_threads(threads: int | None, batch_parts: int) -> None:
    import torch

    cores = torch.get_num_threads() if threads is None else threads
    torch.set_num_threads(max(1, cores // batch_parts))


def _default_path(config: TrainingConfig) -> Path:
    path = Path(config.data)
    stem = path.stem if is_point_file(path) else path.name or "pictures"
    return Path("runs") / f"{stem}-{architecture_of(config.network)}.safetensors"


@contextmanager
def _reading() -> Iterator[Callable[[int, int], None]]:
    """A bar for the pictures of a folder, on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:

        def tell(done: int, total: int) -> None:
            if not bar.task_ids:
                bar.add_task("Reading pictures", total=total)
            bar.update(bar.task_ids[0], completed=done)

        yield tell


def _download(name: str) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from diffviz.data.datasets import fetch_dataset

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        tasks: dict[str, Any] = {}
        for step in fetch_dataset(name):
            if step.name not in tasks:
                tasks[step.name] = bar.add_task(step.name, total=step.total_bytes or None)
            bar.update(tasks[step.name], completed=step.bytes_read)


def _network_path(path: Path) -> Path:
    """The network file of a run, named by either of its two files."""
    suffix = ".training.safetensors"
    return (
        path.with_name(path.name.removesuffix(suffix) + ".safetensors")
        if path.name.endswith(suffix)
        else path
    )


def _state_path(path: Path) -> Path:
    """The state file of a run, named by either of its two files."""
    from diffviz.training.state import state_path

    return path if path.name.endswith(".training.safetensors") else state_path(path)


def _check_place(path: Path) -> None:
    if path.suffix != ".safetensors":
        raise ValueError(f"{path} cannot hold a network: its name must end in .safetensors.")
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a file.")
