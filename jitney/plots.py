"""Plots for reports: plain SVG, that needs no library to be drawn and no network to be seen."""

from collections.abc import Sequence
from html import escape

_WIDTH, _ROW, _LABEL, _BAR = 760, 26, 220, 440
_GOOD, _BAD, _AXIS, _INK = "#2f855a", "#c05621", "#718096", "#4a5568"


def bars(values: Sequence[tuple[str, float]], title: str, mark: float | None = None) -> str:
    """A plot of bars as SVG, legible on light and on dark; with a mark, bars that do not reach it are of another color.

    Args:
        values: what each bar is called, and its length (0 or more).
        title: stands above.
        mark: where a line is drawn.
    """
    top = max([value for _, value in values] + [mark or 0.0, 1e-9])
    # One bar far beyond the others would make them all look alike.
    top = min(top, 3 * mark) if mark else top
    height = _ROW * (len(values) + 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        f'font-size="13" role="img"><title>{escape(title)}</title>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="8" y="18" fill="{_INK}" font-weight="bold">{escape(title)}</text>',
    ]
    for number, (name, value) in enumerate(values):
        y = _ROW * (number + 1) + 8
        length = _BAR * min(value, top) / top
        color = _BAD if mark is not None and value < mark else _GOOD
        parts += [
            f'<text x="{_LABEL - 8}" y="{y + 14}" fill="{_INK}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LABEL}" y="{y}" width="{max(length, 1):.1f}" height="18" rx="2" fill="{color}"/>',
            f'<text x="{_LABEL + length + 6:.1f}" y="{y + 14}" fill="{_INK}">{value:.3g}</text>',
        ]
    if mark is not None:
        x = _LABEL + _BAR * mark / top
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_ROW}" y2="{height - 8}" stroke="{_AXIS}" stroke-dasharray="4 3"/>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"
