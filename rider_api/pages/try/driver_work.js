/** What a driver knows of the work: may they drive, are they online, the offer, the ride, what is owed. Nothing is drawn. */

/** How far a ride is that is under way, or was brought to its end. */
export const STEPS = { driver_en_route: 1, arrived: 2, in_progress: 3, returning: 3, completed: 4, returned: 4 };
/** All that a driver may declare: whoever takes orders on this page takes them of all kinds. */
const COURIERS = ["delivery", "thermal_bag", "age_check", "heavy_load"];
const UNDER_WAY = new Set(["driver_en_route", "arrived", "in_progress", "returning"]);

export const isUnderWay = (ride) => ride !== null && UNDER_WAY.has(ride.state);

/** Whether the ride was driven to its end, for which the rider pays. */
export const isOver = (ride) => ["completed", "returned"].includes(ride.state);

export class Work {
  /**
   * @param {import("../lib/api.js").Api} api
   * @param {{onGone: () => void}} hooks `onGone` is called when the ride under way went to another driver
   */
  constructor(api, { onGone = () => {} } = {}) {
    Object.assign(this, { api, onGone, driver: null, online: false, carries: false, offer: null, ride: null, earnings: null });
    /** What the driver has done so far: a look that was under way meanwhile tells of before, and is of no use. */
    this.deeds = 0;
  }

  get mayDrive() {
    return this.driver?.status === "approved";
  }

  /** Read how it all stands. */
  async look() {
    const before = this.deeds;
    const seen = await this.read();
    if (before !== this.deeds) return;
    const isGone = this.ride !== null && seen.ride === null;
    Object.assign(this, seen);
    if (isGone) this.onGone();
  }

  async read() {
    const driver = this.mayDrive ? this.driver : await this.api.get("/v1/driver").catch(nullFor(403, 404, 409));
    if (driver?.status !== "approved") return { driver };
    // Whose ride is over may be offered the next one, whatever is shown.
    const [shift, current, offer] = await Promise.all([this.orNull("/v1/driver/shift"), this.orNull("/v1/driver/rides/current"), isUnderWay(this.ride) ? null : this.orNull("/v1/driver/offers/current")]);
    let { ride } = this;
    if (current !== null) {
      if (ride?.id !== current.id || ride.version <= current.version) ride = current;
    } else if (isUnderWay(ride)) ride = await this.orNull(`/v1/driver/rides/${ride.id}`);
    // A ride is paid some time after it ended, and payouts come when they come: what is owed is read while nothing is to be done.
    const earnings = this.earnings === null || !isUnderWay(ride) ? await this.orNull("/v1/driver/earnings") : this.earnings;
    // Who is offline keeps what was chosen last.
    const carries = shift?.capabilities ? shift.capabilities.includes("delivery") : this.carries;
    return { driver, online: shift !== null, carries, offer, ride, earnings };
  }

  orNull(path) {
    return this.api.get(path).catch(nullFor(404));
  }

  /** Do something; looks that began before its end are of no use. */
  async did(deed) {
    this.deeds += 1;
    try {
      return await deed();
    } finally {
      this.deeds += 1;
    }
  }

  apply(name, vehicle) {
    return this.did(async () => {
      this.driver = await this.api.post("/v1/driver/application", { display_name: name, vehicle });
    });
  }

  /** Go online or offline; or stay as one is, and take orders as well or no more. */
  turn(online, carries = this.carries) {
    return this.did(async () => {
      // Who is offline has nobody to tell.
      if (online || this.online) this.online = (await this.api.put("/v1/driver/availability", { online, capabilities: online && carries ? COURIERS : [] })).online;
      this.carries = carries;
    });
  }

  accept() {
    const { id } = this.offer;
    return this.did(async () => {
      try {
        this.ride = await this.api.post(`/v1/driver/offers/${id}/accept`);
      } finally {
        this.offer = null;
      }
    });
  }

  decline() {
    const { id } = this.offer;
    this.offer = null;
    return this.did(() => this.api.post(`/v1/driver/offers/${id}/decline`));
  }

  /** Go on with a ride: arrive, start, complete, no-show, and what is done with an order. */
  step(id, name, body) {
    return this.did(async () => {
      this.ride = await this.api.post(`/v1/driver/rides/${id}/${name}`, body);
    });
  }

  giveBack(id) {
    return this.did(async () => {
      await this.api.post(`/v1/driver/rides/${id}/cancel`, { reason: "given back by hand" });
      this.ride = null;
    });
  }

  /** Leave the ride that is over behind. What is owed stays as it was until it is read anew. */
  next() {
    this.deeds += 1;
    this.ride = null;
  }
}

const nullFor =
  (...statuses) =>
  (error) => {
    if (!statuses.includes(error.status)) throw error;
    return null;
  };
