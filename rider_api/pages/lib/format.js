/** How amounts, times and names are told to people. */

const NUMBERS = new Intl.NumberFormat(undefined);
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const DAY_AND_CLOCK = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});
const formats = new Map();

function formatOf(code) {
  if (!formats.has(code)) formats.set(code, new Intl.NumberFormat(undefined, { style: "currency", currency: code }));
  return formats.get(code);
}

/** Tell an amount: `{currency_code, amount_minor}`, of which the currency knows the decimals. */
export function money(amount) {
  if (!amount) return "–";
  const format = formatOf(amount.currency_code);
  const digits = format.resolvedOptions().maximumFractionDigits;
  return format.format(amount.amount_minor / 10 ** digits);
}

/** How many minor units a typed amount is, or null where it is no amount. */
export function minorUnits(text, code) {
  const digits = formatOf(code).resolvedOptions().maximumFractionDigits;
  const value = Number(text);
  return text.trim() !== "" && Number.isFinite(value) && value > 0 ? Math.round(value * 10 ** digits) : null;
}

export const count = (number) => NUMBERS.format(number);

/** Tell a time of today by the clock, another one with its day. */
export function time(moment) {
  if (!moment) return "–";
  const date = new Date(moment);
  return (date.toDateString() === new Date().toDateString() ? CLOCK : DAY_AND_CLOCK).format(date);
}

/** Tell a length of time as people say it. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole < 600 && whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${Math.round(whole / 60)} min`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}

/** Tell minutes, rounded up: how long until somebody comes. */
export const minutes = (seconds) => `${Math.max(1, Math.ceil(seconds / 60))} min`;

export const distance = (meters) => (meters < 950 ? `${Math.round(meters / 10) * 10} m` : `${(meters / 1000).toFixed(1)} km`);

/** Tell how long ago something was. */
export const ago = (moment) => `${duration((Date.now() - new Date(moment)) / 1000)} ago`;

/** The end of an id: enough to tell two apart. */
export const shortId = (id) => (id ? `…${id.slice(-6)}` : "–");

export const place = (where) => where.address || `${where.latitude.toFixed(4)}, ${where.longitude.toFixed(4)}`;

/** A name of the API as words: driver_en_route is Driver en route. */
export function words(name) {
  if (name === "xl") return "XL";
  const text = (name ?? "").replaceAll("_", " ").replace(/^psp\b/, "PSP");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const TONES = {
  completed: "good",
  captured: "good",
  approved: "good",
  paid: "good",
  closed: "good",
  refunded: "good",
  in_force: "good",
  applied: "good",
  accepted: "good",
  in_progress: "info",
  arrived: "info",
  driver_en_route: "info",
  returning: "info",
  held: "info",
  requested: "warn",
  matching: "warn",
  offered: "warn",
  scheduled: "warn",
  pending: "warn",
  refund_pending: "warn",
  upcoming: "info",
  open: "warn",
  payment_failed: "bad",
  no_driver_available: "bad",
  rejected: "bad",
  suspended: "bad",
  failed: "bad",
  parked: "bad",
};

export const tone = (state) => TONES[state] ?? "";
