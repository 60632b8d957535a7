/** The map that all pages share. Without a tile server it shows what Jitney knows: where it serves, and its zones. */

import * as maplibre from "../vendor/maplibre-gl/maplibre-gl.mjs";
import { graticule, landAround } from "./coast.js";
import { h } from "./dom.js";
import { deployment } from "./session.js";
import { color, isDark, onTheme } from "./theme.js";

export const EMPTY = { type: "FeatureCollection", features: [] };
const WORLD = [[-180, -85], [180, -85], [180, 85], [-180, 85], [-180, -85]];
const BASE_SOURCES = ["land", "graticule", "outside", "areas", "zones"];
/** So far around the service areas there is land to see. */
const AROUND_DEGREES = 3;
const METERS_PER_DEGREE = 111_195;

export const lngLat = (where) => [where.longitude, where.latitude];
export const collection = (features) => ({ type: "FeatureCollection", features });
export const feature = (type, coordinates, properties = {}, id = undefined) => ({
  type: "Feature",
  id,
  properties,
  geometry: { type, coordinates },
});

/** The great-circle distance of two places in meters. */
export function metersBetween(a, b) {
  const middle = ((a.latitude + b.latitude) / 2) * (Math.PI / 180);
  const east = (b.longitude - a.longitude) * Math.cos(middle);
  return Math.hypot(east, b.latitude - a.latitude) * METERS_PER_DEGREE;
}

/** Where somebody is who went so many meters from one place toward another. */
export function toward(from, to, meters) {
  const whole = metersBetween(from, to);
  const share = whole <= meters ? 1 : meters / whole;
  return {
    latitude: from.latitude + (to.latitude - from.latitude) * share,
    longitude: from.longitude + (to.longitude - from.longitude) * share,
  };
}

/** The direction from one place to another, in degrees from north. */
export function bearing(from, to) {
  const middle = (from.latitude * Math.PI) / 180;
  const east = (to.longitude - from.longitude) * Math.cos(middle);
  return (Math.atan2(east, to.latitude - from.latitude) * 180) / Math.PI;
}

/** A bow between two places: an offer on its way. */
export function bow(from, to, steps = 24) {
  const [x0, y0, x1, y1] = [...lngLat(from), ...lngLat(to)];
  const middle = [(x0 + x1) / 2 - (y1 - y0) * 0.22, (y0 + y1) / 2 + (x1 - x0) * 0.22];
  return Array.from({ length: steps + 1 }, (_, number) => {
    const t = number / steps;
    const side = (a, b, c) => (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t ** 2 * c;
    return [side(x0, middle[0], x1), side(y0, middle[1], y1)];
  });
}

/** Read an encoded polyline of five decimals. */
export function decodePolyline(text) {
  const line = [];
  let [index, latitude, longitude] = [0, 0, 0];
  const next = () => {
    let [shift, result, byte] = [0, 0, 0x20];
    while (byte >= 0x20) {
      byte = text.charCodeAt(index++) - 63;
      result |= (byte & 0x1f) << shift;
      shift += 5;
    }
    return result & 1 ? ~(result >> 1) : result >> 1;
  };
  while (index < text.length) {
    latitude += next();
    longitude += next();
    line.push([longitude / 1e5, latitude / 1e5]);
  }
  return line;
}

const ring = (corners) => [...corners, corners[0]].map(lngLat);

function baseStyle() {
  const tiles = deployment.tiles;
  const line = (id, source, paint) => ({ id, type: "line", source, paint });
  return {
    version: 8,
    sources: {
      ...(tiles && { tiles: { type: "raster", tiles: [tiles], tileSize: 256, attribution: deployment.attribution } }),
      ...Object.fromEntries(BASE_SOURCES.map((name) => [name, { type: "geojson", data: EMPTY }])),
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": color(tiles ? "map-land" : "map-water") } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": color("map-land") } },
      line("coast", "land", { "line-color": color("map-coast"), "line-width": 1 }),
      ...(tiles ? [{ id: "tiles", type: "raster", source: "tiles", paint: tilePaint() }] : [line("graticule", "graticule", { "line-color": color("map-lattice"), "line-width": 1 })]),
      { id: "outside", type: "fill", source: "outside", paint: { "fill-color": color("map-outside"), "fill-opacity": 0.45 } },
      line("areas", "areas", { "line-color": color("map-border"), "line-width": 1.25, "line-dasharray": [3, 2] }),
      { id: "zones", type: "fill", source: "zones", paint: { "fill-color": color("map-zone"), "fill-opacity": 0.07 } },
      line("zone-lines", "zones", { "line-color": color("map-zone"), "line-opacity": 0.55, "line-width": 1 }),
    ],
  };
}

/** Tiles made for daylight are dimmed at night. */
const tilePaint = () =>
  isDark()
    ? { "raster-saturation": -0.7, "raster-brightness-max": 0.42, "raster-contrast": 0.1 }
    : { "raster-saturation": -0.45, "raster-opacity": 0.85 };

