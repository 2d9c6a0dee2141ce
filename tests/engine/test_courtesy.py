"""How much of the machine work may take while a window is open."""

import os
import subprocess
import sys

import pytest

from diffviz.engine.job import JobRunner
from diffviz.engine.tasks import preload_torch

PROGRAM = """
import os
from diffviz.engine.courtesy import leave_a_core_to_the_window
cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
first, second = leave_a_core_to_the_window(), leave_a_core_to_the_window()
import torch
assert first == second == torch.get_num_threads(), (first, second)
assert first <= max(1, cores - 1), (first, cores)
"""


def test_torch_leaves_one_core_to_the_window():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)


def test_preloading_tells_the_version_and_the_devices():
    (ready,) = preload_torch()
    assert ready.version[0].isdigit()
    assert ready.best_device in {device.key for device in ready.devices}
    assert "cpu" in {device.key for device in ready.devices}


@pytest.mark.skipif(sys.platform != "linux", reason="niceness of one thread is a matter of Linux")
def test_work_is_nicer_than_the_window(qtbot):
    def make_steps():
        yield os.getpriority(os.PRIO_PROCESS, 0)

    before = os.getpriority(os.PRIO_PROCESS, 0)
    runner = JobRunner()
    with qtbot.waitSignal(runner.ended):
        runner.start(make_steps)
    assert runner.drain() == [min(19, before + 10)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
