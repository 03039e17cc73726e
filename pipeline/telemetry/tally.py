"""A histogram for hot paths: a few tenths of a microsecond an observation, where the library's own takes several.

Written and scraped by one thread, so it needs no lock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

MOST_CHILDREN = 200
"""Combinations of labels that are counted apart; label values may come from producers, and memory is finite."""

OTHER = "other"


class Counts:
    """The observations of one combination of labels."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def cumulative(self) -> tuple[list[tuple[str, float]], float]:
        """Return the buckets, each with all below it, and the sum of all values."""
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        return [(name, float(count)) for name, count in zip(names, accumulate(self._counts), strict=True)], self._sum


class TallyHistogram(Collector):
    """A Prometheus histogram with labels.

    Args:
        name: of the metric.
        documentation: what it says.
        labels: their names.
        buckets: upper bounds, ascending, without infinity.
        registry: where it is found.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        labels: Sequence[str] = (),
        *,
        buckets: Sequence[float],
        registry: CollectorRegistry,
    ) -> None:
        self.name = name
        self._documentation = documentation
        self._labels = tuple(labels)
        self._bounds = tuple(buckets)
        self._children: dict[tuple[str, ...], Counts] = {} if labels else {(): Counts(self._bounds)}
        registry.register(self)

    def labels(self, *values: str) -> Counts:
        """Return what is counted under these label values."""
        child = self._children.get(values)
        if child is None:
            if len(self._children) >= MOST_CHILDREN:
                values = (OTHER,) * len(values)
                if (child := self._children.get(values)) is not None:
                    return child
            child = self._children[values] = Counts(self._bounds)
        return child

    def observe(self, value: float) -> None:
        """Count a value of a histogram without labels."""
        self._children[()].observe(value)

    def describe(self) -> Iterable[Metric]:
        """Return the metric without samples, for the registry."""
        return [HistogramMetricFamily(self.name, self._documentation, labels=self._labels)]

    def collect(self) -> Iterable[Metric]:
        """Return the metric."""
        family = HistogramMetricFamily(self.name, self._documentation, labels=self._labels)
        for values, child in self._children.items():
            buckets, total = child.cumulative()
            family.add_metric(values, buckets, total)
        return [family]
