"""Mutual TLS between services, with certificates in files that are looked at again while the process runs.

cert-manager renews a certificate where it lies. Both ends take the new one up without a restart: the server with the
next connection, a client by a new channel beside the old one, which ends when its calls have.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, cast

import grpc
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from chassis.metrics import TLS_CERTIFICATE_EXPIRES
from chassis.settings import ChassisSettings, TlsFiles

_log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
SETTINGS: tuple[str, ...] = ("JITNEY_TLS_CERT_FILE", "JITNEY_TLS_KEY_FILE", "JITNEY_TLS_CA_FILE")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the files hold; `number` grows with each renewal."""

    number: int
    certificate: bytes
    key: bytes
    authorities: bytes

    def of_client(self) -> grpc.ChannelCredentials:
        """Return them for a channel."""
        return grpc.ssl_channel_credentials(self.authorities, self.key, self.certificate)

    def of_server(self) -> grpc.ServerCertificateConfiguration:
        """Return them for a server."""
        return grpc.ssl_server_certificate_configuration([(self.key, self.certificate)], self.authorities)


class Certificates:
    """The credentials of this process as they are now; asked by all of its channels and its server."""

    def __init__(self, files: TlsFiles, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Read the files.

        Raises:
            ValueError: a file cannot be read, or certificate and key do not belong together.
        """
        self._files = files
        self._monotonic = monotonic
        self._lock = Lock()
        self._current = self._read(1)
        self._look_at = monotonic() + LOOK_SECONDS
        self._complained = False

    def current(self) -> Credentials:
        """Return the credentials; looks at the files once in ten seconds at most."""
        if self._monotonic() < self._look_at:
            return self._current
        with self._lock:
            if self._monotonic() >= self._look_at:
                self._look_at = self._monotonic() + LOOK_SECONDS
                self._look()
            return self._current

    def server_credentials(self) -> grpc.ServerCredentials:
        """Return credentials for a server that asks every client for a certificate, and follow renewals."""
        held = self.current()
        shown = [held.number]

        def renewed() -> grpc.ServerCertificateConfiguration | None:
            # Asked by gRPC before each handshake, on a thread of its own.
            now = self.current()
            if now.number == shown[0]:
                return None
            shown[0] = now.number
            return now.of_server()

        return grpc.dynamic_ssl_server_credentials(
            held.of_server(),
            cast("Any", renewed),  # None, where there is nothing new, is not in its types
            require_client_authentication=True,
        )

    def _look(self) -> None:
        try:
            found = self._read(self._current.number + 1)
        except ValueError as error:
            # Midway through a renewal, or a mistake: what was good before goes on.
            if not self._complained:
                _log.warning("the certificate in the files cannot be used", extra={"cause": str(error)})
            self._complained = True
            return
        self._complained = False
        before = self._current
        if (found.certificate, found.key, found.authorities) != (before.certificate, before.key, before.authorities):
            self._current = found
            _log.info("took up a renewed certificate")

    def _read(self, number: int) -> Credentials:
        parts: list[bytes] = []
        for path in (self._files.certificate, self._files.key, self._files.authorities):
            try:
                parts.append(path.read_bytes())
            except OSError as error:
                raise ValueError(f"{path.name} cannot be read: {error.strerror}") from None
        credentials = Credentials(number, *parts)
        try:
            chain = x509.load_pem_x509_certificates(credentials.certificate)
            x509.load_pem_x509_certificates(credentials.authorities)
            key = load_pem_private_key(credentials.key, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ValueError("certificate, key and authorities must be PEM, the key without a password") from None
        if _public(chain[0].public_key()) != _public(key.public_key()):
            raise ValueError("the key is not that of the certificate")
        TLS_CERTIFICATE_EXPIRES.set(chain[0].not_valid_after_utc.timestamp())
        return credentials


def certificates_for(settings: ChassisSettings) -> Certificates | None:
    """Return the credentials that settings name, the same for all of a process; None without TLS.

    Files that cannot be used end the process with status 2.
    """
    if settings.tls_files is None:
        return None
    try:
        return _opened(settings.tls_files)
    except ValueError as error:
        sys.stderr.write(f"JITNEY_TLS_CERT_FILE: {error}\n")
        sys.exit(2)


@lru_cache(maxsize=8)
def _opened(files: TlsFiles) -> Certificates:
    return Certificates(files)


def certificates_of(environment: Mapping[str, str] = os.environ) -> Certificates | None:
    """Return what the three settings name, for programs without settings of their own; None where they are not set.

    Raises:
        ValueError: only some of them are set, or the files cannot be used.
    """
    named = [environment.get(setting, "") for setting in SETTINGS]
    if not any(named):
        return None
    if not all(named):
        raise ValueError(f"{', '.join(SETTINGS)}: set all of them or none")
    return Certificates(TlsFiles(*map(Path, named)))


def _public(key: object) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # pyright: ignore[reportAttributeAccessIssue]
