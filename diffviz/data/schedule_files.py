"""Noise schedules in files: the table as CSV, the description as JSON, a diffusers scheduler."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from diffviz.core.control_points import control_points
from diffviz.core.schedule_table import FloatArray
from diffviz.core.schedules import (
    MAX_TIMESTEPS,
    PRESETS,
    SCHEDULE_KINDS,
    NoiseSchedule,
    ScheduleError,
    ScheduleSpec,
    build_schedule,
)

COLUMNS = ("t", "beta", "alpha", "alpha_cumprod", "snr", "log_snr", "posterior_variance")
_MAX_FILE_BYTES = 16 * 2**20
_SAME = 1e-12
_TO_DIFFUSERS = {"linear": "linear", "quadratic": "scaled_linear", "sigmoid_beta": "sigmoid"}


class ScheduleFileError(ValueError):
    """A file that holds no usable schedule; the message is one sentence that names it."""


def schedule_rows(schedule: NoiseSchedule) -> Iterator[tuple[int, float, float, float, float, float, float]]:
    """The table row by row, t = 0…T, in the order of ``COLUMNS``; infinities stay infinite."""
    tables = (
        schedule.betas,
        schedule.alphas,
        schedule.alphas_cumprod,
        schedule.snr,
        schedule.log_snr,
        schedule.posterior_variance,
    )
    for t in range(schedule.num_timesteps + 1):
        beta, alpha, alpha_cumprod, snr, log_snr, variance = (float(table[t]) for table in tables)
        yield t, beta, alpha, alpha_cumprod, snr, log_snr, variance


def csv_text(schedule: NoiseSchedule) -> str:
    """The table as CSV with a header, 17 significant digits, infinities as ``inf`` and ``-inf``."""
    lines = [",".join(COLUMNS)]
    lines += [
        ",".join((str(row[0]), *(f"{value:.17g}" for value in row[1:]))) for row in schedule_rows(schedule)
    ]
    return "\n".join(lines) + "\n"


def json_text(spec: ScheduleSpec, schedule: NoiseSchedule) -> str:
    """Description and table as JSON: ``{"schedule": {…}, "rows": [{"t": 0, "beta": 0.0, …}, …]}``.

    Infinities are the strings ``"inf"`` and ``"-inf"``, for JSON has no numbers for them.
    """
    rows = [
        {
            name: value if math.isfinite(value) else f"{value:g}"
            for name, value in zip(COLUMNS, row, strict=True)
        }
        for row in schedule_rows(schedule)
    ]
    head = json.dumps(spec_to_json(spec), ensure_ascii=False, indent=2).replace("\n", "\n  ")
    table = ",\n    ".join(json.dumps(row) for row in rows)
    return f'{{\n  "schedule": {head},\n  "rows": [\n    {table}\n  ]\n}}\n'


def spec_to_json(spec: ScheduleSpec) -> dict[str, Any]:
    """The description as plain JSON values; `spec_from_json` is its inverse."""
    return {
        "kind": spec.kind,
        "num_timesteps": spec.num_timesteps,
        "params": dict(spec.params),
        "zero_terminal_snr": spec.zero_terminal_snr,
        "quantity": spec.quantity,
        "points": [list(point) for point in spec.points],
    }


def spec_from_json(data: Mapping[str, Any]) -> ScheduleSpec:
    """The description that plain JSON values give, checked by building it.

    Raises
    ------
    ScheduleError
        If a value is missing, of another kind than expected, or builds no schedule.
    """
    try:
        spec = ScheduleSpec(
            kind=str(data["kind"]),
            num_timesteps=int(data["num_timesteps"]),
            params=tuple((str(name), float(value)) for name, value in dict(data.get("params", {})).items()),
            zero_terminal_snr=bool(data.get("zero_terminal_snr", False)),
            quantity=str(data.get("quantity", "log_snr")),
            points=tuple((float(u), float(value)) for u, value in data.get("points", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ScheduleError(f"The description of the schedule is incomplete ({error}).") from error
    build_schedule(spec)
    return spec


def write_schedule(path: Path, spec: ScheduleSpec) -> None:
    """Write a schedule as the file's ending says, ``.csv`` (table) or ``.json`` (description and table).

    Raises
    ------
    ScheduleFileError
        For another ending.
    OSError
        If the file cannot be written; nothing is left behind.
    """
    schedule = build_schedule(spec)
    if path.suffix.lower() == ".csv":
        _write(path, csv_text(schedule))
    elif path.suffix.lower() == ".json":
        _write(path, json_text(spec, schedule))
    else:
        raise ScheduleFileError(f"{path.name}: a schedule is written as .csv or .json.")


def write_diffusers_config(path: Path, spec: ScheduleSpec) -> None:
    """Write a diffusers ``scheduler_config.json`` (class DDPMScheduler); its zero-based steps are our 1…T.

    Families that diffusers does not have are written as ``trained_betas``.
    """
    _write(path, json.dumps(diffusers_config(spec), indent=2) + "\n")


def diffusers_config(spec: ScheduleSpec) -> dict[str, Any]:
    """The settings that make diffusers build the same β."""
    config: dict[str, Any] = {
        "_class_name": "DDPMScheduler",
        "num_train_timesteps": spec.num_timesteps,
        "beta_start": 1e-4,
        "beta_end": 0.02,
        "beta_schedule": "linear",
        "trained_betas": None,
        "rescale_betas_zero_snr": spec.zero_terminal_snr,
        "timestep_spacing": "trailing",
        "prediction_type": "epsilon",
        "variance_type": "fixed_small",
        "clip_sample": False,
    }
    betas = build_schedule(replace(spec, zero_terminal_snr=False)).betas[1:]
    if spec.kind in _TO_DIFFUSERS and spec.num_timesteps > 1:
        scale = 1000.0 / spec.num_timesteps if spec.kind == "linear" and spec.value("rescale") else 1.0
        first, last = scale * spec.value("beta_min"), scale * spec.value("beta_max")
        return {**config, "beta_start": first, "beta_end": last, "beta_schedule": _TO_DIFFUSERS[spec.kind]}
    if spec.kind == "cosine" and not spec.params:
        return {**config, "beta_schedule": "squaredcos_cap_v2"}
    return {**config, "trained_betas": betas.tolist()}


def read_schedule(path: Path) -> ScheduleSpec:
    """Read a schedule from a CSV table, one of our JSON files or a diffusers scheduler configuration.

    A table that belongs to a known family comes back as that family, any other as a custom curve in β
    through all its values.

    Raises
    ------
    ScheduleFileError
        If the file cannot be read or holds no schedule.
    """
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise ScheduleFileError(f"{path.name} is too large for a schedule.")
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".csv":
            return _from_csv(text)
        data = json.loads(text)
        if isinstance(data, dict) and "schedule" in data and isinstance(data["schedule"], dict):
            return spec_from_json(data["schedule"])
        if isinstance(data, dict) and "num_train_timesteps" in data:
            return _from_diffusers(data)
    except OSError as error:
        raise ScheduleFileError(f"{path.name} could not be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ScheduleFileError(f"{path.name} could not be read: it is not a text file.") from error
    except json.JSONDecodeError as error:
        raise ScheduleFileError(
            f"{path.name} could not be read: line {error.lineno} is not valid JSON."
        ) from error
    except ScheduleError as error:
        raise ScheduleFileError(f"{path.name} holds no usable schedule: {error}") from error
    raise ScheduleFileError(f"{path.name} is JSON, but neither a diffviz schedule nor a diffusers scheduler.")


def recognise(betas: FloatArray) -> ScheduleSpec:
    """A description of the schedule with these β_1…β_T: a known family, or a custom curve through them.

    Raises
    ------
    ScheduleError
        If T is outside 1…4000 or a β outside [0, 1].
    """
    total = len(betas)
    if not 1 <= total <= MAX_TIMESTEPS:
        raise ScheduleError(f"T = {total} is not possible: take 1 to {MAX_TIMESTEPS} steps.")
    schedule = NoiseSchedule.from_betas(betas)
    ends = (("beta_min", float(betas[0])), ("beta_max", float(betas[-1])))
    known = [spec for _, spec in PRESETS if spec.num_timesteps == total]
    known += [ScheduleSpec(kind, total, (), zero) for kind in SCHEDULE_KINDS for zero in (False, True)]
    known += [
        ScheduleSpec("constant", total, (("beta", float(betas[0])),)),
        ScheduleSpec("linear", total, (*ends, ("rescale", 0.0))),
        ScheduleSpec("quadratic", total, ends),
    ]
    for spec in known:
        if _gives(spec, schedule):
            return spec
    for count in (2, 4, 8, 16):
        points = control_points(schedule, "beta", count)
        spec = ScheduleSpec("custom", total, quantity="beta", points=points)
        if _gives(spec, schedule):
            return spec
    return ScheduleSpec("custom", total, quantity="beta", points=control_points(schedule, "beta", total))


def _gives(spec: ScheduleSpec, schedule: NoiseSchedule) -> bool:
    try:
        return np.allclose(build_schedule(spec).betas, schedule.betas, rtol=_SAME, atol=1e-16)
    except ScheduleError:
        return False


def _from_csv(text: str) -> ScheduleSpec:
    rows = csv.DictReader(io.StringIO(text))
    if rows.fieldnames is None or "beta" not in rows.fieldnames:
        raise ScheduleError("the first line must name the columns, among them beta.")
    betas: list[float] = []
    for row in rows:
        try:
            beta = float(row["beta"])
            is_start = not betas and row.get("t", "").strip() == "0"
        except (TypeError, ValueError, AttributeError):
            raise ScheduleError(f"line {rows.line_num} has no number in the column beta.") from None
        if is_start and beta == 0.0:
            continue
        betas.append(beta)
        if len(betas) > MAX_TIMESTEPS:
            raise ScheduleError(f"it has more than {MAX_TIMESTEPS} steps.")
    return recognise(np.array(betas))


def _from_diffusers(config: Mapping[str, Any]) -> ScheduleSpec:
    try:
        total = int(config["num_train_timesteps"])
        zero = bool(config.get("rescale_betas_zero_snr", False))
        betas = config.get("trained_betas")
        if betas is not None:
            spec = recognise(np.array([float(beta) for beta in betas]))
        else:
            ends = (
                ("beta_min", float(config.get("beta_start", 1e-4))),
                ("beta_max", float(config.get("beta_end", 0.02))),
            )
            name = str(config.get("beta_schedule", "linear"))
            families = {
                "linear": ScheduleSpec("linear", total, (*ends, ("rescale", float(total == 1000)))),
                "scaled_linear": ScheduleSpec("quadratic", total, ends),
                "squaredcos_cap_v2": ScheduleSpec("cosine", total),
                "sigmoid": ScheduleSpec("sigmoid_beta", total, ends),
            }
            if name not in families:
                raise ScheduleError(f"beta_schedule {name!r} is unknown; known are {', '.join(families)}.")
            spec = families[name]
    except (TypeError, ValueError) as error:
        if isinstance(error, ScheduleError):
            raise
        raise ScheduleError(f"a value is not a number ({error}).") from error
    if zero:
        spec = replace(spec, zero_terminal_snr=True)
    build_schedule(spec)
    return spec


def _write(path: Path, text: str) -> None:
    """Beside its place first, so that a full disk leaves the old file and no half one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(text, encoding="utf-8", newline="")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
