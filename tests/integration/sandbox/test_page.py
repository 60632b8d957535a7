"""The page for people: what it shows, and that nothing on it can be made to run."""

from tests.integration.sandbox.running import STRIPE_AND_HTTPX, Psp
from tests.integration.sandbox.test_sms import send

pytestmark = STRIPE_AND_HTTPX


async def test_the_page_shows_codes_payments_and_faults(psp: Psp) -> None:
    await send(psp, "+14155550201", "Your Jitney code is 302817.")
    held = await psp.hold(123_456, metadata={"ride": "shown"})
    await psp.fault("rate_limited", "customers.list")
    page = await psp.controls.get("/", params={"to": "+14155550201"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for text in ('data-copy="302817"', held.id, "1,234.56 USD", "ride shown", "Rate limited", "<!doctype html>"):
        assert text in page.text
    live = await psp.controls.get("/?live&to=14155550201")
    assert 'data-copy="302817"' in live.text
    assert "<!doctype html>" not in live.text
    other = await psp.controls.get("/", params={"to": "+14155550299"})
    assert "302817" not in other.text
    assert "Nothing was sent to +14155550299" in other.text


async def test_what_was_sent_is_text_and_never_markup(psp: Psp) -> None:
    await send(psp, "+14155550202", "<script>alert(1)</script>")
    page = await psp.controls.get("/", params={"to": "+14155550202"})
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_the_page_takes_nothing_from_elsewhere(psp: Psp) -> None:
    page = (await psp.controls.get("/")).text
    assert "http://" not in page
    assert "https://" not in page
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript")):
        asset = await psp.controls.get(f"/assets/{name}")
        assert (asset.status_code, asset.headers["content-type"].partition(";")[0]) == (200, kind)
    assert (await psp.controls.get("/assets/..%2Fsettings.py")).status_code == 404
