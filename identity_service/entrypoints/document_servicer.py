"""DocumentService: what drivers show, and what operators say of it."""

from __future__ import annotations

from uuid import UUID

from chassis.auth import Role, current_actor
from identity_service.domain.documents import Document, DocumentKind, DocumentStatus, read_date
from identity_service.entrypoints import wire
from identity_service.entrypoints.callers import Context, acting_staff
from identity_service.use_cases.review_document import ReviewDocument
from identity_service.use_cases.submit_document import SubmitDocument
from ridesharing.identity.v1 import document_service_pb2 as pb
from ridesharing.identity.v1 import document_service_pb2_grpc
from shared_kernel.errors import FieldViolation, InvalidInput, NotFound

SERVICE_NAME = "ridesharing.identity.v1.DocumentService"
_KINDS = {kind: pb.DocumentKind.Value(f"DOCUMENT_KIND_{kind.upper()}") for kind in DocumentKind}
_KINDS_BY_NUMBER = {number: kind for kind, number in _KINDS.items()}
_STATUSES = {status: pb.DocumentStatus.Value(f"DOCUMENT_STATUS_{status.upper()}") for status in DocumentStatus}
_STATUSES_BY_NUMBER = {number: status for status, number in _STATUSES.items()}


class DocumentServicer(document_service_pb2_grpc.DocumentServiceServicer):
    """See the contract."""

    def __init__(self, submit: SubmitDocument, review: ReviewDocument) -> None:
        self._submit = submit
        self._review = review

    async def SubmitDocument(self, request: pb.SubmitDocumentRequest, context: Context) -> pb.SubmitDocumentResponse:
        document = await self._submit(
            current_actor().account_id,
            request.request_id,
            _KINDS_BY_NUMBER[request.kind],
            request.number,
            read_date("expire_date", request.expire_date),
            request.content,
        )
        return pb.SubmitDocumentResponse(document=_document(document))

    async def ListDocuments(self, request: pb.ListDocumentsRequest, context: Context) -> pb.ListDocumentsResponse:
        documents = await self._submit.of_driver(_driver_asked(request.driver_id))
        return pb.ListDocumentsResponse(documents=[_document(document) for document in documents])

    async def ReadDocument(self, request: pb.ReadDocumentRequest, context: Context) -> pb.ReadDocumentResponse:
        document, number, content = await self._review.read(acting_staff(), UUID(request.document_id))
        return pb.ReadDocumentResponse(document=_document(document), number=number, content=content)

    async def ReviewDocument(self, request: pb.ReviewDocumentRequest, context: Context) -> pb.ReviewDocumentResponse:
        document = await self._review(
            acting_staff(),
            request.request_id,
            UUID(request.document_id),
            _STATUSES_BY_NUMBER[request.status],
            request.reason,
        )
        return pb.ReviewDocumentResponse(document=_document(document))


def _driver_asked(named: str) -> UUID:
    """Return whose documents are asked for; somebody else's are not there for a driver."""
    actor = current_actor()
    if actor.role is Role.DRIVER:
        if named and UUID(named) != actor.account_id:
            raise NotFound("driver_not_found", "there is no such driver")
        return actor.account_id
    if not named:
        violation = FieldViolation("driver_id", "must be set, except by drivers")
        raise InvalidInput("invalid_argument", "a driver has to be named", violations=[violation])
    return UUID(named)


def _document(document: Document) -> pb.Document:
    message = pb.Document(
        document_id=str(document.document_id),
        driver_id=str(document.driver_id),
        kind=_KINDS[document.kind],
        status=_STATUSES[document.status],
        number_last_digits=document.number_last_digits,
        expire_date=document.expires_on.isoformat() if document.expires_on else "",
        reason=document.reason,
        content_type=document.content_type,
        size_bytes=document.size_bytes,
        content_sha256=document.content_sha256.hex(),
        submit_time=wire.to_timestamp(document.submitted_at),
    )
    if document.reviewed_at is not None:
        message.review_time.CopyFrom(wire.to_timestamp(document.reviewed_at))
    return message
