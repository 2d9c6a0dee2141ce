#!/usr/bin/env python3
"""Try an installed diffviz from outside: its commands, its window, and what it leaves behind.

    python3 packaging/smoke_test.py PROGRAM
    python3 packaging/smoke_test.py --deb FILE [--root FOLDER]

The program runs with an empty search path, so that it finds no Python, in a home folder of its own. On Linux
its window comes up on a virtual screen (Xvfb), whose pixels are looked at. With --deb the package is
installed first (as root) and purged at the end; with --root all of that happens in another root folder, such
as one made by debootstrap. Needs nothing but Python 3.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

LINUX = sys.platform.startswith("linux")
# A colour that the program never shows of itself.
PINK = (255, 0, 170)
FEWEST_PIXELS = 2000
PATIENCE_S = 900
SETTLED_S = 10
# Folders that are no part of what is installed, or that the package manager keeps for itself.
PASSING = ("proc", "sys", "dev", "run", "tmp", "home", "root", "var/tmp", "var/cache", "var/log", "var/lib")


class SmokeError(Exception):
    """Something is not as it has to be; the message is one sentence."""


@dataclass
class Trial:
    """An installed program, how it is started, and where its files go."""

    program: list[str]
    root: Path
    work: Path
    display: str | None = None
    framebuffer: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nothing = self.work / "nothing"
        home = self.work / "home"
        for folder in (nothing, home):
            folder.mkdir()
        kept = {"SYSTEMROOT", "WINDIR", "COMSPEC", "TEMP", "TMP", "LANG", "OMP_NUM_THREADS"}
        self.environment = {name: value for name, value in os.environ.items() if name.upper() in kept}
        places = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
        self.environment |= {"PATH": self.inside(nothing), **dict.fromkeys(places, self.inside(home))}
        if self.display:
            self.environment |= {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}

    def inside(self, path: Path) -> str:
        """A path as the program sees it."""
        return "/" + str(path.relative_to(self.root)) if self.root != Path("/") else str(path)

    def command(self, *words: str) -> list[str]:
        chroot = [str(shutil.which("chroot")), str(self.root)] if self.root != Path("/") else []
        return [*chroot, *self.program, *words]

    def run(self, *words: str, status: int = 0) -> str:
        """Run it to its end and return what it printed.

        Raises
        ------
        SmokeError
            If it ends with another status.
        """
        done = subprocess.run(
            self.command(*words),
            env=self.environment,
            cwd=self.work,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
        if done.returncode != status:
            said = (done.stdout + done.stderr).strip()
            raise SmokeError(f"{' '.join(words)} ended with status {done.returncode}: {said[-2000:]}")
        return done.stdout if status == 0 else done.stderr

    def file(self, name: str) -> str:
        """A file of the work folder, as the program sees it."""
        return self.inside(self.work / name)


def main() -> int:
    """Try everything, print one line for each check; 0 if all is well."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", nargs="?", help="the program to start")
    parser.add_argument("--deb", type=Path, help="install this package first and purge it at the end")
    parser.add_argument("--root", type=Path, default=Path("/"), help="in this root folder")
    parser.add_argument("--expect", help="the version that it has to have")
    options = parser.parse_args()
    if (options.program is None) == (options.deb is None):
        parser.error("name a program or a --deb package")
    root = options.root.resolve()
    before = files_of(root) if options.deb else set()
    if options.deb:
        install(options.deb, root)
    program = [options.program] if options.program else ["/usr/bin/diffviz"]
    if options.program and root == Path("/"):
        program = [str(Path(options.program).resolve())]
    (root / "tmp").mkdir(exist_ok=True)
    parent = None if root == Path("/") else root / "tmp"
    with (
        tempfile.TemporaryDirectory(prefix="smoke-", dir=parent, ignore_cleanup_errors=True) as work,
        screen() as (display, framebuffer),
    ):
        # Under the real name of the folder: macOS and Windows have short ones for their temporary folders.
        trial = Trial(program, root, Path(work).resolve(), display, framebuffer)
        write_picture(trial.work / "pink.png")
        failed = checked(trial, options.expect)
        if options.deb:
            failed += not passed("uninstall", lambda: check_uninstall(trial, before))
    print(f"{failed} checks failed." if failed else "All is well.")
    return 1 if failed else 0


