"""Signing: the documented message, over the exact bytes."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from pipeline.api.signing import sign, signature_headers
from tests.unit.api.support import UNHURRIED

PATHS = st.text(alphabet="/abc_%2F1-", min_size=1)


def test_known_signature() -> None:
    """A signature worked out with openssl for a documented request comes out the same."""
    signature = sign("s3cret", method="POST", path="/streams", timestamp=1_700_000_000, body=b'{"a":1}')
    assert signature == "70fae59c0bbcdb16fd9eb3383668d16e5453addf56d582f9afc44ebdf9ed824a"


@UNHURRIED
@given(secret=st.text(min_size=1), path=PATHS, timestamp=st.integers(0, 2**40), body=st.binary())
def test_message_is_method_path_timestamp_body(secret: str, path: str, timestamp: int, body: bytes) -> None:
    """The signed message is the four parts joined by line feeds, whatever bytes the body holds."""
    message = b"\n".join([b"PUT", path.encode(), str(timestamp).encode(), body])
    expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    assert sign(secret, method="PUT", path=path, timestamp=timestamp, body=body) == expected


@UNHURRIED
@given(body=st.binary(), flipped=st.integers(0, 7))
def test_one_bit_of_the_body_changes_the_signature(body: bytes, flipped: int) -> None:
    """A body altered on the way no longer fits its signature."""
    altered = bytes([(body or b"\0")[0] ^ (1 << flipped)]) + body[1:]
    first = sign("k", method="POST", path="/streams", timestamp=1, body=body)
    assert first != sign("k", method="POST", path="/streams", timestamp=1, body=altered)


def test_timestamp_header_is_whole_unix_seconds() -> None:
    """The header and the signed message carry the same whole seconds."""
    headers = signature_headers("k", method="GET", path="/usage", now=12.9, body=b"")
    assert headers == {
        "X-Timestamp": "12",
        "X-Signature": sign("k", method="GET", path="/usage", timestamp=12, body=b""),
    }
