"""What goes into a bundle and what stays out, for the recipe of PyInstaller."""

import sys
from fnmatch import fnmatch
from importlib.metadata import Distribution, packages_distributions

import project

Entry = tuple[str, str, str]

UNUSED_MODULES = [
    *("curses", "ensurepip", "idlelib", "lib2to3", "readline", "sqlite3", "tkinter", "turtle", "turtledemo"),
    *("PySide6.QtDBus", "PySide6.QtNetwork", "PySide6.QtTest"),
]

# What hooks collect and the program never touches. torch.testing has to stay: `import torch` needs it.
UNUSED_FILES = (
    "torch/test/*",
    "torch/include/*",
    "torch/share/cmake/*",
    "torch/utils/benchmark/*",
    "torch/bin/*",
    "*.pyi",
    "*.lib",
    "*.a",
    "*.cmake",
    "PySide6/Qt*/translations/*",
    "PySide6/translations/*",
    # It would drag GTK, cairo and pango of the build machine along.
    "*/plugins/platformthemes/libqgtk3.so",
    "*/plugins/platforminputcontexts/*qtvirtualkeyboard*",
    "*/plugins/imageformats/*qpdf*",
    "*/plugins/platforms/libqeglfs*",
    "*/plugins/platforms/libqlinuxfb*",
    "*/plugins/platforms/libqminimalegl*",
    "*/plugins/platforms/libqvkkhrdisplay*",
    "*/plugins/platforms/libqvnc*",
    "*/plugins/egldeviceintegrations/*",
    "*/plugins/networkinformation/*",
    "*/plugins/tls/*",
    "*/plugins/generic/*",
    "*/plugins/wayland-graphics-integration-client/libvulkan*",
    "*Qt6EglF[Ss]*",
    "*Qt6Network*",
    "*Qt6Pdf*",
    "*Qt6Qml*",
    "*Qt6Quick*",
    "*Qt6Test*",
    "*Qt6VirtualKeyboard*",
    "*opengl32sw.dll",
)
KEPT_FILES = ("torch/bin/torch_shm_manager",)

# Host libraries that Python's own modules need. All others belong to the system: the .deb depends on them.
PYTHON_LIBRARIES = ("libpython*", "libssl*", "libcrypto*", "libffi*", "libbz2*", "liblzma*", "libuuid*")
HOST_FOLDERS = ("/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/")

# Stripping everything breaks libraries of some wheels; these bear it, and hold most of the bytes.
STRIPPED = ("torch/lib/libtorch_cpu.so", "torch/lib/libtorch_python.so", "libpython3*.so*", "av/*.so")


def wanted(entry: Entry) -> bool:
    """Whether a file (destination, source, kind) belongs into the bundle."""
    name = entry[0].replace("\\", "/")
    if any(fnmatch(name, pattern) for pattern in UNUSED_FILES):
        return name in KEPT_FILES
    if from_host(entry) and ".so" in name:
        last = name.rpartition("/")[2]
        return any(fnmatch(last, pattern) for pattern in PYTHON_LIBRARIES)
    return True


def from_host(entry: Entry) -> bool:
    """Whether a file is from a library folder of a Linux build machine."""
    return sys.platform == "linux" and entry[1].startswith(HOST_FOLDERS)


def to_strip(entry: Entry) -> bool:
    """Whether a file is a Linux library that shrinks by much without its symbols."""
    return sys.platform == "linux" and any(fnmatch(entry[0], pattern) for pattern in STRIPPED)


def strangers(bundled: dict[str, Distribution]) -> list[str]:
    """Modules of whatever is installed beside the program's own requirements.

    Raises
    ------
    SystemExit
        If torch is a build for CUDA, which would make the bundle several gigabytes large.
    """
    if cuda := [name for name in bundled if name.startswith("nvidia-")]:
        raise SystemExit(f"This environment has PyTorch for CUDA ({cuda[0]}); a bundle takes the CPU build.")
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if not bundled.keys() & {project.normalised(owner) for owner in owners}
    )
