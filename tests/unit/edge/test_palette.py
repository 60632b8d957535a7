"""The palette: ink can be read on its ground, light and dark (WCAG 2.2, AA)."""

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).parents[3] / "rider_api/pages/styles"
_COLOR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
PALETTE = {name: (light, dark) for name, light, dark in _COLOR.findall((STYLES / "tokens.css").read_text())}
_CARS = ("free", "offered", "en-route", "arrived", "in-trip", "on-break", "silent")

# Words: 4.5 to 1 (success criterion 1.4.3).
WORDS = [
    *(
        (ink, ground)
        for ink in ("ink", "soft", "accent", "bad")
        for ground in ("ground", "surface", "raised", "sunken")
    ),
    *((ink, "quiet-soft") for ink in ("ink", "soft")),
    *((tone, f"{tone}-soft") for tone in ("good", "info", "warn", "bad")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("accent-strong", "accent-soft"),
    ("ink", "accent-soft"),
    ("soft", "accent-soft"),
]
# What is drawn, and the borders of fields: 3 to 1 (1.4.11).
SIGNS = [
    *((f"car-{state}", ground) for state in _CARS for ground in ("raised", "map-land", "map-water")),
    ("map-ride", "map-land"),
    ("edge", "surface"),
    ("edge", "ground"),
    ("accent", "accent-soft"),
]


def luminance(color: str) -> float:
    """Relative luminance of #rrggbb."""
    parts = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colors, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "ground", "least"), [*((*pair, 4.5) for pair in WORDS), *((*pair, 3.0) for pair in SIGNS)]
)
def test_a_pair_can_be_told_apart(front: str, ground: str, least: float, theme: int) -> None:
    assert contrast(PALETTE[front][theme], PALETTE[ground][theme]) >= least


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_every_color_of_the_styles_is_one_of_the_palette() -> None:
    known = set(re.findall(r"(--[\w-]+):", (STYLES / "tokens.css").read_text()))
    used = {name for path in STYLES.glob("*.css") for name in re.findall(r"var\((--[\w-]+)\)", path.read_text())}
    assert used <= known
    loose = [
        f"{path.name}: {line.strip()}"
        for path in STYLES.glob("*.css")
        if path.name != "tokens.css"
        for line in path.read_text().splitlines()
        if re.search(r"#[0-9a-f]{3,8}\b", line)
    ]
    # The knob of a switch and the middle of a marker are white in both themes.
    assert len(loose) == loose.count("try.css: background: #fff;")
