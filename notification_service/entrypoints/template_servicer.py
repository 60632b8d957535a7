"""TemplateService over gRPC."""

from __future__ import annotations

from typing import Any

import grpc

from notification_service.entrypoints.grpc_servicer import CHANNEL_TO_WIRE
from notification_service.use_cases.preview_template import ListTemplates, PreviewTemplate
from ridesharing.notification.v1 import template_service_pb2 as pb
from ridesharing.notification.v1 import template_service_pb2_grpc

SERVICE_NAME = "ridesharing.notification.v1.TemplateService"
_Context = grpc.aio.ServicerContext[Any, Any]
_CHANNELS = {number: channel for channel, number in CHANNEL_TO_WIRE.items()}


class TemplateServicer(template_service_pb2_grpc.TemplateServiceServicer):
    """Shows templates."""

    def __init__(self, list_templates: ListTemplates, preview: PreviewTemplate, languages: list[str]) -> None:
        self._list_templates = list_templates
        self._preview = preview
        self._languages = languages

    async def ListTemplates(self, request: pb.ListTemplatesRequest, context: _Context) -> pb.ListTemplatesResponse:
        templates = [
            pb.Template(
                name=info.name,
                version=info.version,
                channels=[CHANNEL_TO_WIRE[channel] for channel in info.channels],
                value_names=info.value_names,
            )
            for info in self._list_templates()
        ]
        return pb.ListTemplatesResponse(templates=templates, languages=self._languages)

    async def PreviewTemplate(
        self, request: pb.PreviewTemplateRequest, context: _Context
    ) -> pb.PreviewTemplateResponse:
        preview = self._preview(request.name, _CHANNELS[request.channel], request.locale, request.values)
        return pb.PreviewTemplateResponse(
            title=preview.content.title,
            body=preview.content.body,
            html=preview.content.html,
            language=preview.language,
            version=preview.version,
        )
