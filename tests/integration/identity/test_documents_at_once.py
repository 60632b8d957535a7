"""Documents of one driver that are decided on at the same moment."""

from __future__ import annotations

import asyncio

from chassis.clients import forward_token
from chassis.status import rpc_errors
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import accounts_pb2
from ridesharing.identity.v1 import document_service_pb2 as pb
from ridesharing.identity.v1 import identity_service_pb2 as identity_pb
from tests.integration.identity.conftest import Runner
from tests.integration.identity.test_documents import Applicant

ROUNDS = 5


async def test_of_three_of_a_kind_that_are_accepted_at_once_one_counts(run_identity: Runner) -> None:
    async with run_identity() as identity:
        signed_in = await identity.sign_in(role=access_pb2.ROLE_DRIVER)
        token = forward_token(signed_in.tokens.access_token)
        vehicle = accounts_pb2.Vehicle(
            model="Prius", color="blue", plate="7ABC123", vehicle_class=accounts_pb2.VEHICLE_CLASS_ECONOMY
        )
        request = identity_pb.SubmitDriverApplicationRequest(request_id="a", display_name="Ana", vehicle=vehicle)
        with rpc_errors():
            await identity.stub.SubmitDriverApplication(request, metadata=token)
        applicant = Applicant(identity, signed_in.account.account_id, token)
        for _ in range(ROUNDS):
            submitted = [await applicant.submit() for _ in range(3)]
            reviewed = await asyncio.gather(*(applicant.review(document.document_id) for document in submitted))
            assert [document.status for document in reviewed] == [pb.DOCUMENT_STATUS_ACCEPTED] * 3
            statuses = await applicant.statuses()
            assert statuses.count(pb.DOCUMENT_STATUS_ACCEPTED) == 1
            assert statuses.count(pb.DOCUMENT_STATUS_SUPERSEDED) == len(statuses) - 1
