"""One version everywhere, and a release workflow whose steps exist."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"


@pytest.fixture
def workflow():
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))


def test_the_changelog_knows_the_version():
    import project

    assert re.search(
        rf"^## \[?{re.escape(project.VERSION)}\]?", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )


def test_briefcase_finds_what_the_recipe_of_the_bundle_makes():
    import project

    declared = project.BRIEFCASE["app"]["diffviz"]
    recipe = (ROOT / "packaging" / "diffviz.spec").read_text(encoding="utf-8")
    ast.parse(recipe)
    assert declared["formal_name"] == project.NAME
    assert declared["windows"]["external_package_path"] == f"dist/{project.NAME}"
    assert declared["windows"]["external_package_executable_path"] == f"{project.NAME}.exe"
    assert declared["macOS"]["external_package_path"] == f"dist/{project.NAME}.app"
    assert f'name="{project.NAME}.app"' in recipe
    for icon in (declared["icon"], declared["document_type"]["session"]["icon"]):
        assert all((ROOT / f"{icon}{end}").is_file() for end in (".ico", ".icns"))
    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", project.IDENTIFIER)
    assert all((ROOT / name).is_file() for name in project.BRIEFCASE["license-files"])


def test_pictures_and_networks_go_into_the_wheel():
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]
    included = hatch["build"]["targets"]["wheel"]["force-include"]
    assert included == {name: f"diffviz/{name}" for name in ("assets", "checkpoints")}
    assert all((ROOT / name).is_dir() for name in included)


def test_every_tool_of_the_bundle_is_pinned():
    import project

    pins = {
        line.partition("==")[0].lower()
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    wanted = project.PYPROJECT["project"]["optional-dependencies"]["bundle"]
    assert {re.split(r"[<>=]", line)[0].lower() for line in wanted} <= pins


def test_each_system_builds_installs_and_tries_what_it_attaches(workflow):
    jobs = workflow["jobs"]
    assert set(jobs["publish"]["needs"]) == jobs.keys() - {"publish"}
    for name in jobs["publish"]["needs"]:
        steps = jobs[name]["steps"]
        scripts = "\n".join(step.get("run", "") for step in steps)
        assert "smoke_test.py" in scripts.replace("\\", "/"), name
        assert "--expect" in scripts, name
        uses = [step.get("uses", "") for step in steps]
        tried = max(place for place, step in enumerate(steps) if "smoke_test" in step.get("run", ""))
        assert tried < next(place for place, use in enumerate(uses) if "upload-artifact" in use), name


def test_the_workflow_calls_only_what_is_there():
    text = WORKFLOW.read_text(encoding="utf-8").replace("\\", "/")
    called = set(re.findall(r"packaging/\w+\.py", text))
    assert called
    assert all((ROOT / path).is_file() for path in called)
    known = set(re.findall(r"^python3 dev\.py (\w+)", (ROOT / "dev.py").read_text(), re.MULTILINE))
    assert set(re.findall(r"dev\.py (\w+)", text)) <= known


def test_only_the_job_that_publishes_may_write(workflow):
    assert workflow["permissions"] == {"contents": "read"}
    writers = [name for name, job in workflow["jobs"].items() if "permissions" in job]
    assert writers == ["publish"]
    assert workflow["jobs"]["publish"]["if"] == "github.ref_type == 'tag'"


def test_every_lintian_override_has_its_reason():
    lines = (ROOT / "packaging/linux/lintian-overrides").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert not lines[-1].startswith("# ")
    tags = [line.split()[1] for line in lines if not line.startswith("# ")]
    assert len(set(tags)) == len(tags)
