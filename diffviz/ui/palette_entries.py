"""What the command palette lists: every command, and what can be done with the charts in sight."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from diffviz.ui.commands import Command
from diffviz.ui.widgets.chart import charts_in
from diffviz.ui.widgets.command_palette import PaletteCommand


def palette_entries(window: QWidget, commands: Sequence[Command]) -> list[PaletteCommand]:
    """Return commands and charts as the palette shows them; without the command that opened it."""
    entries = [
        PaletteCommand(
            command.title,
            command.run,
            command.shortcuts[0] if command.shortcuts else "",
            "" if command.is_enabled() else "Not possible now",
        )
        for command in commands
        if command.key != "view.palette"
    ]
    for chart in charts_in(window):
        if chart.is_visible:
            entries += [
                PaletteCommand(f"Copy chart: {chart.name}", chart.copy),
                PaletteCommand(f"Copy numbers of chart: {chart.name}", chart.copy_numbers),
                PaletteCommand(f"Save chart: {chart.name}", chart.ask_and_save),
            ]
    return entries
