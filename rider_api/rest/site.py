"""The files of the pages: read once, told apart by a digest of them all, packed when first asked for.

Pages load their scripts and styles from below `/assets/<digest>/`, which may be kept for ever: other files have another
digest. Modules import each other by relative paths, so nothing has to be built.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from importlib.resources.abc import Traversable

_MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "woff2": "font/woff2",
    "md": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
}
_DIGEST_LETTERS = 16


@dataclass(frozen=True, slots=True)
class SiteFile:
    """One file as it is sent."""

    content: bytes
    media_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Site:
    """All files below `rider_api/pages`, by their paths there."""

    files: Mapping[str, SiteFile]
    digest: str

    @classmethod
    def read(cls) -> Site:
        """Read them all."""
        files = {path: _file(path, content) for path, content in _walk(resources.files("rider_api") / "pages", "")}
        whole = hashlib.sha256("".join(f"{path}={file.etag};" for path, file in sorted(files.items())).encode())
        return cls(files, whole.hexdigest()[:_DIGEST_LETTERS])

    def page(self, path: str, facts: Mapping[str, str]) -> SiteFile:
        """Return a page with what it has to know, as attributes of its root element, and where its assets are."""
        told = " ".join(f'data-{name}="{escape(value)}"' for name, value in facts.items())
        text = self.files[path].content.decode().replace("<html", f"<html {told}", 1)
        return _file(path, text.replace("@assets", f"/assets/{self.digest}").encode())


@cache
def packed(content: bytes) -> bytes:
    """Return a file as gzip; there are a few dozen, and they stay."""
    return gzip.compress(content, 6, mtime=0)


def _file(path: str, content: bytes) -> SiteFile:
    name = path.rpartition("/")[2]
    suffix = name.rpartition(".")[2] if "." in name else ""
    etag = hashlib.sha256(content).hexdigest()[:_DIGEST_LETTERS]
    return SiteFile(content, _MEDIA_TYPES[suffix], etag)


def _walk(folder: Traversable, before: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{before}{entry.name}/")
        else:
            found.append((before + entry.name, entry.read_bytes()))
    return found
