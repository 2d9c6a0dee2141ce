"""The licence texts of everything that is bundled, gathered from where each part keeps them."""

import re
import subprocess
import sys
import sysconfig
from importlib.metadata import Distribution, distribution
from pathlib import Path, PurePosixPath

import project

Entry = tuple[str, str]
FOLDER = "licences"
NAMES = re.compile(r"(licen[cs]e|copying|notice|authors|copyright)", re.IGNORECASE)
CODE = frozenset({".py", ".pyc", ".pyi", ".so"})

# Wheels without the text of their licence, which is one of the common texts in packaging/licences.
COMMON_TEXT = {"pyside6-essentials": "LGPL-3.0.txt", "shiboken6": "LGPL-3.0.txt"}


def of_distributions(distributions: dict[str, Distribution]) -> list[Entry]:
    """Pairs of a file and its folder in the bundle, for the common texts and every distribution.

    Raises
    ------
    SystemExit
        If a distribution comes without a licence text, so that none is left out unseen.
    """
    entries = [(str(path), FOLDER) for path in sorted((project.HERE / "licences").iterdir())]
    for name, found in distributions.items():
        texts = _texts(found) if name != project.NAME else {"LICENSE": project.ROOT / "LICENSE"}
        if not texts and name not in COMMON_TEXT:
            raise SystemExit(f"{name} {found.version} has no licence text; name its licence in {__file__}.")
        entries += [
            (str(path), str(PurePosixPath(FOLDER, name, place).parent)) for place, path in texts.items()
        ]
    return entries


def of_python() -> list[Entry]:
    """The licences of the interpreter and of the loader that starts it."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = [
        Path(sysconfig.get_path("stdlib")) / "LICENSE.txt",
        Path(sys.base_prefix) / "LICENSE.txt",
        Path(f"/usr/share/doc/{version}/copyright"),
    ]
    found = [place for place in places if place.is_file()]
    if not found:
        raise SystemExit("Python's own licence is in none of " + ", ".join(map(str, places)))
    entries = [(str(found[0]), f"{FOLDER}/python")]
    return entries + [
        (str(path), f"{FOLDER}/pyinstaller") for path in _texts(distribution("pyinstaller")).values()
    ]


def of_system(libraries: list[Path]) -> list[Entry]:
    """The copyright files of the Debian packages that these libraries are from."""
    packages = sorted({package for package in map(debian_package, libraries) if package})
    files = [Path("/usr/share/doc") / package / "copyright" for package in packages]
    return [(str(file), f"{FOLDER}/system/{file.parent.name}") for file in files if file.is_file()]


def debian_package(library: Path) -> str | None:
    """The Debian package of a file, where it has one."""
    spellings = {library, library.resolve(), Path("/usr") / library.relative_to("/")}
    for path in sorted(spellings):
        found = subprocess.run(["dpkg", "-S", str(path)], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.partition(":")[0]
    return None


def _texts(found: Distribution) -> dict[str, Path]:
    """Licence texts of a distribution by their place in it; a text that is there twice counts once."""
    texts: dict[str, Path] = {}
    for file in sorted(found.files or (), key=str):
        name = file.as_posix()
        metadata = re.match(r"[^/]+\.dist-info/(licenses/)?", name)
        path = Path(str(found.locate_file(file)))
        named = NAMES.search(file.name) or (metadata and metadata[1])
        if named and file.suffix not in CODE and path.is_file():
            texts.setdefault(name[metadata.end() :] if metadata else name, path)
    return texts
