"""HTTP/2, over real TLS: it is used where offered, and its promises about unprocessed requests are believed."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import h2.config
import h2.connection
import h2.errors
import h2.events
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipeline.api import Ambiguous, open_http_client
from tests.unit.api.servers import STREAM_BODY, Peer, Script, raw_server
from tests.unit.api.support import FakeClock, make_client

Act = Callable[[h2.connection.H2Connection, int], None]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a fresh key and a certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    """Return the server's side, which offers HTTP/2 alone."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["h2"])
    return context


@pytest.fixture
async def http(certificate: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Return the HTTP client as the pipeline opens it, trusting the test's certificate."""
    async with open_http_client(verify=ssl.create_default_context(cafile=str(certificate))) as client:
        yield client


def speak_h2(act: Act) -> Script:
    """Return a script that speaks HTTP/2 and calls `act` when a request is whole."""

    async def script(peer: Peer) -> None:
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        await peer.send(state.data_to_send())
        while data := await peer.reader.read(65536):
            for event in state.receive_data(data):
                if isinstance(event, h2.events.StreamEnded) and event.stream_id is not None:
                    peer.server.requests.append(b"one")
                    act(state, event.stream_id)
            await peer.send(state.data_to_send())

    return script


def answer(state: h2.connection.H2Connection, stream_id: int) -> None:
    """Answer with a stream."""
    state.send_headers(stream_id, [(":status", "201"), ("x-ratelimit-remaining", "9")])
    state.send_data(stream_id, STREAM_BODY, end_stream=True)


def refuse(state: h2.connection.H2Connection, stream_id: int) -> None:
    """Say that nothing of the request was processed."""
    state.reset_stream(stream_id, h2.errors.ErrorCodes.REFUSED_STREAM)


def fail(state: h2.connection.H2Connection, stream_id: int) -> None:
    """Give up half-way through the request."""
    state.reset_stream(stream_id, h2.errors.ErrorCodes.INTERNAL_ERROR)


def leave_unprocessed(state: h2.connection.H2Connection, _: int) -> None:
    """Go away, having processed no stream at all."""
    state.close_connection(last_stream_id=0)


def leave_processing(state: h2.connection.H2Connection, stream_id: int) -> None:
    """Go away, with the request among those that may have been processed."""
    state.close_connection(last_stream_id=stream_id)


async def submit(http: httpx.AsyncClient, base_url: str, clock: FakeClock) -> str:
    """Create a stream over TLS."""
    client = make_client(http, base_url.replace("http:", "https:"), clock)
    return (await client.create_stream("https://x", platform="twitch")).id


async def test_http2_is_used_where_it_is_offered(http: httpx.AsyncClient, server_tls: ssl.SSLContext) -> None:
    """Against a server that speaks only HTTP/2, a stream is created."""
    async with raw_server(speak_h2(answer), tls=server_tls) as server:
        assert await submit(http, server.base_url, FakeClock()) == "str_1"


@pytest.mark.parametrize("act", [refuse, leave_unprocessed])
async def test_post_that_the_peer_did_not_process_is_sent_again(
    http: httpx.AsyncClient, server_tls: ssl.SSLContext, act: Act
) -> None:
    """REFUSED_STREAM and a GOAWAY below our stream promise that nothing happened: even a POST goes out again."""
    acts = iter([act, answer])

    def take_turns(state: h2.connection.H2Connection, stream_id: int) -> None:
        next(acts)(state, stream_id)

    async with raw_server(speak_h2(take_turns), tls=server_tls) as server:
        assert await submit(http, server.base_url, FakeClock()) == "str_1"
        assert len(server.requests) == 2


@pytest.mark.parametrize("act", [fail, leave_processing])
async def test_post_that_the_peer_may_have_processed_is_ambiguous(
    http: httpx.AsyncClient, server_tls: ssl.SSLContext, act: Act
) -> None:
    """Any other reset, and a GOAWAY that counts our stream in, say nothing: the POST is ambiguous and not repeated."""
    async with raw_server(speak_h2(act), tls=server_tls) as server:
        with pytest.raises(Ambiguous):
            await submit(http, server.base_url, FakeClock())
        assert len(server.requests) == 1


async def test_limits_of_the_http_client(http: httpx.AsyncClient) -> None:
    """Timeouts are 5, 30, 10 and 1 s; the pool holds 100 connections, 20 of them idle; nothing beneath us retries."""
    assert http.timeout == httpx.Timeout(connect=5.0, read=30.0, write=10.0, pool=1.0)
    assert (http.follow_redirects, http.trust_env) == (False, False)
    pool = vars(http)["_transport"]._pool
    assert (pool._max_connections, pool._max_keepalive_connections, pool._retries, pool._http2) == (100, 20, 0, True)
