"""Which roles may call an RPC: read from the contract's `access` option; without one, nobody may."""

from __future__ import annotations

from functools import cache

from google.protobuf import descriptor_pool

from chassis.auth import ANONYMOUS, Actor, Role, TokenVerifier, bearer_token, with_implied
from ridesharing.common.v1 import access_pb2
from shared_kernel.errors import PermissionRefused, Unauthenticated

_ROLES = {
    access_pb2.ROLE_ANONYMOUS: Role.ANONYMOUS,
    access_pb2.ROLE_RIDER: Role.RIDER,
    access_pb2.ROLE_DRIVER: Role.DRIVER,
    access_pb2.ROLE_OPERATOR: Role.OPERATOR,
    access_pb2.ROLE_SERVICE: Role.SERVICE,
    access_pb2.ROLE_SUPPORT: Role.SUPPORT,
    access_pb2.ROLE_ADMIN: Role.ADMIN,
    access_pb2.ROLE_PARTNER: Role.PARTNER,
}
_OPEN_PREFIXES = ("/grpc.health.v1.Health/", "/grpc.reflection.")


def is_open(method: str) -> bool:
    """Tell whether a method (`/package.Service/Method`) is infrastructure that needs no rule."""
    return method.startswith(_OPEN_PREFIXES)


@cache
def allowed_roles(method: str) -> frozenset[Role]:
    """Return the roles that may call `/package.Service/Method`; empty for a method without a rule or unknown."""
    rule = _rule(method)
    return with_implied(_ROLES[role] for role in rule.roles if role in _ROLES)


@cache
def partner_scope(method: str) -> str:
    """Return the scope that a partner's token needs for a method; empty where partners may not call."""
    return _rule(method).partner_scope


def _rule(method: str) -> access_pb2.Access:
    service_name, _, method_name = method.removeprefix("/").partition("/")
    try:
        service = descriptor_pool.Default().FindServiceByName(service_name)
        options = service.methods_by_name[method_name].GetOptions()
    except KeyError:
        return access_pb2.Access()
    return options.Extensions[access_pb2.access]


def admit(method: str, metadata: object, verifier: TokenVerifier) -> Actor:
    """Check the caller of a method against the contract and return the actor.

    A bad token is refused even where none is needed: a client that sends one means it.

    Raises:
        Unauthenticated: `invalid_token`, `expired_token`, or `token_required` where a token is needed and missing.
        PermissionRefused: `role_not_allowed`, or `scope_missing` for a partner.
    """
    roles = allowed_roles(method)
    token = bearer_token(metadata)
    if token:
        actor = verifier.verify(token)
        if actor.role is Role.PARTNER and Role.PARTNER in roles and partner_scope(method) not in actor.scopes:
            raise PermissionRefused("scope_missing", f"this call needs a key with the scope {partner_scope(method)}")
        if actor.role in roles or Role.ANONYMOUS in roles:
            return actor
        raise PermissionRefused("role_not_allowed", f"a token of the role {actor.role.value} may not make this call")
    if Role.ANONYMOUS in roles:
        return ANONYMOUS
    if roles:
        raise Unauthenticated("token_required", "this call needs an access token")
    raise PermissionRefused("role_not_allowed", "nobody may make this call")
