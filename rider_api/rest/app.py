"""The Flask application: who calls is settled before any route, every failure is told as a problem."""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from typing import cast

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from chassis.auth import TokenSigner, TokenVerifier
from rider_api.headers import REQUEST_ID, request_id_of, security_headers
from rider_api.keys import load_or_exit
from rider_api.metrics import HTTP_HANDLED, HTTP_SECONDS
from rider_api.problems import INTERNAL, Problem, ProblemError, problem_of
from rider_api.rest import (
    after_ride_routes,
    api_key_routes,
    auth_routes,
    books_routes,
    callback_routes,
    campaign_routes,
    city_routes,
    complaint_routes,
    delivery_routes,
    desk_routes,
    document_routes,
    driver_routes,
    earnings_routes,
    edit_routes,
    federation_routes,
    fleet_routes,
    mail_address_routes,
    map_routes,
    mds_routes,
    me_routes,
    operator_driver_money_routes,
    operator_money_routes,
    operator_payment_routes,
    operator_routes,
    page_routes,
    payment_method_routes,
    people_routes,
    place_routes,
    privacy_routes,
    promotion_routes,
    quote_routes,
    reach_routes,
    ride_routes,
    ride_timeline_routes,
    safety_routes,
    session_routes,
    shift_routes,
    staff_routes,
    system_routes,
    timeline_routes,
    wallet_routes,
    webhook_routes,
)
from rider_api.rest.admission import admit
from rider_api.rest.backends import Backends
from rider_api.rest.calls import Call, Edge, call
from rider_api.rest.cors import allow, preflight
from rider_api.rest.cursors import Cursors
from rider_api.rest.rate_limits import RateLimits
from rider_api.rest.readiness import Readiness
from rider_api.rest.replays import Replays
from rider_api.rest.routing import Routes
from rider_api.rest.shared_redis import SharedRedis
from rider_api.rest.shedding import Shedding
from rider_api.rest.strict_json import MAX_BODY_BYTES
from rider_api.rest.ticket_office import TicketOffice
from rider_api.schemas.accounts import PublicKeys
from rider_api.settings import RestSettings
from shared_kernel.clock import SystemClock
from shared_kernel.errors import DomainError
from shared_kernel.ids import Uuid7Source

