"""The command `evaluate`: how good a denoiser is, in figures."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diffviz.cli_output import tell

if TYPE_CHECKING:
    from diffviz.evaluation.findings import Finding, Progress
    from diffviz.models.denoiser import Denoiser

_SAMPLES = "Samples (nearest: median distance to a training picture; close: nearer than 99 % of real ones)"
_KEYS = {"LossAt": "losses", "BoundSoFar": "bound", "RealPictures": "real", "SamplesAt": "samples"}


def evaluate(
    model: Annotated[
        str,
        typer.Option(metavar="NAME|PATH|exact:FOLDER", help="A denoiser (see diffviz models)."),
    ],
    data: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FOLDER", help="What it was trained on.", show_default="what its file says"
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=0, max=50_000, help="For each guidance; 0: nothing is sampled.")
    ] = 200,
    guidance: Annotated[
        str, typer.Option(metavar="G[,G…]", help="Strengths of guidance; 1 is none.")
    ] = "1,2",
    steps: Annotated[int, typer.Option(min=1, help="Sampling steps (DDIM), at most T.")] = 50,
    pictures: Annotated[
        int, typer.Option(min=0, max=50_000, help="Real pictures for losses and bound; 0: neither.")
    ] = 64,
    terms: Annotated[int, typer.Option(min=2, help="Times at which each picture's bound is asked for.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Of all noise.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda:0, mps or xpu.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of tables.")] = False,
) -> None:
    """Measure a denoiser.

    Its loss by t beside that of the exact denoiser of its training pictures, which is the least possible; the
    variational bound in bits per dimension; how often a judge, a classifier trained on real pictures alone,
    takes its samples for what was asked; their Fréchet distance from the training pictures in the judge's
    features, and their distance to the nearest one, both beside those of held-out real pictures. The judge is
    trained once per data set, which takes minutes, and kept.
    """
    from diffviz.evaluation.evaluate import evaluate as measure
    from diffviz.evaluation.findings import Plan
    from diffviz.evaluation.real_pictures import both_splits
    from diffviz.models.devices import usable_device

    scales = _scales(guidance)
    key = usable_device(device)
    denoiser, name = _denoiser(model, data, key)
    size = denoiser.info.image_shape[1] if denoiser.info.image_shape else 32
    train, held_out = both_splits(name, size)
    plan = Plan(name, pictures, terms, samples, scales, steps, seed)
    findings = _with_bars(measure(denoiser, plan, train, held_out, key))
    for note in train.notes:
        tell(note)
    if held_out is None:
        tell(f"{name} has no held-out pictures here, so that what compares with them is left out.")
    if as_json:
        sections: dict[str, list[dict[str, Any]]] = {}
        for finding in findings:
            sections.setdefault(_KEYS[type(finding).__name__], []).append(asdict(finding))
        typer.echo(json.dumps({"model": model, **asdict(plan), **sections}, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{denoiser.info.name}, against {train.title}")
    _print_tables(findings)


def _scales(words: str) -> tuple[float, ...]:
    try:
        scales = tuple(float(word) for word in words.split(","))
    except ValueError:
        scales = ()
    if not scales or not all(math.isfinite(scale) and scale >= 0.0 for scale in scales):
        raise ValueError(f"--guidance {words}: write numbers from 0 up with commas, such as 1,2.")
    return scales


def _denoiser(model: str, data: str | None, device: str) -> tuple[Denoiser, str]:
    """The denoiser, and the name of its training data."""
    from diffviz.data.datasets import key_of_title
    from diffviz.models.catalog import load_denoiser
    from diffviz.models.denoiser import EXACT_PREFIX
    from diffviz.models.picture_denoisers import exact_of_dataset

    if model.startswith(EXACT_PREFIX):
        return exact_of_dataset(model)[0], data or model.removeprefix(EXACT_PREFIX)
    denoiser = load_denoiser(model, device)
    if denoiser.info.image_shape is None:
        raise ValueError(f"{denoiser.info.name} draws points; only what draws pictures can be evaluated.")
    title = denoiser.info.trained_on
    known = data or key_of_title(title)
    if known is None:
        raise ValueError(
            f"{model} was trained on “{title}”, which is no data set known here: say where it is with --data."
        )
    return denoiser, known


def _with_bars(records: Iterable[Progress | Finding]) -> Iterator[Finding]:
    """The findings, with a bar for the stage under way if stderr is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    from diffviz.evaluation.findings import JUDGE_STAGE, Progress

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    bar = Bars(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
    )
    stages: dict[str, TaskID] = {}
    with bar:
        for record in records:
            if not isinstance(record, Progress):
                yield record
                continue
            if record.stage not in stages:
                for task in stages.values():
                    bar.update(task, visible=False)
                stages[record.stage] = bar.add_task(record.stage, total=record.total)
                if record.stage == JUDGE_STAGE and record.done < record.total:
                    tell("a judge of real pictures is trained first, which takes minutes, and kept.")
            bar.update(stages[record.stage], completed=record.done)


def _print_tables(findings: Iterable[Finding]) -> None:
    """Write each finding as soon as it is known, under the head of its table."""
    last_title = ""
    for finding in findings:
        title, names, cells = _table_row(finding)
        if title != last_title:
            typer.echo(f"\n{title}\n{_row(names)}")
            last_title = title
        typer.echo(_row(cells))
        sys.stdout.flush()


def _table_row(finding: Finding) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Title and heads of a finding's table, and its row in it."""
    from diffviz.evaluation.bound import BoundSoFar
    from diffviz.evaluation.findings import RealPictures
    from diffviz.evaluation.losses import LossAt

    if isinstance(finding, LossAt):
        losses = (finding.loss, finding.floor, finding.held_out)
        cells = (str(finding.t), *(_number(loss, 4) for loss in losses))
        return "Squared error of the predicted noise", ("t", "denoiser", "floor", "held out"), cells
    if isinstance(finding, BoundSoFar):
        parts = (finding.total, finding.standard_error, finding.prior, finding.steps, finding.decoder)
        heads = ("total", "±", "L_T", "Σ L_t−1", "L_0", "pictures")
        row = (*(_number(part, 3) for part in parts), str(finding.num_pictures))
        return "Bound on −ln p, bits per dimension", heads, row
    if isinstance(finding, RealPictures):
        name, count, share, against = "real", finding.num_compared, finding.judged_right, None
        close: float | None = None
    else:
        name, count, share = f"{finding.guidance_scale:g}", finding.num_samples, finding.as_asked
        against, close = finding.against_real, finding.closer_than_real
    return (
        _SAMPLES,
        ("guidance", "pictures", "as asked", "against real", "Fréchet", "nearest", "close"),
        (
            name,
            str(count),
            _percent(share),
            _number(against, 3),
            _number(finding.frechet, 3),
            _number(finding.nearest, 3),
            _percent(close),
        ),
    )


def _row(cells: Iterable[str]) -> str:
    return "  ".join(cell.rjust(12) for cell in cells)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
