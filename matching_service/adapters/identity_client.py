"""identity_service over gRPC, with this service's own token."""

from __future__ import annotations

import logging
from uuid import UUID

import grpc

from chassis.status import from_rpc_error
from matching_service.domain.city import VehicleClass
from matching_service.domain.shift import DriverFacts
from matching_service.use_cases.service_ports import DriverRecord
from ridesharing.identity.v1 import accounts_pb2
from ridesharing.identity.v1 import identity_service_pb2 as pb
from ridesharing.identity.v1 import identity_service_pb2_grpc as pb_grpc
from shared_kernel.errors import DomainError, NotFound

_log = logging.getLogger(__name__)

_CLASSES = {
    accounts_pb2.VEHICLE_CLASS_ECONOMY: VehicleClass.ECONOMY,
    accounts_pb2.VEHICLE_CLASS_XL: VehicleClass.XL,
    accounts_pb2.VEHICLE_CLASS_WHEELCHAIR: VehicleClass.WHEELCHAIR,
}


class IdentityClient:
    """The Accounts of production."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = pb_grpc.IdentityServiceStub(channel)

    async def driver(self, driver_id: UUID) -> DriverRecord | None:
        try:
            answer = await self._stub.GetDriver(pb.GetDriverRequest(driver_id=str(driver_id)))
        except grpc.aio.AioRpcError as error:
            failure = from_rpc_error(error)
            if isinstance(failure, NotFound):
                return None
            raise failure from error
        driver = answer.driver
        vehicle_class = _CLASSES.get(driver.vehicle.vehicle_class)
        if vehicle_class is None:
            return None
        facts = DriverFacts(
            driver_id, driver.display_name, driver.vehicle.model, driver.vehicle.color, driver.vehicle.plate
        )
        return DriverRecord(facts, vehicle_class, driver.status == accounts_pb2.DRIVER_STATUS_APPROVED)

    async def first_name(self, account_id: UUID, timeout_seconds: float) -> str:
        request = pb.GetContactRequest(account_id=str(account_id))
        try:
            contact = await self._stub.GetContact(request, timeout=timeout_seconds)
        except grpc.aio.AioRpcError as error:
            # A name is a courtesy: the ride goes on without it.
            failure: DomainError = from_rpc_error(error)
            _log.info("the rider's name is not known", extra={"reason": failure.reason})
            return ""
        return next(iter(contact.display_name.split()), "")
