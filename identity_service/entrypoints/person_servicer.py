"""PersonService: people as staff see them."""

from __future__ import annotations

from uuid import UUID

from identity_service.entrypoints import wire
from identity_service.entrypoints.callers import Context, acting_staff
from identity_service.use_cases.look_at_people import LookAtPeople, Person
from identity_service.use_cases.register_guest import RegisterGuest
from ridesharing.identity.v1 import person_service_pb2 as pb
from ridesharing.identity.v1 import person_service_pb2_grpc

SERVICE_NAME = "ridesharing.identity.v1.PersonService"


class PersonServicer(person_service_pb2_grpc.PersonServiceServicer):
    """See the contract."""

    def __init__(self, people: LookAtPeople, register_guest: RegisterGuest) -> None:
        self._people = people
        self._register_guest = register_guest

    async def FindPerson(self, request: pb.FindPersonRequest, context: Context) -> pb.FindPersonResponse:
        return pb.FindPersonResponse(person=_person(await self._people.find(request.phone_number)))

    async def GetPerson(self, request: pb.GetPersonRequest, context: Context) -> pb.GetPersonResponse:
        return pb.GetPersonResponse(person=_person(await self._people.get(UUID(request.account_id))))

    async def RegisterGuest(self, request: pb.RegisterGuestRequest, context: Context) -> pb.RegisterGuestResponse:
        person, is_new = await self._register_guest(
            acting_staff(), request.phone_number, request.display_name, request.locale
        )
        return pb.RegisterGuestResponse(person=_person(person), new_account=is_new)

    async def UnmaskPhone(self, request: pb.UnmaskPhoneRequest, context: Context) -> pb.UnmaskPhoneResponse:
        contact = await self._people.unmask(acting_staff(), UUID(request.account_id), request.reason)
        return pb.UnmaskPhoneResponse(phone_number=contact.phone_number, mail_address=contact.mail_address)


def _person(person: Person) -> pb.Person:
    account = person.account
    message = pb.Person(
        account_id=str(account.account_id),
        display_name=account.display_name,
        masked_phone=f"•••{account.phone_last_digits}" if account.phone_last_digits else "",
        locale=account.locale,
        create_time=wire.to_timestamp(account.created_at),
        granted_roles=[wire.to_role(role) for role in person.granted_roles],
    )
    if person.driver_status is not None:
        message.driver_status = wire.to_status(person.driver_status)
    return message
