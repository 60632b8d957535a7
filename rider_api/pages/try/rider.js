/** Take a ride: where from and to, what it costs, the driver on the map, the receipt. */

import { every } from "../lib/stream.js";
import { Chase } from "./rider_chase.js";
import { Journey } from "./rider_journey.js";
import { Places } from "./rider_places.js";
import { Prices } from "./rider_prices.js";
import { rideCard } from "./rider_ride.js";
import { centerOf, open } from "./scene.js";

const LOOK_SECONDS = 4;
const CHASE_SECONDS = 2;
const BUSY_SPOT = { latitude: 37.7816, longitude: -122.4156 };

const scene = await open({
  role: "rider",
  title: "Take a ride",
  words: "Sign in with your phone. The first time makes your account.",
  phone: "+14155550100",
  note: "Ride",
  mapLabel: "Map: click to choose where from and where to",
});
const { api, map } = scene;

const journey = new Journey(api);
const places = new Places(scene, (whole) => {
  if (whole) return prices.ask();
  prices.forget();
  return places.choose();
});
const prices = new Prices(scene, places, journey, follow);
const chase = new Chase(scene, journey);
const desk = { api, journey, follow, forget, showRide };

map.show([scene.areas[0]?.city === "san_francisco" ? BUSY_SPOT : centerOf(scene.areas)], { padding: scene.padding(), maxZoom: 12.2, animate: false });
map.map.on("click", (event) => {
  if (journey.ride === null) places.put(places.choosing, { latitude: event.lngLat.lat, longitude: event.lngLat.lng });
});
const look = every(LOOK_SECONDS, lookAtRide);
scene.listen((name) => name !== "notification" && look());
every(CHASE_SECONDS, () => chase.look());

async function lookAtRide() {
  try {
    const found = await journey.look();
    scene.lost(null);
    if (found === "gone") forget();
    else if (found === "begun" || found === "moved") follow(journey.ride);
    else if (found === "none" && scene.isEmpty()) places.choose();
    if (found === "begun") map.show([journey.ride.pickup, journey.ride.dropoff], { padding: scene.padding() });
  } catch (error) {
    scene.lost(error);
  }
}

/** Show a ride, unless a newer state of it is shown already. */
function follow(ride) {
  if (!journey.take(ride)) return;
  // Prices that are still on their way are of no use to whoever rides.
  prices.forget();
  places.fix(ride);
  showRide();
}

function showRide(trouble) {
  scene.show(rideCard(desk, trouble));
}

/** Leave a ride behind, and begin anew. */
function forget() {
  journey.forget();
  chase.forget();
  prices.forget();
  places.clear();
  places.choose();
}
