"""Words in people's languages: Jinja2 in a sandbox, amounts, dates and plurals by Babel.

    templates/<language>/<name>.txt          a title in the first line, then the body: inbox, push and mail
    templates/<language>/<name>.sms.txt      the words of an SMS
    templates/<language>/<name>.voice.txt    what is said in a call
    templates/<language>/_footer.txt         what stands below each mail
    templates/_email.html                    what a mail looks like

All are compiled at the start: a broken one is found then. Values are people's own words in part, so they are put on one
line, bounded, and never read as a template; in HTML they are escaped.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import NumberPattern, parse_pattern
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from notification_service.domain.channels import Channel
from notification_service.domain.sending import Content
from notification_service.domain.words import Word, Words
from notification_service.use_cases.outside_ports import Rendered
from shared_kernel.money import Money, exponent

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
FALLBACK = "en"
LONGEST_VALUE = 300
_SUFFIX = {Channel.SMS: ".sms", Channel.VOICE: ".voice"}
# Control characters, and those that turn the direction of what follows.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co"})


class TemplateFiles:
    """Templates in files."""

    def __init__(self, folder: Path = TEMPLATES) -> None:
        loader = FileSystemLoader(folder)
        plain = SandboxedEnvironment(loader=loader, undefined=StrictUndefined, autoescape=False, trim_blocks=True)
        html = SandboxedEnvironment(loader=loader, undefined=StrictUndefined, autoescape=True, trim_blocks=True)
        files = [name for name in plain.list_templates(["txt"]) if "/_" not in name]
        self.languages = sorted({name.partition("/")[0] for name in files})
        self._filters = {language: _filters(language) for language in self.languages}
        # A template finds the filters of its language under their plain names.
        overlays = {language: plain.overlay() for language in self.languages}
        for language, overlay in overlays.items():
            overlay.filters = {**plain.filters, **self._filters[language]}
        self._templates = {
            name.removesuffix(".txt"): overlays[name.partition("/")[0]].get_template(name) for name in files
        }
        self._email = html.get_template("_email.html")
        self._footers = {
            language: (folder / language / "_footer.txt").read_text(encoding="utf-8").strip()
            for language in self.languages
        }
        self._versions = {name: self._version(folder, name) for name in self._names_everywhere()}

    def names(self, language: str) -> set[str]:
        """Return the names of the template files that a language has, those of one channel with its suffix."""
        return {name.partition("/")[2] for name in self._templates if name.startswith(f"{language}/")}

    def has(self, template: str, channel: Channel, language: str) -> bool:
        """Tell whether there are words for a channel in a language."""
        return self._file(template, channel, language) in self._templates

    def version(self, template: str) -> str:
        """Return what tells the words of a template from those it had in other releases, in all languages."""
        return self._versions[template]

    def render(self, template: str, channels: Sequence[Channel], locale: str, words: Words) -> Rendered:
        """Fill in a template for some channels; a language that is not had falls back to its base, then to English."""
        base = locale.replace("_", "-").partition("-")[0].lower()
        language = base if base in self.languages else FALLBACK
        values = {name: _shown(value, language) for name, value in words.items()}
        contents = {channel: self._content(template, channel, language, values) for channel in channels}
        return Rendered(contents, language, self._versions[template])

    def _content(self, template: str, channel: Channel, language: str, values: Mapping[str, Any]) -> Content:
        written = self._templates[self._file(template, channel, language)].render(values).strip()
        if channel in _SUFFIX:
            return Content(body=" ".join(written.split()))
        title, _, body = written.partition("\n")
        title, body = title.strip(), body.strip()
        if channel is not Channel.EMAIL:
            return Content(title, body)
        footer = self._footers[language]
        paragraphs = [line.strip() for line in body.splitlines() if line.strip()]
        html = self._email.render(language=language, title=title, paragraphs=paragraphs, footer=footer)
        return Content(title, "\n\n".join([*paragraphs, "-- ", footer]).replace("-- \n\n", "-- \n"), html)

    def _file(self, template: str, channel: Channel, language: str) -> str:
        return f"{language}/{template}{_SUFFIX.get(channel, '')}"

    def _names_everywhere(self) -> set[str]:
        return {name.partition("/")[2].partition(".")[0] for name in self._templates}

    def _version(self, folder: Path, name: str) -> str:
        files = sorted(f"{key}.txt" for key in self._templates if key.partition("/")[2].partition(".")[0] == name)
        digest = hashlib.sha256()
        for file in files:
            digest.update(f"{file}\n".encode() + (folder / file).read_bytes())
        return digest.hexdigest()[:12]


def _filters(language: str) -> dict[str, Any]:
    dated = {"counted": partial(_counted, language), "long_date": partial(_long_date, language)}
    return {**dated, "spelled": _spelled}


def _counted(language: str, count: int, one: str, other: str) -> str:
    """Write a number with its noun, by the language's own rule (in French 0 is singular, in English it is not)."""
    return f"{count} {one if Locale.parse(language).plural_form(count) == 'one' else other}"


def _spelled(digits: str) -> str:
    """Write digits so that a voice says them one by one."""
    return ", ".join(digits)


def _long_date(language: str, day: date) -> str:
    return format_date(day, "long", locale=language)


def _shown(value: Word, language: str) -> Word:
    match value:
        case Money():
            return _amount(value, language)
        case str():
            seen = "".join(" " if unicodedata.category(char) in _UNSEEN else char for char in value)
            return " ".join(seen.split())[:LONGEST_VALUE]
        case _:
            return value


def _amount(money: Money, language: str) -> str:
    digits = exponent(money.currency_code)
    value = Decimal(money.amount_minor).scaleb(-digits)
    locale, pattern = _pattern(language, digits)
    return pattern.apply(value, locale, currency=money.currency_code, currency_digits=False)


@lru_cache(maxsize=64)
def _pattern(language: str, digits: int) -> tuple[Locale, NumberPattern]:
    """Read how a language writes money, once: Babel looks through its files each time."""
    locale = Locale.parse(language)
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    # ISO 4217's digits, not CLDR's: the two differ for some currencies, and the receipt must match the ledger.
    pattern.frac_prec = (digits, digits)
    return locale, pattern
