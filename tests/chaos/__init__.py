"""The exactly-once promise under kills, freezes and outages: the statements, on real processes."""
