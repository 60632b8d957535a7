"""Pages for people: the console, and a rider's and a driver's page to try rides with. No part of the versioned API.

They are files that call the API from the browser with the token of whoever signs in: here nobody is trusted or known.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from chassis.auth import Role
from rider_api.headers import CONTENT_POLICY
from rider_api.rest.routing import ROLES_ATTRIBUTE, SCOPE_ATTRIBUTE
from rider_api.rest.site import Site, SiteFile, packed
from rider_api.scopes import OPEN_SCOPE
from rider_api.settings import EdgeSettings

_CONSOLE = {"/console": "console/index.html"}
_TRY = {"/try/rider": "try/rider.html", "/try/driver": "try/driver.html"}
PAGES = {"all": _CONSOLE | _TRY, "console": _CONSOLE, "none": {}}
"""Which there are, by the setting."""
_FOR_EVER = "public, max-age=31536000, immutable"
_LOOK_AGAIN = "no-cache"
_WORTH_PACKING_BYTES = 1_024


def page_policy(settings: EdgeSettings) -> str:
    """Return the Content-Security-Policy of the pages: own files, and the addresses that the settings name.

    `data:` images are the icons in the map library's style sheet.
    """
    tiles = _origin(settings.rest_pages_tiles_url)
    elsewhere = " ".join(part for part in (_origin(settings.rest_pages_stream_url), tiles) if part)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "worker-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            f"img-src 'self' data: {tiles}".rstrip(),
            f"connect-src 'self' {elsewhere}".rstrip(),
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def make_blueprint(settings: EdgeSettings) -> Blueprint:
    """Make the routes; the files are read at once."""
    blueprint = Blueprint("pages", __name__)
    site, policy = Site.read(), page_policy(settings)
    facts = {
        "stream": settings.rest_pages_stream_url,
        "sandbox": settings.rest_pages_sandbox_url,
        "tiles": settings.rest_pages_tiles_url,
        "attribution": settings.rest_pages_tiles_attribution,
        "traces": settings.rest_pages_trace_url,
        "environment": settings.environment,
    }

    def add(rule: str, endpoint: str, view: Callable[..., Response]) -> None:
        setattr(view, ROLES_ATTRIBUTE, frozenset({Role.ANONYMOUS}))
        setattr(view, SCOPE_ATTRIBUTE, OPEN_SCOPE)
        blueprint.add_url_rule(rule, endpoint, view_func=view)

    def add_page(rule: str, page: SiteFile) -> None:
        def show() -> Response:
            return _answer(page, policy, _LOOK_AGAIN)

        add(rule, rule.strip("/").replace("/", "_"), show)

    def show_asset(digest: str, path: str) -> Response:
        found = site.files.get(path)
        if found is None:
            raise NotFound
        # Of another digest during a rollout: the file is given, but not to be kept under that name.
        return _answer(found, policy, _FOR_EVER if digest == site.digest else _LOOK_AGAIN)

    def begin() -> Response:
        return Response(status=307, headers={"Location": "/console"})

    shown = PAGES[settings.rest_pages]
    for rule, path in shown.items():
        add_page(rule, site.page(path, facts))
    if shown:
        add("/", "begin", begin)
        add("/assets/<digest>/<path:path>", "asset", show_asset)
    return blueprint


def _answer(file: SiteFile, policy: str, caching: str) -> Response:
    headers = {CONTENT_POLICY: policy, "Cache-Control": caching, "ETag": f'"{file.etag}"', "Vary": "Accept-Encoding"}
    if request.if_none_match.contains(file.etag):
        return Response(status=304, headers=headers)
    content = file.content
    if len(content) >= _WORTH_PACKING_BYTES and request.accept_encodings.find("gzip") >= 0:
        content, headers["Content-Encoding"] = packed(content), "gzip"
    return Response(content, headers=headers, content_type=file.media_type)


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if rest else ""
