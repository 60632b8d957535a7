/** How amounts, times and names are told to people. */

const NUMBERS = new Intl.NumberFormat(undefined);
// Not `hour12: false`, by which some languages begin a day at 24:00.
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const DAY_AND_CLOCK = new Intl.DateTimeFormat(undefined, DAY);
const YEAR_AND_DAY = new Intl.DateTimeFormat(undefined, { ...DAY, year: "numeric" });
const HOUR_AND_MINUTE = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
/**
 * Digits behind the point by ISO 4217, as the services count minor units (shared_kernel/money.py). Browsers know CLDR's,
 * which differ for some: a forint or a rupiah would be told a hundredfold.
 */
const DIGITS = new Map(
  [
    ["BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 0],
    ["BHD IQD JOD KWD LYD OMR TND", 3],
    ["CLF UYW", 4],
  ].flatMap(([codes, digits]) => codes.split(" ").map((code) => [code, digits])),
);
const formats = new Map();

/** How many digits a currency has behind the point. */
export const digitsOf = (code) => DIGITS.get(code) ?? 2;

function formatOf(code) {
  const digits = digitsOf(code);
  if (!formats.has(code)) formats.set(code, new Intl.NumberFormat(undefined, { style: "currency", currency: code, minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return formats.get(code);
}

/** Tell an amount: `{currency_code, amount_minor}`. */
export function money(amount) {
  if (!amount) return "–";
  return formatOf(amount.currency_code).format(amount.amount_minor / 10 ** digitsOf(amount.currency_code));
}

/** How many minor units a typed amount is, or null where it is none, or one with more digits than its currency has. */
export function minorUnits(text, code) {
  const [, whole, part = ""] = /^(\d+)(?:\.(\d+))?$/.exec(text.trim()) ?? [];
  const digits = digitsOf(code);
  if (whole === undefined || part.length > digits) return null;
  const minor = Number(whole + part.padEnd(digits, "0"));
  return minor > 0 && Number.isSafeInteger(minor) ? minor : null;
}

/**
 * A typed amount as the API takes it, and nothing at all for nothing typed.
 * @throws where it is no amount: one that cannot be read must not pass for all there is
 */
export function typedAmount(text, code) {
  if (text.trim() === "") return {};
  const minor = minorUnits(text, code);
  if (minor === null) throw new Error(`${text} is no amount in ${code}.`);
  return { amount: { currency_code: code, amount_minor: minor } };
}

/** Read a place as somebody types it, `latitude, longitude`; null where it is none on earth. */
export function typedPlace(text) {
  const [latitude, longitude, ...more] = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  const isPlace = more.length === 0 && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  return isPlace ? { latitude, longitude } : null;
}

export const count = (number) => NUMBERS.format(number);

/** Tell a time of today by the clock, another one with its day, and one of another year with that; where they look. */
export function time(moment, now = new Date()) {
  if (!moment) return "–";
  const date = new Date(moment);
  if (date.toDateString() === now.toDateString()) return CLOCK.format(date);
  return (date.getFullYear() === now.getFullYear() ? DAY_AND_CLOCK : YEAR_AND_DAY).format(date);
}

/** Tell hour and minute alone. */
export const clock = (milliseconds) => HOUR_AND_MINUTE.format(milliseconds);

/** Tell a length of time as people say it. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 600 && whole % 60) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const full = Math.round(whole / 60);
  return full < 60 ? `${full} min` : `${Math.floor(full / 60)} h ${full % 60} min`;
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
  const text = (name ?? "").replaceAll("_", " ").replace(/^(psp|sms|smtp|xl)\b/, (first) => first.toUpperCase());
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
  in_suspense: "info",
  open: "warn",
  payment_failed: "bad",
  no_driver_available: "bad",
  rejected: "bad",
  suspended: "bad",
  failed: "bad",
  parked: "bad",
};

export const tone = (state) => TONES[state] ?? "";
