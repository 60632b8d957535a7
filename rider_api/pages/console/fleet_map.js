/** The fleet as it is drawn: vehicles that glide from look to look, rides, offers on their way, surge. */

import { h } from "../lib/dom.js";
import { ago, words } from "../lib/format.js";
import { bow, collection, feature, lngLat } from "../lib/map.js";
import { ON_A_RIDE, STATES, WAITING } from "./fleet_layers.js";
import { Motion } from "./motion.js";

const FRAME_MILLISECONDS = 66;
const VEHICLES_THAT_GLIDE = 700;
/** Vehicles go on gliding a little longer than until the next look, so that none stands still in between. */
const LEEWAY_SECONDS = 0.4;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const padding = () => (innerWidth > 720 ? { top: 110, left: 60, right: 370, bottom: 80 } : { top: 130, left: 30, right: 30, bottom: 260 });

export class FleetMap {
  /**
   * @param {any} scene of `makeMap`
   * @param {number} lookSeconds between two looks
   * @param {(rideId: string) => void} onChoose called with the ride whose end was clicked
   */
  constructor(scene, lookSeconds, onChoose) {
    Object.assign(this, { scene, onChoose, motion: new Motion(lookSeconds + LEEWAY_SECONDS), fleet: null, drawnAt: 0, hasFound: false });
    this.popup = new scene.maplibre.Popup({ closeButton: false, maxWidth: "18rem", offset: 14 });
    this.glide = this.glide.bind(this);
    this.frame = requestAnimationFrame(this.glide);
    this.point();
  }

  /** What is in view. */
  box() {
    const bounds = this.scene.map.getBounds();
    const clamp = (value, most) => Math.max(-most, Math.min(most, value));
    return { south: clamp(bounds.getSouth(), 89), west: clamp(bounds.getWest(), 180), north: clamp(bounds.getNorth(), 89), east: clamp(bounds.getEast(), 180) };
  }

  showAreas(areas) {
    this.scene.showAreas(areas);
    if (!this.hasFound) this.scene.show(areas.flatMap((area) => area.corners), { animate: false, padding: 20 });
  }

  /** Take in a look, without the vehicles of hidden states; the first one with vehicles is brought into view. */
  see(fleet, hidden, chosenId) {
    this.fleet = fleet;
    this.motion.see(fleet.vehicles.filter((vehicle) => !hidden.has(vehicle.state)));
    if (!this.hasFound && fleet.vehicles.length) {
      this.hasFound = true;
      this.scene.show(middle(fleet.vehicles), { padding: padding(), maxZoom: 13 });
    }
    this.draw(chosenId);
  }

  /** Bring a ride and its driver into view. */
  show(ride) {
    const car = ride.driver_id && this.motion.cars.get(ride.driver_id);
    this.scene.show([ride.pickup, ride.dropoff, car?.to].filter(Boolean), { padding: padding(), maxZoom: 14 });
  }

  draw(chosenId) {
    const now = performance.now();
    this.drawCars(now);
    const cars = [...this.motion.cars.values()];
    const where = new Map(cars.map((car) => [car.vehicle.driver_id, car]));
    const spotOf = (id) => where.get(id) && this.motion.place(where.get(id), now);
    const trails = cars.filter((car) => car.trail.length > 2 && ON_A_RIDE.has(car.vehicle.state));
    this.set("trails", trails.map((car) => feature("LineString", car.trail.slice(0, -1).map(lngLat), { state: car.vehicle.state })));
    this.drawRides(spotOf);
    this.drawChosen(chosenId);
  }

