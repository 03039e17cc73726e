"""The way of each request: fault, key, signature, budget, scope, handler, truth log, delivery."""

import asyncio
import logging

from starlette.types import Receive, Scope, Send

from pipeline.simulator.answers import Answer, ApiError, Headers
from pipeline.simulator.call import Call, Endpoint, Routes, split_path
from pipeline.simulator.faults import error_of, runs_request
from pipeline.simulator.keys import check_signature, key_hash
from pipeline.simulator.scenario import FaultKind, FaultSpec
from pipeline.simulator.services import Services
from pipeline.simulator.wire import read_body, reset, send_slowly, send_truncated, send_whole, until_gone

log = logging.getLogger(__name__)

SENT_WHOLE = (FaultKind.ERROR, FaultKind.DELAY, FaultKind.BROKEN_JSON, FaultKind.BAD_RATE_HEADERS)


class Gate:
    """ASGI application that answers everything under /v1, and /health."""

    def __init__(self, services: Services, routes: Routes) -> None:
        self._services = services
        self._routes = routes
        self._known = {route for _, route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail to as the scenario wants."""
        body = await read_body(receive)
        if body is None:
            return
        services = self._services
        call = _call_of(scope, body, services.clock())
        fault = services.faults.draw(call.method, call.route, call.now)
        if fault is not None:
            fields = {"name": fault.label, "kind": fault.kind.value, "method": call.method, "route": call.route}
            services.truth.write("fault", call.now, fields)
            if fault.kind is FaultKind.DELAY:
                await services.pause(fault.seconds)
        arrived, call.now = call.now, services.clock()
        services.world.advance(call.now)
        answer = self._answer(call, fault)
        self._record(call, answer, fault, arrived)
        await self._deliver(scope, receive, send, answer, fault)

    def _answer(self, call: Call, fault: FaultSpec | None) -> Answer:
        if fault is not None and not runs_request(fault):
            answer = error_of(fault)
            return answer.with_headers(self._rate_of(call)) if fault.kind is FaultKind.ERROR else answer
        try:
            answer = self._apply(call)
        except ApiError as error:
            answer = error.answer()
        except Exception:
            log.exception("the simulator failed on %s %s", call.method, call.route)
            answer = ApiError(500, "internal_error", "the simulator has a fault of its own").answer()
        answer = answer.with_headers(self._rate_of(call))
        if fault is not None and fault.kind is FaultKind.BAD_RATE_HEADERS:
            answer = self._services.faults.wrong_rates(answer)
        if fault is not None and fault.kind is FaultKind.BROKEN_JSON:
            answer = Answer(answer.status, answer.body[: len(answer.body) * 2 // 3], answer.headers)
        return answer

    def _apply(self, call: Call) -> Answer:
        services = self._services
        endpoint = self._endpoint(call)
        if endpoint.open:
            return endpoint.handler(services, call)
        call.caller = services.keys.resolve(call.headers.get(b"x-api-key", b""), call.now)
        check_signature(services.scenario.auth, call, call.now)
        limit = services.scenario.limits.of(call.caller.plan).requests_per_hour
        rate = services.budget.take(call.caller.hash, limit, call.now)
        if not rate.allowed:
            raise rate.refusal(call.now)
        services.accounts.calls[call.caller.account] += 1
        if endpoint.scope is not None and endpoint.scope not in call.caller.scopes:
            raise ApiError(403, "forbidden", "the API key lacks a scope", {"scope": endpoint.scope})
        return endpoint.handler(services, call)

    def _endpoint(self, call: Call) -> Endpoint:
        endpoint = self._routes.get((call.method, call.route))
        if endpoint is not None:
            return endpoint
        if call.route in self._known:
            raise ApiError(405, "method_not_allowed", "the path does not know this method")
        raise ApiError(404, "not_found", "there is no such path", {"path": call.path})

    def _rate_of(self, call: Call) -> Headers:
        """Return the budget headers; an unknown key has no budget, and gets none."""
        services = self._services
        key = services.keys.peek(key_hash(call.headers.get(b"x-api-key", b"")))
        if key is None:
            return ()
        limit = services.scenario.limits.of(key.plan).requests_per_hour
        return services.budget.peek(key.hash, limit, call.now).headers()

    def _record(self, call: Call, answer: Answer, fault: FaultSpec | None, arrived: float) -> None:
        silent = fault is not None and fault.kind in (FaultKind.HANG, FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER)
        services = self._services
        services.statuses["none" if silent else str(answer.status)] += 1
        if not services.scenario.truth.requests:
            return
        sent = call.headers.get(b"x-api-key")
        services.truth.write(
            "request",
            arrived,
            {
                "method": call.method,
                "route": call.route,
                "stream_id": call.ident or None,
                "status": None if silent else answer.status,
                "key": None if sent is None else key_hash(sent),
                "fault": None if fault is None else fault.label,
            },
        )

    async def _deliver(
        self, scope: Scope, receive: Receive, send: Send, answer: Answer, fault: FaultSpec | None
    ) -> None:
        kind = None if fault is None else fault.kind
        if fault is None or kind in SENT_WHOLE:
            await send_whole(send, answer)
        elif kind is FaultKind.SLOW_BODY:
            await send_slowly(send, answer, fault.seconds, self._services.pause)
        elif kind is FaultKind.TRUNCATE:
            await send_truncated(scope, receive, send, answer)
        else:
            if kind is FaultKind.HANG:
                await self._hang(receive, fault.seconds)
            await reset(scope, receive)

    async def _hang(self, receive: Receive, seconds: float) -> None:
        """Wait until the time is over, the client gave up or the simulator is told to end."""
        waits = [
            asyncio.ensure_future(self._services.pause(seconds)),
            asyncio.ensure_future(until_gone(receive)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _call_of(scope: Scope, body: bytes, now: float) -> Call:
    path: str = scope["path"]
    # Health is beside /v1 and not under it: a path such as /v1/health stays as it is, and unknown.
    below = path if path == "/v1/health" else path.removeprefix("/v1")
    route, ident = split_path(below)
    return Call(
        method=scope["method"],
        route=route,
        path=below,
        ident=ident,
        query=scope["query_string"].decode("latin-1"),
        headers=dict(scope["headers"]),
        body=body,
        now=now,
    )
