"""The ``highlights`` command, and ``python -m agents``: where the process begins, and ends quietly on Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys

_INTERRUPTED = 130  # ExitCode.INTERRUPTED, before anything of ours is imported


def main() -> None:
    """Run the command line; Ctrl-C ends it with 130 also while it imports."""
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # nohup and the like ignore it: so do we
    if ours:
        # at once: an exception in the midst of an import may come out as another one, and there is nothing to clean up
        signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    from agents.composition import main as run  # noqa: PLC0415 - half a second, in which a person may think again

    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run()
    except KeyboardInterrupt:  # another one, while the first is being answered
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