  drawRides(spotOf) {
    const rides = new Map(this.fleet.rides.map((ride) => [ride.id, ride]));
    this.set(
      "ways",
      this.fleet.rides.flatMap((ride) => {
        const spot = ride.driver_id && spotOf(ride.driver_id);
        const target = ride.state === "in_progress" ? ride.dropoff : ride.pickup;
        return spot ? [feature("LineString", [lngLat(spot), lngLat(target)])] : [];
      }),
    );
    this.set(
      "offers",
      this.fleet.offers.flatMap((offer) => {
        const [spot, ride] = [spotOf(offer.driver_id), rides.get(offer.ride_id)];
        return spot && ride ? [feature("LineString", bow(spot, ride.pickup))] : [];
      }),
    );
    this.set(
      "ends",
      this.fleet.rides.map((ride) => {
        if (WAITING.has(ride.state)) return feature("Point", lngLat(ride.pickup), { kind: "waiting", id: ride.id });
        if (ride.state === "in_progress") return feature("Point", lngLat(ride.dropoff), { kind: "dropoff", id: ride.id });
        return feature("Point", lngLat(ride.pickup), { kind: "pickup", id: ride.id });
      }),
    );
  }

  drawCars(now) {
    this.drawnAt = now;
    const cars = [...this.motion.cars.values()];
    const still = calm.matches || cars.length > VEHICLES_THAT_GLIDE;
    this.set(
      "fleet",
      cars.map((car) => {
        const at = still ? car.to : this.motion.place(car, now);
        return feature("Point", lngLat(at), { state: car.vehicle.state, bearing: car.direction, id: car.vehicle.driver_id });
      }),
    );
  }

  drawChosen(chosenId) {
    const ride = this.fleet?.rides.find((item) => item.id === chosenId);
    const car = ride?.driver_id && this.motion.cars.get(ride.driver_id);
    const line = ride ? [car && lngLat(car.to), ride.state !== "in_progress" && lngLat(ride.pickup), lngLat(ride.dropoff)].filter(Boolean) : [];
    this.set("chosen", line.length > 1 ? [feature("LineString", line)] : []);
  }

  drawSurge(cells) {
    const { h3 } = globalThis;
    this.set("surge", h3 ? cells.map((cell) => feature("Polygon", [h3.cellToBoundary(cell.cell, true)], { permille: cell.surge_permille })) : []);
  }

  set(source, features) {
    this.scene.setData(source, collection(features));
  }

  glide(now) {
    this.frame = requestAnimationFrame(this.glide);
    if (now - this.drawnAt < FRAME_MILLISECONDS || calm.matches || this.motion.cars.size > VEHICLES_THAT_GLIDE || !this.motion.moves(now)) return;
    this.drawCars(now);
  }

  /** Let vehicles and rides be clicked. */
  point() {
    const { map } = this.scene;
    map.on("click", "fleet", (event) => {
      const car = this.motion.cars.get(event.features[0].properties.id);
      if (car) this.popup.setLngLat(lngLat(car.to)).setDOMContent(vehicleCard(car.vehicle)).addTo(map);
    });
    map.on("click", "ends", (event) => this.onChoose(event.features[0].properties.id));
    for (const layer of ["fleet", "ends"]) {
      map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
      map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
    }
  }

  remove() {
    cancelAnimationFrame(this.frame);
    this.popup.remove();
    this.scene.map.remove();
  }
}

function vehicleCard(vehicle) {
  const text = STATES.find(([name]) => name === vehicle.state)?.[1] ?? words(vehicle.state);
  return h(
    "div",
    { class: "popup" },
    h("strong", {}, vehicle.driver_name),
    h("span", { class: "soft" }, `${vehicle.vehicle_plate} · ${words(vehicle.vehicle_class)}`),
    h("span", { class: "row" }, h("span", { class: `mark ${vehicle.state} ${ON_A_RIDE.has(vehicle.state) ? "full" : ""}` }), text),
    h("span", { class: "soft small" }, `Heard of ${ago(vehicle.measured_at)}`),
    vehicle.ride_id && h("a", { href: `#/ride/${vehicle.ride_id}` }, "The ride's story"),
  );
}

/** Most of the places, without those at the rim: where the city is busy. */
function middle(places) {
  const cut = (name) => {
    const sorted = places.map((each) => each[name]).toSorted((a, b) => a - b);
    return [sorted[Math.floor(sorted.length * 0.05)], sorted[Math.ceil(sorted.length * 0.95) - 1] ?? sorted.at(-1)];
  };
  const [south, north] = cut("latitude");
  const [west, east] = cut("longitude");
  return [{ latitude: south, longitude: west }, { latitude: north, longitude: east }];
}
