"""An account: a person known by a phone number, who may ride and drive."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from identity_service.domain.texts import clean_locale, clean_text


@dataclass(frozen=True, slots=True)
class Account:
    """A person. The phone number is not part of it: whoever needs it asks for the contact."""

    account_id: UUID
    display_name: str
    phone_last_digits: str
    locale: str
    created_at: datetime
    version: int = 1

    def changed(self, *, display_name: str | None = None, locale: str | None = None) -> Account:
        """Return the account with another name or language; itself where nothing differs.

        Raises:
            InvalidInput: `invalid_argument`.
        """
        name = self.display_name if display_name is None else clean_text("display_name", display_name)
        language = self.locale if locale is None else clean_locale("locale", locale)
        if (name, language) == (self.display_name, self.locale):
            return self
        return replace(self, display_name=name, locale=language, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a person. Personal data in clear."""

    phone_number: str
    locale: str
    display_name: str
    mail_address: str = ""
    """Proved by a code; empty where there is none."""
