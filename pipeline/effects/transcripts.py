"""GET a transcript from a server that a request names: screened, bounded in size, time and redirects, without secrets.

No client is used, only a pool: so there are no cookies, no credentials, no proxies of the environment.
"""

from __future__ import annotations

import asyncio
import codecs
import ssl
import zlib
from collections.abc import Mapping

import httpcore
import httpx

from pipeline.effects.calls import Failed, Fault, Fetched, FetchTranscript
from pipeline.effects.screened import AddressRefused

LARGEST = 1_048_576
"""Bytes of a transcript, as they come and once they are unpacked."""

LONGEST_S = 20.0
REDIRECTS = 3
AT_ONCE = 8

_MOVED = frozenset({301, 302, 303, 307, 308})
_HEADERS = (
    (b"Accept", b"text/vtt, application/x-subrip, application/json, text/plain, */*;q=0.1"),
    (b"Accept-Encoding", b"gzip"),
    (b"User-Agent", b"tldr-highlight-pipeline"),
)
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_MEMBERS = 1_000
"""Of a gzip answer at most: each costs a copy of all that comes after it."""

_CHARSETS = frozenset(
    codecs.lookup(name).name
    for name in (
        *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "ascii", "gb18030", "gbk", "big5", "koi8-r"),
        *("shift_jis", "euc-jp", "euc-kr", "iso-2022-jp"),
        *(f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))),
        *(f"cp{page}" for page in (874, *range(1250, 1259))),
    )
)
"""Those of texts. Python knows others, some of which take a hostile text minutes."""


class _FetchError(Exception):
    """Why there is no transcript. The text is for people, and never holds the URL."""

    def __init__(self, fault: Fault, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.fault = fault
        self.retry_after = retry_after


class TranscriptFetcher:
    """Fetches transcripts.

    Args:
        backend: opens connections, to where they may go.
        longest_s: seconds for one transcript, redirects and all.
    """

    def __init__(self, backend: httpcore.AsyncNetworkBackend, *, longest_s: float = LONGEST_S) -> None:
        self._backend = backend
        self._longest_s = longest_s
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tls: ssl.SSLContext | None = None

    async def fetch(self, call: FetchTranscript) -> Fetched | Failed:
        """Fetch one. A failure that another try may mend is ``unavailable`` or ``throttled``, any other ``refused``."""
        async with self._turns:
            try:
                async with asyncio.timeout(self._longest_s):
                    return await self._follow(call.url)
            except _FetchError as error:
                return Failed(fault=error.fault, reason=str(error), retry_after=error.retry_after)
            except AddressRefused as error:
                return Failed(fault="refused", reason=str(error))
            except TimeoutError:
                return Failed(fault="unavailable", reason=f"it took longer than {self._longest_s:g} s")
            except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError, httpx.InvalidURL):
                return Failed(fault="refused", reason="the URL cannot be used")
            except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
                return Failed(fault="unavailable", reason=f"the server cannot be read ({type(error).__name__})")

    async def _follow(self, url: str) -> Fetched:
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
        place = httpx.URL(url)
        # a pool for one transcript: no connection outlives it
        async with httpcore.AsyncConnectionPool(ssl_context=self._tls, network_backend=self._backend) as pool:
            for _ in range(REDIRECTS + 1):
                answer = await _get(pool, place)
                if isinstance(answer, Fetched):
                    return answer
                place = _next(place, answer)
        raise _FetchError("refused", f"more than {REDIRECTS} redirects")


def _next(place: httpx.URL, location: str) -> httpx.URL:
    there = place.join(location)
    if place.scheme == "https" and there.scheme != "https":
        raise _FetchError("refused", "a redirect leads away from https")
    return there


async def _get(pool: httpcore.AsyncConnectionPool, place: httpx.URL) -> Fetched | str:
    """Return the transcript, or where it has moved."""
    if place.scheme not in {"http", "https"} or not place.host:
        raise _FetchError("refused", "the URL is not one of http or https")
    if place.userinfo:
        raise _FetchError("refused", "the URL has a user in it")
    url = httpcore.URL(scheme=place.raw_scheme, host=place.raw_host, port=place.port, target=place.raw_path)
    async with pool.stream("GET", url, headers=[(b"Host", place.netloc), *_HEADERS]) as response:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        if response.status in _MOVED and headers.get("location"):
            return headers["location"]
        _check_status(response.status, headers)
        body = bytearray()
        async for chunk in response.aiter_stream():
            body += chunk
            if len(body) > LARGEST:
                raise _too_large()
    media_type, charset = _content_type(headers)
    return Fetched(text=_text(_unpacked(bytes(body), headers), charset), media_type=media_type)


def _check_status(status: int, headers: Mapping[str, str]) -> None:
    if status == 200:
        return
    fault: Fault = "refused"
    if status == 429:
        fault = "throttled"
    elif status >= 500 or status == 408:
        fault = "unavailable"
    after = headers.get("retry-after", "")
    asked = float(after) if fault != "refused" and after.isascii() and after.isdigit() and len(after) < 7 else None
    raise _FetchError(fault, f"the server answered {status}", asked)


def _unpacked(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Unpack within bounds: a small answer may be packed so that it fills a memory."""
    packing = headers.get("content-encoding", "").strip().lower()
    if not body or packing in {"", "identity"}:
        return body
    if packing not in _PACKED:
        raise _FetchError("refused", "the answer is packed in a way that was not asked for")
    text = b""
    try:
        for _ in range(_MEMBERS):  # gzip may come in several
            unpacking = zlib.decompressobj(wbits=47)  # gzip or zlib, as the first bytes say
            text += unpacking.decompress(body, LARGEST + 1 - len(text))
            if len(text) > LARGEST:
                raise _too_large()
            if not unpacking.eof:
                raise _FetchError("unavailable", "the answer breaks off")
            body = unpacking.unused_data
            if not body:
                return text
    except zlib.error as error:
        raise _FetchError("refused", "the answer cannot be unpacked") from error
    raise _FetchError("refused", f"the answer is packed in more than {_MEMBERS} parts")


def _content_type(headers: Mapping[str, str]) -> tuple[str, str]:
    """Return media type and charset, in lower case."""
    media_type, *parameters = headers.get("content-type", "").lower().split(";")
    charset = ""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            charset = value.strip().strip("\"'")
    return "".join(filter(str.isprintable, media_type)).strip()[:100], charset


def _text(body: bytes, charset: str) -> str:
    """Decode by byte-order mark, by the charset named, or as UTF-8, whichever fits first."""
    marked = "utf-16" if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    for name in (marked, charset) if body.startswith(codecs.BOM_UTF8) or marked == "utf-16" else (charset, marked):
        try:
            if codecs.lookup(name).name in _CHARSETS:
                text = body.decode(name)
                if len(text.encode()) > LARGEST:
                    raise _too_large()
                if "\0" not in text:
                    return text
        except (LookupError, ValueError):
            continue
    raise _FetchError("refused", "the answer is no text in the charset that it names, nor in UTF-8")


def _too_large() -> _FetchError:
    return _FetchError("refused", f"it has more than {LARGEST} bytes")
