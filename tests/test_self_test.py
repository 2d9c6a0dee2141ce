"""The self-test as installers run it: a program of its own, without a display."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = ("files", "window", "scrub", "reverse", "GIF", "MP4")


def self_test(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        key: value for key, value in os.environ.items() if key not in {"DISPLAY", "WAYLAND_DISPLAY"}
    }
    environment |= {"QT_QPA_PLATFORM": "offscreen", "DIFFVIZ_HOME": str(home)}
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def verdicts(output: str) -> dict[str, str]:
    lines = [line.split() for line in output.splitlines() if line.startswith("  ")]
    return {words[1]: words[0] for words in lines}


@pytest.mark.slow
def test_the_self_test_finds_nothing_wrong_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = self_test(tmp_path / "home", "-m", "diffviz", "--self-test")
    assert verdicts(done.stdout) == dict.fromkeys(CHECKS, "ok"), done.stdout + done.stderr
    assert done.returncode == 0
    assert not (tmp_path / "home").exists()


def test_a_bundle_without_its_network_fails_with_a_line_that_says_so(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from diffviz import paths, self_test; "
        f"paths.checkpoints_dir = lambda: Path({str(tmp_path)!r}); sys.exit(self_test.run())"
    )
    done = self_test(tmp_path / "home", "-c", code)
    broken = {"files": "FAILED", "reverse": "FAILED"}
    assert verdicts(done.stdout) == dict.fromkeys(CHECKS, "ok") | broken, done.stdout + done.stderr
    assert f"There is no network in {tmp_path}." in done.stdout
    assert "2 of 6 checks failed." in done.stdout
    assert done.returncode == 1
