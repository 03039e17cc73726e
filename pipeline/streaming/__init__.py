"""Faust with a different engine room: batches as events, reading from the ledger's positions, ledgers by rebalance.

Each file is a subclass behind one of Faust's own extension points, pinned to faust-streaming 0.15.3:

- ``app.py``: the app factory (``create_app``).
- ``transport.py``: ``Transport`` and ``Producer`` (a flush before an offset commit flushes the ledgers).
- ``consumer.py``: ``Consumer``: batch delivery, offsets from the ledgers, the gate, where reading starts.
- ``consumer_thread.py``: the thread with aiokafka's consumer: fetches, seeks, heartbeats, and that its tasks are alive.
- ``lenient.py``: reading records whose header names are not UTF-8, where aiokafka gives up.
- ``batch.py``: a fetched partition batch, and the book of what waits.
- ``topic.py``: a topic whose events carry batches undecoded.
- ``owner.py``: which ledgers are open; takes and gives them up at rebalances.
- ``keeper.py``: keeps one partition's ledger open through failures, and knows when it is not ours.
- ``apply.py``: the one loop over records; ``dead_letter.py``: what it makes of those it cannot accept.
- ``partitioner.py``: where a key belongs.
"""
