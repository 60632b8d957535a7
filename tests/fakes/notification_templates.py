"""The packaged templates, read once a run: they are the same for every test, and a quarter of a second each time."""

from notification_service.adapters.templates import TemplateFiles

TEMPLATES = TemplateFiles()
