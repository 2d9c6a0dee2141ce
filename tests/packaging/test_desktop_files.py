"""What desktops read of diffviz says what the program is and does."""

import configparser
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from diffviz.data.images import PICTURE_SUFFIXES

ROOT = Path(__file__).parents[2]
LINUX = ROOT / "packaging" / "linux"
ICONS = ROOT / "packaging" / "icons"
MIME = "{http://www.freedesktop.org/standards/shared-mime-info}"


def desktop_entry():
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(LINUX / "diffviz.desktop", encoding="utf-8")
    return parser["Desktop Entry"]


def test_open_with_is_offered_for_every_kind_of_picture_that_is_read():
    offered = set(desktop_entry()["MimeType"].rstrip(";").split(";"))
    names = {Image.registered_extensions()[suffix] for suffix in PICTURE_SUFFIXES}
    portable = {"image/x-portable-pixmap", "image/x-portable-graymap"}
    kinds = {Image.MIME[name] for name in names if name != "PPM"} | portable
    assert kinds | {"application/x-diffviz"} == offered


def test_the_menu_entry_is_the_one_that_the_window_names():
    entry = desktop_entry()
    source = (ROOT / "diffviz" / "app.py").read_text(encoding="utf-8")
    named = re.search(r'setDesktopFileName\("(.+)"\)', source)[1]
    assert (LINUX / f"{named}.desktop").is_file()
    assert entry["StartupWMClass"] == named
    assert entry["Exec"] == "diffviz %F"
    assert entry["Icon"] == named


def test_session_files_have_one_type_in_every_place():
    import project

    declared = project.BRIEFCASE["app"]["diffviz"]["document_type"]["session"]
    kind = ET.parse(LINUX / "diffviz-mime.xml").getroot().find(f"{MIME}mime-type")
    assert kind.get("type") == declared["mime_type"]
    assert kind.find(f"{MIME}glob").get("pattern") == f"*.{declared['extension']}"
    component = ET.parse(LINUX / "metainfo.xml").getroot()
    assert component.findtext("provides/mediatype") == declared["mime_type"]
    assert component.findtext("id") == project.IDENTIFIER
    assert component.findtext("launchable") == "diffviz.desktop"


@pytest.mark.parametrize(
    ("program", "arguments"),
    [("desktop-file-validate", ["diffviz.desktop"]), ("appstreamcli", ["validate", "--no-net"])],
)
def test_the_desktops_own_checkers_find_nothing(program, arguments, tmp_path):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not on this machine")
    import linux_package

    linux_package.install_share(tmp_path, seconds=0)
    if program == "appstreamcli":
        arguments = [*arguments, *map(str, (tmp_path / "share/metainfo").iterdir())]
    done = subprocess.run([program, *arguments], cwd=LINUX, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "error" not in done.stdout


def test_icons_are_there_in_every_size():
    import icons

    for size in icons.PNG_SIZES:
        with Image.open(ICONS / f"diffviz-{size}.png") as picture:
            assert (picture.size, picture.mode) == ((size, size), "RGBA")
    with Image.open(ICONS / "diffviz.ico") as picture:
        assert picture.info["sizes"] == {(size, size) for size in icons.ICO_SIZES}
    with Image.open(ICONS / "diffviz.icns") as picture:
        pixels = {width * scale for width, _height, scale in picture.info["sizes"]}
    assert pixels >= set(icons.ICNS_SIZES) - {16}


@pytest.mark.usefixtures("qapp")
def test_icons_are_those_of_the_present_drawing(tmp_path):
    import icons

    icons.main(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in ICONS.iterdir()}
    assert (tmp_path / "session.svg").read_text() == (ICONS / "session.svg").read_text()
    for size in icons.PNG_SIZES:
        with (
            Image.open(tmp_path / f"diffviz-{size}.png") as new,
            Image.open(ICONS / f"diffviz-{size}.png") as kept,
        ):
            difference = ImageChops.difference(new.convert("RGB"), kept.convert("RGB"))
            # Another release of Qt may round an edge otherwise.
            assert max(high for _low, high in difference.getextrema()) <= 8
