"""A bundle holds what the program needs with its licences, and asks the system for the rest by name."""

import json
import re
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def distributions():
    """What a bundle of this environment would hold."""
    import project

    return project.bundled_distributions()


def test_requirements_are_bundled_and_tools_are_not(distributions):
    import contents

    assert {"diffviz", "torch", "numpy", "pyside6-essentials", "sympy"} <= distributions.keys()
    assert not {"pytest", "diffusers", "scipy", "ruff", "setuptools"} & distributions.keys()
    left_out = set(contents.strangers(distributions))
    assert {"pytest", "diffusers", "scipy"} <= left_out
    assert not {"torch", "numpy", "PySide6", "diffviz", "av"} & left_out


def test_lessons_travel_with_the_other_assets():
    import contents

    lessons = sorted((ROOT / "assets" / "lessons").glob("*.toml"))
    assert len(lessons) >= 12
    for lesson in lessons:
        assert contents.wanted((f"diffviz/assets/lessons/{lesson.name}", str(lesson), "DATA"))


def test_torch_for_cuda_is_refused(distributions):
    import contents

    with pytest.raises(SystemExit, match="a bundle takes the CPU build"):
        contents.strangers({**distributions, "nvidia-cublas-cu12": distributions["torch"]})


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of Linux")
@pytest.mark.parametrize(
    ("entry", "stays"),
    [
        (("torch/lib/libtorch_cpu.so", "/venv/torch/lib/libtorch_cpu.so"), True),
        (("torch/bin/torch_shm_manager", "/venv/torch/bin/torch_shm_manager"), True),
        (("torch/bin/protoc", "/venv/torch/bin/protoc"), False),
        (("torch/testing/_internal/common.py", "/venv/torch/testing/_internal/common.py"), True),
        (("PySide6/Qt/plugins/platforms/libqxcb.so", "/venv/libqxcb.so"), True),
        (("PySide6/Qt/plugins/platformthemes/libqgtk3.so", "/venv/libqgtk3.so"), False),
        (("libstdc++.so.6", "/lib/x86_64-linux-gnu/libstdc++.so.6"), False),
        (("libcrypto.so.3", "/lib/x86_64-linux-gnu/libcrypto.so.3"), True),
    ],
)
def test_what_stays_out_of_a_bundle(entry, stays):
    import contents

    assert contents.wanted((*entry, "BINARY")) is stays


def test_every_part_comes_with_a_licence_text(distributions):
    import licences

    entries = licences.of_distributions(distributions)
    targets = {f"{folder}/{Path(source).name}" for source, folder in entries}
    assert len(targets) == len(entries)
    assert all(Path(source).stat().st_size > 0 for source, _folder in entries)
    folders = {Path(target).parts[1] for target in targets}
    assert distributions.keys() - folders == set(licences.COMMON_TEXT)
    for name in licences.COMMON_TEXT.values():
        assert f"licences/{name}" in targets
    assert "GNU GENERAL PUBLIC LICENSE\n                       Version 3" in (
        ROOT / "packaging" / "licences" / "GPL-3.0.txt"
    ).read_text(encoding="utf-8")


def test_the_parts_list_names_each_part_once_with_its_version(distributions):
    import sbom

    components = [sbom.of_distribution(name, found) for name, found in distributions.items()]
    listed = json.loads(sbom.document(components, "2026-01-02T03:04:05+00:00"))
    versions = {part["name"]: part["version"] for part in listed["components"]}
    assert versions["torch"] == version("torch")
    references = re.findall(r'"bom-ref": "(.+)"', json.dumps(listed, indent=0))
    assert len(set(references)) == len(references)
    inside = next(part for part in listed["components"] if part["name"] == "av").get("components", [])
    if sys.platform.startswith("linux"):
        assert {"x264", "x265", "avcodec"} <= {part["name"] for part in inside}


class TestSystemLibraries:
    def test_packages_are_those_that_the_set_up_script_names(self, dev):
        import system_libraries

        named = dev.WINDOW_LIBRARIES | dev.WAYLAND_LIBRARIES
        assert named.items() <= system_libraries.PACKAGES.items()

    @pytest.mark.skipif(shutil.which("readelf") is None, reason="needs binutils")
    def test_a_library_is_asked_for_only_where_the_bundle_lacks_it(self, tmp_path):
        import _hashlib

        import system_libraries

        shutil.copy(_hashlib.__file__, tmp_path / "_hashlib.so")
        alone = system_libraries.needs(tmp_path)
        assert "libc.so.6" in alone.libraries
        assert alone.glibc >= (2, 2)
        crypto = next(name for name in alone.libraries if name.startswith("libcrypto"))
        with pytest.raises(SystemExit, match=rf"Of no known package: {crypto}.*for _hashlib.so"):
            alone.depends()
        (tmp_path / crypto).write_bytes(b"")
        depends = system_libraries.needs(tmp_path).depends()
        assert f"libc6 (>= {'.'.join(map(str, alone.glibc))})" in depends


@pytest.fixture
def dev():
    import importlib.util

    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
