"""The exactly-once promise under kills, freezes and outages: statements of the acceptance list, run on real processes."""
