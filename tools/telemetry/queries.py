"""Queries in PromQL that dashboards ask again and again, each with the legend of its lines."""

from __future__ import annotations

RANGE = "[$__rate_interval]"
"""As far back as a rate looks, which Grafana tells from how often Prometheus scrapes."""
JOB = 'job="$job"'
"""What chooses the service of a dashboard that is of a job."""


def rate(counter: str, *by: str, labels: str = "") -> tuple[str, str]:
    """Show how often a second, one line for each value of the labels `by`."""
    chosen = f"{{{labels}}}" if labels else ""
    return f"sum by ({', '.join(by)}) (rate({counter}{chosen}{RANGE}))", " ".join(f"{{{{{label}}}}}" for label in by)


def quantiles(histogram: str, labels: str = "") -> list[tuple[str, str]]:
    """Show the median, p95 and p99 of a histogram, a line each."""
    chosen = f"{{{labels}}}" if labels else ""
    return [
        (f"histogram_quantile({share}, sum by (le) (rate({histogram}_bucket{chosen}{RANGE})))", f"p{share * 100:g}")
        for share in (0.5, 0.95, 0.99)
    ]
