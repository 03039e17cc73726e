"""What holds for all tests."""

from hypothesis import settings

settings.register_profile("project", deadline=None)  # examples share two cores with brokers: wall time says nothing
settings.load_profile("project")
