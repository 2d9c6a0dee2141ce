"""Start diffviz with ``python -m diffviz``; a frozen bundle starts here too."""

import sys

from diffviz.cli import main

if __name__ == "__main__":
    if hasattr(sys, "frozen"):
        # A process that a frozen program spawns is that program again: this makes it do its work and end.
        import multiprocessing

        multiprocessing.freeze_support()
    sys.exit(main())