/**
 * Make a map.
 * @param {HTMLElement} container
 * @param {{label: string, layers?: () => any[], sources?: string[], images?: () => Record<string, ImageData>}} options
 *   layers are made anew for each theme; sources are empty GeoJSON at first; `setData` fills them
 */
export async function makeMap(container, { label, layers = () => [], sources = [], images = () => ({}) }) {
  const map = new maplibre.Map({
    container,
    style: baseStyle(),
    center: [-122.42, 37.77],
    zoom: 11,
    attributionControl: deployment.attribution ? { compact: true } : false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxPitch: 0,
    fadeDuration: 0,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "bottom-right");
  map.getCanvas().setAttribute("aria-label", label);
  const data = new Map();
  let removed = false;

  function dress() {
    for (const [name, image] of Object.entries(images())) {
      if (map.hasImage(name)) map.updateImage(name, image);
      else map.addImage(name, image, { pixelRatio: 2 });
    }
    for (const source of sources) if (!map.getSource(source)) map.addSource(source, { type: "geojson", data: EMPTY });
    // Two changes of the theme in a row dress the last style twice.
    for (const layer of layers()) if (!map.getLayer(layer.id)) map.addLayer(layer);
    for (const [source, value] of data) map.getSource(source)?.setData(value);
  }

  function drawGraticule() {
    const bounds = map.getBounds();
    const box = { south: bounds.getSouth(), west: bounds.getWest(), north: bounds.getNorth(), east: bounds.getEast() };
    made.setData("graticule", collection([feature("MultiLineString", graticule(box, map.getZoom()))]));
  }

  await new Promise((resolve) => map.once("load", resolve));
  dress();
  const forget = onTheme(() => {
    map.once("style.load", dress);
    map.setStyle(baseStyle(), { diff: false });
  });
  map.once("remove", () => {
    removed = true;
    forget();
  });

  const made = {
    map,
    maplibre,
    setData(source, value) {
      // What was asked for before the view was left may come after.
      if (removed) return;
      data.set(source, value);
      map.getSource(source)?.setData(value);
    },
    /** Draw where the cities serve, with all else dimmed; around it the coasts, where there are no tiles. */
    showAreas(areas) {
      const corners = areas.flatMap((area) => area.corners);
      if (!deployment.tiles && corners.length) {
        const [north, east] = ["latitude", "longitude"].map((name) => Math.max(...corners.map((corner) => corner[name])) + AROUND_DEGREES);
        const [south, west] = ["latitude", "longitude"].map((name) => Math.min(...corners.map((corner) => corner[name])) - AROUND_DEGREES);
        landAround({ south, west, north, east }).then((land) => this.setData("land", collection([feature("MultiPolygon", land)])), () => {});
      }
      const holes = areas.map((area) => ring(area.corners));
      this.setData("outside", collection([feature("Polygon", [WORLD, ...holes])]));
      this.setData("areas", collection(areas.map((area) => feature("Polygon", [ring(area.corners)], { name: area.name }))));
      const zones = areas.flatMap((area) => area.zones);
      this.setData("zones", collection(zones.map((zone) => feature("Polygon", [ring(zone.corners)], { name: zone.name }))));
    },
    /** Bring places into view. The padding is of this once: one that the map keeps would be added to the next. */
    show(places, { padding = 80, maxZoom = 14.5, animate = true } = {}) {
      if (removed || places.length === 0) return;
      const bounds = new maplibre.LngLatBounds();
      for (const where of places) bounds.extend(lngLat(where));
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      map.fitBounds(bounds, { padding, maxZoom, duration: animate && !calm ? 600 : 0 });
    },
    marker(where, element, options = {}) {
      return new maplibre.Marker({ element, ...options }).setLngLat(lngLat(where)).addTo(map);
    },
  };
  if (!deployment.tiles) {
    map.on("moveend", drawGraticule);
    drawGraticule();
  }
  return made;
}

/** A place marker that can be dragged. */
export function pinElement(kind) {
  return h("div", { class: `marker-pin ${kind}`, role: "img", "aria-label": kind === "to" ? "Where to" : "Pickup" });
}

/**
 * Draw a car seen from above, its front to the north: an arrow with a rim that keeps it apart from what it lies on.
 * Whoever waits is an outline, whoever is on a ride is filled: states are not told by color alone.
 */
export function carImage(fill, rim, hollow = false) {
  const size = 64;
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d");
  context.translate(size / 2, size / 2 + 2);
  context.beginPath();
  context.moveTo(0, -20);
  context.lineTo(15, 17);
  context.lineTo(0, 10);
  context.lineTo(-15, 17);
  context.closePath();
  context.lineJoin = "round";
  context.lineWidth = 13;
  context.strokeStyle = rim;
  context.stroke();
  context.lineWidth = 6;
  context.strokeStyle = fill;
  context.fillStyle = hollow ? rim : fill;
  context.fill();
  context.stroke();
  return context.getImageData(0, 0, size, size);
}
