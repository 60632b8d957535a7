/** How open items may be resolved: the rules of payment, which has the last word. */

import { words } from "../lib/format.js";

/** Kinds of items whose difference can be booked, and the accounts it can be booked to: as payment has them. */
export const MONEY_KINDS = ["unknown_transaction", "amount_differs", "missing_in_ledger", "missing_at_psp"];
export const BOOKABLE_KINDS = ["psp_fee", "dispute_fee", "chargeback_loss", "bad_debt", "goodwill", "promo", "commission", "booking_fee", "bank"];
/** Takes a difference out of suspense again, and only that. */
export const BACK = "psp_receivable";

/** How an item may be resolved; one in suspense is booked to where it belongs, or back. */
export function resolutions(item) {
  const booked = BOOKABLE_KINDS.map((kind) => [`booked:${kind}`, `Book it to: ${words(kind)}`]);
  if (item.status === "in_suspense") return [...booked, [`booked:${BACK}`, "Book it back to what the PSP holds"]];
  const explained = ["explained", "It is right as it is: book nothing"];
  if (!MONEY_KINDS.includes(item.kind) || item.amount.amount_minor === 0) return [explained];
  return [explained, ["suspense", "To suspense: its reason is not known yet"], ...booked];
}
