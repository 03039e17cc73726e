"""What a run of the simulator is like: every knob of a scenario file, with default, unit and bounds.

Content time is the time of the video; real time is what passes in the process. `time.compression` content
seconds pass in one real second.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Plan = Literal["free", "starter", "professional", "enterprise"]
ALL_SCOPES = (
    "streams.read",
    "streams.write",
    "batch.read",
    "batch.write",
    "webhooks.manage",
    "billing.read",
)


class Section(BaseModel):
    """A table of the scenario file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Range(Section):
    """An inclusive range, written as `[low, high]` in the file."""

    low: float = Field(ge=0)
    high: float = Field(ge=0)

    @model_validator(mode="before")
    @classmethod
    def from_pair(cls, value: Any) -> Any:
        """Accept `[low, high]`."""
        if isinstance(value, list | tuple) and len(value) == 2:
            return {"low": value[0], "high": value[1]}
        return value

    @model_validator(mode="after")
    def ordered(self) -> "Range":
        """Refuse a range that is upside down."""
        if self.low > self.high:
            raise ValueError("the low end is above the high end")
        return self


class TimeSection(Section):
    """How fast content time passes."""

    compression: float = Field(default=1800.0, gt=0, le=1_000_000)


class StreamsSection(Section):
    """How long streams run and how they end."""

    duration_s: Range = Range(low=1800, high=7200)  # content seconds
    pending_s: Range = Range(low=5, high=60)  # content seconds before processing starts
    highlights: Range = Range(low=12, high=28)  # highlights a stream
    error_share: Share = 0.0  # streams that end as `error` part of the way
    live_share: Share = 0.0  # streams that show no total duration before their end


class ContentSection(Section):
    """What happens to highlights after they were first shown."""

    revised_share: Share = 0.0  # highlights whose title and confidence change later
    removed_share: Share = 0.0  # highlights that disappear again
    rotate_media_urls: bool = True  # sign media URLs anew on each read, as real storage does
    written: bool = False  # tags that suit a written stream bring it, where neither metadata nor URL says more
    created_at: Literal["fixed", "live"] = "fixed"  # fixed: from the seed alone; live: from the clock


class PagesSection(Section):
    """How lists are paged."""

    order: Literal["newest_first", "oldest_first"] = "newest_first"
    per_page_max: int = Field(default=100, ge=1)
    release_on_read: bool = False  # each read of a running stream's page brings the next highlight early
    release_limit: int = Field(default=1000, ge=0)  # early highlights a stream at most


class PlanLimits(Section):
    """What a plan allows; None is unlimited."""

    requests_per_hour: int | None = Field(default=None, ge=1)
    concurrent_streams: int | None = Field(default=None, ge=1)
    batch_videos: int | None = Field(default=None, ge=1)


DOCUMENTED_PLANS: dict[Plan, PlanLimits] = {
    "free": PlanLimits(requests_per_hour=100, concurrent_streams=1, batch_videos=5),
    "starter": PlanLimits(requests_per_hour=1_000, concurrent_streams=5, batch_videos=20),
    "professional": PlanLimits(requests_per_hour=10_000, concurrent_streams=20, batch_videos=100),
    "enterprise": PlanLimits(),
}


class LimitsSection(Section):
    """Budgets: `hour_seconds` real seconds make the hour of the request limit."""

    hour_seconds: float = Field(default=3600.0, gt=0)
    window: Literal["fixed", "sliding"] = "fixed"
    default_plan: Plan = "enterprise"
    plans: dict[Plan, PlanLimits] = Field(default_factory=dict)  # replaces the documented limits of a plan

    def of(self, plan: Plan) -> PlanLimits:
        """Return the limits in force for a plan."""
        return self.plans.get(plan, DOCUMENTED_PLANS[plan])


class ApiSection(Section):
    """What the stream object shows of the request, which the documentation leaves open."""

    show_options: bool = True
    show_metadata: bool = False


class AuthSection(Section):
    """Request signing: with a secret set, unsigned requests are refused."""

    signing_secret: SecretStr | None = None
    tolerance_s: float = Field(default=300.0, gt=0)


class KeySection(Section):
    """An API key that is accepted. Without any, each non-empty key is, all with one account."""

    key: SecretStr
    account: str = "acc_main"
    plan: Plan = "enterprise"
    scopes: tuple[str, ...] = ALL_SCOPES


class TruthSection(Section):
    """What the truth log holds."""

    requests: bool = True


class FaultKind(StrEnum):
    """What goes wrong."""

    ERROR = "error"  # an error answer, `status`; the request is not applied
    HANG = "hang"  # accepted, not answered for `seconds`, then reset; applied only with `applied`
    DELAY = "delay"  # applied and answered `seconds` late
    SLOW_BODY = "slow_body"  # applied; the body trickles over `seconds`
    RESET_BEFORE = "reset_before"  # connection reset; the request is not applied
    RESET_AFTER = "reset_after"  # applied, then the connection is reset instead of an answer
    TRUNCATE = "truncate"  # applied; fewer bytes than content-length says, then closed
    BROKEN_JSON = "broken_json"  # applied; the JSON ends early, content-length agrees
    BAD_RATE_HEADERS = "bad_rate_headers"  # applied; X-RateLimit-* are wrong or missing


class FaultSpec(Section):
    """One kind of trouble: where, when and how often it strikes.

    An empty `routes` or `methods` means all of `/v1`; `/health` must be named to be hit. `from_s` and
    `until_s` are real seconds since the fault set was installed.
    """

    name: str = ""
    kind: FaultKind
    probability: Share = 1.0
    routes: tuple[str, ...] = ()  # templates such as "/streams/{id}/highlights"
    methods: tuple[str, ...] = ()
    from_s: float = Field(default=0.0, ge=0)
    until_s: float | None = Field(default=None, ge=0)
    limit: int | None = Field(default=None, ge=0)  # strikes at most
    seconds: float = Field(default=5.0, ge=0)
    applied: bool = False
    status: int = Field(default=503, ge=400, le=599)
    code: str | None = None
    retry_after_s: int | None = Field(default=None, ge=0)

    @property
    def label(self) -> str:
        """Name of the fault, or its kind."""
        return self.name or self.kind.value


class Scenario(Section):
    """A whole scenario."""

    name: str = "unnamed"
    description: str = ""
    time: TimeSection = TimeSection()
    streams: StreamsSection = StreamsSection()
    content: ContentSection = ContentSection()
    pages: PagesSection = PagesSection()
    limits: LimitsSection = LimitsSection()
    api: ApiSection = ApiSection()
    auth: AuthSection = AuthSection()
    keys: tuple[KeySection, ...] = ()
    truth: TruthSection = TruthSection()
    faults: tuple[FaultSpec, ...] = ()

    @model_validator(mode="after")
    def distinct_keys(self) -> "Scenario":
        """Refuse the same API key twice: which plan it has would be a matter of luck."""
        values = [entry.key.get_secret_value() for entry in self.keys]
        if len(values) != len(set(values)):
            raise ValueError("keys: the same key is listed twice")
        if "" in values:
            raise ValueError("keys: a key is empty")
        return self
