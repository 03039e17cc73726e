"""Which request is struck by which fault: seeded draws, filters by route and method, windows of time."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.simulator.answers import Answer, ApiError, Headers
from pipeline.simulator.draw import dice
from pipeline.simulator.limits import rate_headers
from pipeline.simulator.scenario import FaultKind, FaultSpec

CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    422: "validation_error",
    429: "rate_limit_exceeded",
    500: "internal_error",
    503: "service_unavailable",
}

WRONG_RATES: tuple[tuple[str, str, str], ...] = (
    ("0", "0", "0"),
    ("100", "-5", "1"),
    ("many", "none", "soon"),
    ("1e3", "9" * 30, "-1"),
    ("", "", ""),
    ("100", "101", "99999999999"),
)


@dataclass(slots=True)
class _Armed:
    spec: FaultSpec
    luck: random.Random
    struck: int = 0


class FaultSet:
    """The faults in force. Each has its own sequence of draws, so that one does not disturb another."""

    def __init__(self, specs: Sequence[FaultSpec], seed: int, installed_at: float) -> None:
        self.installed_at = installed_at
        self._armed = [_Armed(spec, dice("fault", seed, place, spec.label)) for place, spec in enumerate(specs)]
        self._rates = dice("rates", seed)

    def draw(self, method: str, route: str, now: float) -> FaultSpec | None:
        """Return the fault that strikes this request; the first in the list that does."""
        age = now - self.installed_at
        for armed in self._armed:
            spec = armed.spec
            if not _applies(spec, method, route, age) or (spec.limit is not None and armed.struck >= spec.limit):
                continue
            if armed.luck.random() < spec.probability:
                armed.struck += 1
                return spec
        return None

    def report(self) -> list[dict[str, object]]:
        """Return each fault with how often it struck."""
        return [{**armed.spec.model_dump(mode="json"), "struck": armed.struck} for armed in self._armed]

    def wrong_rates(self, answer: Answer) -> Answer:
        """Return the answer with rate headers that lie, or without any."""
        kept = tuple(item for item in answer.headers if not item[0].startswith(b"x-ratelimit"))
        choice = self._rates.randrange(len(WRONG_RATES) + 1)
        wrong: Headers = () if choice == len(WRONG_RATES) else rate_headers(*WRONG_RATES[choice])
        return Answer(answer.status, answer.body, kept + wrong)


def error_of(spec: FaultSpec) -> Answer:
    """Return the answer of an `error` fault."""
    wait = spec.retry_after_s
    headers: Headers = () if wait is None else ((b"retry-after", str(wait).encode()),)
    code = spec.code or CODES.get(spec.status, "error")
    return ApiError(spec.status, code, "simulated fault", {"fault": spec.label}, headers).answer()


def runs_request(spec: FaultSpec | None) -> bool:
    """Return whether a request is applied although the fault strikes it."""
    if spec is None:
        return True
    if spec.kind is FaultKind.HANG:
        return spec.applied
    return spec.kind not in (FaultKind.ERROR, FaultKind.RESET_BEFORE)


def _applies(spec: FaultSpec, method: str, route: str, age: float) -> bool:
    if age < spec.from_s or (spec.until_s is not None and age >= spec.until_s):
        return False
    if spec.methods and method not in spec.methods:
        return False
    return route in spec.routes if spec.routes else route != "/health"
