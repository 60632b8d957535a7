/** Where a rider is picked up and wants to go: two pins on the map, or coordinates that are typed. */

import { h, placeInput } from "../lib/dom.js";
import { place, typedPlace } from "../lib/format.js";
import { EMPTY, lngLat, pinElement } from "../lib/map.js";

const NAMES = ["from", "to"];
const BEGIN = { from: "37.4520, -122.1630", to: "37.4275, -122.1697" };

export class Places {
  /**
   * @param {{map: any, show: (...children: any[]) => void, padding: () => any}} scene
   * @param {(whole: boolean) => void} onChange called when an end was chosen, with whether both are
   */
  constructor(scene, onChange) {
    Object.assign(this, { scene, onChange, from: null, to: null, choosing: "from", pins: {} });
  }

  /** Choose an end. */
  put(name, where) {
    this.pin(name, where);
    if (name === "from" && !this.to) this.choosing = "to";
    this.onChange(this.from !== null && this.to !== null);
  }

  pin(name, where) {
    this[name] = { latitude: +where.latitude.toFixed(6), longitude: +where.longitude.toFixed(6) };
    if (this.pins[name]) {
      this.pins[name].setLngLat(lngLat(where));
      return;
    }
    const pin = this.scene.map.marker(where, pinElement(name), { draggable: true });
    pin.on("dragend", () => {
      const spot = pin.getLngLat();
      this.put(name, { latitude: spot.lat, longitude: spot.lng });
    });
    this.pins[name] = pin;
  }

  /** Show the ends of a ride, which are not moved any more. */
  fix({ pickup, dropoff }) {
    for (const [name, where] of [["from", pickup], ["to", dropoff]]) {
      this[name] = where;
      this.pins[name] ??= this.scene.map.marker(where, pinElement(name));
      this.pins[name].setLngLat(lngLat(where)).setDraggable(false);
    }
  }

  /** Begin anew. */
  clear() {
    for (const pin of Object.values(this.pins)) pin.remove();
    Object.assign(this, { from: null, to: null, choosing: "from", pins: {} });
    this.scene.map.setData("way", EMPTY);
    this.scene.map.setData("cars", EMPTY);
  }

  /** Ask for them, with what went wrong before. */
  choose(trouble) {
    const hint = this.choosing === "from" ? "Click the map where you want to be picked up." : "Now click where you want to go.";
    this.scene.show(
      h(
        "div",
        { class: "stack" },
        h("div", { class: "stack tight" }, h("h1", {}, "Where to?"), h("p", { class: "soft" }, hint)),
        this.fields(),
        trouble,
        h("details", {}, h("summary", {}, "Type coordinates instead"), this.form()),
      ),
    );
  }

  /** Both ends, as buttons that choose which one the next click on the map is. */
  fields() {
    return h("div", { class: "stops" }, this.field("from", "Pickup"), this.field("to", "Destination"));
  }

  field(name, title) {
    const where = this[name];
    const choose = () => {
      this.choosing = name;
      this.choose();
    };
    return h(
      "button",
      { class: "stop-field", type: "button", "aria-pressed": String(this.choosing === name), data: { key: `stop-${name}` }, on: { click: choose } },
      h("span", { class: `dot ${name}` }),
      h("span", {}, h("span", { class: "sr" }, `${title}: `), where ? place(where) : h("span", { class: "soft" }, title)),
      where && h("span", { class: "soft small" }, "Change"),
    );
  }

  form() {
    const inputs = Object.fromEntries(NAMES.map((name) => [name, placeInput({ id: `${name}-text`, name, value: this[name] ? `${this[name].latitude}, ${this[name].longitude}` : BEGIN[name] })]));
    const row = (name, label) => h("div", { class: "field" }, h("label", { for: `${name}-text` }, label), inputs[name]);
    const form = h("form", { class: "stack" }, row("from", "Pickup: latitude, longitude"), row("to", "Destination: latitude, longitude"), h("button", { class: "button" }, "Show prices"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      // Both ends before the prices are asked for, once.
      this.pin("from", typedPlace(inputs.from.value));
      this.put("to", typedPlace(inputs.to.value));
      this.frame();
    });
    return form;
  }

  /** Bring both ends into view. */
  frame() {
    this.scene.map.show([this.from, this.to], { padding: this.scene.padding() });
  }
}
