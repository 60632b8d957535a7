/** Coasts of the world (Natural Earth, 1:10 million), cut to what a map shows: the ground where there is no tile server. */

const SOURCE = new URL("../vendor/world-atlas/land-10m.json", import.meta.url);

/**
 * Read the land around a box, as the coordinates of one MultiPolygon.
 * @param {{south: number, west: number, north: number, east: number}} box
 */
export async function landAround(box) {
  const topology = await (await fetch(SOURCE)).json();
  const { scale, translate } = topology.transform;
  const arcs = topology.arcs.map((arc) => {
    let [x, y] = [0, 0];
    return arc.map(([east, north]) => {
      x += east;
      y += north;
      return [x * scale[0] + translate[0], y * scale[1] + translate[1]];
    });
  });
  // An arc of a negative number is the other one's, backwards; consecutive arcs share a point.
  const line = (number) => (number < 0 ? arcs[~number].toReversed() : arcs[number]);
  const ring = (numbers) => numbers.flatMap((number, index) => (index === 0 ? line(number) : line(number).slice(1)));
  const polygons = topology.objects.land.geometries[0].arcs;
  return polygons.map((rings) => rings.map((numbers) => clip(ring(numbers), box)).filter((cut) => cut.length > 2)).filter((rings) => rings.length > 0);
}

/** Cut a ring to a box (Sutherland and Hodgman, 1974): side after side, what lies outside is replaced by the side. */
function clip(ring, { south, west, north, east }) {
  const sides = [
    [0, (point) => point[0] >= west, west],
    [0, (point) => point[0] <= east, east],
    [1, (point) => point[1] >= south, south],
    [1, (point) => point[1] <= north, north],
  ];
  return sides.reduce((points, [axis, isInside, bound]) => {
    const kept = [];
    points.forEach((point, index) => {
      const before = points.at(index - 1);
      if (isInside(point) !== isInside(before)) {
        const share = (bound - before[axis]) / (point[axis] - before[axis]);
        const crossing = [0, 0];
        crossing[axis] = bound;
        crossing[1 - axis] = before[1 - axis] + share * (point[1 - axis] - before[1 - axis]);
        kept.push(crossing);
      }
      if (isInside(point)) kept.push(point);
    });
    return kept;
  }, ring);
}

/** Lines of a graticule that suits a zoom, as a MultiLineString: something to see distance and direction by. */
export function graticule({ south, west, north, east }, zoom) {
  const steps = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
  const wanted = 360 / 2 ** zoom / 3;
  const step = steps.find((each) => each <= wanted) ?? steps.at(-1);
  const lines = [];
  for (let at = Math.ceil(west / step); at * step <= east && lines.length < 200; at += 1) lines.push([[at * step, south], [at * step, north]]);
  for (let at = Math.ceil(south / step); at * step <= north && lines.length < 400; at += 1) lines.push([[west, at * step], [east, at * step]]);
  return lines;
}
