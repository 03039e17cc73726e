"""Records that other clients can write and ours cannot read: header names that are not UTF-8."""

import gzip
import struct

import aiokafka
import pytest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.streaming.lenient import positions, rewind
from tests.kafka.driving import create_topics, eventually, read, send, wait_for_values
from tests.kafka.engine import Engine

GZIP = 1
_CRC_AT, _CRC_END = 17, 21


def raw_batch(values: list[bytes], key: bytes, *, compression: int = 0) -> bytes:
    """A batch as on the wire; the header ``ab`` of each value that starts with ``odd`` is named FF FE instead."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=65536,
    )
    for number, value in enumerate(values):
        headers = [("good", b"1"), ("ab", b"\x00x")] if value.startswith(b"odd") else [("good", b"1")]
        builder.append(number, 1, key, value, headers=headers)
    batch = bytearray(bytes(builder.build()).replace(b"\x04ab", b"\x04\xff\xfe"))
    if compression:
        batch = _compressed(batch)
    batch[_CRC_AT:_CRC_END] = struct.pack(">I", calc_crc32c(bytes(batch[_CRC_END:])))
    return bytes(batch)


def _compressed(batch: bytearray) -> bytearray:
    packed = batch[:61] + gzip.compress(bytes(batch[61:]))
    packed[21:23] = struct.pack(">h", GZIP)
    packed[8:12] = struct.pack(">i", len(packed) - 12)
    return packed


async def write_raw(servers: str, topic: str, partition: int, batch: bytes) -> None:
    """Write a batch as it is."""
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=servers) as producer:
        await producer.partitions_for(topic)
        node = producer.client.cluster.leader_for_partition(aiokafka.TopicPartition(topic, partition))
        request = ProduceRequest(
            transactional_id=None, required_acks=-1, timeout=5000, topics=[(topic, [(partition, batch)])]
        )
        response = await producer.client.send(node, request)
        ((_, ((_, error, *_),)),) = response.topics
        assert error == 0


@pytest.mark.parametrize("compression", [0, GZIP])
async def test_a_header_name_that_is_no_text_is_a_dead_letter(
    kafka: EmbeddedKafka, topic_prefix: str, compression: int
) -> None:
    """Such records are dead letters with key, value and headers; those around them, here and elsewhere, go on."""
    servers = kafka.bootstrap_servers
    await create_topics(servers, topic_prefix)
    others = [f"o{number}=a" for number in range(200)]
    await send(servers, f"{topic_prefix}in", ["first=a"], key=lambda _: "same")
    (first,) = await read(servers, f"{topic_prefix}in")
    batch = raw_batch([b"x=1", b"odd=1", b"y=1", b"odd=2", b"z=1"], b"same", compression=compression)
    await write_raw(servers, f"{topic_prefix}in", first.partition, batch)
    await send(servers, f"{topic_prefix}in", ["last=a"], key=lambda _: "same")
    await send(servers, f"{topic_prefix}in", others)
    async with Engine(servers, topic_prefix) as engine:
        out = await wait_for_values(servers, f"{topic_prefix}out", 205)
        await eventually(lambda: len(engine.dead_letters) == 2)
        await send(servers, f"{topic_prefix}in", ["later=a"], key=lambda _: "same")
        await wait_for_values(servers, f"{topic_prefix}out", 206)
        assert engine.dead_letters == ["undecodable_header"] * 2
    assert [value for value in out if not value.startswith("o")] == [
        f"{value}#1" for value in ("first=a", "x=1", "y=1", "z=1", "last=a")
    ]
    assert sorted(value for value in out if value.startswith("o")) == sorted(f"{value}#1" for value in others)
    letters = await read(servers, f"{topic_prefix}dead-letters")
    assert [(letter.key, letter.value) for letter in letters] == [(b"same", b"odd=1"), (b"same", b"odd=2")]
    headers = dict(letters[0].headers)
    assert (headers["good"], headers["tldr-error-omitted-headers"]) == (b"1", b"fffe=0078")


async def test_a_fetch_that_fails_takes_nothing(kafka: EmbeddedKafka, topic_prefix: str) -> None:
    """Positions that a failed fetch has moved are set back: what it took is read again."""
    servers, topic = kafka.bootstrap_servers, f"{topic_prefix}in"
    await create_topics(servers, topic_prefix, partitions=1)
    await send(servers, topic, ["a=1", "b=1"])
    tp = aiokafka.TopicPartition(topic, 0)
    async with aiokafka.AIOKafkaConsumer(bootstrap_servers=servers) as consumer:
        consumer.assign([tp])
        consumer.seek(tp, 0)
        before = positions(consumer, [tp])
        taken = await consumer.getmany(tp, timeout_ms=5000)
        rewind(consumer, before)
        assert await consumer.getmany(tp, timeout_ms=5000) == taken
