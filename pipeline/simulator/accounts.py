"""Accounts made by POST /auth/register, and what each account has used."""

import hashlib
import hmac
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from pipeline.simulator.draw import digest
from pipeline.simulator.scenario import Plan
from pipeline.simulator.world import World

PRICE_PER_HOUR = {"premium": 0.12, "high": 0.10, "standard": 0.08, "fast": 0.05}
"""US dollars for an hour of content, by `analysis_quality`; standard when none is asked for."""

GB_PER_CLIP_SECOND = 0.0006


@dataclass(slots=True)
class Account:
    """Someone who registered: `proof` is the hash of the password."""

    id: str
    email: str
    plan: Plan
    proof: bytes = field(repr=False)


class Accounts:
    """Registered accounts by e-mail, and calls by account."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._by_email: dict[str, Account] = {}
        self.calls: Counter[str] = Counter()

    def register(self, email: str, password: str, plan: Plan) -> Account | None:
        """Create an account; None if the e-mail is taken."""
        if email in self._by_email:
            return None
        ident = "acc_" + digest("account", self._seed, email)[:12]
        account = Account(ident, email, plan, self._prove(email, password))
        self._by_email[email] = account
        return account

    def login(self, email: str, password: str) -> Account | None:
        """Return the account, or None if e-mail or password is wrong."""
        account = self._by_email.get(email)
        matches = account is not None and hmac.compare_digest(account.proof, self._prove(email, password))
        return account if matches else None

    def _prove(self, email: str, password: str) -> bytes:
        # Few rounds: these passwords guard nothing and live as long as the process.
        return hashlib.pbkdf2_hmac("sha256", password.encode(), f"{self._seed}:{email}".encode(), 10)


def usage_of(world: World, account: str, calls: int, now: float) -> dict[str, Any]:
    """Return hours, bytes and costs of an account so far: the `usage` and `costs` of the Usage object."""
    hours: defaultdict[str, float] = defaultdict(float)
    clip_seconds = 0.0
    for stream in world.streams.values():
        if stream.account == account:
            quality = str(stream.submission.options.get("analysis_quality", "standard"))
            hours[quality] += stream.processed(now) / 3600
            clip_seconds += sum(entry.planned.duration for entry in stream.shown)
    processing = sum(PRICE_PER_HOUR.get(quality, 0.08) * spent for quality, spent in hours.items())
    return {
        "usage": {
            "api_calls": calls,
            "processing_hours": round(sum(hours.values()), 4),
            "storage_gb": round(clip_seconds * GB_PER_CLIP_SECOND, 4),
            "bandwidth_gb": 0.0,
        },
        "costs": {"processing": round(processing, 4), "storage": 0.0, "bandwidth": 0.0, "total": round(processing, 4)},
    }
