"""Freeze the program into one folder that works without Python, and print what that costs against the aims.

    python3 dev.py bundle [--no-timing]

Makes dist/diffviz (and dist/diffviz.app on macOS), dist/SBOM and a table of sizes and start-up times.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import project

BUNDLE = project.DIST / project.NAME
SIZE_AIM_MB, START_AIM, VERSION_AIM_S = 800, 1.5, 0.3
STARTS = 3


def build() -> None:
    """Run PyInstaller, and put the parts list beside the bundle for releases."""
    tool = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    folders = ["--distpath", str(project.DIST), "--workpath", str(project.BUILD / "pyinstaller")]
    subprocess.run([*tool, *folders, str(project.HERE / "diffviz.spec")], cwd=project.ROOT, check=True)
    parts = next(BUNDLE.rglob("sbom.cdx.json"))
    shutil.copy(parts, project.DIST / f"{project.NAME}-{project.VERSION}-{sys.platform}.cdx.json")


def self_test_window(command: list[str], files: Iterable[Path]) -> Callable[[], float]:
    """Seconds from the start until the self-test says that the window is drawn, read from the disk."""
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}

    def measure() -> float:
        for path in files:
            forget(path)
        start = time.perf_counter()
        # It is ended there: what follows loads torch, which the window does not wait for.
        with subprocess.Popen(
            [*command, "--self-test"], stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.split()[:2] == ["ok", "window"]:
                    break
            seconds = time.perf_counter() - start
            process.terminate()
        return seconds

    return measure


def version_start(command: list[str]) -> Callable[[], float]:
    """Seconds that it takes to say the version."""

    def measure() -> float:
        start = time.perf_counter()
        subprocess.run([*command, "--version"], stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - start

    return measure


def forget(path: Path) -> None:
    """Drop a file from the memory of the system, so that the next start reads the disk (Linux only)."""
    if not hasattr(os, "posix_fadvise"):
        return
    file = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)


def files_below(*folders: Path) -> list[Path]:
    return [
        path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
    ]


def budgets(timing: bool) -> list[tuple[str, str, str, bool]]:
    """Rows of the table: what, how much, the aim, whether it is reached."""
    size = sum(path.stat().st_size for path in files_below(BUNDLE)) / 1e6
    rows = [("installed size", f"{size:.0f} MB", f"under {SIZE_AIM_MB} MB", size < SIZE_AIM_MB)]
    if not timing:
        return rows
    frozen = [str(BUNDLE / ("diffviz-cli.exe" if os.name == "nt" else "diffviz"))]
    source = [sys.executable, "-m", "diffviz"]
    packages = files_below(Path(sys.prefix), project.ROOT / "diffviz", project.ROOT / "assets")
    measures = {
        "source window": self_test_window(source, packages),
        "frozen window": self_test_window(frozen, files_below(BUNDLE)),
        "source version": version_start(source),
        "frozen version": version_start(frozen),
    }
    # In turns, so that what else the machine does falls on all of them alike.
    rounds = [{name: measure() for name, measure in measures.items()} for _ in range(STARTS)]
    seconds = {name: statistics.median(one[name] for one in rounds) for name in measures}
    ratio = seconds["frozen window"] / seconds["source window"]
    return [
        *rows,
        (
            "cold start of the window",
            f"{seconds['frozen window']:.2f} s, {ratio:.2f} x source ({seconds['source window']:.2f} s)",
            f"at most {START_AIM} x",
            ratio <= START_AIM,
        ),
        (
            "--version from source",
            f"{seconds['source version']:.2f} s",
            f"under {VERSION_AIM_S} s",
            seconds["source version"] < VERSION_AIM_S,
        ),
        ("--version of the bundle", f"{seconds['frozen version']:.2f} s", "", True),
    ]


def main() -> int:
    """Build, then print the table; the aims are no reason to fail, a machine may be busy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-timing", action="store_true", help="build and print sizes only")
    parser.add_argument("--no-build", action="store_true", help="measure the bundle that is there")
    options = parser.parse_args()
    if not options.no_build:
        build()
    for what, figure, aim, reached in budgets(timing=not options.no_timing):
        verdict = "" if not aim else "ok" if reached else "OVER"
        print(f"{what:<26}{figure:<36}{aim:<16}{verdict}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
