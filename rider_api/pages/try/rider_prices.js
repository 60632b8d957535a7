/** What a ride between two places costs, and asking for it. */

import { ask, h, problem, toast } from "../lib/dom.js";
import { distance, minutes, money, words } from "../lib/format.js";
import { collection, decodePolyline, feature, lngLat } from "../lib/map.js";

const FUNDINGS = [["card", "Test card"], ["cash", "Cash to the driver"]];

export class Prices {
  /**
   * @param {{api: import("../lib/api.js").Api, map: any, show: (...children: any[]) => void}} scene
   * @param {import("./rider_places.js").Places} places
   * @param {import("./rider_journey.js").Journey} journey
   * @param {(ride: any) => void} onRide called with the ride that was asked for
   */
  constructor(scene, places, journey, onRide) {
    Object.assign(this, { scene, places, journey, onRide, quotes: null, quoteId: null, funding: "card", isRequesting: false });
    this.turn = 0;
  }

  /** What is still on its way is of no use any more. */
  forget() {
    this.turn += 1;
    this.quotes = null;
  }

  /** Ask for the prices between the places. */
  async ask() {
    this.forget();
    const { turn } = this;
    const { from, to } = this.places;
    this.show();
    try {
      // Goods and shared rides have conditions of their own; this page asks for plain rides.
      const sold = await this.scene.api.get("/v1/products", { latitude: from.latitude, longitude: from.longitude });
      const deliveries = new Set(sold.items.filter((item) => item.kind === "delivery").map((item) => item.product));
      const { quotes } = await this.scene.api.post("/v1/quotes", { pickup: from, dropoff: to });
      if (turn !== this.turn) return;
      this.quotes = quotes.filter((item) => item.max_detour_seconds === null && !deliveries.has(item.product));
      this.quoteId = this.quotes[0]?.id ?? null;
      this.drawWay(this.quotes[0]?.route_polyline);
      this.show();
      // With the prices the sheet has grown over the map.
      if (this.scene.isSheet()) this.places.frame();
    } catch (error) {
      if (turn === this.turn) this.places.choose(problem(error, () => this.ask()));
    }
  }

  drawWay(polyline) {
    const line = polyline ? decodePolyline(polyline) : [lngLat(this.places.from), lngLat(this.places.to)];
    this.scene.map.setData("way", collection([feature("LineString", line)]));
  }

  show(trouble) {
    const chosen = this.quotes?.find((item) => item.id === this.quoteId);
    const isNone = this.quotes?.length === 0;
    const funding = h(
      "select",
      { id: "funding", on: { change: (event) => (this.funding = event.target.value) } },
      FUNDINGS.map(([value, text]) => h("option", { value, selected: value === this.funding }, text)),
    );
    const text = chosen ? `Request ${chosen.product} for ${money(chosen.fare.total)}` : "Request";
    this.scene.show(
      h(
        "div",
        { class: "stack" },
        h("h1", {}, isNone ? "No ride is sold here" : "Choose a ride"),
        this.places.fields(),
        isNone ? h("p", { class: "soft" }, "Nothing is sold between these places. Choose others.") : this.options(),
        !isNone && h("div", { class: "field" }, h("label", { for: "funding" }, "Pay with"), funding),
        trouble,
        !isNone && h("button", { class: "button primary wide", type: "button", disabled: !chosen || this.isRequesting, on: { click: () => this.request(chosen) } }, text),
      ),
    );
  }

  options() {
    if (this.quotes === null) return h("div", { class: "quotes", role: "status", "aria-label": "Prices are being asked for" }, [1, 2].map(() => h("div", { class: "quote" }, h("span", { class: "skeleton grow" }), h("span", { class: "skeleton" }))));
    const choose = (item) => {
      this.quoteId = item.id;
      this.show();
    };
    return h("fieldset", { class: "quotes" }, h("legend", { class: "sr" }, "Rides"), this.quotes.map((item) => option(item, item.id === this.quoteId, choose)));
  }

  async request(chosen) {
    this.isRequesting = true;
    this.show();
    let trouble = null;
    try {
      const ride = await this.requested(chosen);
      if (ride !== null) this.onRide(ride);
    } catch (error) {
      trouble = error;
    }
    this.isRequesting = false;
    // It may be known by a look that the ride began, although nobody answered.
    if (this.journey.ride !== null) return;
    if (trouble?.code === "quote_expired") {
      toast("Those prices were over. These are new.", "warn");
      this.ask();
    } else this.show(trouble && problem(trouble));
  }

  /** The ride; null where the rider does not agree to its price. */
  async requested(chosen) {
    if (chosen.surge_consent_token) {
      const agreed = await ask({ title: "Demand is high", words: `Prices are ${(chosen.surge_permille / 1000).toFixed(2)} times the usual. The ride costs ${money(chosen.fare.total)}.`, action: "Ride anyway" });
      if (!agreed) return null;
    }
    const body = { quote_id: chosen.id, funding: this.funding };
    if (this.funding === "card") body.payment_method_id = await this.card();
    if (chosen.surge_consent_token) body.surge_consent_token = chosen.surge_consent_token;
    return this.scene.api.post("/v1/rides", body);
  }

  async card() {
    const { items } = await this.scene.api.get("/v1/payment-methods");
    if (items.length) return (items.find((item) => item.is_default) ?? items[0]).id;
    return (await this.scene.api.post("/v1/payment-methods", { psp_token: "pm_card_visa" })).id;
  }
}

const option = (item, checked, choose) =>
  h(
    "label",
    { class: "quote" },
    h("input", { type: "radio", name: "quote", value: item.id, checked, data: { key: `quote-${item.id}` }, on: { change: () => choose(item) } }),
    h("strong", {}, words(item.product)),
    h("span", { class: "price" }, money(item.fare.total)),
    h(
      "span",
      { class: "facts" },
      item.pickup_eta_seconds === null ? "No driver near just now" : `${minutes(item.pickup_eta_seconds)} away`,
      ` · ${minutes(item.trip_eta_seconds)}, ${distance(item.distance_meters)}`,
      item.surge_permille > 1000 && h("span", { class: "badge warn" }, `×${(item.surge_permille / 1000).toFixed(2)} demand`),
    ),
  );
