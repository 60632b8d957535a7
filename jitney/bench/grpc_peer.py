"""The servers of `jitney bench grpc-chain`: one answer, behind the whole chain of a service, or bare.

`python -m jitney.bench.grpc_peer raw PORT` hands bytes in and out. `python -m jitney.bench.grpc_peer chain PORT JWKS
RATIO OTLP` is a service's own server with its interceptor: span, metrics, deadline, token, access, validation; RATIO is
the share of sampled traces, OTLP where spans go (`-` for nowhere). Both answer `GetRide` with the same message.
"""

import sys
from pathlib import Path
from typing import Any

METHOD = "/ridesharing.matching.v1.RideService/GetRide"
RIDE_ID = "0197f3a0-0000-7000-8000-000000000001"
_SERVICE = "ridesharing.matching.v1.RideService"


def answer() -> Any:
    """A ride such as riders read: ids, places, a fare."""
    from ridesharing.common.v1.geo_point_pb2 import GeoPoint, Place
    from ridesharing.matching.v1 import rides_pb2
    from ridesharing.matching.v1.ride_service_pb2 import GetRideResponse

    ride = rides_pb2.Ride(
        ride_id=RIDE_ID,
        rider_id="0197f3a0-0000-7000-8000-000000000002",
        quote_id="0197f3a0-0000-7000-8000-000000000003",
        product="economy",
        pickup=Place(point=GeoPoint(latitude=37.788, longitude=-122.4075), address="Union Square"),
        dropoff=Place(point=GeoPoint(latitude=37.7955, longitude=-122.3937), address="Ferry Building"),
    )
    return GetRideResponse(ride=ride)


async def serve_raw(port: int) -> None:
    """Serves bytes until it is killed."""
    import grpc

    constant = answer().SerializeToString()

    async def get_ride(request: bytes, context: Any) -> bytes:
        del request, context
        return constant

    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(get_ride)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {"GetRide": handler}),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


async def serve_chain(port: int, jwks: Path, ratio: float, otlp: str) -> None:
    """Serves as services do, until SIGTERM."""
    from chassis.auth import TokenVerifier
    from chassis.server import ServiceServer
    from chassis.settings import Address, ChassisSettings
    from chassis.telemetry import configure_telemetry
    from ridesharing.matching.v1 import ride_service_pb2_grpc

    constant = answer()

    async def get_ride(self: object, request: Any, context: Any) -> Any:
        del self, request, context
        return constant

    rides: Any = type("Rides", (ride_service_pb2_grpc.RideServiceServicer,), {"GetRide": get_ride})()
    settings = ChassisSettings(jwks_file=jwks, trace_sample_ratio=ratio, otlp_endpoint=otlp)
    configure_telemetry("grpc-chain", settings)
    server = ServiceServer(settings, TokenVerifier.from_file(jwks))
    server.add(ride_service_pb2_grpc.add_RideServiceServicer_to_server, rides, _SERVICE)
    await server.run(Address("127.0.0.1", port))


def main() -> int:
    """Serves one of the two; returns the exit status."""
    import uvloop

    kind, port, *rest = sys.argv[1:]
    if kind == "raw":
        uvloop.run(serve_raw(int(port)))
    else:
        jwks, ratio, otlp = rest
        uvloop.run(serve_chain(int(port), Path(jwks), float(ratio), "" if otlp == "-" else otlp))
    return 0


if __name__ == "__main__":
    sys.exit(main())
