"""``python -m agents``: the same as ``highlights``."""

from agents.composition import main

main()
