"""Where the symbols of the bound's formula are in the Theory workspace."""

from __future__ import annotations

from diffviz.ui.symbol_links import SymbolLinks
from diffviz.ui.targets import Target
from diffviz.ui.widgets.bound_panel import BoundPanel
from diffviz.ui.widgets.specimen_panel import SpecimenPanel
from diffviz.ui.widgets.theory_pages import BoundPage


def link_theory(panel: BoundPanel, page: BoundPage, left: SpecimenPanel) -> SymbolLinks:
    """Link the formula of the panel to its read-outs, the charts and the settings."""
    step = panel.step
    return SymbolLinks(
        panel.formula,
        {
            "cost": [Target(step, lambda: step.cell_place("Cost, this step")), Target(page.bars)],
            "weight": [Target(step, lambda: step.cell_place("Weight $λ$")), Target(page.weights)],
            "error": [Target(step, lambda: step.cell_place("MSE of $ε̂$")), Target(page.bells)],
            "constant": [Target(left.variance)],
            "bound": [Target(page.bars)],
            "steps": [Target(page.bars)],
            "decoder": [Target(page.bells)],
        },
    )
