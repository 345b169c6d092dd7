"""The `ground` command: run it, and turn failures into one clear line and an exit code."""

from __future__ import annotations

import io
import os
import sys

INTERRUPTED = 130  # 128 + SIGINT, as shells say it


def main() -> None:
    """Run the command line; exit 0 done, 1 findings, 2 wrong input, 3 refused, 4 not reachable."""
    try:
        _run()  # what it imports takes longest; Ctrl-C may come then as well
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def _run() -> None:
    from ground.cli.app import app
    from ground.errors import GroundError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a letter shows its code
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="ground")
    except GroundError as error:
        _tell(str(error))
        raise SystemExit(error.exit_code) from None
    except OSError as error:
        if error.filename is None:  # or the interpreter would try to write it again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        place = error.filename or "standard output"
        _tell(f"{place}: {error.strerror}; expected to be able to read and write there")
        raise SystemExit(2) from None


def _tell(message: str) -> None:
    from ground.cli.output import clean

    for line in message.splitlines():
        sys.stderr.write(clean(line) + "\n")


if __name__ == "__main__":
    main()
