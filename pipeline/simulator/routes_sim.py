"""The back door, /_sim: truth, expectations and faults, for oracles and tests. No key, no budget, no faults."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pipeline.simulator.answers import Answer, ApiError, ok
from pipeline.simulator.scenario_file import ScenarioError, faults_from
from pipeline.simulator.services import Services

JSON_LINES = "application/x-ndjson"
CHUNK_LINES = 500


def sim_routes(services: Services) -> list[Route]:
    """Return the routes of the back door."""

    async def truth(request: Request) -> Response:
        """GET /_sim/truth?event=made: the truth log as JSON lines."""
        lines = services.truth.lines(request.query_params.get("event"))
        return StreamingResponse(_in_chunks(lines), media_type=JSON_LINES)

    async def expected(_: Request) -> Response:
        """GET /_sim/expected: one JSON line per stream with its final highlights."""
        services.world.advance(services.clock())
        return Response(b"".join(_expected_lines(services)), media_type=JSON_LINES)

    async def summary(_: Request) -> Response:
        """GET /_sim/summary: counts."""
        services.world.advance(services.clock())
        return _send(ok(summary_of(services)))

    async def faults(request: Request) -> Response:
        """GET shows the faults in force, POST replaces them: {"faults": [...]}."""
        if request.method == "GET":
            return _send(ok({"faults": services.faults.report()}))
        try:
            body = orjson.loads(await request.body())
            services.install_faults(faults_from(body["faults"]))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return _send(ApiError(400, "invalid_request", 'the body must be {"faults": [...]}').answer())
        except ScenarioError as error:
            details = {"problems": error.problems}
            return _send(ApiError(422, "validation_error", "some faults are not valid", details).answer())
        services.truth.write("faults_replaced", services.clock(), {"count": len(services.faults.report())})
        return _send(ok({"faults": services.faults.report()}))

    return [
        Route("/_sim/truth", truth),
        Route("/_sim/expected", expected),
        Route("/_sim/summary", summary),
        Route("/_sim/faults", faults, methods=["GET", "POST"]),
    ]


def summary_of(services: Services) -> dict[str, object]:
    """Return counts: streams in all, live, by status; highlights made; requests by HTTP status."""
    streams = services.world.streams.values()
    return {
        "seed": services.seed,
        "scenario": services.scenario.name,
        "streams": len(streams),
        "live": sum(stream.live for stream in streams),
        "streams_by_status": Counter(stream.status for stream in streams),
        "made": services.world.made,
        "requests": services.statuses.total(),
        "requests_by_status": services.statuses,
    }


async def _in_chunks(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Join lines to chunks; between chunks other requests get their turn."""
    chunk: list[bytes] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == CHUNK_LINES:
            yield b"".join(chunk)
            chunk.clear()
    yield b"".join(chunk)


def _expected_lines(services: Services) -> Iterator[bytes]:
    for item in services.world.expected():
        yield orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE)


def _send(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type="application/json")
