"""The smoke test sees what is on the screen, and believes no program that does nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[2] / "packaging" / "smoke_test.py"
needs_screen = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("Xvfb") is None, reason="needs Xvfb"
)

PAINT = """
import sys
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication(sys.argv)
window = QWidget(None, Qt.WindowType.FramelessWindowHint)
window.setStyleSheet("background: rgb(255, 0, 170)")
window.setGeometry(10, 20, 30, 40)
window.show()
app.exec()
"""


@needs_screen
def test_pixels_of_a_colour_are_counted_on_the_real_screen(qtbot):
    import smoke_test

    with smoke_test.screen() as (display, framebuffer):
        assert smoke_test.pixels_of(framebuffer, smoke_test.PINK) == 0
        environment = dict(os.environ, DISPLAY=display, QT_QPA_PLATFORM="xcb")
        painter = subprocess.Popen([sys.executable, "-c", PAINT], env=environment)
        try:
            qtbot.waitUntil(
                lambda: smoke_test.pixels_of(framebuffer, smoke_test.PINK) == 30 * 40, timeout=30_000
            )
        finally:
            painter.terminate()
            painter.wait()


def test_its_picture_is_a_picture_of_one_colour(tmp_path):
    import smoke_test

    smoke_test.write_picture(tmp_path / "pink.png", side=9)
    with Image.open(tmp_path / "pink.png") as picture:
        assert picture.getcolors() == [(81, smoke_test.PINK)]


@needs_screen
@pytest.mark.skipif(os.name == "nt", reason="makes a script that POSIX runs")
def test_a_program_that_does_nothing_passes_no_check(tmp_path):
    program = tmp_path / "diffviz"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(program), "--expect", "0.1.0"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert lines == ["FAILED"] * 6, done.stdout + done.stderr
    assert done.returncode == 1


def test_a_program_runs_without_what_this_environment_has(tmp_path):
    import smoke_test

    (tmp_path / "print").write_text('#!/bin/sh\necho "$PATH|$VIRTUAL_ENV|$PYTHONPATH|$HOME"\n')
    (tmp_path / "print").chmod(0o755)
    trial = smoke_test.Trial([str(tmp_path / "print")], Path("/"), tmp_path)
    assert trial.run().strip() == f"{tmp_path}/nothing|||{tmp_path}/home"
    assert not any((tmp_path / "nothing").iterdir())
