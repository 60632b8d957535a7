"""Show what people are told, in which words, without telling anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notification_service.domain.channels import Channel
from notification_service.domain.matrix import MATRIX, Audience, Row
from notification_service.domain.samples import sample_of
from notification_service.domain.sending import Content
from notification_service.domain.words import Words, words_of
from notification_service.use_cases.outside_ports import Templates
from shared_kernel.errors import FieldViolation, InvalidInput, NotFound


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """A template, its version, its channels, and the names of the values that it may speak of."""

    name: str
    version: str
    channels: Sequence[Channel]
    value_names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as it would be sent, the language it is in, and the version of its template."""

    content: Content
    language: str
    version: str


class ListTemplates:
    """Lists the templates that the matrix names."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def __call__(self) -> Sequence[TemplateInfo]:
        """Return them by name."""
        found: dict[str, TemplateInfo] = {}
        for row in MATRIX:
            if row.words and row.words not in found:
                version = self._templates.version(row.words)
                found[row.words] = TemplateInfo(row.words, version, row.spoken, sorted(_example(row)))
        return [found[name] for name in sorted(found)]


class PreviewTemplate:
    """Writes one message of an example, or of values that are given."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def __call__(self, name: str, channel: Channel, locale: str, values: Mapping[str, str]) -> Preview:
        """Return the message.

        Raises:
            NotFound: `template_not_found`.
            InvalidInput: `channel_not_used` when the template has no words for it, `unknown_value`.
        """
        row = next((row for row in MATRIX if row.words == name), None)
        if row is None:
            raise NotFound("template_not_found", "there is no template of this name")
        if channel not in row.spoken:
            raise InvalidInput(
                "channel_not_used",
                "the template has no words for this channel",
                violations=[FieldViolation("channel", f"must be one of {', '.join(row.spoken)}")],
            )
        example = _example(row)
        for given in values:
            if not isinstance(example.get(given), str):
                named = ", ".join(sorted(name for name, value in example.items() if isinstance(value, str)))
                raise InvalidInput(
                    "unknown_value",
                    "the template has no text of this name",
                    violations=[FieldViolation("values", f"{given} must be one of {named}")],
                )
        rendered = self._templates.render(name, [channel], locale or "en", {**example, **values})
        return Preview(rendered.contents[channel], rendered.language, rendered.template_version)


def _example(row: Row) -> Words:
    return words_of(sample_of(row), for_rider=row.to is Audience.RIDER)