def checked(trial: Trial, expected: str | None) -> int:
    """Make every check of the program; the number of those that failed."""
    checks: dict[str, Callable[[], str]] = {
        "version": lambda: check_version(trial, expected),
        "self-test": lambda: check_self_test(trial),
        "commands": lambda: check_commands(trial),
        "bad input": lambda: check_bad_input(trial),
        "window": lambda: check_window(trial),
        "second start": lambda: check_window(trial),
    }
    return sum(not passed(name, check) for name, check in checks.items())


def passed(name: str, check: Callable[[], str]) -> bool:
    """Make one check and print its line."""
    start = time.perf_counter()
    try:
        words, verdict = check(), "ok"
    except (SmokeError, OSError, subprocess.SubprocessError) as error:
        words, verdict = str(error), "FAILED"
    print(f"  {verdict:<8}{name:<14}{words} ({time.perf_counter() - start:.1f} s)", flush=True)
    return verdict == "ok"


def check_version(trial: Trial, expected: str | None) -> str:
    said = trial.run("--version").strip()
    if expected and said != f"diffviz {expected}":
        raise SmokeError(f"It says {said!r}, not version {expected}.")
    return said


def check_self_test(trial: Trial) -> str:
    lines = trial.run("--self-test").splitlines()
    if trial.display and not any("'xcb'" in line for line in lines):
        raise SmokeError("The self-test did not use the screen.")
    return f"{sum(line.startswith('  ok') for line in lines)} checks, {lines[-1]}"


def check_commands(trial: Trial) -> str:
    table = trial.run("schedule", "cosine", "--timesteps", "10").splitlines()
    if len(table) != 12 or not table[0].startswith("t,beta,"):
        raise SmokeError("The table of the schedule has not its head and eleven rows.")
    for name in ("forward.png", "forward.gif", "forward.mp4", "forward.npy"):
        trial.run(
            *("forward", trial.file("pink.png"), "-o", trial.file(name)),
            *("--t", "0,500,1000", "--size", "64"),
        )
    model = next(line.split()[0] for line in trial.run("models").splitlines() if "-unet" in line)
    trial.run("sample", "--model", model, "-o", trial.file("drawn.png"), "--sampler", "ddim", "--steps", "4")
    trial.run(
        *("train", "--data", "emoji", "--arch", "convnet", "--images", "64"),
        *("--out", trial.file("small.safetensors")),
    )
    made = ["forward.png", "forward.gif", "forward.mp4", "forward.npy", "drawn.png", "small.safetensors"]
    empty = [
        name for name in made if not (trial.work / name).is_file() or not (trial.work / name).stat().st_size
    ]
    if empty:
        raise SmokeError(f"{', '.join(empty)} was not written.")
    return f"schedule, forward, models, sample ({model}), train: {len(made)} files"


def check_bad_input(trial: Trial) -> str:
    said = trial.run("forward", trial.file("no-such.png"), "-o", trial.file("x.png"), status=2).strip()
    if "\n" in said or "no-such.png" not in said:
        raise SmokeError(f"A missing picture is not named in one line: {said!r}")
    return "one line, status 2"


