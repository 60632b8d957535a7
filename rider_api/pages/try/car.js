/** The driver's car: it stands or drives on the map, and the service is told where it is. */

import { EMPTY, bearing, collection, decodePolyline, feature, lngLat, metersBetween, toward } from "../lib/map.js";

const IDLE_SECONDS = 4;
const MOVING_SECONDS = 1;
const METERS_A_SECOND = 13;
const FRAME_MILLISECONDS = 100;
const KEPT = "jitney.spot";
const NEAR_METERS = 150;

export class Car {
  /**
   * @param {{api: import("../lib/api.js").Api, map: any, padding: () => any}} scene
   * @param {{latitude: number, longitude: number}} begin where it stands where no spot is kept from before
   * @param {{isOnline: () => boolean, onArrived: () => void}} hooks nobody is told where the car is while it is not online
   */
  constructor(scene, begin, { isOnline, onArrived }) {
    Object.assign(this, { scene, isOnline, onArrived, way: [], goal: null, heading: 0, pace: 1 });
    this.spot = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") ?? begin;
    this.movedAt = performance.now();
    this.reportedAt = -Infinity;
    this.isReporting = false;
    this.turns = 0;
  }

  start() {
    this.draw();
    setInterval(() => this.tick(), FRAME_MILLISECONDS);
  }

  isNear(where) {
    return metersBetween(this.spot, where) < NEAR_METERS;
  }

  /** Drive straight to a place. */
  driveTo(where) {
    this.turns += 1;
    this.goal = where;
    this.way = [where];
    this.drawWay();
  }

  /** Drive along the ride's way, unless the car was sent elsewhere before that is known. */
  async driveAlong(rideId, where) {
    const turn = ++this.turns;
    const route = await this.scene.api.get(`/v1/rides/${rideId}/route`).catch(() => null);
    if (turn !== this.turns) return;
    const line = route?.legs[0]?.polyline ? decodePolyline(route.legs[0].polyline) : [];
    this.goal = where;
    this.way = [...line.map(([longitude, latitude]) => ({ latitude, longitude })), where];
    this.drawWay();
    this.scene.map.show([this.spot, where], { padding: this.scene.padding() });
  }

  stop() {
    this.turns += 1;
    this.goal = null;
    this.way = [];
    this.scene.map.setData("way", EMPTY);
  }

  tick() {
    const now = performance.now();
    const meters = (METERS_A_SECOND * this.pace * (now - this.movedAt)) / 1000;
    this.movedAt = now;
    if (this.goal !== null) this.move(meters);
    const seconds = this.goal === null ? IDLE_SECONDS : MOVING_SECONDS;
    // Never two at a time: a service that hangs would be asked ever more, and older places would come last.
    if (this.isOnline() && !this.isReporting && now - this.reportedAt > seconds * 1000) this.report().catch(() => {});
  }

  move(meters) {
    const before = this.spot;
    let left = meters;
    while (left > 0 && this.way.length) {
      const leg = metersBetween(this.spot, this.way[0]);
      this.spot = toward(this.spot, this.way[0], left);
      left -= leg;
      if (left >= 0) this.way.shift();
    }
    if (metersBetween(before, this.spot) > 0.5) this.heading = bearing(before, this.spot);
    sessionStorage.setItem(KEPT, JSON.stringify(this.spot));
    this.draw();
    if (this.way.length) {
      this.drawWay();
      return;
    }
    this.stop();
    this.report().catch(() => {});
    this.onArrived();
  }

  /** Tell where the car is now. */
  async report() {
    if (!this.isOnline()) return;
    this.reportedAt = performance.now();
    this.isReporting = true;
    const measured = Date.now();
    const ping = { ...this.spot, measured_at: new Date(measured).toISOString(), sequence: measured };
    try {
      await this.scene.api.post("/v1/driver/locations", { locations: [ping] });
    } finally {
      this.isReporting = false;
    }
  }

  draw() {
    this.scene.map.setData("cars", collection([feature("Point", lngLat(this.spot), { bearing: this.heading })]));
  }

  drawWay() {
    this.scene.map.setData("way", collection([feature("LineString", [lngLat(this.spot), ...this.way.map(lngLat)])]));
  }
}
