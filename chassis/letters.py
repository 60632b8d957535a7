"""A word in an event that its consumer alone can read: sealed for the public key of the consumer's service.

Events lie in outboxes and streams for a day, where more can read them than should act on them. ECIES: a fresh P-256 key
for each letter, ECDH with the reader's key, HKDF-SHA256 (RFC 5869), AES-256-GCM. The reader's key is that by which its
service signs; to encrypt for it as well weakens neither (Degabriele et al., "On the Joint Security of Encryption and
Signature in EMV", 2012). Who replaces the key lets the events of before be read first.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import cast

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from chassis.seals import KEY_BYTES, CannotOpenError

_FORM = b"\x01"
_POINT_BYTES = 65
_NONCE_BYTES = 12


class LetterWriter:
    """Seals for one service."""

    def __init__(self, reader: EllipticCurvePublicKey) -> None:
        self._reader = reader

    @classmethod
    def from_file(cls, jwks_file: Path, service: str) -> LetterWriter:
        """Read the key of a service from the file of all public keys; ValueError where it has none."""
        document = json.loads(jwks_file.read_text(encoding="utf-8"))
        for key in jwt.PyJWKSet.from_dict(document).keys:
            if key.key_id == service and isinstance(key.key, EllipticCurvePublicKey):
                return cls(key.key)
        raise ValueError(f"{jwks_file.name} has no public key of {service}")

    def seal(self, text: str, place: bytes) -> bytes:
        """Seal a text for a place, for example the id of what the event is about."""
        fresh = generate_private_key(SECP256R1())
        point, nonce = _point(fresh.public_key()), os.urandom(_NONCE_BYTES)
        key = _key(fresh, self._reader, point, self._reader)
        return _FORM + point + nonce + AESGCM(key).encrypt(nonce, text.encode(), _FORM + place)


class LetterReader:
    """Opens what was sealed for this service."""

    def __init__(self, key: EllipticCurvePrivateKey) -> None:
        self._key = key

    @classmethod
    def from_dir(cls, directory: Path, service: str) -> LetterReader:
        """Read this service's own key, `<service>.pem`."""
        key = load_pem_private_key((directory / f"{service}.pem").read_bytes(), password=None)
        return cls(cast("EllipticCurvePrivateKey", key))

    def open(self, letter: bytes, place: bytes) -> str:
        """Open a letter for a place. Raises CannotOpenError."""
        point, rest = letter[1 : 1 + _POINT_BYTES], letter[1 + _POINT_BYTES :]
        try:
            if letter[:1] != _FORM:
                raise CannotOpenError("a letter has an unknown form")
            fresh = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
            key = _key(self._key, fresh, point, self._key.public_key())
            return AESGCM(key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _FORM + place).decode()
        except (InvalidTag, ValueError) as error:
            if isinstance(error, CannotOpenError):
                raise
            raise CannotOpenError("a letter is for somebody else, or was changed or moved") from None


def _key(
    own: EllipticCurvePrivateKey, other: EllipticCurvePublicKey, point: bytes, reader: EllipticCurvePublicKey
) -> bytes:
    info = b"jitney letter" + point + _point(reader)
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(own.exchange(ECDH(), other))


def _point(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
