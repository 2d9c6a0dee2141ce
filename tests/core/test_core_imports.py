"""The mathematics of the forward process is there before torch is, and without any window."""

import subprocess
import sys

TORCH_FREE = (
    "schedule_table",
    "schedule_kinds",
    "schedules",
    "control_points",
    "schedule_lint",
    "noise",
    "noise_path",
    "forward",
    "posterior",
    "prediction",
    "timesteps",
    "sampler_steps",
    "samplers",
    "guidance",
)


def loaded_after(statement: str) -> set[str]:
    program = f"import sys; {statement}; print(*(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_schedules_and_the_forward_process_need_neither_torch_nor_qt():
    loaded = loaded_after("; ".join(f"import diffviz.core.{name}" for name in TORCH_FREE))
    assert "numpy" in loaded
    assert not loaded & {"torch", "PySide6", "scipy", "pyqtgraph"}


def test_schedule_files_need_neither_torch_nor_qt():
    assert not loaded_after("import diffviz.data.schedule_files") & {"torch", "PySide6"}


def test_exact_denoisers_need_no_qt():
    assert "PySide6" not in loaded_after("import diffviz.models.exact, diffviz.models.gaussian")
