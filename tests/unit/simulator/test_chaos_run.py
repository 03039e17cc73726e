"""The whole program under its own chaos: can a stubborn client still get everything?"""

import asyncio
from typing import Any

import httpx
import orjson

from tests.unit.simulator.child import base_url, process

STREAMS = 12


class Stubborn:
    """A client that repeats each call until it has a readable answer."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.failures = 0

    async def call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Return the JSON of a call that succeeded in the end."""
        while True:
            try:
                answer = await self._http.request(method, path, **arguments)
                if answer.status_code < 400:
                    value: dict[str, Any] = answer.json()
                    return value
            except (httpx.TransportError, ValueError):
                pass
            self.failures += 1
            await asyncio.sleep(0.01)

    async def sweep(self, stream_id: str, seen: dict[str, Any]) -> int:
        """Read all pages; return how many highlights were new."""
        before, page = len(seen), 1
        while True:
            found = await self.call("GET", f"/streams/{stream_id}/highlights", params={"page": page})
            seen.update((item["id"], item) for item in found["highlights"])
            if page * 10 >= found["pagination"]["total"]:
                return len(seen) - before
            page += 1

    async def follow(self, number: int) -> tuple[str, dict[str, Any]]:
        """Submit a stream and read it to its end, sweeping until a sweep brings nothing new."""
        stream = await self.call("POST", "/streams", json={"source_url": f"https://x.example/{number}"})
        seen: dict[str, Any] = {}
        while (await self.call("GET", f"/streams/{stream['id']}"))["status"] in ("pending", "processing"):
            await self.sweep(stream["id"], seen)
            await asyncio.sleep(0.2)
        while await self.sweep(stream["id"], seen):
            pass
        return stream["id"], seen


async def test_a_stubborn_client_finds_under_chaos_exactly_what_is_expected() -> None:
    """Every highlight of every followed stream with its final title, though calls failed; and stderr stays empty."""
    with process("--scenario", "chaos", "--seed", "11") as child:
        url = base_url(child)
        async with httpx.AsyncClient(base_url=url, headers={"X-API-Key": "k"}, timeout=2) as http:
            client = Stubborn(http)
            results = await asyncio.gather(*(client.follow(number) for number in range(STREAMS)))
            lines = (await http.get(url.removesuffix("/v1") + "/_sim/expected")).content.splitlines()
        expected = {item["stream_id"]: item for item in map(orjson.loads, lines)}
        for stream_id, seen in results:
            wanted = {item["id"]: item["title"] for item in expected[stream_id]["highlights"]}
            assert {ident: item["title"] for ident, item in seen.items()} == wanted
        assert client.failures > 0
        child.terminate()
        _, errors = await asyncio.to_thread(child.communicate, timeout=10)
        assert (child.returncode, errors) == (0, b"")
