"""What importing the engine costs."""

import subprocess
import sys

PROGRAM = """
import pkgutil, importlib, sys
import diffviz.engine
for module in pkgutil.iter_modules(diffviz.engine.__path__, "diffviz.engine."):
    importlib.import_module(module.name)
print(sorted({"torch", "PySide6.QtGui", "PySide6.QtWidgets", "pyqtgraph"} & set(sys.modules)))
"""


def test_the_engine_needs_neither_torch_nor_widgets_to_be_imported():
    answer = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
