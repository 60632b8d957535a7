"""Sign-in by an external OpenID Connect provider, and the identities that stand for the caller."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.accounts import SignIn, sign_in
from rider_api.schemas.federation import (
    IdentityPath,
    IdTokenProof,
    IdTokenSignIn,
    LinkedIdentities,
    LinkedIdentity,
    linked_identity,
)
from ridesharing.identity.v1 import federation_service_pb2 as pb

routes = Routes("federation", "Sign-in", area="account")
_PEOPLE = (Role.RIDER, Role.DRIVER, Role.SUPPORT, Role.OPERATOR)


@routes.route("POST", "/auth/oidc", roles=(Role.ANONYMOUS,), answer=SignIn, problems=(401, 403))
def sign_in_with_id_token(body: IdTokenSignIn) -> SignIn:
    """Trade a provider's ID token for tokens; who is not linked yet needs a phone number that the provider verified."""
    return sign_in(ask(edge().backends.federation.SignInWithIdToken, body.message()))


@routes.route("POST", "/me/identities", roles=_PEOPLE, answer=LinkedIdentity, status=201, problems=(401, 403))
def link_identity(body: IdTokenProof) -> LinkedIdentity:
    """Let a provider's identity stand for the caller from now on."""
    request = pb.LinkIdentityRequest(id_token=body.id_token, nonce=body.nonce)
    return linked_identity(ask(edge().backends.federation.LinkIdentity, request).identity)


@routes.route("GET", "/me/identities", roles=_PEOPLE, answer=LinkedIdentities)
def list_identities() -> LinkedIdentities:
    """Return the identities that stand for the caller."""
    answer = ask(edge().backends.federation.ListIdentities, pb.ListIdentitiesRequest())
    return LinkedIdentities(items=[linked_identity(each) for each in answer.identities])


@routes.route("DELETE", "/me/identities/<identity_id>", roles=_PEOPLE, answer=None, problems=(404,))
def unlink_identity(path: IdentityPath) -> None:
    """Let an identity stand for nobody."""
    ask(edge().backends.federation.UnlinkIdentity, pb.UnlinkIdentityRequest(identity_id=str(path.identity_id)))
