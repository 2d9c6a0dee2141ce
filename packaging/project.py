"""What every packaging script has to know of the project, read from pyproject.toml and the environment.

Run as a program it prints the version; it needs nothing but Python for that.
"""

import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "packaging"
DIST = ROOT / "dist"
BUILD = ROOT / "build"

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NAME: str = PYPROJECT["project"]["name"]
VERSION: str = PYPROJECT["project"]["version"]
SUMMARY: str = PYPROJECT["project"]["description"]
BRIEFCASE: dict[str, object] = PYPROJECT["tool"]["briefcase"]
IDENTIFIER = f"{BRIEFCASE['bundle']}.{NAME}"
MAINTAINER = f"{BRIEFCASE['author']} <{BRIEFCASE['author_email']}>"

# torch names setuptools for building extensions, which a bundle has no compiler for.
NOT_BUNDLED = frozenset({"setuptools"})


def normalised(name: str) -> str:
    """The name of a distribution as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bundled_distributions() -> dict[str, Distribution]:
    """The project and all that it requires at run time here, by normalised name; no extras, no tools."""
    from packaging.requirements import Requirement

    found: dict[str, Distribution] = {}
    waiting = [NAME]
    while waiting:
        name = normalised(waiting.pop())
        if name in found or name in NOT_BUNDLED:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            raise SystemExit(f"{name} is not installed; run this through: python3 dev.py bundle") from None
        requirements = [Requirement(line) for line in found[name].requires or ()]
        waiting += [
            requirement.name
            for requirement in requirements
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        ]
    return dict(sorted(found.items()))


if __name__ == "__main__":
    print(VERSION)
