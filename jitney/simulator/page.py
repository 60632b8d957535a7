"""The report of a run as one page of HTML that needs nothing beside itself: verdicts, plots, all figures."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from jitney.plots import bars
from jitney.simulator.report import Report
from jitney.simulator.told import lines_of

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a202c;
  background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .3rem .6rem;
  border-bottom: 1px solid #e2e8f0 } .holds { color: #276749 } .broken { color: #9b2c2c; font-weight: bold }
svg { width: 100%; height: auto; margin: .5rem 0 }
"""


def page_of(report: Report) -> str:
    """Write the page."""
    broken = report.broken_promises
    verdicts = "".join(
        f"<tr><td>{escape(item.name)}</td><td>{item.checked}</td>"
        f'<td class="{"holds" if item.holds else "broken"}">{"holds" if item.holds else f"{item.broken_count} broken"}'
        f"</td><td>{'<br>'.join(escape(line) for line in item.broken)}</td></tr>"
        for item in report.verdicts
    )
    figures = "".join(
        f"<tr><th>{escape(what.strip())}</th><td>{escape(how_much)}</td></tr>" for what, how_much in lines_of(report)
    )
    promises = "".join(f'<li class="broken">{escape(line)}</li>' for line in broken) or "<li>All are kept.</li>"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Simulated city, seed {report.seed}</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>A simulated city: {report.completed} of {report.requested} rides completed</h1>\n"
        f"<h2>Promises</h2><ul>{promises}</ul>\n"
        "<h2>What must hold</h2><table><tr><th>invariant</th><th>checked</th><th></th><th></th></tr>"
        f"{verdicts}</table>\n<h2>Plots</h2>{_plots(report)}\n<h2>Figures</h2><table>{figures}</table>\n</body></html>\n"
    )


def _plots(report: Report) -> str:
    waits = {
        "mean": report.wait_mean_seconds,
        "half within": report.wait_p50_seconds,
        "95 of 100 within": report.wait_p95_seconds,
    }
    plots = (
        ("How rides ended", report.ends),
        ("Rides of a kind that were completed", report.completed_by_kind),
        ("Wait for the driver (simulated s)", {name: value for name, value in waits.items() if value is not None}),
        ("What became of messages", report.deliveries),
        ("Steps that were refused", report.troubles),
    )
    return "".join(_plot(title, values) for title, values in plots if values)


def _plot(title: str, values: Mapping[str, float]) -> str:
    return bars([(name, float(value)) for name, value in values.items()], title)
