"""The command `train`."""

from __future__ import annotations

import inspect
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diffviz.cli_schedule import ParamOption, ZeroSnrOption, schedule_spec
from diffviz.models.catalog import CLASSIFIER
from diffviz.models.network_config import architecture_of
from diffviz.training.config import TrainingConfig
from diffviz.training.options import OPTIONS, Option, make_recipe

if TYPE_CHECKING:
    from types import FrameType

    from diffviz.core.schedules import ScheduleSpec
    from diffviz.training.examples import Material
    from diffviz.training.loop import TrainingRun

INTERRUPTED = 130


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
    described = typer.Option(f"--{option.name}", help=option.help, rich_help_panel="Recipe")
    return inspect.Parameter(
        option.name.replace("-", "_"),
        inspect.Parameter.KEYWORD_ONLY,
        default=False if switch else None,
        annotation=Annotated[kind, described],
    )


@_with_options
def train(
    data: Annotated[
        str | None, typer.Option(help="fashion-mnist, mnist, emoji, swiss-roll or a folder of pictures.")
    ] = None,
    arch: Annotated[str | None, typer.Option(help="unet, convnet, mlp (points) or classifier.")] = None,
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
    --resume goes on as if it had never stopped. Ctrl-C saves both and stops.
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
    run, material = (
        _resumed_run(resume, length, device, download)
        if resume
        else _new_run(given, length, device, download)
    )
    _use_threads(threads, run.config.batch_parts)
    for note in material.notes:
        typer.echo(note, err=True)
    path = out or (_network_path(resume) if resume else _default_path(run.config))
    return _Loop(run, material, path, sample_every, save_every).work()


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
    given: dict[str, Any], length: tuple[int | None, int | None], device: str, download: bool
) -> tuple[TrainingRun, Material]:
    """A run by the options that were given."""
    from diffviz.training.loop import TrainingRun

    key = _device(device)
    plain = TrainingConfig()
    data, architecture = given.pop("data", plain.data), given.pop("arch", "unet")
    spec = _schedule(given)
    material = _material(data, architecture, given.get("size", plain.image_size), download)
    images = _images(length, material)
    config = make_recipe(
        given,
        material,
        architecture=architecture,
        images=plain.images if images is None else images,
        data=data,
        schedule=spec,
    )
    return TrainingRun(config, material.examples, key), material


def _resumed_run(
    path: Path, length: tuple[int | None, int | None], device: str, download: bool
) -> tuple[TrainingRun, Material]:
    """The run that wrote a file."""
    from diffviz.training import state

    key = _device(device)
    stored = _state_path(path)
    old = state.read_config(stored)
    material = _material(old.data, architecture_of(old.network), old.image_size, download)
    return state.resume(stored, material.examples, images=_images(length, material), device=key), material


def _device(key: str) -> str:
    from diffviz.models.devices import usable_device

    return usable_device(key)


def _material(data: str, architecture: str, image_size: int, download: bool) -> Material:
    from diffviz.training.examples import load_material

    if download:
        _download(data)
    return load_material(data, architecture, image_size=image_size)


def _images(length: tuple[int | None, int | None], material: Material) -> int | None:
    """Length of the run in images, from --images and --epochs."""
    images, epochs = length
    return images if epochs is None else epochs * len(material.examples.values)


def _use_threads(threads: int | None, batch_parts: int) -> None:
    import torch

    cores = torch.get_num_threads() if threads is None else threads
    torch.set_num_threads(max(1, cores // batch_parts))


def _default_path(config: TrainingConfig) -> Path:
    stem = Path(config.data).name or "pictures"
    return Path("runs") / f"{stem}-{architecture_of(config.network)}.safetensors"


class _Loop:
    """A run with what is shown and saved on the way."""

    def __init__(
        self,
        run: TrainingRun,
        material: Material,
        path: Path,
        sample_every: int,
        save_every_s: float,
    ) -> None:
        self.run = run
        self.material = material
        self.path = path
        self.sample_every = sample_every
        self.save_every_s = save_every_s
        self.interrupted = False
        self.loss = 0.0
        self.rate = 0.0

    def work(self) -> int:
        """Train to the end or to Ctrl-C, saving now and then; the exit status."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        from diffviz.training.loop import train as steps

        console = Console(stderr=True)
        bar = Progress(
            TextColumn("{task.completed:,.0f} of {task.total:,.0f} images"),
            BarColumn(),
            TextColumn("loss {task.fields[loss]:.4f} · {task.fields[rate]:.0f} images/s"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        before = signal.signal(signal.SIGINT, self._on_interrupt)
        total = self.run.config.images
        task = bar.add_task("", total=total, completed=self.run.images_seen, loss=0.0, rate=0.0)
        last_save = last = time.monotonic()
        try:
            with bar:
                for step in steps(self.run):
                    now = time.monotonic()
                    self._measure(step.loss, self.run.config.batch_size / max(now - last, 1e-9))
                    last = now
                    bar.update(task, completed=min(step.images_seen, total), loss=self.loss, rate=self.rate)
                    if self._crossed(step.images_seen):
                        self._sheet()
                    if self.interrupted:
                        break
                    if now - last_save > self.save_every_s:
                        self._save(quiet=console.is_terminal)
                        last_save = last = time.monotonic()
            self._save(quiet=False)
        finally:
            signal.signal(signal.SIGINT, before)
        return INTERRUPTED if self.interrupted else 0

    def _measure(self, loss: float, rate: float) -> None:
        keep = 0.98 if self.loss else 0.0
        self.loss = keep * self.loss + (1 - keep) * loss
        self.rate = keep * self.rate + (1 - keep) * rate

    def _crossed(self, images_seen: int) -> bool:
        """Whether this step went past a multiple of `sample_every`."""
        every = self.sample_every
        return every > 0 and images_seen // every > (images_seen - self.run.config.batch_size) // every

    def _save(self, *, quiet: bool) -> None:
        from diffviz.training.publish import publish
        from diffviz.training.state import save_state, state_path

        try:
            save_state(self.run, state_path(self.path))
            publish(self.run, self.material, self.path)
        except OSError as error:
            reason = error.strerror or error
            raise OSError(f"{self.path} could not be written ({reason}); what it held is kept.") from error
        if not quiet:
            typer.echo(
                f"{self.run.images_seen:,} images, loss {self.loss:.4f}, {self.rate:.0f} images/s, "
                f"saved {self.path}"
            )
            sys.stdout.flush()

    def _sheet(self) -> None:
        from diffviz.training.preview import sample_sheet, save_sheet
        from diffviz.training.publish import as_denoiser

        folder = self.path.with_name(f"{self.path.stem}-samples")
        folder.mkdir(parents=True, exist_ok=True)
        sheet = sample_sheet(as_denoiser(self.run, self.material), self.material.shape)
        save_sheet(sheet, folder / f"{self.run.images_seen:09d}.png")

    def _on_interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        """First Ctrl-C: finish the step and save. Second: stop at once; the last good checkpoint stays."""
        self.interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
