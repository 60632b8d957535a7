"""Words in people's languages: Jinja2 in a sandbox, amounts by Babel. A template's first line is the title."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from babel.numbers import format_currency
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from notification_service.domain.sending import Content
from shared_kernel.money import Money, exponent

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
FALLBACK = "en"


class TemplateFiles:
    """Templates in files, `templates/<language>/<name>.txt`, all compiled at the start: a broken one is found then."""

    def __init__(self, folder: Path = TEMPLATES) -> None:
        environment = SandboxedEnvironment(
            loader=FileSystemLoader(folder), undefined=StrictUndefined, autoescape=False, trim_blocks=True
        )
        self._templates = {
            name.removesuffix(".txt"): environment.get_template(name) for name in environment.list_templates()
        }
        self.languages = sorted({name.partition("/")[0] for name in self._templates})

    def names(self, language: str) -> set[str]:
        """Return the names of the templates that a language has."""
        return {name.partition("/")[2] for name in self._templates if name.startswith(f"{language}/")}

    def render(self, template: str, locale: str, context: Mapping[str, str | int | Money]) -> Content:
        """Fill in a template; a language that is not had falls back to its base, then to English."""
        base = locale.replace("_", "-").partition("-")[0].lower()
        language = base if f"{base}/{template}" in self._templates else FALLBACK
        words = {
            name: _amount(value, language) if isinstance(value, Money) else value for name, value in context.items()
        }
        title, _, body = self._templates[f"{language}/{template}"].render(words).strip().partition("\n")
        return Content(title.strip(), body.strip())


def _amount(money: Money, language: str) -> str:
    digits = exponent(money.currency_code)
    # ISO 4217's digits, not CLDR's: the two differ for some currencies, and the receipt must match the ledger.
    value = Decimal(money.amount_minor).scaleb(-digits)
    return format_currency(value, money.currency_code, locale=language, currency_digits=False, format=_pattern(digits))


def _pattern(digits: int) -> str:
    return "¤#,##0" + ("." + "0" * digits if digits else "")
