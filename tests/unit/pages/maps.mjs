/** What the pages call of the map library: it keeps what it is given to show. */

class Plain {
  setLngLat = (spot) => ((this.spot = spot), this);
  addTo = () => this;
  on = () => this;
  setDraggable = () => this;
  setDOMContent = () => this;
  getLngLat = () => this.spot;
  remove = () => this;
}

export class Marker extends Plain {}
export class Popup extends Plain {}
export class NavigationControl {}
export class LngLatBounds {
  places = [];

  extend(place) {
    this.places.push(place);
  }
}

export const maps = [];

export class Map extends EventTarget {
  touchZoomRotate = { disableRotation() {} };
  #sources = {};
  isRemoved = false;
  fits = [];

  constructor() {
    super();
    if (Map.failure) throw Map.failure;
    maps.push(this);
  }

  on(name, ...rest) {
    if (rest.length === 1) this.addEventListener(name, rest[0]);
  }

  once(name, work) {
    if (name === "load") queueMicrotask(work);
    else this.addEventListener(name, work, { once: true });
  }

  getCanvas = () => ({ setAttribute() {}, style: {} });
  getBounds = () => ({ getSouth: () => 37, getNorth: () => 38, getWest: () => -123, getEast: () => -122 });
  getZoom = () => 11;
  getLayer = () => undefined;
  hasImage = () => false;
  addImage() {}
  addLayer() {}
  addControl() {}
  jumpTo() {}

  fitBounds(bounds, options) {
    this.fits.push({ ...options, places: bounds.places });
  }

  addSource(name) {
    this.#sources[name] = { data: null };
  }

  getSource(name) {
    const source = (this.#sources[name] ??= { data: null });
    if (this.isRemoved) throw new Error("the map is gone");
    return { setData: (data) => (source.data = data) };
  }

  shown(name) {
    return this.#sources[name]?.data;
  }

  remove() {
    this.isRemoved = true;
    this.dispatchEvent(new Event("remove"));
  }
}
