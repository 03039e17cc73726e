"""The ASGI application: the gate under /v1 and at /health, the back door under /_sim."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from pipeline.simulator import routes_account, routes_batch, routes_highlights, routes_streams, routes_webhooks
from pipeline.simulator.call import Routes
from pipeline.simulator.clock import Clock, Sleep
from pipeline.simulator.gate import Gate
from pipeline.simulator.routes_sim import sim_routes
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.scripts import find_script
from pipeline.simulator.services import Services, build_services
from pipeline.simulator.truth import TruthLog

TICK_S = 0.02

API: Routes = {
    **routes_streams.ROUTES,
    **routes_highlights.ROUTES,
    **routes_batch.ROUTES,
    **routes_account.ROUTES,
    **routes_webhooks.ROUTES,
}


def create_app(
    scenario: Scenario, *, seed: int, truth: TruthLog, clock: Clock, sleep: Sleep = asyncio.sleep
) -> Starlette:
    """Build the simulator as an application; `app.state.services` holds its parts.

    Faults on the connection need `SimulatorProtocol`; everything else runs on any ASGI server.

    Args:
        scenario: what the run is like.
        seed: of all content, ids and faults.
        truth: where events are written; the caller closes it.
        clock: unix seconds.
        sleep: waits of faults.
    """
    services = build_services(scenario, seed, truth, clock, sleep)
    gate = Gate(services, API)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        truth.write("simulator_started", clock(), {"seed": seed, "scenario": scenario.name})
        ticking = asyncio.create_task(_tick(services))
        try:
            yield
        finally:
            ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticking

    transcripts = Route("/transcripts/{name}.vtt", _transcript)
    routes = [Mount("/v1", app=gate), Route("/health", gate), transcripts, *sim_routes(services)]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.services = services
    return app


async def _transcript(request: Request) -> Response:
    """GET /transcripts/board-meeting.vtt: what is said in a written stream; no part of the API."""
    script = find_script(request.path_params["name"])
    if script is None or not script.transcript:
        return Response("no such transcript", status_code=404)
    return Response(script.webvtt(), media_type="text/vtt")


async def _tick(services: Services) -> None:
    """Play what is due even if nobody asks, so that truth is written when it happens."""
    while True:
        services.world.advance(services.clock())
        await asyncio.sleep(TICK_S)
