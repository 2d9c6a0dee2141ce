"""The Linux packages of a finished bundle: .deb, .tar.xz, and an AppImage where its tool is on the path.

    python3 dev.py deb [deb | tar | appimage ...]

Without names it makes the .deb and the .tar.xz. Needs dpkg-deb and, for the list of libraries, binutils.
"""

import gzip
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import command_pages
import project
import system_libraries

BUNDLE = project.DIST / project.NAME
LINUX = project.HERE / "linux"
ICONS = Path("share/icons/hicolor")
OPT = Path("opt") / project.NAME
BUDGET_MB = 250
DRAWING = project.ROOT / "assets" / "icons" / "icon.svg"
SHARE = {
    Path("share/applications/diffviz.desktop"): LINUX / "diffviz.desktop",
    Path("share/mime/packages/diffviz.xml"): LINUX / "diffviz-mime.xml",
    "share/icons/hicolor/scalable/apps/diffviz.svg": project.ROOT / "assets" / "icons" / "icon.svg",
    "share/icons/hicolor/scalable/mimetypes/application-x-diffviz.svg": project.HERE
    / "icons"
    / "session.svg",
}
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: diffviz
Comment: The package as a whole is distributed under the GPL, version 3 or later, because it contains x264 and
 x265. /opt/diffviz/_internal/licences/BUNDLE.md lists its parts, and the folders beside it have their texts.

Files: *
Copyright: the authors of the parts, as listed in /opt/diffviz/_internal/licences
License: GPL-3+
 On Debian systems, the full text of the GNU General Public License version 3 is in
 /usr/share/common-licenses/GPL-3.

