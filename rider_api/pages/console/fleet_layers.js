/** What the live map is drawn with: sources, layers and images, from the palette as it is. */

import { carImage } from "../lib/map.js";
import { color } from "../lib/theme.js";

export const STATES = [
  ["free", "Free"],
  ["offered", "Asked"],
  ["en_route", "On the way"],
  ["arrived", "At the pickup"],
  ["in_trip", "With a rider"],
  ["on_break", "On a break"],
  ["silent", "Not heard of"],
];
/** Filled on the map: those who are on a ride. */
export const ON_A_RIDE = new Set(["en_route", "arrived", "in_trip"]);
/** Rides without a driver. */
export const WAITING = new Set(["requested", "matching", "offered"]);
export const SOURCES = ["lattice", "surge", "trails", "ways", "offers", "ends", "fleet", "chosen"];

export const images = () =>
  Object.fromEntries(STATES.map(([name]) => [`car-${name}`, carImage(color(`car-${name.replaceAll("_", "-")}`), color("raised"), !ON_A_RIDE.has(name))]));

const byState = () => ["match", ["get", "state"], ...STATES.flatMap(([name]) => [name, color(`car-${name.replaceAll("_", "-")}`)]), color("edge")];

export const layers = () => [
  {
    id: "surge",
    type: "fill",
    source: "surge",
    paint: { "fill-color": color("map-surge"), "fill-opacity": ["interpolate", ["linear"], ["get", "permille"], 1000, 0.08, 2000, 0.5] },
  },
  { id: "surge-lines", type: "line", source: "surge", paint: { "line-color": color("map-surge"), "line-opacity": 0.5, "line-width": 0.75 } },
  {
    id: "trails",
    type: "line",
    source: "trails",
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": byState(), "line-width": 2.5, "line-opacity": 0.28 },
  },
  {
    id: "ways",
    type: "line",
    source: "ways",
    layout: { "line-cap": "round" },
    paint: { "line-color": color("map-ride"), "line-width": 1.5, "line-opacity": 0.4, "line-dasharray": [1, 2.2] },
  },
  {
    id: "offers",
    type: "line",
    source: "offers",
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": color("car-offered"), "line-width": 2.5, "line-opacity": 0.9 },
  },
  {
    id: "ends",
    type: "circle",
    source: "ends",
    paint: {
      "circle-radius": ["match", ["get", "kind"], "waiting", 6, 3.5],
      "circle-color": ["match", ["get", "kind"], "waiting", color("car-offered"), "pickup", color("map-ride"), color("raised")],
      "circle-stroke-color": ["match", ["get", "kind"], "dropoff", color("map-ride"), color("raised")],
      "circle-stroke-width": 1.75,
    },
  },
  {
    id: "waves",
    type: "circle",
    source: "ends",
    filter: ["==", ["get", "kind"], "waiting"],
    paint: { "circle-radius": 13, "circle-color": color("car-offered"), "circle-opacity": 0.16 },
  },
  {
    id: "chosen",
    type: "line",
    source: "chosen",
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": color("accent"), "line-width": 4 },
  },
  {
    id: "fleet",
    type: "symbol",
    source: "fleet",
    layout: {
      "icon-image": ["concat", "car-", ["get", "state"]],
      "icon-rotate": ["get", "bearing"],
      "icon-rotation-alignment": "map",
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 9, 0.45, 12, 0.72, 15, 1],
    },
  },
];
