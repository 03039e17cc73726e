"""Confidences: what rules weigh, as it was measured."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.profiles.calibration import Calibration, Measured

SHARE = st.floats(0, 1)
MEASURED = st.builds(Measured, found=st.integers(0, 500), right=SHARE, weight=SHARE)


def test_a_finding_of_usual_weight_is_as_sure_as_its_kind() -> None:
    """Whatever the weight itself is."""
    calibration = Calibration({"ace": Measured(found=40, right=0.7, weight=0.9)})
    assert calibration.confidence("ace", 0.9) == 0.7


def test_a_kind_that_nobody_measured_states_its_weight() -> None:
    """A customer's own."""
    assert Calibration({}).confidence("checkmate", 0.83) == 0.83


@given(measured=MEASURED, one=SHARE, other=SHARE)
def test_more_weight_is_never_less_sure(measured: Measured, one: float, other: float) -> None:
    """Any kind, any weights: a confidence is a share, and keeps their order, also when it is asked for again."""
    calibration = Calibration({"ace": measured})
    low, high = (calibration.confidence("ace", weight) for weight in sorted((one, other)))
    assert 0 <= low <= high <= 1
    assert calibration.confidence("ace", min(one, other)) == low
