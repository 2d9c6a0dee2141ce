"""The commands `train` and `models`."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from types import FrameType

    from diffviz.models.catalog import ClassifierInfo
    from diffviz.models.denoiser import DenoiserInfo
    from diffviz.training.examples import Material
    from diffviz.training.loop import TrainingRun

INTERRUPTED = 130
RECIPE = "Recipe"


def train(
    data: Annotated[
        str | None, typer.Option(help="fashion-mnist, mnist, emoji, swiss-roll or a folder of pictures.")
    ] = None,
    arch: Annotated[str | None, typer.Option(help="unet, convnet or mlp (points).")] = None,
    images: Annotated[int | None, typer.Option(help="Length of the run in images seen.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Length of the run in passes over the data.")] = None,
    out: Annotated[Path | None, typer.Option(help="File of the network; default runs/DATA-ARCH.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the run that wrote this file.")] = None,
    name: Annotated[str | None, typer.Option(help="What the network is called.")] = None,
    batch: Annotated[int | None, typer.Option(help="Images per step.", rich_help_panel=RECIPE)] = None,
    batch_parts: Annotated[
        int | None,
        typer.Option(help="Parts of a batch computed side by side on the CPU.", rich_help_panel=RECIPE),
    ] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate.", rich_help_panel=RECIPE)] = None,
    warmup: Annotated[
        int | None, typer.Option(help="Images over which the learning rate rises.", rich_help_panel=RECIPE)
    ] = None,
    decay_fraction: Annotated[
        float | None,
        typer.Option(help="Last part of the run, in which it falls to 0.", rich_help_panel=RECIPE),
    ] = None,
    weight_decay: Annotated[float | None, typer.Option(rich_help_panel=RECIPE)] = None,
    clip: Annotated[float | None, typer.Option(help="Largest gradient norm.", rich_help_panel=RECIPE)] = None,
    schedule: Annotated[str | None, typer.Option(help="Kind of schedule.", rich_help_panel=RECIPE)] = None,
    timesteps: Annotated[int | None, typer.Option(help="T of the schedule.", rich_help_panel=RECIPE)] = None,
    prediction: Annotated[str | None, typer.Option(help="noise, x_0 or v.", rich_help_panel=RECIPE)] = None,
    loss: Annotated[
        str | None, typer.Option(help="simple, x0, v or min_snr.", rich_help_panel=RECIPE)
    ] = None,
    ema: Annotated[
        float | None, typer.Option(help="Decay of the weights' average.", rich_help_panel=RECIPE)
    ] = None,
    class_dropout: Annotated[
        float | None, typer.Option(help="How often a label is hidden.", rich_help_panel=RECIPE)
    ] = None,
    timestep_draw: Annotated[
        str | None, typer.Option(help="stratified or uniform.", rich_help_panel=RECIPE)
    ] = None,
    base: Annotated[int | None, typer.Option(help="Width of the U-Net.", rich_help_panel=RECIPE)] = None,
    size: Annotated[
        int | None, typer.Option(help="Side in pixels of a folder's pictures.", rich_help_panel=RECIPE)
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="float32 or bfloat16.", rich_help_panel=RECIPE)
    ] = None,
    seed: Annotated[int | None, typer.Option(rich_help_panel=RECIPE)] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda:0, mps or xpu.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="CPU threads.", min=1)] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch the data set if it is not here.")
    ] = False,
    sample_every: Annotated[
        int, typer.Option(help="Images between two sheets of samples; 0: none.", min=0)
    ] = 50_000,
    save_every: Annotated[float, typer.Option(help="Seconds between two checkpoints.", min=1)] = 120.0,
) -> int:
    """Train a network, or go on training one.

    Writes the network with averaged weights to OUT, and beside it OUT's .training.safetensors, from which
    --resume goes on as if it had never stopped. Ctrl-C saves both and stops.
    """
    given = {
        "data": data,
        "arch": arch,
        "batch": batch,
        "batch-parts": batch_parts,
        "lr": lr,
        "warmup": warmup,
        "decay-fraction": decay_fraction,
        "weight-decay": weight_decay,
        "clip": clip,
        "schedule": schedule,
        "timesteps": timesteps,
        "prediction": prediction,
        "loss": loss,
        "ema": ema,
        "class-dropout": class_dropout,
        "timestep-draw": timestep_draw,
        "base": base,
        "size": size,
        "precision": precision,
        "seed": seed,
        "name": name,
    }
    recipe = {option: value for option, value in given.items() if value is not None}
    if images is not None and epochs is not None:
        raise ValueError("Give --images or --epochs, not both.")
    if resume is not None and recipe:
        raise ValueError(f"--{next(iter(recipe))} cannot be changed when a run is resumed.")
    run, material, default_out = _prepare(recipe, images, epochs, resume, device, threads, download)
    path = out or (_network_path(resume) if resume else default_out)
    _check_place(path)
    for note in material.notes:
        typer.echo(note, err=True)
    return _Loop(run, material, path, sample_every, save_every).work()


def models() -> None:
    """List the networks at hand."""
    from diffviz.models.catalog import read_catalog

    catalog = read_catalog()
    rows = [("name", "what", "trained on", "size", "shape", "parameters", "classes")]
    listed: tuple[DenoiserInfo | ClassifierInfo, ...] = (*catalog.networks, *catalog.classifiers)
    for info in listed:
        shape = "×".join(str(side) for side in info.image_shape) if info.image_shape else "points"
        rows.append(
            (
                info.key,
                "classifier" if info in catalog.classifiers else "denoiser",
                info.trained_on,
                f"{info.file_bytes / 1e6:.1f} MB",
                shape,
                f"{info.parameters:,}",
                str(len(info.class_names)),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    for problem in catalog.problems:
        typer.echo(problem, err=True)


def _prepare(
    recipe: dict[str, Any],
    images: int | None,
    epochs: int | None,
    resume: Path | None,
    device: str,
    threads: int | None,
    download: bool,
) -> tuple[TrainingRun, Material, Path]:
    """Load the data and make the run, new or resumed; with the default place of its network."""
    import torch

    from diffviz.models.architecture import describe
    from diffviz.models.devices import usable_device
    from diffviz.training import state
    from diffviz.training.config import TrainingConfig
    from diffviz.training.examples import load_material
    from diffviz.training.loop import TrainingRun
    from diffviz.training.options import make_recipe

    key = usable_device(device)
    old_path = None if resume is None else _state_path(resume)
    old = None if old_path is None else state.read_config(old_path)
    data = old.data if old else recipe.get("data", TrainingConfig.data)
    size = old.image_size if old else recipe.get("size", TrainingConfig.image_size)
    architecture = describe(old.network)["kind"] if old else recipe.get("arch", "unet")
    if download:
        _download(data)
    material = load_material(data, architecture, image_size=size)
    if epochs is not None:
        images = epochs * len(material.examples.values)
    if old_path is not None:
        run = state.resume(old_path, material.examples, images=images, device=key)
    else:
        config = make_recipe(
            recipe,
            material,
            architecture=architecture,
            images=TrainingConfig.images if images is None else images,
        )
        run = TrainingRun(config, material.examples, key)
    cores = torch.get_num_threads() if threads is None else threads
    torch.set_num_threads(max(1, cores // run.config.batch_parts))
    stem = Path(data).name or "pictures"
    return run, material, Path("runs") / f"{stem}-{architecture}.safetensors"


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