def check_window(trial: Trial) -> str:
    """Open the window with a picture, see its colour on the screen, and end the program."""
    start = time.perf_counter()
    process = subprocess.Popen(
        trial.command(trial.file("pink.png")),
        env=trial.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    seen, shown_s = 0, 0.0
    try:
        while time.perf_counter() - start < (PATIENCE_S if trial.framebuffer else SETTLED_S):
            if process.poll() is not None:
                said = process.stdout.read().decode(errors="replace")[-2000:] if process.stdout else ""
                raise SmokeError(f"The window ended by itself with status {process.returncode}: {said}")
            if trial.framebuffer and (seen := pixels_of(trial.framebuffer, PINK)) >= FEWEST_PIXELS:
                shown_s = time.perf_counter() - start
                # It goes on loading behind the first picture, which must not end it.
                time.sleep(SETTLED_S)
                if process.poll() is not None:
                    raise SmokeError(f"The window ended by itself with status {process.returncode}.")
                return f"{seen} pixels of the picture {shown_s:.1f} s after the start"
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()
    if trial.framebuffer:
        raise SmokeError(f"Only {seen} pixels of the picture are on the screen.")
    return f"still there after {SETTLED_S} s (no pixels were looked at)"


def check_uninstall(trial: Trial, before: set[str]) -> str:
    own = [path for path in (trial.work / "home").rglob("*") if path.is_file()]
    apt(trial.root, "purge", "-y", "diffviz")
    left = sorted(name for name in files_of(trial.root) - before if "diffviz" in name.lower())
    if left:
        raise SmokeError(f"Left behind: {', '.join(left[:10])}")
    for name in ("usr/share/applications/mimeinfo.cache", "usr/share/mime/globs2"):
        cache = trial.root / name
        if cache.is_file() and "diffviz" in cache.read_text(encoding="utf-8", errors="replace"):
            raise SmokeError(f"/{name} still names diffviz.")
    if not own or not all(path.is_file() for path in own):
        raise SmokeError("The user's own files are gone.")
    return f"nothing left but {len(own)} files of the user"


def install(package: Path, root: Path) -> None:
    """Install a package with what it depends on."""
    inside = root / "tmp" / package.name
    if inside.resolve() != package.resolve():
        inside.parent.mkdir(exist_ok=True)
        shutil.copy(package, inside)
    apt(root, "install", "-y", "--no-install-recommends", f"/tmp/{package.name}")
    inside.unlink()


def apt(root: Path, *words: str) -> None:
    chroot = ["chroot", str(root)] if root != Path("/") else []
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive", PATH="/usr/sbin:/usr/bin:/sbin:/bin")
    done = subprocess.run(
        [*chroot, "apt-get", *words], env=quiet, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"apt-get {' '.join(words)} failed:\n{done.stdout}{done.stderr}")


def files_of(root: Path) -> set[str]:
    """Every file that is there, without folders that hold no installed ones."""
    found = set()
    for folder, inner, names in os.walk(root):
        relative = os.path.relpath(folder, root)
        inner[:] = [name for name in inner if os.path.normpath(f"{relative}/{name}") not in PASSING]
        found.update(os.path.join(relative, name) for name in [*inner, *names])
    return found


@contextlib.contextmanager
def screen() -> Iterator[tuple[str | None, Path | None]]:
    """A virtual screen, and the file in which its pixels are (neither but on Linux)."""
    if not LINUX:
        yield None, None
        return
    if shutil.which("Xvfb") is None:
        raise SystemExit("Xvfb is missing: apt-get install xvfb")
    with tempfile.TemporaryDirectory(prefix="screen-") as folder:
        reading, writing = os.pipe()
        size = ["-screen", "0", "1600x1000x24", "-fbdir", folder, "-nolisten", "tcp", "-noreset"]
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), *size],
            pass_fds=[writing],
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        try:
            with os.fdopen(reading) as pipe:
                number = pipe.readline().strip()
            if not number:
                raise SystemExit("Xvfb did not start.")
            yield f":{number}", Path(folder) / "Xvfb_screen0"
        finally:
            server.terminate()
            server.wait()


def pixels_of(framebuffer: Path, colour: tuple[int, int, int]) -> int:
    """How many pixels of the screen have this colour; the file is an X window dump of four bytes a pixel."""
    dump = framebuffer.read_bytes()
    header_size, colours = struct.unpack_from(">I", dump, 0)[0], struct.unpack_from(">I", dump, 76)[0]
    pixels = dump[header_size + 12 * colours :]
    red, green, blue = colour
    wanted = bytes([blue, green, red])
    return sum(pixels[place : place + 3] == wanted for place in _places(pixels, wanted))


def _places(pixels: bytes, wanted: bytes) -> Iterator[int]:
    place = pixels.find(wanted)
    while place >= 0:
        if place % 4 == 0:
            yield place
        place = pixels.find(wanted, place + 1)


def write_picture(path: Path, side: int = 160) -> None:
    """A PNG of one colour."""
    rows = (b"\0" + bytes(PINK) * side) * side
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    whole = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + whole)


if __name__ == "__main__":
    raise SystemExit(main())
