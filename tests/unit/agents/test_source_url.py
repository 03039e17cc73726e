"""The screen of source URLs, against a corpus of ways to point somewhere private."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.rules.source_url import screen_source_url
from schemas.records import RecordError

CORPUS = Path(__file__).parent / "corpus"
PRIVATE_HOSTS = (CORPUS / "private_hosts.txt").read_text("utf-8").split()
PUBLIC = (CORPUS / "public_urls.txt").read_text("utf-8").split()

MALFORMED = (
    "ftp://example.com/a",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "//example.com/a",
    "example.com/a",
    "http:///a",
    "http://",
    "http://user@example.com/",
    "http://user:secret@example.com/",
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1\\@example.com/",
    "http://example.com\\.evil.com/",
    "http://example.com:99999/",
    "http://example.com:port/",
    "http://[::1/",
    "http://[zz::1]/",
    "http://exa mple.com/",
    "http://example.com/\n",
    "http://example.com\t/",
    "http://\x00example.com/",
)


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_private_and_malformed_hosts_are_refused(host: str) -> None:
    """However it is spelled, a host that is not public does not pass."""
    with pytest.raises(RecordError) as refusal:
        screen_source_url(f"http://{host}/stream.mp4")
    assert refusal.value.code == "blocked_url"


@pytest.mark.parametrize("url", MALFORMED)
def test_malformed_urls_are_refused(url: str) -> None:
    """What two programs could read differently does not pass."""
    with pytest.raises(RecordError) as refusal:
        screen_source_url(url)
    assert refusal.value.code == "blocked_url"


@pytest.mark.parametrize("url", PUBLIC)
def test_public_urls_pass(url: str) -> None:
    """No public URL is refused."""
    screen_source_url(url)


def test_an_allowed_host_passes_unseen() -> None:
    """A host on the allow list passes, and only that one."""
    screen_source_url("http://127.0.0.1:8080/a", allowed=("127.0.0.1",))
    with pytest.raises(RecordError):
        screen_source_url("http://127.0.0.2/a", allowed=("127.0.0.1",))


def test_a_blocked_host_covers_its_subdomains() -> None:
    """A host on the block list is refused with everything below it, and nothing beside it."""
    for url in ("https://bad.example/a", "https://x.BAD.example/a"):
        with pytest.raises(RecordError):
            screen_source_url(url, blocked=("bad.example",))
    screen_source_url("https://notbad.example/a", blocked=("bad.example",))


def test_the_reason_does_not_repeat_the_url() -> None:
    """A refusal goes to dead letters and logs, so it carries no secret of the URL."""
    with pytest.raises(RecordError) as refusal:
        screen_source_url("http://user:hunter2@example.com/?token=s3cret")
    assert "hunter2" not in refusal.value.reason
    assert "s3cret" not in refusal.value.reason


def test_the_reason_names_the_field() -> None:
    """A linked transcript is not the source."""
    with pytest.raises(RecordError) as refusal:
        screen_source_url("http://127.0.0.1/a.vtt", field="metadata.transcript")
    assert refusal.value.reason == "metadata.transcript: the host is not a public address"


def test_the_corpus_is_large() -> None:
    """The corpus has at least 80 private hosts and 50 public URLs."""
    assert len(PRIVATE_HOSTS) + len(MALFORMED) >= 80
    assert len(PUBLIC) >= 50
