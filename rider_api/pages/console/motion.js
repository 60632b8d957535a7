/** Where vehicles are between two looks: each glides from where it was to where it is, and leaves a short trail. */

import { bearing, metersBetween } from "../lib/map.js";

const TRAIL_POINTS = 9;
/** A car that is said to be so far from its last place did not drive there. */
const JUMP_METERS = 5_000;
/** Too small a way to tell a direction by. */
const TURN_METERS = 4;

export class Motion {
  constructor(seconds) {
    this.milliseconds = seconds * 1000;
    this.cars = new Map();
  }

  /** Take in what was seen; who is not seen any more is gone. */
  see(vehicles, now = performance.now()) {
    const seen = new Set();
    for (const vehicle of vehicles) {
      seen.add(vehicle.driver_id);
      const at = { latitude: vehicle.latitude, longitude: vehicle.longitude };
      const known = this.cars.get(vehicle.driver_id);
      if (known === undefined || metersBetween(known.to, at) > JUMP_METERS) {
        this.cars.set(vehicle.driver_id, { vehicle, from: at, to: at, since: now, direction: known?.direction ?? 0, trail: [at] });
        continue;
      }
      const from = this.place(known, now);
      if (metersBetween(known.to, at) > TURN_METERS) {
        known.direction = bearing(known.to, at);
        known.trail = [...known.trail, at].slice(-TRAIL_POINTS);
      } else if (known.trail.length > 1) known.trail = known.trail.slice(1);
      Object.assign(known, { vehicle, from, to: at, since: now });
    }
    for (const id of this.cars.keys()) if (!seen.has(id)) this.cars.delete(id);
  }

  place(car, now) {
    const share = Math.min(1, (now - car.since) / this.milliseconds);
    return {
      latitude: car.from.latitude + (car.to.latitude - car.from.latitude) * share,
      longitude: car.from.longitude + (car.to.longitude - car.from.longitude) * share,
    };
  }

  /** Whether anybody is under way at all. */
  moves(now = performance.now()) {
    return [...this.cars.values()].some((car) => now - car.since < this.milliseconds && car.from !== car.to);
  }
}
