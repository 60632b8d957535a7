"""Fuzzing of gRPC: every method of every service, with every sort of token, by messages made of the contracts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from chassis.access import allowed_roles
from chassis.status import DETAILS_KEY, ERROR_DOMAIN
from chassis.validation import validate
from shared_kernel.errors import InvalidInput
from tests.fuzz.messages import Messages
from tests.integration.edge.backends import contracts

_BROKEN = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS})
# Two services speak it, each of its own events.
_SHARED = {"ridesharing.common.v1.DeadLetterService": ("matching", "notification")}
_TIMEOUT_SECONDS = 20.0


@dataclass(slots=True)
class CallReport:
    """What came of a run."""

    methods: int = 0
    calls: int = 0
    codes: Counter[str] = field(default_factory=Counter[str])
    server_errors: list[str] = field(default_factory=list[str])
    """Calls that ended with INTERNAL, UNKNOWN or DATA_LOSS."""
    violations: list[str] = field(default_factory=list[str])
    """Answers that break their contract, and refusals without a reason."""


def services_of(targets: Mapping[str, str]) -> Iterable[tuple[str, ServiceDescriptor]]:
    """Return each service with the name of who serves it."""
    for service in contracts():
        owner = service.full_name.split(".")[1]
        for name in _SHARED.get(service.full_name, (owner,)):
            if name in targets:
                yield name, service


def fuzz_calls(
    targets: Mapping[str, str],
    tokens: Mapping[str, str],
    known_ids: Mapping[str, Sequence[str]],
    *,
    examples: int,
    seed_number: int,
    only: str = "",
) -> CallReport:
    """Call every unary method with made messages and all tokens, and with none.

    Args:
        targets: address by service, for example `{"matching": "127.0.0.1:50051"}`.
        tokens: an access token for each role.
        known_ids: real ids (UUIDs) by field name.
        examples: calls a method.
        seed_number: of what is random.
        only: part of the names of methods that are called.
    """
    report = CallReport()
    made = Messages(known_ids)
    for name, service in services_of(targets):
        with grpc.insecure_channel(targets[name]) as channel:
            for method in service.methods:
                if method.client_streaming or only not in f"{service.name}/{method.name}":
                    continue
                report.methods += 1
                _fuzz_method(cast("Any", channel), method, made, tokens, report, examples, seed_number)
    return report


def _fuzz_method(
    channel: Any,
    method: MethodDescriptor,
    made: Messages,
    tokens: Mapping[str, str],
    report: CallReport,
    examples: int,
    seed_number: int,
) -> None:
    path = f"/{method.containing_service.full_name}/{method.name}"
    answer_class = message_factory.GetMessageClass(method.output_type)
    make = channel.unary_stream if method.server_streaming else channel.unary_unary
    call = make(path)
    allowed = [tokens[role.value] for role in allowed_roles(path) if role.value in tokens]
    # Mostly who may call: the others do not get far.
    callers = st.sampled_from([*(allowed * 8), *tokens.values(), "", "not.a.token"])
    odd_bytes = st.binary(min_size=1, max_size=40)

    @seed(seed_number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
    )
    @given(request=made.of(method.input_type), noise=st.none() | st.none() | st.none() | odd_bytes, token=callers)
    def once(request: Message, noise: bytes | None, token: str) -> None:
        raw = request.SerializeToString() if noise is None else noise
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        report.calls += 1
        try:
            answered = call(raw, timeout=_TIMEOUT_SECONDS, metadata=metadata)
            parts = list(answered) if method.server_streaming else [answered]
        except grpc.RpcError as error:
            _judge_refusal(path, raw, cast("Any", error), report)
            return
        report.codes["OK"] += 1
        _judge_answer(path, raw, parts, answer_class, report)

    once()


def _judge_answer(path: str, raw: bytes, parts: list[bytes], kind: type[Message], report: CallReport) -> None:
    for part in parts:
        try:
            validate(kind.FromString(part))
        except (DecodeError, InvalidInput) as error:
            report.violations.append(f"{path} {raw.hex()}: the answer breaks its contract: {error!r}")


def _judge_refusal(path: str, raw: bytes, error: Any, report: CallReport) -> None:
    code: grpc.StatusCode = error.code()
    report.codes[code.name] += 1
    if code in _BROKEN:
        report.server_errors.append(f"{path} {raw.hex()}: {code.name} {error.details()}")
        return
    details = next((value for key, value in error.trailing_metadata() or () if key == DETAILS_KEY), None)
    info = error_details_pb2.ErrorInfo()
    status = status_pb2.Status.FromString(details) if details else status_pb2.Status()
    if not any(detail.Unpack(info) and info.domain == ERROR_DOMAIN and info.reason for detail in status.details):
        report.violations.append(f"{path} {raw.hex()}: {code.name} without a reason: {error.details()}")
