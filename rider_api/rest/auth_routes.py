"""Sign-in by a one-time code, tokens and their rotation."""

from __future__ import annotations

from flask import request

from chassis.auth import Role
from rider_api.headers import client_address
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.rate_limits import Pace
from rider_api.rest.routing import Routes
from rider_api.schemas.accounts import (
    OtpAnswer,
    OtpRequest,
    OtpVerification,
    PublicKeys,
    SignIn,
    TokenRefresh,
    Tokens,
    otp_answer,
    sign_in,
    tokens,
)
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import identity_service_pb2

routes = Routes("auth", "Sign-in", area="account")
_OPEN = (Role.ANONYMOUS,)


def _client_address() -> str:
    """Return where the request came from, and ask in the edge's own name: of nobody else would it be believed."""
    call().token = edge().signer.own_token()
    forwarded = request.headers.get("X-Forwarded-For")
    return client_address(request.remote_addr, forwarded, edge().settings.rest_proxies)


@routes.route("POST", "/auth/otp", roles=_OPEN, pace=Pace.CODE, answer=OtpAnswer, status=202)
def request_otp(body: OtpRequest) -> OtpAnswer:
    """Send a one-time code by SMS."""
    asked = identity_service_pb2.RequestOtpRequest(
        request_id=call().key,
        phone_number=body.phone_number,
        locale=body.locale or "",
        device_id=body.device_id,
        client_address=_client_address(),
    )
    return otp_answer(ask(edge().backends.identity.RequestOtp, asked))


@routes.route("POST", "/auth/otp/verify", roles=_OPEN, answer=SignIn, problems=(401, 403))
def verify_otp(body: OtpVerification) -> SignIn:
    """Trade a code for tokens; the first sign-in makes the account."""
    asked = identity_service_pb2.VerifyOtpRequest(
        phone_number=body.phone_number,
        code=body.code,
        role=access_pb2.Role.Value(f"ROLE_{body.role.upper()}"),
        device_id=body.device_id,
        client_address=_client_address(),
    )
    return sign_in(ask(edge().backends.identity.VerifyOtp, asked))


@routes.route("POST", "/auth/token/refresh", roles=_OPEN, answer=Tokens, problems=(401,))
def refresh_tokens(body: TokenRefresh) -> Tokens:
    """Trade a refresh token for the next pair; using one twice ends the sign-in."""
    asked = identity_service_pb2.RefreshTokensRequest(refresh_token=body.refresh_token)
    return tokens(ask(edge().backends.identity.RefreshTokens, asked).tokens)


@routes.route("POST", "/auth/logout", roles=(Role.RIDER, Role.DRIVER, Role.SUPPORT, Role.OPERATOR), answer=None)
def sign_out() -> None:
    """End the sign-in that the access token belongs to."""
    ask(edge().backends.identity.SignOut, identity_service_pb2.SignOutRequest())


@routes.route("GET", "/auth/jwks", roles=_OPEN, pace=Pace.FREE, answer=PublicKeys)
def read_public_keys() -> PublicKeys:
    """Return the public keys that access tokens can be checked with."""
    return edge().public_keys
