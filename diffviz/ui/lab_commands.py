"""What can be done in the 2-D lab, for the command palette."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from diffviz.data.toy2d import TOY_SETS
from diffviz.engine.session import Workspace
from diffviz.ui.commands import Command
from diffviz.ui.rich_line import plain_text
from diffviz.ui.widgets.lab_stage import LAYERS

if TYPE_CHECKING:
    from diffviz.ui.main_window import MainWindow

_VIEWS = (("plane", "Plane"), ("phase", "Phase plot"), ("cut", "1-D slice"))


def lab_commands(window: MainWindow) -> list[Command]:
    """Views, layers, data and the brush of the lab, while it is seen."""

    def is_here() -> bool:
        return window.session.state.workspace is Workspace.LAB

    def show(view: str) -> None:
        window.lab.set_mode(view)

    def switch(layer: str) -> None:
        window.lab.stage.toggles[layer].click()

    def choose(data: str) -> None:
        window.lab.choose_data(data)

    def can_be_switched(layer: str) -> bool:
        return is_here() and window.lab.stage.toggles[layer].isEnabled()

    return [
        *(
            Command(f"lab.{key}", f"Lab: show the {title.lower()}", partial(show, key), (), is_here)
            for key, title in _VIEWS
        ),
        Command(
            "lab.column",
            "Lab: column of layers on or off",
            lambda: window.lab.stage.column_button.click(),
            (),
            is_here,
        ),
        *(
            Command(
                f"lab.{layer}",
                f"Lab: {plain_text(label)[2:].lower()} on or off",
                partial(switch, layer),
                (),
                partial(can_be_switched, layer),
            )
            for layer, label, _ in LAYERS
        ),
        *(
            Command(f"lab.{key}", f"Lab: {title.lower()}", partial(choose, key), (), is_here)
            for key, (title, _) in TOY_SETS.items()
        ),
        Command(
            "lab.paint", "Lab: draw your own points", lambda: window.lab.left_head.brush.click(), (), is_here
        ),
    ]
