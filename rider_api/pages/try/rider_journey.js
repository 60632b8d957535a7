/** The rider's ride as it is known here: the newest of what was told, and its receipt. Nothing is drawn. */

const ENDED = new Set(["completed", "canceled_by_rider", "canceled_by_platform", "no_show", "no_driver_available", "payment_failed", "returned"]);
const FOLLOWED = new Set(["driver_en_route", "arrived", "in_progress"]);
const KEPT = "jitney.ride";

export const isEnded = (ride) => ENDED.has(ride.state);

export class Journey {
  /** @param {import("../lib/api.js").Api} api */
  constructor(api) {
    Object.assign(this, { api, ride: null, receipt: null, seen: sessionStorage.getItem(KEPT) });
    /** How many rides were left behind: an answer about one of them is of no use. */
    this.left = 0;
  }

  /** Whether the driver can be followed on the map. */
  get isFollowed() {
    return this.ride !== null && FOLLOWED.has(this.ride.state);
  }

  /** Take in a ride; false where a newer state of it is known. */
  take(ride) {
    if (this.ride?.id === ride.id && ride.version < this.ride.version) return false;
    this.ride = ride;
    this.seen = ride.id;
    sessionStorage.setItem(KEPT, ride.id);
    return true;
  }

  /**
   * Look how the ride stands.
   * @returns {Promise<"none" | "begun" | "moved" | "same" | "gone">} whether there is none, one that was not known here,
   *   one that moved on, one as it was, or one that is not there any more
   */
  async look() {
    const { left, ride, seen } = this;
    if (seen === null) return this.lookForOne();
    if (ride !== null && isEnded(ride) && (this.receipt !== null || ride.state !== "completed")) return "same";
    const next = await this.api.get(`/v1/rides/${seen}`).catch(nullForNone);
    if (left !== this.left) return "same";
    if (next === null) return "gone";
    let receipt = null;
    if (next.state === "completed" && next.payment_state === "captured") {
      receipt = await this.api.get(`/v1/rides/${next.id}/receipt`).catch(nullForNone);
      if (left !== this.left) return "same";
    }
    this.receipt = receipt;
    const isNews = this.ride === null || next.version > this.ride.version || receipt !== null;
    if (!isNews || !this.take(next)) return "same";
    return ride === null ? "begun" : "moved";
  }

  async lookForOne() {
    const { left } = this;
    const current = await this.api.get("/v1/rides/current").catch(nullForNone);
    // One may have been asked for meanwhile.
    if (left !== this.left || this.ride !== null) return "same";
    if (current === null) return "none";
    this.take(current);
    return "begun";
  }

  /** Leave a ride behind. */
  forget() {
    Object.assign(this, { ride: null, receipt: null, seen: null, left: this.left + 1 });
    sessionStorage.removeItem(KEPT);
  }
}

function nullForNone(error) {
  if (error.status !== 404) throw error;
  return null;
}
