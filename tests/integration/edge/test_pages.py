"""The pages for people as the edge serves them: whole, kept for ever where they may be, loading nothing else."""

import gzip
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import ValidationError

from rider_api.rest.app import make_app, make_edge
from rider_api.settings import RestSettings

PAGES = Path(__file__).parents[3] / "rider_api/pages"
ADDRESSES = ("/console", "/try/rider", "/try/driver")
LOADED = re.compile(r'(?:src|href)="(/[^"]+)"')
MODULES = sorted(path for path in PAGES.rglob("*.js") if "vendor" not in path.parts)


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_loads_only_files_that_are_there_and_may_be_kept(visitor: FlaskClient, address: str) -> None:
    page = visitor.get(address)
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-cache")
    loaded = LOADED.findall(page.text)
    assert len(loaded) >= 5
    for path in loaded:
        asset = visitor.get(path)
        assert asset.status_code == 200, path
        assert "immutable" in asset.headers["Cache-Control"]
        assert asset.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_runs_nothing_but_files_of_its_own(visitor: FlaskClient, address: str) -> None:
    page = visitor.get(address)
    policy = page.headers["Content-Security-Policy"].split("; ")
    rules = {name: value for name, _, value in (rule.partition(" ") for rule in policy)}
    assert (rules["default-src"], rules["script-src"], rules["style-src"]) == ("'none'", "'self'", "'self'")
    assert (rules["frame-ancestors"], rules["base-uri"]) == ("'none'", "'none'")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", page.text)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PAGES)))
def test_a_module_imports_modules_that_are_there(visitor: FlaskClient, module: Path) -> None:
    digest = LOADED.findall(visitor.get("/console").text)[0].split("/")[2]
    own = f"/assets/{digest}/{module.relative_to(PAGES)}"
    text = module.read_text()
    for name in re.findall(r'(?:from|new URL\()\s*"(\.{1,2}/[^"]+)"', text):
        assert visitor.get(urljoin(own, name)).status_code == 200, name
    # Markup that is put together from text is how pages are taken over.
    assert not re.search(r"\.innerHTML\s*=[^=]|insertAdjacentHTML|document\.write|\beval\(|new Function", text)


def test_what_is_kept_is_not_sent_again(visitor: FlaskClient) -> None:
    page = visitor.get("/console")
    again = visitor.get("/console", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_file_is_packed_for_who_can_unpack_it(visitor: FlaskClient) -> None:
    path = next(path for path in LOADED.findall(visitor.get("/console").text) if path.endswith(".css"))
    plain, packed = visitor.get(path), visitor.get(path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_the_page_of_another_release_gets_files_but_keeps_none(visitor: FlaskClient) -> None:
    asset = visitor.get("/assets/0123456789abcdef/styles/base.css")
    assert (asset.status_code, asset.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize("path", ["nothing.js", "../settings.py", "%2e%2e/settings.py", "vendor", "vendor/"])
def test_only_files_of_the_pages_are_given(visitor: FlaskClient, path: str) -> None:
    answer = visitor.get(f"/assets/0123456789abcdef/{path}")
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "route_not_found"


def test_the_root_leads_to_the_console(visitor: FlaskClient) -> None:
    assert visitor.get("/").headers["Location"] == "/console"


@pytest.mark.parametrize(("pages", "found"), [("all", (200, 200)), ("console", (200, 404)), ("none", (404, 404))])
def test_a_deployment_says_which_pages_it_has(edge_settings: RestSettings, pages: str, found: tuple[int, int]) -> None:
    edge = make_edge(edge_settings.model_copy(update={"rest_pages": pages}))
    visitor = make_app(edge).test_client()
    assert (visitor.get("/console").status_code, visitor.get("/try/rider").status_code) == found


def test_streams_and_tiles_elsewhere_are_let_through_and_told_to_the_page(edge_settings: RestSettings) -> None:
    told = {
        "rest_pages_stream_url": "https://live.example.org",
        "rest_pages_tiles_url": "https://tiles.example.org/{z}/{x}/{y}.png?key=a&b=c",
        "rest_pages_tiles_attribution": 'The "mappers"',
        "rest_pages_trace_url": "https://traces.example.org/{trace_id}",
    }
    edge = make_edge(RestSettings.model_validate({**edge_settings.model_dump(), **told}))
    page = make_app(edge).test_client().get("/console")
    policy = page.headers["Content-Security-Policy"]
    assert "connect-src 'self' https://live.example.org https://tiles.example.org;" in policy
    assert "img-src 'self' data: https://tiles.example.org;" in policy
    assert 'data-traces="https://traces.example.org/{trace_id}"' in page.text
    assert 'data-attribution="The &quot;mappers&quot;"' in page.text
    assert 'data-tiles="https://tiles.example.org/{z}/{x}/{y}.png?key=a&amp;b=c"' in page.text


@pytest.mark.parametrize(
    "address", ["live.example.org", "https://a b", "https://a; script-src *", "javascript:alert(1)"]
)
def test_an_address_that_would_change_the_policy_is_refused(edge_settings: RestSettings, address: str) -> None:
    with pytest.raises(ValidationError, match="is not an address"):
        RestSettings.model_validate({**edge_settings.model_dump(), "rest_pages_stream_url": address})
