"""``make bench``: what the pipeline costs and yields, beside other ways to do the same, on one real broker.

- ``workload.py``: the same requests and observations for every system, from a seed.
- ``lineup.py``, ``systems/``: who takes part; a bare aiokafka loop, a plain Faust agent, Quix Streams exactly once.
- ``cluster.py``, ``feed.py``, ``progress.py``: topics, input behind a gate, and what is readable when.
- ``throughput.py``, ``restore.py``, ``latency.py``: what is measured; ``report.py`` tells it.
"""
