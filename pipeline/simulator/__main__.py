"""Entry point of `python -m pipeline.simulator`."""

import sys

from pipeline.simulator.command import main

sys.exit(main())
