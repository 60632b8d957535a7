"""The peer of `jitney bench edge`: the edge's own application with one more route, and the echo behind it.

`python -m jitney.bench.edge_peer echo HOST:PORT` serves a gRPC method that answers what it is sent, bare of all
interceptors. `python -m jitney.bench.edge_peer rest HOST:PORT` serves the whole REST application, with the settings of
the stack, and `GET /v1/echo`: admitted, one call to the echo, and a constant as the answer.
"""

import os
import sys
from importlib import import_module
from typing import Any

METHOD = "/jitney.bench.Echo/Echo"
ECHO_TARGET = "JITNEY_BENCH_ECHO"
ANSWER_BYTES, CALL_BYTES = 1_500, 300
_CALL_SECONDS = 5.0


async def serve_echo(listen: str) -> None:
    """Serves the echo until it is killed."""
    import grpc

    async def echo(request: bytes, context: Any) -> bytes:
        del context
        return request

    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(echo)
    service, _, method = METHOD.strip("/").partition("/")
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    server.add_insecure_port(listen)
    await server.start()
    await server.wait_for_termination()


def load_rest() -> Any:
    """Makes the application with its further route, in the worker."""
    from flask import Response

    from chassis.auth import Role
    from chassis.clients import forward_token, open_sync_channel

    rest = import_module("rider_api.rest.app")
    routing, calls = import_module("rider_api.rest.routing"), import_module("rider_api.rest.calls")
    settings = import_module("chassis.settings").load_settings(import_module("rider_api.settings").RestSettings)
    import_module("chassis.logs").configure_logging("edge_peer", settings.log_level)
    app = rest.make_app(rest.make_edge(settings))
    routes = routing.Routes("echo", "Echo", area="rides")
    call = open_sync_channel(os.environ[ECHO_TARGET]).unary_unary(METHOD)
    request, answer = b"x" * CALL_BYTES, b'{"constant":"' + b"x" * (ANSWER_BYTES - 15) + b'"}'

    @routes.route("GET", "/echo", roles=(Role.RIDER,), answer=import_module("rider_api.schemas.common").NoBody)
    def echo() -> Response:
        """Answer a constant."""
        call(request, metadata=forward_token(calls.call().token), timeout=_CALL_SECONDS)
        return Response(answer, mimetype="application/json")

    app.register_blueprint(routes.blueprint)
    return app


def main() -> int:
    """Serves one of the two; returns the exit status."""
    kind, listen = sys.argv[1:]
    if kind == "echo":
        import uvloop

        uvloop.run(serve_echo(listen))
        return 0
    from granian.constants import Interfaces

    defaults = import_module("rider_api.defaults")
    # The bare server, without the intake: what that costs is to be seen.
    serve, threads = import_module("rider_api.serve").serve, defaults.REST_THREADS
    return serve(Interfaces.WSGI, load_rest, listen, connections=threads * 16, threads=threads)


if __name__ == "__main__":
    sys.exit(main())