_log = logging.getLogger(__name__)
ROUTES: tuple[Routes, ...] = (
    auth_routes.routes,
    me_routes.routes,
    reach_routes.routes,
    safety_routes.routes,
    session_routes.routes,
    quote_routes.routes,
    ride_routes.routes,
    ride_timeline_routes.routes,
    edit_routes.routes,
    after_ride_routes.routes,
    complaint_routes.routes,
    payment_method_routes.routes,
    driver_routes.routes,
    shift_routes.routes,
    delivery_routes.routes,
    operator_routes.routes,
    timeline_routes.routes,
    fleet_routes.routes,
    desk_routes.routes,
    webhook_routes.routes,
    campaign_routes.routes,
    wallet_routes.routes,
    promotion_routes.routes,
    operator_money_routes.routes,
    operator_payment_routes.routes,
    operator_driver_money_routes.routes,
    earnings_routes.routes,
    books_routes.routes,
    staff_routes.routes,
    people_routes.routes,
    mail_address_routes.routes,
    place_routes.routes,
    federation_routes.routes,
    api_key_routes.routes,
    privacy_routes.routes,
    document_routes.routes,
    mds_routes.routes,
    city_routes.routes,
    map_routes.routes,
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_DETAILS = {
    404: "there is nothing at this address; see /openapi.json",
    405: "this address does not take this method; the Allow header names those that it takes",
}
_CODES = {404: "route_not_found", 405: "method_not_allowed", 413: "body_too_large"}


def make_edge(settings: RestSettings) -> Edge:
    """Put together what the routes need. Nothing is connected yet; a key file that cannot be read ends the process."""
    backends = Backends(settings)
    tickets = TicketOffice(settings.redis_url)
    shared = SharedRedis(settings.redis_url)
    return Edge(
        settings=settings,
        backends=backends,
        verifier=load_or_exit("JITNEY_JWKS_FILE", lambda: TokenVerifier.from_file(settings.jwks_file)),
        signer=load_or_exit("JITNEY_SIGNING_KEYS_DIR", lambda: TokenSigner.from_dir(settings.keys_dir, "rider_api")),
        cursors=load_or_exit("JITNEY_SIGNING_KEYS_DIR", lambda: Cursors.from_dir(settings.keys_dir)),
        tickets=tickets,
        readiness=Readiness(backends, tickets.answers),
        limits=RateLimits(shared, settings),
        replays=load_or_exit("JITNEY_SIGNING_KEYS_DIR", lambda: Replays.from_dir(shared, settings.keys_dir)),
        public_keys=load_or_exit(
            "JITNEY_JWKS_FILE", lambda: PublicKeys.model_validate_json(settings.jwks_file.read_bytes())
        ),
        clock=SystemClock(),
        new_id=Uuid7Source(),
    )


def make_app(edge: Edge) -> Flask:
    """Make the application around what its routes need."""
    app = Flask("rider_api", static_folder=None)
    # Before there are any: a route has only the methods that it names.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES + 1
    app.url_map.merge_slashes = False
    app.extensions["edge"] = edge
    for routes in ROUTES:
        app.register_blueprint(routes.blueprint)
    app.register_blueprint(system_routes.make_blueprint())
    app.register_blueprint(callback_routes.make_blueprint())
    app.register_blueprint(page_routes.make_blueprint(edge.settings))
    fixed_headers = security_headers(edge.settings.environment)
    origins = edge.settings.cors_origins

    def settle_caller() -> Response | None:
        given_id = request.headers.get(REQUEST_ID)
        g.call = Call(request_id=request_id_of(given_id, edge.new_id), begun=time.perf_counter())
        asked = preflight(request, origins)
        if asked is None and request.routing_exception is None:
            admit(edge, app.view_functions[cast("str", request.endpoint)])
        return asked

    def finish(response: Response) -> Response:
        current = call()
        for name, value in fixed_headers.items():
            # Pages for people name a policy of their own.
            response.headers.setdefault(name, value)
        response.headers[REQUEST_ID] = current.request_id
        response.headers.setdefault("Cache-Control", "no-store")
        if current.standing is not None:
            response.headers.update(current.standing.headers())
        if current.claim is not None and current.is_final:
            edge.replays.settle(current.claim, response.status_code, dict(response.headers), response.get_data())
        elif current.claim is not None:
            edge.replays.forget(current.claim)
        allow(request, response, origins)
        method = request.method if request.method in _METHODS else "other"
        route = request.url_rule.rule if request.url_rule is not None else "none"
        HTTP_HANDLED.labels(method, route, response.status_code).inc()
        HTTP_SECONDS.labels(method, route).observe(time.perf_counter() - current.begun)
        return response

    app.before_request(settle_caller)
    app.after_request(finish)
    app.register_error_handler(DomainError, _tell_domain_error)
    app.register_error_handler(ProblemError, _tell_problem_error)
    app.register_error_handler(HTTPException, _tell_http_error)
    app.register_error_handler(Exception, _tell_crash)
    app.wsgi_app = Shedding(app, edge)
    return app


def _respond(problem: Problem) -> Response:
    # Kept, either would be all that the same key is told for a day: that it is to ask again, or to show another token.
    if problem.retryable or problem.status == HTTPStatus.UNAUTHORIZED:
        call().is_final = False
    body = problem.body(instance=request.path, request_id=call().request_id, trace_id=call().trace_id)
    return Response(body, status=problem.status, headers=problem.all_headers())


def _tell_domain_error(error: DomainError) -> Response:
    problem = problem_of(error)
    if problem.status >= 500:
        _log.warning(
            "a request failed",
            extra={
                "request_id": call().request_id,
                "route": call().scope,
                "reason": error.reason,
                "status": problem.status,
            },
        )
    return _respond(problem)


def _tell_problem_error(error: ProblemError) -> Response:
    return _respond(error.problem)


def _tell_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status >= 500:
        return _tell_crash(error)
    code = _CODES.get(status, HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_"))
    allowed = {"Allow": ", ".join(sorted(methods))} if (methods := getattr(error, "valid_methods", None)) else {}
    detail = _DETAILS.get(status, HTTPStatus(status).phrase.lower())
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and request.max_content_length:
        # What the route takes, or any where the route is not known yet; one more is let in, to be seen as too much.
        detail = f"a body may have {request.max_content_length - 1} bytes"
    return _respond(Problem(status, code, detail, headers=allowed))


def _tell_crash(error: Exception) -> Response:
    _log.error("a request crashed", extra={"request_id": call().request_id, "route": call().scope}, exc_info=error)
    return _respond(INTERNAL)
