"""Documents of drivers."""

from __future__ import annotations

import base64
import binascii
from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from rider_api.schemas.common import (
    AccountId,
    Answer,
    DocumentId,
    OpenEnum,
    Parameters,
    Request,
    Timestamp,
    public_id,
    timestamp,
)
from ridesharing.identity.v1 import document_service_pb2 as pb

KINDS = OpenEnum(pb.DocumentKind.items(), "DOCUMENT_KIND")
STATUSES = OpenEnum(pb.DocumentStatus.items(), "DOCUMENT_STATUS")
MAX_DOCUMENT_BYTES = 3 * 1024 * 1024
MAX_DOCUMENT_BODY_BYTES = MAX_DOCUMENT_BYTES * 4 // 3 + 4_096
"""In base 64, with the fields around it."""

_EXAMPLE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(8)).decode()


class DocumentPath(Parameters):
    """Names a document."""

    document_id: DocumentId


class DocumentsPath(Parameters):
    """Names the driver whose documents they are."""

    driver_id: AccountId


class DocumentSubmission(Request):
    """A document for review."""

    kind: Literal[
        "driving_license",
        "identity_card",
        "vehicle_registration",
        "vehicle_insurance",
        "professional_license",
        "background_check",
    ]
    number: str = Field(min_length=1, max_length=64, examples=["D1234567"])
    expires_on: str | None = Field(
        default=None,
        pattern=r"^\d{4}-\d\d-\d\d$",
        description="The last day on which it counts.",
        examples=["2099-12-31"],
    )
    content_base64: str = Field(
        min_length=24,
        max_length=MAX_DOCUMENT_BYTES * 4 // 3 + 4,
        description="A JPEG, a PNG or a PDF of at most 3 MiB.",
        examples=[_EXAMPLE],
    )

    @field_validator("expires_on")
    @classmethod
    def _is_a_day(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                date.fromisoformat(text)
            except ValueError:
                raise ValueError("must be a day that exists, for example 2030-01-31") from None
        return text

    @field_validator("content_base64")
    @classmethod
    def _is_base64(cls, text: str) -> str:
        try:
            base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("must be base 64 (RFC 4648 §4)") from None
        return text

    def message(self, request_id: str) -> pb.SubmitDocumentRequest:
        """Write it for the contracts."""
        return pb.SubmitDocumentRequest(
            request_id=request_id,
            kind=pb.DocumentKind.Value(f"DOCUMENT_KIND_{self.kind.upper()}"),
            number=self.number,
            expire_date=self.expires_on or "",
            content=base64.b64decode(self.content_base64),
        )


class DocumentReview(Request):
    """Decides on a document."""

    status: Literal["accepted", "rejected"]
    reason: str = Field(default="", max_length=500, description="Needed to reject.", examples=["blurred"])


class Document(Answer):
    """A document without its bytes."""

    id: str = Field(examples=["doc_01h4556qpqexqvskwzpczs00jq"])
    driver_id: str
    kind: str = Field(examples=["driving_license"])
    status: str = Field(examples=["submitted"])
    number_last_digits: str
    expires_on: str | None
    reason: str | None
    content_type: str
    size_bytes: int
    content_sha256: str
    submitted_at: Timestamp
    reviewed_at: Timestamp | None


class Documents(Answer):
    """A driver's documents, the newest first; at most a hundred."""

    items: list[Document]


class DocumentContent(Answer):
    """A document whole."""

    document: Document
    number: str
    content_base64: str


def document(message: pb.Document) -> Document:
    """Convert a document."""
    return Document(
        id=public_id("doc", message.document_id),
        driver_id=public_id("acct", message.driver_id),
        kind=KINDS.text(message.kind),
        status=STATUSES.text(message.status),
        number_last_digits=message.number_last_digits,
        expires_on=message.expire_date or None,
        reason=message.reason or None,
        content_type=message.content_type,
        size_bytes=message.size_bytes,
        content_sha256=message.content_sha256,
        submitted_at=timestamp(message.submit_time),
        reviewed_at=timestamp(message.review_time) if message.HasField("review_time") else None,
    )


def document_content(message: pb.ReadDocumentResponse) -> DocumentContent:
    """Convert a document with its bytes."""
    return DocumentContent(
        document=document(message.document),
        number=message.number,
        content_base64=base64.b64encode(message.content).decode(),
    )
