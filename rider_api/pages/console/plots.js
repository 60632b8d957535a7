/** Plots over time, in the palette and on a canvas; each comes with its figures as text in the legend. */

import { h } from "../lib/dom.js";
import { clock } from "../lib/format.js";
import { color, onTheme } from "../lib/theme.js";

const HEIGHT = 200;

/**
 * A plot of steps.
 * @param {{label: string, series: {label: string, color: string, fill?: boolean, bars?: boolean, tell: (value: number) => string}[]}} options
 * @returns an element with `setData([times, ...values])` and `stop()`
 */
export function timePlot({ label, series }) {
  const holder = h("div", { class: "plot", role: "img", "aria-label": label });
  let plot = null;
  let data = null;
  let stopped = false;

  function make() {
    plot?.destroy();
    const axis = { stroke: color("soft"), font: "11px Inter, sans-serif", ticks: { show: false }, grid: { stroke: color("line"), width: 1 } };
    const { uPlot } = globalThis;
    plot = new uPlot(
      {
        width: Math.max(280, holder.clientWidth),
        height: HEIGHT,
        padding: [10, 6, 0, 0],
        cursor: { y: false, points: { size: 7 } },
        legend: { live: true },
        scales: { y: { range: (_, low, high) => [Math.min(0, low), Math.max(1, high * 1.12)] } },
        axes: [
          { ...axis, grid: { show: false }, space: 70, values: (_, at) => at.map((each) => clock(each * 1000)) },
          { ...axis, size: 52, space: 34, values: (_, at) => at.map((each) => series[0].tell(each)) },
        ],
        series: [
          { label: "At", value: (_, at) => (at === null ? "–" : clock(at * 1000)) },
          ...series.map((each) => ({
            label: each.label,
            stroke: color(each.color),
            width: each.bars ? 0 : 2,
            fill: each.bars ? color(each.color) : each.fill ? `${color(each.color)}22` : undefined,
            paths: each.bars ? uPlot.paths.bars({ size: [0.72, 40], radius: 0.2 }) : uPlot.paths.spline(),
            points: { show: false },
            value: (_, value) => (value === null || value === undefined ? "–" : each.tell(value)),
          })),
        ],
      },
      data,
      holder,
    );
  }

  const resize = new ResizeObserver(() => plot?.setSize({ width: Math.max(280, holder.clientWidth), height: HEIGHT }));
  resize.observe(holder);
  const forget = onTheme(() => data && make());
  return Object.assign(holder, {
    setData(next) {
      // An answer may come after the view was left: a plot made then would listen to the window for ever.
      if (stopped) return;
      data = next;
      if (plot) plot.setData(next);
      else make();
    },
    stop() {
      stopped = true;
      resize.disconnect();
      forget();
      plot?.destroy();
    },
  });
}
