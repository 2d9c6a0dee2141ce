#!/usr/bin/env python3
"""Run, test and check diffviz from a source checkout; needs nothing but Python.

python3 dev.py run [ARGS]    make .venv if need be, then start diffviz (ARGS as on its command line)
python3 dev.py test [ARGS]   ruff, mypy, import-linter, then pytest (ARGS go to pytest)
python3 dev.py check         the same without pytest
python3 dev.py wheel         the wheel and the source archive, checked, in dist
python3 dev.py bundle        a folder that works without Python, dist/diffviz, and what it costs
python3 dev.py deb           that folder as .deb and .tar.xz (Linux)
"""

# Syntax stays readable to Python 3.8, so that an old interpreter can say what is missing.
from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
MARKER = VENV / "diffviz-setup.json"
OLDEST = (3, 11)
NEWEST = (3, 14)

# Shared libraries that the Qt wheels leave to the system, and the Debian packages that have them.
WINDOW_LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
WAYLAND_LIBRARIES = {"libwayland-cursor.so.0": "libwayland-cursor0"}
PACKAGERS = {"wheel": "wheel.py", "bundle": "bundle.py", "deb": "linux_package.py"}
TEST_PROGRAMS = {"Xvfb": "xvfb", "xauth": "xauth"}


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command == "run":
        if not rest or rest[0] == "--self-test" or Path(rest[0]).exists():
            need_libraries({})
        set_up([])
        return start([str(PYTHON), "-m", "diffviz", *rest])
    if command == "check" and not rest:
        set_up(["test"])
        return 1 if failed_checks() else 0
    if command == "test":
        need_libraries(TEST_PROGRAMS)
        set_up(["test"])
        failed = failed_checks()
        if failed:
            print("\nNot clean: " + ", ".join(failed) + " (details above)", flush=True)
        status = step("pytest", [str(PYTHON), "-m", "pytest", *rest])
        return status or (1 if failed else 0)
    if command in PACKAGERS:
        if command == "bundle":
            # PyInstaller follows the libraries of the window; where some are missing it leaves parts out.
            need_libraries({})
        set_up(["bundle"])
        return start([str(PYTHON), str(ROOT / "packaging" / PACKAGERS[command]), *rest])
    print(__doc__)
    return 0 if command in {"-h", "--help"} else 2


def failed_checks() -> list[str]:
    """Run every check that is no test; the names of those that failed."""
    checks = {
        "ruff check": [str(PYTHON), "-m", "ruff", "check", "."],
        "ruff format": [str(PYTHON), "-m", "ruff", "format", "--check", "."],
        "mypy": [str(PYTHON), "-m", "mypy"],
        "import-linter": [str(BIN / "lint-imports")],
    }
    return [name for name, command in checks.items() if step(name, command) != 0]


def step(name: str, command: list[str]) -> int:
    """Run a command under a heading; its exit status."""
    print(f"\n== {name} ==", flush=True)
    return subprocess.call(command, cwd=ROOT)


def start(command: list[str]) -> int:
    """Become the command, where the system can do that."""
    if os.name != "nt":
        os.execv(command[0], command)
    return subprocess.call(command)


def set_up(extras: list[str]) -> None:
    """Make .venv hold this checkout with the tested set of packages, unless it does already."""
    text = (ROOT / "pyproject.toml").read_bytes() + (ROOT / "constraints.txt").read_bytes()
    wanted = {"packages": hashlib.sha256(text).hexdigest(), "extras": extras}
    try:
        present = json.loads(MARKER.read_text())
        if present["packages"] == wanted["packages"] and set(extras) <= set(present["extras"]) and works():
            return
        wanted["extras"] = sorted({*extras, *present["extras"]})
    except (OSError, ValueError, KeyError):
        pass
    if not works():
        base = find_python()
        need_venv(base)
        print(f"Making {VENV} ...", flush=True)
        if subprocess.call([*base, "-m", "venv", "--clear", str(VENV)]) != 0:
            raise SystemExit(f"Python could not make the virtual environment {VENV}.")
    target = ".[" + ",".join(wanted["extras"]) + "]" if wanted["extras"] else "."
    print("Installing the packages (about a minute the first time, longer on a slow line) ...", flush=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install"]
    # A terminal sees pip at work; a log sees what it said only if it failed.
    kept = None if sys.stdout.isatty() else subprocess.PIPE
    done = subprocess.run(
        [*pip, "-c", "constraints.txt", "-e", target],
        cwd=ROOT,
        stdout=kept,
        stderr=subprocess.STDOUT if kept else None,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout or "", flush=True)
        raise SystemExit(
            "The packages could not be installed; pip says why above. It needs the network this once."
        )
    MARKER.write_text(json.dumps(wanted))


def works() -> bool:
    """Whether .venv has an interpreter that starts and is new enough."""
    try:
        return answers([str(PYTHON)], f"import pip, sys; sys.exit(sys.version_info < {OLDEST})")
    except OSError:
        return False


def answers(python: list[str], code: str) -> bool:
    """Whether a line of Python ends well in that interpreter."""
    return subprocess.call([*python, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def find_python() -> list[str]:
    """Command of an interpreter that is new enough: this one, or another one on the path."""
    if sys.version_info[:2] >= OLDEST:
        return [sys.executable]
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        name = shutil.which(f"python3.{minor}")
        candidate = [name] if name else ["py", f"-3.{minor}"] if shutil.which("py") else []
        if candidate and answers(candidate, "pass"):
            return candidate
    have = ".".join(str(part) for part in sys.version_info[:2])
    raise SystemExit(
        f"diffviz needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is Python {have}, and none of "
        f"python3.11 to python3.{NEWEST[1]} is on the path. Get one from the system's packages or https://www.python.org."
    )


def need_venv(base: list[str]) -> None:
    """Make sure that the interpreter can make virtual environments (Debian ships that part apart)."""
    if answers(base, "import venv, ensurepip"):
        return
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    version = subprocess.check_output([*base, "-c", code], text=True).strip()
    need_packages([f"python{version}-venv"], "Python's venv module")


def need_libraries(programs: dict[str, str]) -> None:
    """Make sure that the shared libraries of a window, and these programs, are there (Linux only)."""
    if not sys.platform.startswith("linux"):
        return
    libraries = dict(WINDOW_LIBRARIES)
    if os.environ.get("WAYLAND_DISPLAY"):
        libraries.update(WAYLAND_LIBRARIES)
    missing = {name: package for name, package in libraries.items() if not loads(name)}
    missing.update({name: package for name, package in programs.items() if not shutil.which(name)})
    if missing:
        need_packages(list(missing.values()), ", ".join(missing))


def loads(library: str) -> bool:
    """Whether the dynamic linker finds a shared library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def need_packages(packages: list[str], what: str) -> None:
    """Install Debian packages where that is possible, or say how and end."""
    print(f"Missing on this system: {what}.", flush=True)
    if not (shutil.which("apt-get") and Path("/etc/debian_version").exists()):
        names = " ".join(packages)
        raise SystemExit(
            f"Install it with the system's package manager (on Debian and Ubuntu it is in: {names})."
        )
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if os.geteuid() != 0:
        raise SystemExit("Get it with:  sudo " + " ".join(install))
    print("Installing it:  " + " ".join(install), flush=True)
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    if subprocess.call(install, env=quiet, stdout=subprocess.DEVNULL) != 0:
        subprocess.call(["apt-get", "update"], env=quiet, stdout=subprocess.DEVNULL)
        if subprocess.call(install, env=quiet) != 0:
            raise SystemExit("apt-get could not install it; its reason is above.")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
