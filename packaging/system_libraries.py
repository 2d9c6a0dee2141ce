"""What a Linux bundle asks of the system: its shared libraries, and the Debian packages that have them."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Names of Debian 12. Later releases, and Ubuntu, keep them or have packages that provide them.
PACKAGES = {
    "ld-linux-x86-64.so.2": "libc6",
    "libc.so.6": "libc6",
    "libdl.so.2": "libc6",
    "libm.so.6": "libc6",
    "libmvec.so.1": "libc6",
    "libpthread.so.0": "libc6",
    "librt.so.1": "libc6",
    "libutil.so.1": "libc6",
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libOpenGL.so.0": "libopengl0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libdrm.so.2": "libdrm2",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinput.so.0": "libxcb-xinput0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
# The compiler whose libstdc++6 first had a version of its symbols.
LIBSTDCXX = {(3, 4, 28): "9", (3, 4, 29): "11", (3, 4, 30): "12", (3, 4, 32): "13.1", (3, 4, 33): "14"}
MAGIC = b"\x7fELF"


@dataclass(frozen=True)
class Needs:
    """Libraries that are not in the bundle, each with one file that wants it, and the oldest C libraries."""

    libraries: dict[str, Path]
    glibc: tuple[int, ...]
    libstdcxx: tuple[int, ...]

    def depends(self) -> list[str]:
        """The Depends of a Debian package.

        Raises
        ------
        SystemExit
            If a library is in no package that is known here: it has to be bundled, left out or named above.
        """
        unknown = [f"{name} (for {file})" for name, file in self.libraries.items() if name not in PACKAGES]
        if unknown:
            raise SystemExit("Of no known package: " + ", ".join(unknown))
        versions = {"libc6": ".".join(map(str, self.glibc))}
        versions["libstdc++6"] = next(
            release for symbols, release in LIBSTDCXX.items() if symbols >= self.libstdcxx
        )
        names = sorted({PACKAGES[name] for name in self.libraries})
        return [f"{name} (>= {versions[name]})" if name in versions else name for name in names]


def elf_files(folder: Path) -> list[Path]:
    """Programs and libraries below a folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == MAGIC:
                    found.append(path)
    return found


def needs(folder: Path) -> Needs:
    """Read what the files of a bundle ask for that is not among them."""
    files = elf_files(folder)
    own = {path.name for path in folder.rglob("*")}
    libraries: dict[str, Path] = {}
    glibc, libstdcxx = (2, 0), (3, 4, 0)
    for path in files:
        text = subprocess.run(
            ["readelf", "--dynamic", "--version-info", "--wide", str(path)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for name in re.findall(r"\(NEEDED\).*\[(.+)\]", text):
            if name not in own:
                libraries.setdefault(name, path.relative_to(folder))
        wanted = re.findall(r"Name: (GLIBC|GLIBCXX)_([\d.]+)", text)
        glibc = max([glibc, *(_version(number) for kind, number in wanted if kind == "GLIBC")])
        if path.name != "libstdc++.so.6":
            libstdcxx = max([libstdcxx, *(_version(number) for kind, number in wanted if kind == "GLIBCXX")])
    return Needs(dict(sorted(libraries.items())), glibc, libstdcxx)


def _version(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))
