"""Who may import whom: science without a window, a window without torch, a version without anything."""

import subprocess
import sys

SCIENCE = ("core", "models", "data", "training", "evaluation", "export")

IMPORT_ALL = """
import importlib, pkgutil, sys
blocked, rooms = sys.argv[1].split(","), sys.argv[2].split(",")
for name in blocked:
    sys.modules[name] = None  # importing it from here on is an ImportError
count = 0
for room in rooms:
    package = importlib.import_module(f"diffviz.{room}")
    for module in pkgutil.walk_packages(getattr(package, "__path__", ()), package.__name__ + "."):
        importlib.import_module(module.name)
        count += 1
print(count)
"""


def import_all(blocked, rooms):
    command = [sys.executable, "-c", IMPORT_ALL, ",".join(blocked), ",".join(rooms)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_science_works_where_qt_is_missing():
    result = import_all(["PySide6", "shiboken6", "pyqtgraph", "superqt", "qtpy"], SCIENCE)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 30


def test_window_and_engine_are_imported_without_torch():
    result = import_all(["torch", "diffusers", "av", "scipy"], ["engine", "ui", "app", "cli", "cli_train"])
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 30


def test_asking_for_the_version_imports_next_to_nothing():
    code = "import sys; from diffviz.cli import main; main(['--version']); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    version, modules = result.stdout.splitlines()
    assert version.startswith("diffviz ")
    heavy = {"numpy", "PIL", "torch", "typer", "rich", "pydantic", "av", "PySide6", "pyqtgraph"}
    assert not heavy & set(modules.split())
