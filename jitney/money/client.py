"""Asks payment_service as an operator."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jitney.operate.client import refusal_of
from jitney.stack.environment import StackSettings
from jitney.stack.tokens import make_token, signing_keys

_MINUTES = 60
_CALL_SECONDS = 60.0


class PaymentClient:
    """Calls RPCs of payment_service with an operator's token."""

    def __init__(self, channel: Any, token: str) -> None:
        self._channel = channel
        self._token = token

    def call(self, stub: Any, method: str, request: Any) -> Any:
        """Calls an RPC of a stub's class.

        Raises:
            Refusal: the service refused, or does not answer; it names the exit code.
        """
        import grpc

        from chassis.clients import forward_token

        try:
            return getattr(stub(self._channel), method)(
                request, metadata=forward_token(self._token), timeout=_CALL_SECONDS
            )
        except grpc.RpcError as error:
            raise refusal_of(error, "payment") from None


@contextmanager
def payment_client(environ: Mapping[str, str], data: Path) -> Generator[PaymentClient]:
    """Opens a channel to the service of the environment (JITNEY_PAYMENT_TARGET), or of a local stack."""
    from chassis.clients import open_sync_channel
    from chassis.tls import certificates_of

    settings = StackSettings.read(environ, data)
    token = make_token(signing_keys(environ, settings.data.keys), "operator", None, _MINUTES)
    target = environ.get("JITNEY_PAYMENT_TARGET") or settings.addresses["JITNEY_PAYMENT_LISTEN"].local
    with open_sync_channel(target, certificates=certificates_of()) as channel:
        yield PaymentClient(channel, token)
