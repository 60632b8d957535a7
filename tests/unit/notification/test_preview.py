"""What an operator sees of the words before anybody does."""

from __future__ import annotations

import pytest

from notification_service.domain.channels import Channel
from notification_service.use_cases.preview_template import ListTemplates, PreviewTemplate
from shared_kernel.errors import InvalidInput, NotFound
from tests.fakes.notification_templates import TEMPLATES

PREVIEW = PreviewTemplate(TEMPLATES)


@pytest.mark.parametrize("locale", ["en", "es-MX", "fr_CA"])
def test_every_template_is_listed_and_can_be_previewed_on_all_its_channels(locale: str) -> None:
    for info in ListTemplates(TEMPLATES)():
        for channel in info.channels:
            preview = PREVIEW(info.name, channel, locale, {})
            assert (preview.language, preview.version) == (locale[:2], info.version)
            assert preview.content.body


def test_given_values_take_the_place_of_the_example_s_and_are_no_templates() -> None:
    preview = PREVIEW("rider_ride_assigned", Channel.PUSH, "en", {"driver_name": "{{ plate }}\n"})
    assert preview.content.title == "{{ plate }} is on the way"


@pytest.mark.parametrize(
    ("name", "channel", "values", "reason"),
    [
        ("rider_ride_completed", Channel.SMS, {}, "channel_not_used"),
        ("rider_ride_completed", Channel.STREAM, {}, "channel_not_used"),
        ("rider_ride_completed", Channel.PUSH, {"shoe_size": "47"}, "unknown_value"),
        ("driver_tip_received", Channel.PUSH, {"amount": "a lot"}, "unknown_value"),
    ],
)
def test_what_a_template_has_not_is_refused_by_name(
    name: str, channel: Channel, values: dict[str, str], reason: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        PREVIEW(name, channel, "en", values)
    assert refused.value.reason == reason


@pytest.mark.parametrize("name", ["nothing", "_email", "../settings"])
def test_what_is_no_template_is_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        PREVIEW(name, Channel.EMAIL, "en", {})
