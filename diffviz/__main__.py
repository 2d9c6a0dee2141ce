"""Start diffviz with ``python -m diffviz``."""

import sys

from diffviz.cli import main

if __name__ == "__main__":
    sys.exit(main())
