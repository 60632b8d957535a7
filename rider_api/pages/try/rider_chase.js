/** The driver on the rider's map: where they are, the way they take, and in how many minutes they are there. */

import { EMPTY, bearing, collection, decodePolyline, feature, lngLat } from "../lib/map.js";
import { minutes } from "../lib/format.js";

export class Chase {
  /**
   * @param {{api: import("../lib/api.js").Api, map: any, padding: () => any}} scene
   * @param {import("./rider_journey.js").Journey} journey
   */
  constructor(scene, journey) {
    Object.assign(this, { scene, journey, spot: null, framed: "" });
  }

  forget() {
    Object.assign(this, { spot: null, framed: "" });
  }

  /** Look where the driver is. */
  async look() {
    const { api, map, padding } = this.scene;
    if (!this.journey.isFollowed) {
      map.setData("cars", EMPTY);
      return;
    }
    const { ride } = this.journey;
    const [spot, route] = await Promise.all([api.get(`/v1/rides/${ride.id}/location`).catch(() => null), api.get(`/v1/rides/${ride.id}/route`).catch(() => null)]);
    // The ride may be over, or left behind, by now.
    if (!this.journey.isFollowed || this.journey.ride.id !== ride.id) return;
    if (spot) this.drawCar(spot);
    if (spot && route?.legs.length) this.drawWay(spot, route.legs);
    const { id, state, driver, pickup, dropoff } = this.journey.ride;
    // A driver who was not heard of at first, or who comes instead, is somewhere else.
    const frame = [id, state, driver?.id, this.spot !== null].join();
    if (this.framed !== frame) {
      this.framed = frame;
      map.show([spot, state === "in_progress" ? dropoff : pickup].filter(Boolean), { padding: padding() });
    }
  }

  drawCar(spot) {
    const before = this.spot;
    const hasMoved = before && (before.latitude !== spot.latitude || before.longitude !== spot.longitude);
    this.spot = { ...spot, direction: hasMoved ? bearing(before, spot) : (before?.direction ?? 0) };
    this.scene.map.setData("cars", collection([feature("Point", lngLat(spot), { bearing: this.spot.direction })]));
  }

  drawWay(spot, legs) {
    const ends = [spot, ...legs.map((leg) => leg.place)];
    const line = legs.flatMap((leg, number) => (leg.polyline ? decodePolyline(leg.polyline) : [lngLat(ends[number]), lngLat(leg.place)]));
    this.scene.map.setData("way", collection([feature("LineString", line)]));
    const [eta, told] = [document.getElementById("eta"), minutes(legs[0].eta_seconds)];
    // The same text anew would be read aloud anew.
    if (eta && eta.textContent !== told) eta.textContent = told;
  }
}
