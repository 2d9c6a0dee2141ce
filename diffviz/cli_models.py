"""The command `models`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from diffviz.models.catalog import ClassifierInfo
    from diffviz.models.denoiser import DenoiserInfo


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
