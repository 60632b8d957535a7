/** The telephone: a ride for somebody who calls. Who and where, what it costs, and it is booked; cash to the driver. */

import { fill, h, placeInput, problem } from "../lib/dom.js";
import { distance, minutes, money, typedPlace, words } from "../lib/format.js";
import { EMPTY, collection, decodePolyline, feature, lngLat, makeMap, pinElement } from "../lib/map.js";
import { color } from "../lib/theme.js";
import { act, pageHead } from "./parts.js";

const LANGUAGES = [["en", "English"], ["es", "Español"], ["fr", "Français"]];
const STOPS = [["from", "Pickup"], ["to", "Destination"]];
const way = () => [
  { id: "way", type: "line", source: "way", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": color("map-ride"), "line-width": 3.5 } },
];

export async function mountBook(root, { api }) {
  const chosen = {};
  const pins = {};
  let choosing = "from";
  let asked = 0;
  let gone = false;
  let map = null;
  let trail = EMPTY;
  const holder = h("div", { class: "map" });
  const prices = h("div", { class: "stack", "aria-live": "polite" });
  const fields = Object.fromEntries(STOPS.map(([name, title]) => [name, placeField(name, title)]));
  const form = h(
    "form",
    { class: "card stack" },
    field("phone", "Phone number", { type: "tel", placeholder: "+1 415 555 0100", pattern: "\\+[1-9][0-9 ]{6,18}", title: "With + and the country's code", required: true }),
    field("name", "Name", { maxlength: "80", required: true }),
    h("div", { class: "field" }, h("label", { for: "book-locale" }, "Language of their messages"), h("select", { id: "book-locale", name: "locale" }, LANGUAGES.map(([value, text]) => h("option", { value }, text)))),
    fields.from.row,
    fields.to.row,
    field("note", "Note to the driver", { maxlength: "200" }),
    h("button", { class: "button" }, "Show prices"),
    prices,
  );
  form.addEventListener("input", (event) => event.target.name !== "quote" && event.target.name !== "note" && forgetPrices());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  const rest = h("div", { class: "card flush" }, holder);
  fill(root, h("div", { class: "page" }, pageHead("Book a ride", "For somebody who calls. They pay the driver in cash, and get the driver and the PIN by text message"), h("div", { class: "desk" }, form, rest)));

  // Whoever is on the telephone does not wait for a map: the form works without it, and the map shows what it has by then.
  try {
    map = await makeMap(holder, { label: "Map: click to choose the pickup, then the destination", sources: ["way"], layers: way });
  } catch (error) {
    rest.prepend(problem({ title: "The map cannot be drawn", message: `Type the places instead. ${error.message}` }));
    return leave;
  }
  map.map.on("click", (event) => put(choosing, { latitude: event.lngLat.lat, longitude: event.lngLat.lng }));
  Object.keys(chosen).forEach(pin);
  drawWay(trail);
  try {
    const areas = (await api.get("/v1/service-areas")).items;
    map.showAreas(areas);
    if (!Object.keys(chosen).length) map.show(areas.flatMap((area) => area.corners), { animate: false, padding: 20 });
  } catch (error) {
    // Beside the map: the prices may be read aloud by now.
    rest.prepend(problem(error));
  }

  function placeField(name, title) {
    const input = placeInput({ id: `book-${name}`, name, placeholder: "37.7880, -122.4075" });
    input.addEventListener("focus", () => (choosing = name));
    input.addEventListener("change", () => input.checkValidity() && put(name, typedPlace(input.value)));
    const row = h("div", { class: "field" }, h("label", { for: `book-${name}` }, title), input, h("span", { class: "hint" }, name === "from" ? "Click the map, or type latitude, longitude" : "Then click where they want to go"));
    return { row, input };
  }

  function put(name, where) {
    const spot = { latitude: +where.latitude.toFixed(6), longitude: +where.longitude.toFixed(6) };
    fields[name].input.value = `${spot.latitude}, ${spot.longitude}`;
    fields[name].input.setCustomValidity("");
    chosen[name] = spot;
    pin(name);
    if (name === "from") choosing = "to";
    forgetPrices();
  }

  function pin(name) {
    if (!map) return;
    if (pins[name]) pins[name].setLngLat(lngLat(chosen[name]));
    else {
      pins[name] = map.marker(chosen[name], pinElement(name), { draggable: true });
      pins[name].on("dragend", () => {
        const { lat, lng } = pins[name].getLngLat();
        put(name, { latitude: lat, longitude: lng });
      });
    }
  }

  function forgetPrices() {
    asked += 1;
    drawWay(EMPTY);
    fill(prices);
  }

  function drawWay(way) {
    trail = way;
    map?.setData("way", trail);
  }

  async function ask() {
    forgetPrices();
    const turn = asked;
    const given = Object.fromEntries(new FormData(form));
    const trip = { pickup: typedPlace(given.from), dropoff: typedPlace(given.to) };
    fill(prices, h("div", { class: "skeleton" }));
    try {
      const guest = await api.post("/v1/operator/guests", { phone_number: given.phone.replaceAll(" ", ""), display_name: given.name.trim(), locale: given.locale });
      const sold = await api.get("/v1/products", trip.pickup);
      const { quotes } = await api.post("/v1/operator/quotes", { rider_id: guest.id, ...trip });
      if (turn !== asked || gone) return;
      // Goods have conditions of their own; a shared ride, a detour that they would have to agree to.
      const plain = new Set(sold.items.filter((item) => item.kind === "private" && item.cash_accepted).map((item) => item.product));
      show(guest, trip, quotes.filter((item) => plain.has(item.product)));
    } catch (error) {
      if (turn === asked && !gone) fill(prices, problem(error, ask));
    }
  }

  function show(guest, trip, quotes) {
    const line = quotes[0]?.route_polyline ? decodePolyline(quotes[0].route_polyline) : [lngLat(trip.pickup), lngLat(trip.dropoff)];
    drawWay(collection([feature("LineString", line)]));
    map?.show([trip.pickup, trip.dropoff]);
    if (!quotes.length) {
      fill(prices, h("p", { class: "soft" }, "Nothing is sold for cash between these places."));
      return;
    }
    const button = h("button", { class: "button primary wide", type: "button" });
    const choose = (quote) => {
      button.textContent = `Book ${words(quote.product).toLowerCase()} for ${money(quote.fare.total)}`;
      button.onclick = () => book(guest, quote, button);
    };
    choose(quotes[0]);
    fill(
      prices,
      h("p", { class: "soft" }, guest.new_account ? "An account was made for the number." : `The number's account is known: ${guest.display_name}.`),
      h("fieldset", { class: "quotes" }, h("legend", { class: "sr" }, "Rides"), quotes.map((quote, index) => option(quote, index === 0, choose))),
      button,
    );
  }

  async function book(guest, quote, button) {
    const body = { rider_id: guest.id, quote_id: quote.id, note: form.elements.note.value.trim() };
    if (quote.surge_consent_token) body.surge_consent_token = quote.surge_consent_token;
    // A quote is taken once at most, so another click books nothing twice.
    const ride = await act(button, () => api.post("/v1/operator/bookings", body), "Booked");
    if (ride && !gone) location.hash = `#/ride/${ride.id}`;
  }

  function leave() {
    gone = true;
    map?.map.remove();
  }

  return leave;
}

const option = (quote, checked, choose) =>
  h(
    "label",
    { class: "quote" },
    h("input", { type: "radio", name: "quote", value: quote.id, checked, on: { change: () => choose(quote) } }),
    h("strong", {}, words(quote.product)),
    h("span", { class: "price" }, money(quote.fare.total)),
    h(
      "span",
      { class: "facts" },
      quote.pickup_eta_seconds === null ? "No driver near just now" : `${minutes(quote.pickup_eta_seconds)} away`,
      ` · ${minutes(quote.trip_eta_seconds)}, ${distance(quote.distance_meters)}`,
      quote.surge_permille > 1000 && h("span", { class: "badge warn" }, `×${(quote.surge_permille / 1000).toFixed(2)} demand: tell them`),
    ),
  );

const field = (name, label, props) => h("div", { class: "field" }, h("label", { for: `book-${name}` }, label), h("input", { id: `book-${name}`, name, ...props }));
