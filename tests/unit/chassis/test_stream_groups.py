"""Who reads a stream is known to who fills it, so that nothing is trimmed that a service which is down has not read."""

from __future__ import annotations

import identity_service.bootstrap
import matching_service.bootstrap.application
import matching_service.entrypoints.event_consumer
import matching_service.settings
import notification_service.entrypoints.event_consumer
import notification_service.settings
import payment_service.bootstrap


def test_each_relay_waits_for_the_services_that_read_its_stream() -> None:
    filled = {
        matching_service.bootstrap.application.EVENT_STREAM: matching_service.bootstrap.application.EVENT_GROUPS,
        payment_service.bootstrap.STREAM: payment_service.bootstrap.STREAM_GROUPS,
        identity_service.bootstrap.STREAM: identity_service.bootstrap.STREAM_GROUPS,
    }
    read = {
        matching_service.settings.SERVICE: matching_service.entrypoints.event_consumer.STREAMS,
        notification_service.settings.SERVICE: notification_service.entrypoints.event_consumer.STREAMS,
    }

    assert {stream: set(groups) for stream, groups in filled.items()} == {
        stream: {service for service, streams in read.items() if stream in streams} for stream in filled
    }
    assert {stream for streams in read.values() for stream in streams} == set(filled)
