"""`jitney token`: an access token for local work, signed with the key of the issuer `cli`."""

import uuid
from collections.abc import Mapping
from pathlib import Path

from jitney.stack.problems import StackError

ISSUER = "cli"


def signing_keys(environ: Mapping[str, str], local: Path) -> Path:
    """The folder of the signing keys: JITNEY_SIGNING_KEYS_DIR, for a system elsewhere, or the local stack's."""
    return Path(environ.get("JITNEY_SIGNING_KEYS_DIR") or local)


def make_token(keys: Path, role: str, subject: str | None, minutes: int) -> str:
    """Signs a token.

    Args:
        keys: the folder of the signing keys.
        role: rider, driver, operator or service.
        subject: an account (UUID), or the name of a service; a new account's id if None.
        minutes: how long it is valid, 1 to 1440.

    Raises:
        StackError: there are no keys yet, they cannot be read, or the subject does not fit the role.
    """
    from chassis.auth import Role, TokenSigner

    if not 1 <= minutes <= 1440:
        raise StackError("A token is valid for 1 to 1440 minutes.")
    if role == "service":
        subject = subject or ISSUER
    else:
        try:
            subject = str(uuid.UUID(subject)) if subject else str(uuid.uuid4())
        except ValueError:
            raise StackError(f"{subject} is no account: a UUID is expected.") from None
    try:
        signer = TokenSigner.from_dir(keys, ISSUER)
    except FileNotFoundError:
        raise StackError(
            f"There are no signing keys in {keys}. jitney up makes those of a local stack; "
            "JITNEY_SIGNING_KEYS_DIR names the folder of others."
        ) from None
    except OSError as error:
        told = (error.strerror or str(error)).lower()
        raise StackError(f"The signing keys in {keys} cannot be read: {told}. Ask as who started the stack.") from None
    except ValueError:
        raise StackError(f"The signing key {keys / ISSUER}.pem is damaged. Put it back.") from None
    return signer.sign(subject, Role(role), minutes * 60)
