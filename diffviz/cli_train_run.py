"""A training run on the terminal: its progress, its checkpoints, its sheets of samples, and Ctrl-C."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from types import FrameType

    from diffviz.training.examples import Material
    from diffviz.training.loop import TrainingRun

INTERRUPTED = 130


class ShownRun:
    """A run with what is shown and saved on the way, by the first of the processes that work on it.

    Parameters
    ----------
    run, material
        The run and what it learns from.
    path
        Where the network is written; the run's state lies beside it.
    sample_every
        Images between two sheets of samples; 0: none.
    save_every_s
        Seconds between two checkpoints.
    """

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
            disable=not (console.is_terminal and self.run.team.leads),
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
                    if self.run.team.leads:
                        if step.note:
                            console.print(step.note, soft_wrap=True, markup=False, highlight=False)
                        if self._crossed(step.images_seen):
                            self._sheet()
                        if now - last_save > self.save_every_s:
                            self._save(quiet=console.is_terminal)
                            last_save = last = time.monotonic()
                    if self.run.team.any(self.interrupted):
                        self.interrupted = True
                        break
            if self.run.team.leads:
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
        if self.run.team.size == 1:  # torchrun and the terminal may both hand on the same Ctrl-C
            signal.signal(signal.SIGINT, signal.default_int_handler)
