"""The signing keys of a stack: an ES256 key for each issuer, made once, and the public halves as a JWKS."""

import base64
import json
import os
from pathlib import Path

from jitney.stack.problems import plain_file_errors

ISSUERS = ("identity", "matching", "payment", "notification", "rider_api", "cli")
JWKS_NAME = "jwks.json"


def make_signing_keys(folder: Path) -> Path:
    """Makes the keys that are missing in `folder` (`<issuer>.pem`, PKCS8, readable by us alone).

    Returns:
        The path of the JWKS that holds every issuer's public key, `kid` = issuer.
    """
    jwks = folder / JWKS_NAME
    if jwks.exists() and all((folder / f"{issuer}.pem").exists() for issuer in ISSUERS):
        return jwks  # every start but the first
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    public: list[dict[str, str]] = []
    with plain_file_errors(folder, purpose="The folder of the signing keys"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for issuer in ISSUERS:
            path = folder / f"{issuer}.pem"
            if not path.exists():
                made = ec.generate_private_key(ec.SECP256R1())
                write_private(
                    path,
                    made.private_bytes(
                        serialization.Encoding.PEM,
                        serialization.PrivateFormat.PKCS8,
                        serialization.NoEncryption(),
                    ),
                )
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise TypeError(f"{path} is not an elliptic-curve key")
            numbers = key.public_key().public_numbers()
            public.append(
                {
                    "kty": "EC",
                    "crv": "P-256",
                    "alg": "ES256",
                    "use": "sig",
                    "kid": issuer,
                    "x": _coordinate(numbers.x),
                    "y": _coordinate(numbers.y),
                }
            )
        write_private(jwks, json.dumps({"keys": public}, indent=2).encode() + b"\n")
    return jwks


def write_private(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Writes a file that only its owner can read, whole or not at all; `durable`: also if the power fails just then."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _coordinate(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(32, "big")).rstrip(b"=").decode()
