"""The providers of messages that a local stack uses: all of them are the sandbox, with keys made once."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from jitney.stack.addresses import Address
from jitney.stack.keys import write_private
from jitney.stack.problems import plain_file_errors

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PROVIDERS_NAME = "providers.json"


def make_providers_file(
    path: Path,
    sandbox: Address,
    smtp: Address,
    sms_account: str,
    sms_token: str,
    *,
    sms_url: str = "",
    sms_status_url: str = "",
    voice_status_url: str = "",
) -> None:
    """Write the file of providers, keeping the keys that it had; it is written anew, since addresses may have moved.

    Args:
        path: the file.
        sandbox: where it listens for HTTP.
        smtp: where it listens for mail.
        sms_account: the account by which the provider of SMS knows us.
        sms_token: its secret; receipts are signed with it.
        sms_url: another provider of SMS than the sandbox.
        sms_status_url: where it is to post its receipts.
        voice_status_url: where calls are to be told of; without it none are made.
    """
    with plain_file_errors(path.parent, purpose="The folder of the signing keys"):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        keys = _keys_in(path)
        url = f"http://{sandbox.local}"
        providers: list[dict[str, object]] = [
            {
                "kind": "twilio",
                "name": "sms",
                "url": sms_url or f"{url}/sms",
                "account": sms_account,
                "token": sms_token,
                "sender": "Jitney",
                "status_url": sms_status_url,
            },
            {
                "kind": "fcm",
                "name": "fcm",
                "url": f"{url}/fcm",
                "token_url": f"{url}/fcm/token",
                "project": "jitney-local",
                "client_email": "push@jitney-local.example",
                "private_key_id": "local-fcm",
                "private_key": keys.get("fcm") or _rsa_key(),
            },
            {
                "kind": "apns",
                "name": "apns",
                "url": f"{url}/apns",
                "team_id": "LOCALTEAM1",
                "key_id": "LOCALAPNS1",
                "private_key": keys.get("apns") or _elliptic_key(),
                "topic": "org.jitney.local",
            },
            {
                "kind": "smtp",
                "name": "smtp",
                "host": smtp.host,
                "port": smtp.port,
                "tls": "none",
                "sender": "rides@jitney.example",
                "sender_name": "Jitney",
            },
        ]
        if voice_status_url:
            providers.append(
                {
                    "kind": "twilio_voice",
                    "name": "voice",
                    "url": f"{url}/voice",
                    "account": sms_account,
                    "token": sms_token,
                    "sender": "+14155550100",
                    "status_url": voice_status_url,
                }
            )
        write_private(path, json.dumps({"providers": providers}, indent=2).encode() + b"\n")


def _keys_in(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    known = json.loads(path.read_bytes())["providers"]
    return {provider["kind"]: provider["private_key"] for provider in known if "private_key" in provider}


def _rsa_key() -> str:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return _pem(rsa.generate_private_key(public_exponent=65_537, key_size=2048))


def _elliptic_key() -> str:
    from cryptography.hazmat.primitives.asymmetric import ec

    return _pem(ec.generate_private_key(ec.SECP256R1()))


def _pem(key: "RSAPrivateKey | EllipticCurvePrivateKey") -> str:
    from cryptography.hazmat.primitives import serialization as form

    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()