Files: opt/diffviz/_internal/diffviz/*
Copyright: 2026 the diffviz authors
License: Expat
"""


def made_at() -> int:
    """Seconds since 1970 that packages carry: of the commit, so that two builds of it agree."""
    if stated := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(stated)
    command = ["git", "-C", str(project.ROOT), "log", "-1", "--format=%ct"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(found.stdout) if found.returncode == 0 and found.stdout.strip() else int(time.time())


def install_share(prefix: Path, seconds: int) -> None:
    """Put menu entry, icons, file type, metadata, man page and completions under a prefix such as /usr."""
    day = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    for place, source in SHARE.items():
        write(prefix / place, source.read_bytes())
    for picture in (project.HERE / "icons").glob("diffviz-*.png"):
        size = picture.stem.rpartition("-")[2]
        write(
            prefix / ICONS / f"{size}x{size}/apps/diffviz.png",
            picture.read_bytes(),
        )
    metainfo = (LINUX / "metainfo.xml").read_text(encoding="utf-8")
    metainfo = metainfo.replace("@VERSION@", project.VERSION).replace("@DATE@", day)
    write(prefix / f"share/metainfo/{project.IDENTIFIER}.metainfo.xml", metainfo.encode())
    page = command_pages.man_page(day).encode()
    write(prefix / "share/man/man1/diffviz.1.gz", gzip.compress(page, 9, mtime=0))
    shells = {
        "bash-completion/completions/diffviz": command_pages.bash_completion(),
        "zsh/vendor-completions/_diffviz": command_pages.zsh_completion(),
        "fish/vendor_completions.d/diffviz.fish": command_pages.fish_completion(),
    }
    for place, text in shells.items():
        write(prefix / "share" / place, text.encode())


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o644)


def stage(root: Path) -> None:
    """Lay the bundle out below a root folder, with /opt/diffviz and /usr."""
    shutil.rmtree(root, ignore_errors=True)
    (root / OPT).parent.mkdir(parents=True)
    # Links to the same files: the bundle is large, and nothing here changes it.
    shutil.copytree(BUNDLE, root / OPT, copy_function=os.link, symlinks=True)
    for path in (root / OPT).rglob("*.so*"):
        if not path.is_symlink():
            path.chmod(0o644)
    install_share(root / "usr", made_at())
    command = root / "usr" / "bin" / "diffviz"
    command.parent.mkdir(parents=True)
    command.symlink_to(f"/{OPT}/diffviz")


def control(root: Path, architecture: str) -> str:
    """The control file: what the package is and exactly what it needs."""
    installed_kib = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file()) // 1024
    depends = system_libraries.needs(BUNDLE).depends()
    fields = {
        "Package": project.NAME,
        "Version": project.VERSION,
        "Architecture": architecture,
        "Maintainer": project.MAINTAINER,
        "Installed-Size": str(installed_kib),
        "Depends": ", ".join(depends),
        "Section": "science",
        "Priority": "optional",
        "Description": f"{project.BRIEFCASE['app']['diffviz']['description'].lower()}\n"
        " A desktop laboratory in which diffusion models are at work on your own\n"
        " pictures: shape the noise schedule, watch a photograph dissolve step by\n"
        " step, and watch a denoiser bring pictures back out of noise. It needs no\n"
        " graphics card and no network, and brings Python and PyTorch with it.",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def make_deb() -> Path:
    """Build the Debian package and return its path."""
    command = ["dpkg", "--print-architecture"]
    architecture = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    root = project.BUILD / "deb"
    stage(root)
    seconds = made_at()
    stamp = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(seconds))
    changelog = (
        f"diffviz ({project.VERSION}) stable; urgency=medium\n\n"
        f"  * Version {project.VERSION}; see CHANGELOG.md of the source.\n\n"
        f" -- {project.MAINTAINER}  {stamp}\n"
    )
    documents = root / "usr/share/doc/diffviz"
    write(documents / "changelog.gz", gzip.compress(changelog.encode(), 9, mtime=0))
    mit = (project.ROOT / "LICENSE").read_text(encoding="utf-8").partition("\n\n")[2].partition("\n\n")[2]
    expat = "".join(f" {line}\n" if line else " .\n" for line in mit.strip().splitlines())
    write(documents / "copyright", (COPYRIGHT + expat).encode())
    write(root / "usr/share/lintian/overrides/diffviz", (LINUX / "lintian-overrides").read_bytes())
    write(root / "DEBIAN/control", control(root, architecture).encode())
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    sums = [
        f"{hashlib.file_digest(path.open('rb'), 'md5').hexdigest()}  {path.relative_to(root)}\n"
        for path in files
        if path.relative_to(root).parts[0] != "DEBIAN"
    ]
    write(root / "DEBIAN/md5sums", "".join(sums).encode())
    for path in root.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    target = project.DIST / f"diffviz_{project.VERSION}_{architecture}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", str(root), str(target)],
        env=dict(os.environ, SOURCE_DATE_EPOCH=str(seconds)),
        check=True,
    )
    shutil.rmtree(root)
    size = target.stat().st_size / 1e6
    print(f"{target.name}: {size:.0f} MB, aim under {BUDGET_MB} MB{'' if size < BUDGET_MB else '  OVER'}")
    return target


def make_tar() -> Path:
    """Build the plain archive: a folder that runs from anywhere, with what a desktop needs beside it."""
    name = f"diffviz-{project.VERSION}-linux-{platform.machine()}"
    root = project.BUILD / "tar"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(BUNDLE, root / name, copy_function=os.link, symlinks=True)
    install_share(root / name, made_at())
    target = project.DIST / f"{name}.tar.xz"
    owner = ["--owner=0", "--group=0", "--numeric-owner", "--sort=name", f"--mtime=@{made_at()}"]
    packer = ["--use-compress-program", "xz -T0 -6"]
    subprocess.run(["tar", "-C", str(root), *owner, *packer, "-cf", str(target), name], check=True)
    shutil.rmtree(root)
    print(f"{target.name}: {target.stat().st_size / 1e6:.0f} MB")
    return target


def make_appimage() -> Path:
    """Build the AppImage.

    Raises
    ------
    SystemExit
        If appimagetool is not on the path; no package index has it.
    """
    tool = shutil.which("appimagetool")
    if tool is None:
        raise SystemExit("appimagetool is not on the path: https://github.com/AppImage/appimagetool/releases")
    root = project.BUILD / "diffviz.AppDir"
    stage(root)
    write(root / "diffviz.desktop", (LINUX / "diffviz.desktop").read_bytes())
    write(root / "diffviz.svg", DRAWING.read_bytes())
    (root / "usr/bin/diffviz").unlink()
    (root / "AppRun").symlink_to(OPT / "diffviz")
    target = project.DIST / f"diffviz-{project.VERSION}-{platform.machine()}.AppImage"
    subprocess.run([tool, "--no-appstream", str(root), str(target)], check=True)
    shutil.rmtree(root)
    return target


MAKERS = {"deb": make_deb, "tar": make_tar, "appimage": make_appimage}


def main(names: list[str]) -> int:
    """Make the packages that are named."""
    if not (BUNDLE / "diffviz").is_file():
        print("There is no bundle in dist/diffviz yet: python3 dev.py bundle", file=sys.stderr)
        return 2
    if unknown := [name for name in names if name not in MAKERS]:
        print(f"{unknown[0]} is none of {', '.join(MAKERS)}.", file=sys.stderr)
        return 2
    for name in names or ("deb", "tar"):
        MAKERS[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
