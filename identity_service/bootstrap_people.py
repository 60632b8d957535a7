"""Puts together what staff see of people, and drivers' documents."""

from __future__ import annotations

from chassis.server import ServiceServer
from identity_service.entrypoints import (
    api_key_servicer,
    document_servicer,
    federation_servicer,
    mail_address_servicer,
    person_servicer,
    place_servicer,
    privacy_servicer,
)
from identity_service.use_cases.erase_account import EraseAccount
from identity_service.use_cases.federate import Federate
from identity_service.use_cases.keep_mail_address import KeepMailAddress
from identity_service.use_cases.keep_places import KeepPlaces
from identity_service.use_cases.look_at_people import LookAtPeople
from identity_service.use_cases.ports import Store
from identity_service.use_cases.register_guest import RegisterGuest
from identity_service.use_cases.request_mail_code import RequestMailCode
from identity_service.use_cases.review_document import ReviewDocument
from identity_service.use_cases.submit_document import SubmitDocument
from identity_service.use_cases.use_api_keys import UseApiKeys
from ridesharing.identity.v1.api_key_service_pb2_grpc import add_ApiKeyServiceServicer_to_server
from ridesharing.identity.v1.document_service_pb2_grpc import add_DocumentServiceServicer_to_server
from ridesharing.identity.v1.federation_service_pb2_grpc import add_FederationServiceServicer_to_server
from ridesharing.identity.v1.mail_address_service_pb2_grpc import add_MailAddressServiceServicer_to_server
from ridesharing.identity.v1.person_service_pb2_grpc import add_PersonServiceServicer_to_server
from ridesharing.identity.v1.place_service_pb2_grpc import add_PlaceServiceServicer_to_server
from ridesharing.identity.v1.privacy_service_pb2_grpc import add_PrivacyServiceServicer_to_server
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource


def add_people_services(
    server: ServiceServer, store: Store, register_guest: RegisterGuest, clock: Clock, new_id: IdSource
) -> None:
    """Add people as staff see them and drivers' documents to a server."""
    server.add(
        add_PersonServiceServicer_to_server,
        person_servicer.PersonServicer(LookAtPeople(store), register_guest),
        person_servicer.SERVICE_NAME,
    )
    server.add(
        add_DocumentServiceServicer_to_server,
        document_servicer.DocumentServicer(SubmitDocument(store, clock, new_id), ReviewDocument(store, clock)),
        document_servicer.SERVICE_NAME,
    )


def add_mail_addresses(server: ServiceServer, request_code: RequestMailCode, keep: KeepMailAddress) -> None:
    """Add where people are written to by mail to a server."""
    server.add(
        add_MailAddressServiceServicer_to_server,
        mail_address_servicer.MailAddressServicer(request_code, keep),
        mail_address_servicer.SERVICE_NAME,
    )


def add_erasure(server: ServiceServer, erase: EraseAccount) -> None:
    """Add the export and the erasure of people's data to a server."""
    server.add(
        add_PrivacyServiceServicer_to_server, privacy_servicer.PrivacyServicer(erase), privacy_servicer.SERVICE_NAME
    )


def add_federation(server: ServiceServer, federate: Federate) -> None:
    """Add sign-in by external providers to a server."""
    server.add(
        add_FederationServiceServicer_to_server,
        federation_servicer.FederationServicer(federate),
        federation_servicer.SERVICE_NAME,
    )


def add_places_and_keys(server: ServiceServer, store: Store, keys: UseApiKeys, clock: Clock, new_id: IdSource) -> None:
    """Add riders' places and partners' keys to a server."""
    server.add(
        add_PlaceServiceServicer_to_server,
        place_servicer.PlaceServicer(KeepPlaces(store, clock), new_id),
        place_servicer.SERVICE_NAME,
    )
    server.add(
        add_ApiKeyServiceServicer_to_server, api_key_servicer.ApiKeyServicer(keys), api_key_servicer.SERVICE_NAME
    )
