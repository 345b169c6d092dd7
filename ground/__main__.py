"""The `ground` command: run it, and turn failures into one clear line and an exit code."""

from __future__ import annotations

import os
import sys

from ground.cli.app import app
from ground.cli.output import clean
from ground.errors import GroundError


def main() -> None:
    """Run the command line; exit 0 done, 1 findings, 2 wrong input, 3 refused, 4 not reachable."""
    try:
        app(prog_name="ground")
    except GroundError as error:
        for line in str(error).splitlines():
            sys.stderr.write(clean(line) + "\n")
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:  # the reader (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
