"""The list of what the window can do, with its keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from diffviz.core.schedules import PRESETS
from diffviz.engine.session import Workspace
from diffviz.ui.commands import Command
from diffviz.ui.lab_commands import lab_commands
from diffviz.ui.lesson_commands import lesson_commands
from diffviz.ui.run_commands import run_commands
from diffviz.ui.theory_commands import theory_commands
from diffviz.ui.train_commands import train_commands
from diffviz.ui.widgets.moment_timeline import MomentTimeline
from diffviz.ui.widgets.timeline import Timeline
from diffviz.ui.workspace_pages import DrawsNoise, Walks

if TYPE_CHECKING:
    from diffviz.ui.main_window import MainWindow


def window_commands(window: MainWindow) -> list[Command]:
    """
    Return every command of the window.

    Commands act on the workspace that is seen; what only one workspace has is enabled only there.
    """
    return [
        *_files(window),
        *_schedules(window),
        *_time(window),
        *_noise(window),
        *_reverse(window),
        *train_commands(window),
        *lab_commands(window),
        *theory_commands(window),
        *lesson_commands(window),
        *_view(window),
    ]


def _files(window: MainWindow) -> list[Command]:
    session = window.session
    return [
        Command("file.open", "Open pictures…", window.choose_files, ("Ctrl+O",)),
        Command("file.save", "Save the session", window.files.save, ("Ctrl+S",)),
        Command("file.save_as", "Save the session as…", window.files.save_as, ("Ctrl+Shift+S",)),
        Command("file.paste", "Paste a picture", window.opener.paste, ("Ctrl+V",)),
        Command("file.export", "Export…", window.open_export, ("Ctrl+E",)),
        Command("schedule.import", "Import a schedule…", window.schedule.choose_import),
        Command("schedule.csv", "Export the schedule as CSV…", lambda: window.schedule.choose_export("csv")),
        Command(
            "schedule.json", "Export the schedule as JSON…", lambda: window.schedule.choose_export("json")
        ),
        Command(
            "schedule.diffusers",
            "Export the schedule for diffusers…",
            lambda: window.schedule.choose_export("diffusers"),
        ),
        Command("edit.undo", "Undo", session.undo, ("Ctrl+Z",), lambda: session.can_undo),
        Command("edit.redo", "Redo", session.redo, ("Ctrl+Shift+Z", "Ctrl+Y"), lambda: session.can_redo),
    ]


def _schedules(window: MainWindow) -> list[Command]:
    return [
        Command(f"schedule.preset{index}", f"Schedule: {label}", partial(window.schedule.take, spec))
        for index, (label, spec) in enumerate(PRESETS)
    ]


def _time(window: MainWindow) -> list[Command]:
    def timeline() -> Timeline | MomentTimeline:
        return window.current_workspace().timeline

    return [
        Command("play", "Play or pause", lambda: window.current_workspace().toggle_play(), ("Space",)),
        Command("time.less", "One step towards the image", lambda: timeline().step_by(-1), ("Left",)),
        Command("time.more", "One step towards the noise", lambda: timeline().step_by(1), ("Right",)),
        Command(
            "time.less10", "Ten steps towards the image", lambda: timeline().step_by(-10), ("Shift+Left",)
        ),
        Command(
            "time.more10", "Ten steps towards the noise", lambda: timeline().step_by(10), ("Shift+Right",)
        ),
        Command(
            "time.previous", "Previous frame of the strip", lambda: timeline().previous_cell(), ("Ctrl+Left",)
        ),
        Command("time.next", "Next frame of the strip", lambda: timeline().next_cell(), ("Ctrl+Right",)),
        Command("first", "Go to t = 0, the image", lambda: timeline().go_first(), ("Home",)),
        Command("last", "Go to t = T, the noise", lambda: timeline().go_last(), ("End",)),
        Command("loop", "Loop on or off", lambda: timeline().toggle_loop(), ("L",)),
        Command("slower", "Play slower", lambda: timeline().slower(), ("[",)),
        Command("faster", "Play faster", lambda: timeline().faster(), ("]",)),
    ]


def _noise(window: MainWindow) -> list[Command]:
    session = window.session
    modes = (("frozen", "Frozen ε"), ("markov", "Markov chain"), ("redraw", "Redraw"))
    views = (("equation", "Equation"), ("step", "One step"), ("single", "Single"), ("compare", "A / B"))

    def draw() -> None:
        workspace = window.current_workspace()
        if isinstance(workspace, DrawsNoise):
            workspace.draw_new_noise()

    def is_drawn_here() -> bool:
        return isinstance(window.current_workspace(), DrawsNoise)

    def choose_noise(key: str) -> None:
        session.update(noise_mode=key)

    def show(view: str) -> None:
        window.forward.set_mode(view)

    return [
        Command("noise.new", "New noise", draw, ("N",), is_drawn_here),
        *(
            Command(f"noise.{key}", f"Noise across time: {title}", partial(choose_noise, key))
            for key, title in modes
        ),
        *(
            Command(
                f"forward.{key}",
                f"Show: {title}",
                partial(show, key),
                (),
                lambda: session.state.workspace is Workspace.FORWARD,
            )
            for key, title in views
        ),
    ]


def _reverse(window: MainWindow) -> list[Command]:
    session = window.session

    def is_here() -> bool:
        return session.state.workspace is Workspace.REVERSE

    def can_walk() -> bool:
        return isinstance(window.current_workspace(), Walks)

    def walk(act: Callable[[Walks], None]) -> Callable[[], None]:
        """What does something in the workspace that is seen, if one walks there."""

        def run() -> None:
            workspace = window.current_workspace()
            if isinstance(workspace, Walks):
                act(workspace)

        return run

    return [
        Command("reverse.pause", "Pause the sampler", walk(lambda w: w.pause()), (), can_walk),
        Command("reverse.step", "One denoising step", walk(lambda w: w.step()), (".",), can_walk),
        Command("reverse.back", "Show the step before", walk(lambda w: w.step_back()), (",",), can_walk),
        Command(
            "reverse.restart",
            "Restart with the same noise",
            walk(lambda w: w.restart()),
            ("Shift+R",),
            can_walk,
        ),
        Command("reverse.cancel", "Stop the run", window.driver.cancel, (), is_here),
        *run_commands(window),
    ]


def _view(window: MainWindow) -> list[Command]:
    return [
        Command("view.forward", "Go to Forward", lambda: window.show_workspace("forward"), ("Alt+1",)),
        Command("view.reverse", "Go to Reverse", lambda: window.show_workspace("reverse"), ("Alt+2",)),
        Command("view.train", "Go to Train", lambda: window.show_workspace("train"), ("Alt+3",)),
        Command("view.lab", "Go to 2-D Lab", lambda: window.show_workspace("lab"), ("Alt+4",)),
        Command("view.theory", "Go to Theory", lambda: window.show_workspace("theory"), ("Alt+5",)),
        Command("view.left", "Left panel on or off", window.panels.toggle_left, ("Ctrl+1",)),
        Command("view.right", "Right panel on or off", window.panels.toggle_right, ("Ctrl+2",)),
        Command("view.region", "Go to the next region", window.next_region, ("F6",)),
        Command("view.theme", "Dark or light colours", window.toggle_theme),
        Command("view.motion", "Movements on or off", window.toggle_reduced_motion),
        Command("view.palette", "Find a command", window.open_palette, ("Ctrl+K",)),
        Command("help.hint", "Show the first-run card", window.show_hint, ("F1",)),
    ]
