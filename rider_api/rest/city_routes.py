"""What cities sell and charge, for the people who run the service."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.cities import (
    CheckedCityPolicy,
    Cities,
    CityPath,
    CityPolicies,
    CityPolicy,
    CityPolicyCheck,
    CityPolicyDiff,
    CityPolicyDiffQuery,
    CityPolicyPath,
    CityPolicyPut,
    Surge,
    SurgeControl,
    SurgeControlChange,
    SurgeQuery,
    cities,
    city_policy,
    city_policy_changes,
    surge,
    surge_control,
)
from rider_api.schemas.common import PageQuery, timestamp_message
from ridesharing.matching.v1 import city_service_pb2

routes = Routes("cities", "Operating", area="operate_cities")
_OPERATOR = (Role.OPERATOR,)


@routes.route("GET", "/operator/cities", roles=_OPERATOR, answer=Cities)
def list_cities() -> Cities:
    """Return the cities with the version of the policy that is in force now."""
    return cities(ask(edge().backends.cities.ListCities, city_service_pb2.ListCitiesRequest()))


@routes.route("GET", "/operator/cities/<city>/policies", roles=_OPERATOR, answer=CityPolicies, problems=(404,))
def list_city_policies(path: CityPath, query: PageQuery) -> CityPolicies:
    """Page through the versions of a city's policy, newest first."""
    request = city_service_pb2.ListCityPoliciesRequest(
        city=path.city, page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.cities.ListCityPolicies, request)
    return CityPolicies(
        items=[city_policy(item) for item in page.policies], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("GET", "/operator/cities/<city>/policies/<version>", roles=_OPERATOR, answer=CityPolicy, problems=(404,))
def read_city_policy(path: CityPolicyPath) -> CityPolicy:
    """Return a version with its document."""
    request = city_service_pb2.GetCityPolicyRequest(city=path.city, version=path.version)
    return city_policy(ask(edge().backends.cities.GetCityPolicy, request).policy)


@routes.route(
    "GET", "/operator/cities/<city>/policies/<version>/changes", roles=_OPERATOR, answer=CityPolicyDiff, problems=(404,)
)
def compare_city_policies(path: CityPolicyPath, query: CityPolicyDiffQuery) -> CityPolicyDiff:
    """Compare a version with another, key by key."""
    request = city_service_pb2.DiffCityPoliciesRequest(
        city=path.city, before_version=query.since, after_version=path.version
    )
    answer = ask(edge().backends.cities.DiffCityPolicies, request)
    return CityPolicyDiff(changes=city_policy_changes(list(answer.changes)))


@routes.route("GET", "/operator/cities/<city>/surge", roles=_OPERATOR, answer=Surge, problems=(404,))
def read_surge(path: CityPath, query: SurgeQuery) -> Surge:
    """Return a city's cells that have a surge, the highest first."""
    request = city_service_pb2.GetSurgeRequest(city=path.city, limit=query.limit)
    return surge(ask(edge().backends.cities.GetSurge, request))


@routes.route(
    "PUT",
    "/operator/cities/<city>/surge-control",
    roles=_OPERATOR,
    answer=SurgeControl,
    problems=(404,),
    needs_key=True,
)
def set_surge_control(path: CityPath, body: SurgeControlChange) -> SurgeControl:
    """Freeze a city's surge as it is, or cap it lower than its policy does, until it is set again."""
    control = city_service_pb2.SurgeControl(frozen=body.frozen, cap_permille=body.cap_permille)
    request = city_service_pb2.SetSurgeControlRequest(
        request_id=call().key, city=path.city, control=control, note=body.note
    )
    return surge_control(ask(edge().backends.cities.SetSurgeControl, request).control)


@routes.route(
    "POST", "/operator/city-policies/check", roles=_OPERATOR, answer=CheckedCityPolicy, urgency=Urgency.DEFERRABLE
)
def check_city_policy(body: CityPolicyCheck) -> CheckedCityPolicy:
    """Try a document out: whether it can be put, and what it would change. Nothing is stored."""
    request = city_service_pb2.CheckCityPolicyRequest(document=body.document)
    answer = ask(edge().backends.cities.CheckCityPolicy, request)
    return CheckedCityPolicy(
        city=answer.city,
        latest_version=answer.latest_version,
        changes=city_policy_changes(list(answer.changes)),
    )


@routes.route("POST", "/operator/city-policies", roles=_OPERATOR, answer=CityPolicy, status=201, needs_key=True)
def put_city_policy(body: CityPolicyPut) -> CityPolicy:
    """Put a new version of a city's policy, in force from a time on."""
    request = city_service_pb2.PutCityPolicyRequest(
        request_id=call().key, document=body.document, base_version=body.base_version, note=body.note
    )
    if body.effective_at is not None:
        request.effective_time.CopyFrom(timestamp_message(body.effective_at))
    return city_policy(ask(edge().backends.cities.PutCityPolicy, request).policy)
