"""Build the wheel and the source archive into dist, and check what an index would show of them.

python3 dev.py wheel
"""

import subprocess
import sys

import project


def main() -> int:
    """Build and check; the exit status of the first that fails."""
    files = [
        project.DIST / f"{project.NAME}-{project.VERSION}{end}" for end in ("-py3-none-any.whl", ".tar.gz")
    ]
    build = [sys.executable, "-m", "build", "--outdir", str(project.DIST), str(project.ROOT)]
    check = [sys.executable, "-m", "twine", "check", "--strict", *map(str, files)]
    status = subprocess.call(build) or subprocess.call(check)
    if status == 0:
        for file in files:
            print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
