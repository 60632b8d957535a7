/** Drive: apply, go online, be where the map was clicked, take an offer, and bring somebody or something there. */

import { problem, toast } from "../lib/dom.js";
import { lngLat, pinElement } from "../lib/map.js";
import { deployment } from "../lib/session.js";
import { every } from "../lib/stream.js";
import { Car } from "./car.js";
import { PACES, applicationCard, decisionCard, idleCard } from "./driver_cards.js";
import { goalOf, offerCard, rideCard } from "./driver_ride.js";
import { Work, isUnderWay } from "./driver_work.js";
import { centerOf, open } from "./scene.js";

const LOOK_SECONDS = 3;
const BUSY_SPOT = { latitude: 37.7816, longitude: -122.4156 };

const scene = await open({
  role: "driver",
  title: "Drive",
  words: "Sign in with your phone, then tell what you drive.",
  phone: "+14155550101",
  note: "Drive",
  mapLabel: "Map: click to drive there",
});
const { api, map } = scene;
const pins = {};
let shown = "";
/** What went wrong at a step of a ride, told until the ride has moved on or the next step is taken. */
let failure = null;

const work = new Work(api, { onGone: () => toast("The ride went to another driver.", "warn") });
const begin = deployment.environment === "local" && scene.areas[0]?.city === "san_francisco" ? BUSY_SPOT : centerOf(scene.areas);
const car = new Car(scene, begin, { isOnline: () => work.online, onArrived: () => work.ride && draw() });
const desk = { work, car, draw, fail, look: () => look() };

car.pace = Number(PACES[0][0]);
map.show([car.spot], { padding: scene.padding(), maxZoom: 12.2, animate: false });
map.map.on("click", (event) => {
  if (work.mayDrive) car.driveTo({ latitude: event.lngLat.lat, longitude: event.lngLat.lng });
});
car.start();
const look = every(LOOK_SECONDS, lookAround);
scene.listen((name) => name !== "notification" && look());

async function lookAround() {
  try {
    await work.look();
    scene.lost(null);
    draw();
  } catch (error) {
    // What is shown goes on being of use: a ride, and a PIN that is half typed.
    if (shown && !shown.startsWith("problem ")) scene.lost(error);
    else render(`problem ${error.message}`, () => problem(error, look));
  }
}

/** Show what is now. */
function draw() {
  const { driver, online, carries, offer, ride, earnings } = work;
  if (driver === null) return render("application", () => applicationCard(desk));
  if (!work.mayDrive) return render(driver.status, () => decisionCard(desk));
  if (ride !== null && (isUnderWay(ride) || offer === null)) {
    mark(ride);
    const goal = goalOf(ride);
    const state = `${ride.id} ${ride.version} ${goal !== null && car.isNear(goal)}`;
    if (failure?.of !== `${ride.id} ${ride.version}`) failure = null;
    return render(`ride ${state} ${failure?.number ?? ""}`, () => rideCard(desk, failure && problem(failure.error)), ride);
  }
  mark(offer);
  if (offer !== null) return render(`offer ${offer.id}`, () => offerCard(desk), offer);
  return render(`idle ${online} ${carries} ${JSON.stringify(earnings)}`, () => idleCard(desk));
}

/** Tell what went wrong at a step, beside the ride. */
function fail(error) {
  const { ride } = work;
  if (ride === null) return toast(error.message, "bad");
  failure = { of: `${ride.id} ${ride.version}`, number: (failure?.number ?? 0) + 1, error };
  return draw();
}

/** Show something unless it is shown already: what somebody is typing stays. */
function render(name, make, trip = null) {
  if (shown === name) return;
  const [subject, id] = name.split(" ");
  const isNew = trip && !shown.startsWith(`${subject} ${id}`);
  shown = name;
  scene.show(make());
  // Only now is known how much of the map the panel leaves free.
  if (isNew) map.show([car.spot, trip.pickup, trip.dropoff], { padding: scene.padding() });
}

/** Mark where a ride or an offer begins and ends. */
function mark(trip) {
  for (const [name, where] of [["from", trip?.pickup], ["to", trip?.dropoff]]) {
    if (where) {
      pins[name] ??= map.marker(where, pinElement(name));
      pins[name].setLngLat(lngLat(where));
    } else {
      pins[name]?.remove();
      delete pins[name];
    }
  }
}
