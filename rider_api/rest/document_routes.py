"""Documents: drivers show them, operators look at them and decide."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.documents import (
    MAX_DOCUMENT_BODY_BYTES,
    Document,
    DocumentContent,
    DocumentPath,
    DocumentReview,
    Documents,
    DocumentsPath,
    DocumentSubmission,
    document,
    document_content,
)
from ridesharing.identity.v1 import document_service_pb2 as pb

routes = Routes("documents", "Documents", area="operate_drivers")
_SECONDS = 15.0


@routes.route(
    "POST",
    "/driver/documents",
    roles=(Role.DRIVER,),
    area="applications",
    answer=Document,
    status=201,
    problems=(404,),
    needs_key=True,
    max_body_bytes=MAX_DOCUMENT_BODY_BYTES,
    seconds=_SECONDS,
)
def submit_document(body: DocumentSubmission) -> Document:
    """Show a document: what it is is read from its bytes, and an operator decides on it."""
    return document(ask(edge().backends.documents.SubmitDocument, body.message(call().key)).document)


@routes.route("GET", "/driver/documents", roles=(Role.DRIVER,), area="applications", answer=Documents)
def list_own_documents() -> Documents:
    """Return the caller's documents, the newest first."""
    answer = ask(edge().backends.documents.ListDocuments, pb.ListDocumentsRequest())
    return Documents(items=[document(item) for item in answer.documents])


@routes.route("GET", "/operator/drivers/<driver_id>/documents", roles=(Role.OPERATOR,), answer=Documents)
def list_documents_of_driver(path: DocumentsPath) -> Documents:
    """Return a driver's documents, the newest first."""
    request = pb.ListDocumentsRequest(driver_id=str(path.driver_id))
    answer = ask(edge().backends.documents.ListDocuments, request)
    return Documents(items=[document(item) for item in answer.documents])


@routes.route(
    "POST",
    "/operator/documents/<document_id>/read",
    roles=(Role.OPERATOR,),
    answer=DocumentContent,
    problems=(404,),
    seconds=_SECONDS,
)
def read_document(path: DocumentPath) -> DocumentContent:
    """Return a document's number and bytes; who looked stands in the audit log, so this is no GET."""
    request = pb.ReadDocumentRequest(document_id=str(path.document_id))
    return document_content(ask(edge().backends.documents.ReadDocument, request))


@routes.route(
    "POST",
    "/operator/documents/<document_id>/review",
    roles=(Role.OPERATOR,),
    answer=Document,
    problems=(404,),
    needs_key=True,
)
def review_document(path: DocumentPath, body: DocumentReview) -> Document:
    """Accept or reject a document; an accepted one takes the place of an older one of its kind."""
    request = pb.ReviewDocumentRequest(
        request_id=call().key,
        document_id=str(path.document_id),
        status=pb.DocumentStatus.Value(f"DOCUMENT_STATUS_{body.status.upper()}"),
        reason=body.reason,
    )
    return document(ask(edge().backends.documents.ReviewDocument, request).document)
