"""Rides as their riders and drivers see them, read from matching_service on the caller's own behalf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import Role
from chassis.clients import forward_token, open_channel
from chassis.status import from_rpc_error
from chassis.tls import Certificates
from rider_api.schemas.rides import driver_ride, rider_ride
from ridesharing.matching.v1.ride_service_pb2 import GetRideRequest
from ridesharing.matching.v1.ride_service_pb2_grpc import RideServiceStub

_CALL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RideView:
    """A ride as JSON, and its version."""

    version: int
    data: str


class Rides:
    """Asks with the caller's token, so whose ride it is, is judged where rides are kept."""

    def __init__(self, target: str, certificates: Certificates | None = None) -> None:
        self._target = target
        self._certificates = certificates
        self._stub: Any = None

    async def read(self, ride_id: UUID, role: Role, token: str) -> RideView:
        """Read a ride.

        Raises:
            NotFound: there is none, or it is somebody else's.
            Unauthenticated: the token is over.
            Unavailable: matching does not answer; Unknown where it took too long.
        """
        if self._stub is None:
            # A channel belongs to the loop it is made on.
            self._stub = RideServiceStub(open_channel(self._target, certificates=self._certificates))
        try:
            answer = await self._stub.GetRide(
                GetRideRequest(ride_id=str(ride_id)), metadata=forward_token(token), timeout=_CALL_SECONDS
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        seen = driver_ride(answer.ride) if role is Role.DRIVER else rider_ride(answer.ride)
        return RideView(answer.ride.version, seen.model_dump_json())
