"""The keys, by group. A key's name in the TOML file is ``group.key``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import DirectoryPath, FilePath

from pipeline.kafka.connection import KafkaConnection
from pipeline.settings.keys import (
    UPPER_CASE,
    BareSecret,
    Finding,
    Group,
    HeaderSecret,
    HostPorts,
    HttpBaseUrl,
    Names,
    Pairs,
    Secret,
    declare,
)

SecurityProtocol = Annotated[Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"], UPPER_CASE]
SaslMechanism = Annotated[Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"], UPPER_CASE]


class KafkaSettings(Group):
    """Which cluster, and how to get in."""

    bootstrap_servers: HostPorts = declare(
        (), "KAFKA_BOOTSTRAP_SERVERS", "Brokers to ask first: host:port, separated by commas. Empty: none is set."
    )
    security_protocol: SecurityProtocol = declare(
        "PLAINTEXT", "KAFKA_SECURITY_PROTOCOL", "How clients talk to the brokers."
    )
    sasl_mechanism: SaslMechanism = declare("PLAIN", "KAFKA_SASL_MECHANISM", "How clients log in, with SASL_*.")
    sasl_username: str | None = declare(None, "KAFKA_SASL_USERNAME", "User to log in as, with SASL_*.")
    sasl_password: Secret | None = declare(None, "KAFKA_SASL_PASSWORD", "Password of that user.")
    ssl_cafile: FilePath | None = declare(
        None,
        "KAFKA_SSL_CAFILE",
        "PEM file of the authority behind the brokers' certificates. Empty: the system's.",
    )
    ssl_certfile: FilePath | None = declare(None, "KAFKA_SSL_CERTFILE", "PEM file of our certificate, for mutual TLS.")
    ssl_keyfile: FilePath | None = declare(
        None, "KAFKA_SSL_KEYFILE", "PEM file of the private key of that certificate."
    )
    ssl_key_password: Secret | None = declare(None, "KAFKA_SSL_KEY_PASSWORD", "Password of the private key file.")
    ssl_check_hostname: bool = declare(
        default=True,
        env="KAFKA_SSL_CHECK_HOSTNAME",
        doc="Whether a broker's certificate must name the host we connect to.",
    )

    def client_options(self) -> dict[str, Any]:
        """Keyword arguments for an aiokafka client.

        Raises:
            NoKafkaError: no cluster is set; the text lists the ways to get one.
            KafkaSecurityError: a certificate or key file cannot be used.
        """
        return KafkaConnection.from_settings(self).aiokafka()

    def findings(self) -> Iterator[Finding]:
        """Check that what the protocol needs is there, and that nothing is set which it would leave unused."""
        if self.security_protocol.startswith("SASL"):
            for field, value in (("sasl_username", self.sasl_username), ("sasl_password", self.sasl_password)):
                if not value:
                    problem = f"missing, but security_protocol is {self.security_protocol}"
                    yield Finding(field, problem, "set it", against=("security_protocol",))
        elif self.sasl_username or self.sasl_password:
            yield Finding(
                "security_protocol",
                f"{self.security_protocol} would never send the SASL user that is set",
                "set SASL_SSL (or SASL_PLAINTEXT), or unset the user and password",
            )
        if self.ssl_keyfile and not self.ssl_certfile:
            yield Finding("ssl_certfile", "missing, but ssl_keyfile is set", "set the certificate of that key")
        if not self.security_protocol.endswith("SSL") and (self.ssl_cafile or self.ssl_certfile):
            yield Finding(
                "security_protocol",
                f"{self.security_protocol} would never use the TLS files that are set",
                "set SSL or SASL_SSL, or unset the files",
            )


class TopicSettings(Group):
    """How our topics are named and laid out on the cluster."""

    prefix: str = declare(
        "",
        "TLDR_TOPIC_PREFIX",
        "Put before each topic name, for shared clusters.",
        pattern=r"^[a-z0-9.-]*$",
        max_length=100,
    )
    partitions: int = declare(
        12, "TLDR_PARTITIONS", "Partitions of each topic. Never change it for topics that exist.", ge=1, le=1000
    )
    replication_factor: int = declare(
        -1,
        "TLDR_REPLICATION_FACTOR",
        "Copies of each partition of a new topic; -1: the cluster's default.",
        ge=-1,
        le=10,
    )

    def findings(self) -> Iterator[Finding]:
        """Check the one number that the bounds let through."""
        if self.replication_factor == 0:
            yield Finding("replication_factor", "0 copies hold nothing", "set 3 in production, or -1")


class ApiSettings(Group):
    """The TL;DR Highlight API."""

    base_url: HttpBaseUrl = declare("https://api.tldr-highlight.com/v1", "TLDR_API_BASE_URL", "Where the API is.")
    key: HeaderSecret | None = declare(None, "TLDR_API_KEY", "The API key.")
    signing_secret: BareSecret | None = declare(
        None, "TLDR_API_SIGNING_SECRET", "Secret for signed requests. Empty: unsigned."
    )
    submit_timeout_s: float = declare(
        15.0,
        "TLDR_API_SUBMIT_TIMEOUT_S",
        "Longest a POST /streams may take, in seconds; a drain waits for it.",
        gt=0,
        le=20,
    )
    read_timeout_s: float = declare(
        30.0, "TLDR_API_READ_TIMEOUT_S", "Longest another call may take, in seconds.", gt=0, le=120
    )
    connect_timeout_s: float = declare(
        5.0, "TLDR_API_CONNECT_TIMEOUT_S", "Longest a connection may take to open, in seconds.", gt=0, le=60
    )
    max_connections: int = declare(100, "TLDR_API_MAX_CONNECTIONS", "Connections to the API at most.", ge=1, le=10_000)
    keepalive_connections: int = declare(
        20, "TLDR_API_KEEPALIVE_CONNECTIONS", "Idle connections to the API kept open at most.", ge=0, le=10_000
    )


class PollingSettings(Group):
    """How often a stream is asked for its status and highlights."""

    min_s: float = declare(2.0, "TLDR_POLL_MIN_S", "Shortest time between two polls of one stream, in seconds.", gt=0)
    max_s: float = declare(60.0, "TLDR_POLL_MAX_S", "Longest time between two polls of one stream, in seconds.", gt=0)
    jitter: float = declare(
        0.2, "TLDR_POLL_JITTER", "Random share by which an interval may differ, 0 to 1.", ge=0, lt=1
    )
    per_page: int = declare(50, "TLDR_PER_PAGE", "Highlights asked for in one page.", ge=1, le=100)
    sweep_max: int = declare(10, "TLDR_SWEEP_MAX", "Final sweeps of a stream before it is settled as incomplete.", ge=1)

    def findings(self) -> Iterator[Finding]:
        """Check that the bounds are in order."""
        if self.min_s > self.max_s:
            problem = f"{self.min_s:g} is more than max_s ({self.max_s:g})"
            yield Finding("min_s", problem, "set it to max_s or less", against=("max_s",))


class WorkerSettings(Group):
    """One worker process."""

    group_id: str = declare(
        "tldr-highlights", "TLDR_GROUP_ID", "Consumer group that workers share.", pattern=r"^[A-Za-z0-9._-]{1,200}$"
    )
    instance_id: str | None = declare(
        None,
        "TLDR_INSTANCE_ID",
        "Stable name of this worker in its group: a restart within the session timeout moves no partition.",
        pattern=r"^[A-Za-z0-9._-]{1,200}$",
    )
    health_host: str = declare(
        "127.0.0.1", "TLDR_HEALTH_HOST", "Address the health server listens on. In a container: 0.0.0.0.", min_length=1
    )
    health_port: int = declare(9600, "TLDR_HEALTH_PORT", "Port of the health server; 0: any free one.", ge=0, le=65535)
    drain_timeout_s: float = declare(
        25.0, "TLDR_DRAIN_TIMEOUT_S", "Longest a shutdown waits for calls in flight, in seconds.", gt=0
    )
    session_timeout_s: float = declare(
        30.0, "TLDR_SESSION_TIMEOUT_S", "A worker unheard of for so many seconds loses its partitions.", ge=6, le=1800
    )
    heartbeat_s: float = declare(3.0, "TLDR_HEARTBEAT_S", "Seconds between heartbeats to the group.", gt=0)
    flush_linger_ms: float = declare(
        10.0, "TLDR_FLUSH_LINGER_MS", "How long staged records wait for more, in milliseconds.", ge=0, le=10_000
    )
    flush_records: int = declare(2000, "TLDR_FLUSH_RECORDS", "Staged records that start a flush at once.", ge=1)
    flush_bytes: int = declare(4_194_304, "TLDR_FLUSH_BYTES", "Staged bytes that start a flush at once.", ge=1024)
    effect_concurrency: int = declare(64, "TLDR_EFFECT_CONCURRENCY", "API calls in flight at once.", ge=1, le=10_000)
    fetch_max_records: int = declare(2000, "TLDR_FETCH_MAX_RECORDS", "Records of one partition in one batch.", ge=1)
    max_buffered_bytes: int = declare(
        67_108_864, "TLDR_MAX_BUFFERED_BYTES", "Fetched bytes that may wait for the agents.", ge=1_048_576
    )
    stall_timeout_s: float = declare(
        120.0, "TLDR_STALL_TIMEOUT_S", "A worker without progress for so many seconds ends itself.", ge=10
    )
    crash_point: str | None = declare(
        None, "TLDR_CRASH_POINT", "Chaos tests only: the named place at which the process kills itself.", hidden=True
    )

    def findings(self) -> Iterator[Finding]:
        """Check that a missed heartbeat or two does not cost the partitions."""
        if self.heartbeat_s * 3 > self.session_timeout_s:
            yield Finding(
                "heartbeat_s",
                f"{self.heartbeat_s:g} is more than a third of session_timeout_s ({self.session_timeout_s:g})",
                f"set it to {self.session_timeout_s / 3:g} or less",
                against=("session_timeout_s",),
            )


class PolicySettings(Group):
    """What the pipeline may decide on its own."""

    in_doubt: Literal["resubmit", "hold", "dead_letter"] = declare(
        "resubmit", "TLDR_IN_DOUBT_POLICY", "What becomes of a submission that may have been applied and is not found."
    )
    mark_in_tags: bool = declare(
        default=True,
        env="TLDR_MARK_IN_TAGS",
        doc="Mark each submission by one more custom tag (never published), so that one in doubt can be found.",
    )
    max_submissions: int = declare(
        3, "TLDR_MAX_SUBMISSIONS", "Submissions of one request at most; then it waits for a command.", ge=1, le=100
    )
    doubt_wait_s: float = declare(
        25.0, "TLDR_DOUBT_WAIT_S", "How long a submission in doubt may still turn up, in seconds.", ge=0, le=3600
    )
    locate_pause_s: float = declare(
        5.0, "TLDR_LOCATE_PAUSE_S", "Pause before the first search for it, in seconds; each later one doubles.", gt=0
    )
    locate_tries: int = declare(4, "TLDR_LOCATE_TRIES", "Searches before it counts as not found.", ge=1, le=100)
    gone_after_s: float = declare(
        120.0, "TLDR_GONE_AFTER_S", "How long the API must answer 404 for a stream before it counts as gone.", ge=0
    )
    retain_days: float = declare(
        14.0,
        "TLDR_RETAIN_DAYS",
        "Days a request is remembered once it is settled; more than the 7 days that input topics are kept.",
        gt=7,
        le=3650,
    )
    transcript_tries: int = declare(
        4,
        "TLDR_TRANSCRIPT_TRIES",
        "How often a linked transcript is fetched before the stream is submitted without it.",
        ge=1,
        le=100,
    )
    transcript_pause_s: float = declare(
        2.0, "TLDR_TRANSCRIPT_PAUSE_S", "Pause after the first failed fetch, in seconds; each later one doubles.", gt=0
    )
    remind_before_s: float = declare(
        86_400.0, "TLDR_REMIND_BEFORE_S", "How long before a follow-up is due its reminder is sent, in seconds.", ge=0
    )
    allowed_hosts: Names = declare(
        (),
        "TLDR_ALLOWED_HOSTS",
        "Hosts, separated by commas, whose streams and transcripts pass unscreened, as in a private network.",
    )
    publish_signed_urls: bool = declare(
        default=False,
        env="TLDR_PUBLISH_SIGNED_URLS",
        doc="Publish the API's URLs with their signatures. A signature is a credential: off unless consumers need it.",
    )
    blocked_hosts: Names = declare(
        (),
        "TLDR_BLOCKED_HOSTS",
        "Hosts, separated by commas, whose streams and transcripts are refused; a host covers its subdomains.",
    )


class ProfileSettings(Group):
    """The rules that enrich highlights, by domain."""

    by_tenant: Pairs = declare(
        (),
        "TLDR_TENANT_PROFILES",
        "Profile of a tenant's requests that name none: tenant=profile, separated by commas.",
    )
    folder: DirectoryPath | None = declare(
        None,
        "TLDR_PROFILES_FOLDER",
        "Folder of your own data over what ships: gaming.yaml, education.yaml, meetings.yaml. Empty: none.",
    )
    plugins: Names = declare(
        (), "TLDR_PROFILE_PLUGINS", "Names of profiles, separated by commas, that installed packages bring along."
    )

    def profile_by_tenant(self) -> dict[str, str]:
        """The profile by tenant."""
        return dict(pair.split("=", 1) for pair in self.by_tenant)


class TournamentSettings(Group):
    """What is told of tournaments, and how often."""

    every_s: float = declare(
        5.0, "TLDR_TOURNAMENT_EVERY_S", "Shortest time between two live records of one tournament, in seconds.", ge=0.1
    )
    notify_above: float = declare(
        0.8, "TLDR_NOTIFY_ABOVE", "Score from which a moment is notified; more than 1: none is.", ge=0, le=2
    )
    notify_per_minute: float = declare(
        6.0, "TLDR_NOTIFY_PER_MINUTE", "Notifications of one tournament a minute, over time.", gt=0, le=6000
    )
    notify_burst: int = declare(5, "TLDR_NOTIFY_BURST", "Notifications of one tournament at once.", ge=1, le=1000)


class LogSettings(Group):
    """What is logged, and in which form."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = declare(
        "INFO", "TLDR_LOG_LEVEL", "Least level that is logged."
    )
    format: Literal["auto", "json", "console"] = declare(
        "auto", "TLDR_LOG_FORMAT", "Form of log lines; auto: console on a terminal, else JSON."
    )
