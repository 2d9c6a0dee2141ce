"""What a bundle is made of, as a CycloneDX list that machines read."""

import json
import re
import uuid
from importlib.metadata import Distribution
from pathlib import Path

import project
from licences import debian_package

Component = dict[str, object]
# Libraries that wheels carry along, named by the folders that auditwheel, delvewheel and delocate use.
CARRIED = re.compile(r"^(?:lib)?(?P<name>.+?)-[0-9a-f]{8,}(?:\.so)?(?:\.(?P<version>[\d.]+))?$")


def of_distribution(name: str, found: Distribution) -> Component:
    """A Python package, with the libraries in its wheel."""
    meta = found.metadata
    kind = "application" if name == project.NAME else "library"
    component: Component = {
        "type": kind,
        "bom-ref": f"pkg:pypi/{name}@{found.version}",
        "name": name,
        "version": found.version,
        "purl": f"pkg:pypi/{name}@{found.version}",
    }
    # A licence that is no SPDX expression is a name, and some old packages put a whole text there.
    if expression := meta.get("License-Expression"):
        component["licenses"] = [{"expression": expression}]
    elif stated := (meta.get("License") or "").split("\n")[0].strip():
        component["licenses"] = [{"license": {"name": stated}}]
    files = [Path(str(file)) for file in found.files or ()]
    carried = [_carried(file) for file in files if file.parent.name in {f"{name}.libs", ".dylibs"}]
    if inside := [part for part in carried if part]:
        component["components"] = inside
    return component


def of_library(library: Path) -> Component:
    """A shared library of the build machine."""
    package = debian_package(library)
    component: Component = {"type": "library", "bom-ref": f"file:{library.name}", "name": library.name}
    return component | ({"description": f"from the Debian or Ubuntu package {package}"} if package else {})


def document(components: list[Component], made: str) -> str:
    """The list as JSON; the time at which it was made is in ISO 8601."""
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{project.IDENTIFIER}/{project.VERSION}/{made}")
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{identity}",
        "version": 1,
        "metadata": {
            "timestamp": made,
            "component": {
                "type": "application",
                "bom-ref": "bundle",
                "name": f"{project.NAME} bundle",
                "version": project.VERSION,
                "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
            },
        },
        "components": components,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _carried(file: Path) -> Component | None:
    found = CARRIED.match(file.name.removesuffix(".dll").removesuffix(".dylib"))
    if found is None:
        return None
    version = {"version": found["version"]} if found["version"] else {}
    return {"type": "library", "bom-ref": f"file:{file.as_posix()}", "name": found["name"]} | version
