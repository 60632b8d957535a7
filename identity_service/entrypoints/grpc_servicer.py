"""IdentityService: each RPC reads its message, runs one use case and writes the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import Role, current_actor
from identity_service.entrypoints import wire
from identity_service.entrypoints.callers import acting_staff, caller_address, current_sign_in
from identity_service.use_cases.list_drivers import ListDrivers
from identity_service.use_cases.read_account import ReadAccount
from identity_service.use_cases.read_contact import ReadContact
from identity_service.use_cases.read_driver import ReadDriver
from identity_service.use_cases.refresh_tokens import RefreshTokens
from identity_service.use_cases.request_otp import RequestOtp
from identity_service.use_cases.set_driver_status import SetDriverStatus
from identity_service.use_cases.sign_out import SignOut
from identity_service.use_cases.submit_driver_application import SubmitDriverApplication
from identity_service.use_cases.update_account import UpdateAccount
from identity_service.use_cases.verify_otp import VerifyOtp
from ridesharing.identity.v1 import identity_service_pb2 as pb
from ridesharing.identity.v1 import identity_service_pb2_grpc

SERVICE_NAME = "ridesharing.identity.v1.IdentityService"
Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the servicer can do."""

    request_otp: RequestOtp
    verify_otp: VerifyOtp
    refresh_tokens: RefreshTokens
    sign_out: SignOut
    read_account: ReadAccount
    update_account: UpdateAccount
    submit_driver_application: SubmitDriverApplication
    read_driver: ReadDriver
    list_drivers: ListDrivers
    set_driver_status: SetDriverStatus
    read_contact: ReadContact


class IdentityServicer(identity_service_pb2_grpc.IdentityServiceServicer):
    """Serves the contract. Who may call stands in the contract and is judged before; whose object it is, here."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    async def RequestOtp(self, request: pb.RequestOtpRequest, context: Context) -> pb.RequestOtpResponse:
        requested = await self._use_cases.request_otp(
            request.request_id,
            request.phone_number,
            request.locale,
            device_id=request.device_id,
            address=caller_address(request.client_address, context),
        )
        return pb.RequestOtpResponse(
            expire_time=wire.to_timestamp(requested.expires_at),
            next_request_time=wire.to_timestamp(requested.next_request_at),
        )

    async def VerifyOtp(self, request: pb.VerifyOtpRequest, context: Context) -> pb.VerifyOtpResponse:
        signed_in = await self._use_cases.verify_otp(
            request.phone_number,
            request.code,
            wire.from_role(request.role),
            request.device_id,
            caller_address(request.client_address, context),
        )
        return pb.VerifyOtpResponse(
            tokens=wire.to_token_pair(signed_in.tokens),
            account=wire.to_account(signed_in.account),
            new_account=signed_in.new_account,
        )

    async def RefreshTokens(self, request: pb.RefreshTokensRequest, context: Context) -> pb.RefreshTokensResponse:
        pair = await self._use_cases.refresh_tokens(request.refresh_token)
        return pb.RefreshTokensResponse(tokens=wire.to_token_pair(pair))

    async def SignOut(self, request: pb.SignOutRequest, context: Context) -> pb.SignOutResponse:
        await self._use_cases.sign_out(current_sign_in())
        return pb.SignOutResponse()

    async def GetAccount(self, request: pb.GetAccountRequest, context: Context) -> pb.GetAccountResponse:
        account = await self._use_cases.read_account(current_actor().account_id)
        return pb.GetAccountResponse(account=wire.to_account(account))

    async def UpdateAccount(self, request: pb.UpdateAccountRequest, context: Context) -> pb.UpdateAccountResponse:
        account = await self._use_cases.update_account(
            current_actor().account_id,
            request.request_id,
            display_name=request.display_name if request.HasField("display_name") else None,
            locale=request.locale if request.HasField("locale") else None,
        )
        return pb.UpdateAccountResponse(account=wire.to_account(account))

    async def SubmitDriverApplication(
        self, request: pb.SubmitDriverApplicationRequest, context: Context
    ) -> pb.SubmitDriverApplicationResponse:
        driver = await self._use_cases.submit_driver_application(
            current_actor().account_id, request.request_id, request.display_name, wire.from_vehicle(request.vehicle)
        )
        return pb.SubmitDriverApplicationResponse(driver=wire.to_driver(driver))

    async def GetDriver(self, request: pb.GetDriverRequest, context: Context) -> pb.GetDriverResponse:
        actor = current_actor()
        owner = actor.account_id if actor.role is Role.DRIVER else None
        driver = await self._use_cases.read_driver(UUID(request.driver_id), owner=owner)
        return pb.GetDriverResponse(driver=wire.to_driver(driver))

    async def ListDrivers(self, request: pb.ListDriversRequest, context: Context) -> pb.ListDriversResponse:
        page = await self._use_cases.list_drivers(
            status=wire.from_status(request.status) if request.status else None,
            after=wire.read_page_token(request.page_token),
            page_size=request.page_size,
        )
        return pb.ListDriversResponse(
            drivers=[wire.to_driver(driver) for driver in page.drivers],
            next_page_token=wire.write_page_token(page.next_after),
        )

    async def SetDriverStatus(self, request: pb.SetDriverStatusRequest, context: Context) -> pb.SetDriverStatusResponse:
        driver = await self._use_cases.set_driver_status(
            acting_staff(),
            request.request_id,
            UUID(request.driver_id),
            wire.from_status(request.status),
            request.reason,
        )
        return pb.SetDriverStatusResponse(driver=wire.to_driver(driver))

    async def GetContact(self, request: pb.GetContactRequest, context: Context) -> pb.GetContactResponse:
        contact = await self._use_cases.read_contact(UUID(request.account_id))
        return pb.GetContactResponse(
            phone_number=contact.phone_number,
            locale=contact.locale,
            display_name=contact.display_name,
            mail_address=contact.mail_address,
        )
