"""Webhook subscriptions: kept, shown, changed. Deliveries are not sent from here."""

from dataclasses import dataclass, field

from pipeline.simulator.draw import digest

EVENT_TYPES = (
    "highlight.created",
    "stream.started",
    "stream.completed",
    "stream.error",
    "batch.completed",
    "batch.error",
)


@dataclass(slots=True)
class Subscription:
    """A webhook of an account: `secret` signs what is sent to `url`."""

    id: str
    account: str
    url: str
    events: list[str]
    secret: str = field(repr=False)
    active: bool
    created_at: float


class Subscriptions:
    """All webhooks by id."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count = 0
        self._all: dict[str, Subscription] = {}

    def add(self, account: str, url: str, events: list[str], secret: str | None, now: float) -> Subscription:
        """Create a webhook; without a secret it gets one."""
        self._count += 1
        ident = digest("webhook", self._seed, account, self._count)
        chosen = secret or "whsec_" + digest("secret", self._seed, ident)
        made = Subscription("wh_" + ident[:16], account, url, events, chosen, active=True, created_at=now)
        self._all[made.id] = made
        return made

    def of_account(self, account: str) -> list[Subscription]:
        """Return the webhooks of an account, oldest first."""
        return [item for item in self._all.values() if item.account == account]

    def find(self, account: str, ident: str) -> Subscription | None:
        """Return a webhook of the account."""
        found = self._all.get(ident)
        return found if found is not None and found.account == account else None

    def drop(self, ident: str) -> None:
        """Delete a webhook."""
        self._all.pop(ident, None)
