"""News of the operator's for many people."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.campaigns import Campaign, CampaignPath, CampaignRequest, Campaigns, campaign
from rider_api.schemas.common import PageQuery
from ridesharing.notification.v1 import campaign_service_pb2 as pb

routes = Routes("campaigns", "Operating messages", area="operate_messages")
_OPERATOR = (Role.OPERATOR,)


@routes.route(
    "POST", "/operator/campaigns", roles=_OPERATOR, answer=Campaign, status=201, needs_key=True, problems=(409,)
)
def create_campaign(body: CampaignRequest) -> Campaign:
    """Tell news to riders or drivers: at most one a person and day, in no quiet hours, as people wish."""
    return campaign(ask(edge().backends.campaigns.CreateCampaign, body.message(call().key)).campaign)


@routes.route("GET", "/operator/campaigns", roles=_OPERATOR, answer=Campaigns)
def list_campaigns(query: PageQuery) -> Campaigns:
    """Page through the campaigns, newest first."""
    request = pb.ListCampaignsRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.campaigns.ListCampaigns, request)
    return Campaigns(items=[campaign(each) for each in page.campaigns], next_cursor=next_cursor(page.next_page_token))


@routes.route("POST", "/operator/campaigns/<campaign_id>/stop", roles=_OPERATOR, answer=Campaign, problems=(404, 409))
def stop_campaign(path: CampaignPath) -> Campaign:
    """Tell nobody else."""
    request = pb.StopCampaignRequest(campaign_id=str(path.campaign_id))
    return campaign(ask(edge().backends.campaigns.StopCampaign, request).campaign)
