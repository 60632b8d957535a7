"""CampaignService over gRPC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from notification_service.domain.campaigns import AudienceRole, Campaign, CampaignState
from notification_service.entrypoints.times import moment_from, timestamp
from notification_service.use_cases.keep_campaigns import KeepCampaigns
from ridesharing.notification.v1 import campaign_service_pb2 as pb
from ridesharing.notification.v1 import campaign_service_pb2_grpc

SERVICE_NAME = "ridesharing.notification.v1.CampaignService"
_Context = grpc.aio.ServicerContext[Any, Any]
_STATES = {state: pb.CampaignState.Value(f"CAMPAIGN_STATE_{state.name}") for state in CampaignState}
_AUDIENCES = {role: pb.CampaignAudience.Value(f"CAMPAIGN_AUDIENCE_{role.name}") for role in AudienceRole}
_AUDIENCE_BY_NUMBER: dict[int, AudienceRole] = {number: role for role, number in _AUDIENCES.items()}


class CampaignServicer(campaign_service_pb2_grpc.CampaignServiceServicer):
    """News of the operator's."""

    def __init__(self, keep: KeepCampaigns, stir: Callable[[], None]) -> None:
        """Take the use case, and what tells the worker that there is something to tell."""
        self._keep = keep
        self._stir = stir

    async def CreateCampaign(self, request: pb.CreateCampaignRequest, context: _Context) -> pb.CreateCampaignResponse:
        campaign = await self._keep.create(
            current_actor().subject,
            request.request_id,
            {words.language: (words.title, words.body) for words in request.words},
            _AUDIENCE_BY_NUMBER[request.audience],
            request.city,
            moment_from(request.start_time, "start_time") if request.HasField("start_time") else None,
        )
        self._stir()
        return pb.CreateCampaignResponse(campaign=_message(campaign))

    async def ListCampaigns(self, request: pb.ListCampaignsRequest, context: _Context) -> pb.ListCampaignsResponse:
        page, token = await self._keep.page(request.page_size, request.page_token)
        return pb.ListCampaignsResponse(campaigns=map(_message, page), next_page_token=token)

    async def StopCampaign(self, request: pb.StopCampaignRequest, context: _Context) -> pb.StopCampaignResponse:
        return pb.StopCampaignResponse(campaign=_message(await self._keep.stop(UUID(request.campaign_id))))


def _message(campaign: Campaign) -> pb.Campaign:
    return pb.Campaign(
        campaign_id=str(campaign.campaign_id),
        words=[
            pb.CampaignWords(language=language, title=title, body=body)
            for language, (title, body) in sorted(campaign.texts.items())
        ],
        audience=_AUDIENCES[campaign.audience],
        city=campaign.city,
        state=_STATES[campaign.state],
        start_time=timestamp(campaign.starts_at),
        create_time=timestamp(campaign.created_at),
        told_count=campaign.told_count,
    )
