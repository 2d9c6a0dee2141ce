"""The command `schedule`, and how every command reads a noise schedule."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from diffviz.core.schedules import SCHEDULE_KINDS, ScheduleSpec, build_schedule
from diffviz.data.schedule_files import csv_text, json_text, read_schedule, spec_from_json
from diffviz.export.whole_file import whole_file

ParamOption = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="A parameter of the schedule; repeat."),
]
ZeroSnrOption = Annotated[
    bool, typer.Option("--zero-terminal-snr", help="Rescale so that no signal is left at T.")
]
_SWITCHES = {"on": 1.0, "true": 1.0, "yes": 1.0, "off": 0.0, "false": 0.0, "no": 0.0}


def schedule(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="linear, cosine, quadratic, … or a .csv or .json file.")
    ],
    timesteps: Annotated[int | None, typer.Option(help="T, 1 to 4000.", show_default="1000")] = None,
    param: ParamOption = None,
    zero_terminal_snr: ZeroSnrOption = False,
    output_format: Annotated[
        Literal["csv", "json"] | None, typer.Option("--format", help="csv unless the file ends in .json.")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="File instead of the terminal.")] = None,
) -> None:
    """Print the table of a noise schedule, one row for each t = 0…T."""
    spec = schedule_spec(kind, timesteps, param, zero_terminal_snr)
    table = build_schedule(spec)
    is_json = (output_format or (out.suffix.lower().lstrip(".") if out else "csv")) == "json"
    text = json_text(spec, table) if is_json else csv_text(table)
    if out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        with whole_file(out) as stream:
            stream.write(text.encode())


def schedule_spec(
    base: str | ScheduleSpec, timesteps: int | None, params: list[str] | None, zero_terminal_snr: bool
) -> ScheduleSpec:
    """Description of the schedule that the options name.

    Parameters
    ----------
    base
        A kind, a file that holds a schedule, a description in JSON, or the description to start from.
    timesteps
        T; None: the base's own, or 1000.
    params
        NAME=VALUE each.
    zero_terminal_snr
        Whether to rescale; a base that does so already keeps doing it.

    Raises
    ------
    ScheduleError, ScheduleFileError
        If there is no such schedule.
    ValueError
        If a parameter is not written as name=value.
    """
    if isinstance(base, str):
        if base.startswith("{"):
            base = _from_text(base)
        else:
            is_file = Path(base).suffix.lower() in {".csv", ".json"}
            base = read_schedule(Path(base)) if is_file else ScheduleSpec(base)
    spec = base if timesteps is None else replace(base, num_timesteps=timesteps)
    for name, value in map(_assignment, params or ()):
        if spec.kind in SCHEDULE_KINDS:  # otherwise building it says what is wrong
            spec = spec.with_value(name, value)
    spec = replace(spec, zero_terminal_snr=spec.zero_terminal_snr or zero_terminal_snr)
    build_schedule(spec)
    return spec


def _from_text(text: str) -> ScheduleSpec:
    try:
        return spec_from_json(json.loads(text))
    except json.JSONDecodeError as error:
        raise ValueError(f"--schedule {text}: that is not JSON ({error}).") from error


def _assignment(text: str) -> tuple[str, float]:
    name, sign, value = text.partition("=")
    try:
        if sign:
            word = value.strip().lower()
            return name.strip(), _SWITCHES[word] if word in _SWITCHES else float(word)
    except ValueError:
        pass
    raise ValueError(f"--param {text}: write it as name=value with a number, such as beta_max=0.02.")
