"""Closing the window while work goes on: the process ends at once, with status 0 and nothing to say."""

from collections.abc import Callable

import pytest

from tests.ui.program import PROGRAM

RUNNING = """
from diffviz.core.samplers import SamplerSpec

def begin(window, **changes):
    window.session.update(workspace="reverse", sampler=SamplerSpec(num_sampling_steps=1000), **changes)
    window.reverse.run()

def steps(window):
    run = window.reverse.history.current
    return len(run.steps) if run is not None else 0
"""
LOOKS = {
    "a run goes on": """
def look(window, notes):
    if not notes:
        begin(window)
        notes["begun"] = True
    return steps(window) > 3
""",
    "a run is paused": """
def look(window, notes):
    if not notes:
        begin(window)
        notes["begun"] = True
    elif steps(window) > 3 and not notes.get("paused"):
        window.reverse.pause()
        notes["paused"] = True
    return notes.get("paused") and window.reverse.runner.state == "paused"
""",
    "torch and a network are loaded": """
def look(window, notes):
    window.preload_torch()
    begin(window, denoiser="fashion-unet")
    return True
""",
    "the timeline plays a Markov chain": """
def look(window, notes):
    if not notes:
        window.session.update(noise_mode="markov", image="sample:hubble")
        window.forward.toggle_play()
        notes["begun"] = True
    return window.session.state.t > 280
""",
}


@pytest.mark.parametrize("meanwhile", LOOKS)
def test_the_window_closes_cleanly_while(run_program: Callable, meanwhile: str) -> None:
    ended = run_program(f"{PROGRAM}\n{RUNNING}\n{LOOKS[meanwhile]}\nrun(look)")
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
