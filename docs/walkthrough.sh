#!/usr/bin/env bash
# A ride by hand, against a stack that runs (make up): the commands of README.md in their order, each with its title.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
say() { printf '\n== %s\n' "$*"; }
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
# From here on, all but `say` is README.md; tests/unit/docs compares them.

REST=${REST:-http://127.0.0.1:8080}
STREAM=${STREAM:-http://127.0.0.1:8081}
SANDBOX=${SANDBOX:-http://127.0.0.1:8090}
RIDER_PHONE=${RIDER_PHONE:-+14155550100}
DRIVER_PHONE=${DRIVER_PHONE:-+14155550101}

now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
field() {  # PATH, e.g. quotes.0.id: a field of the JSON on standard input
  python3 -ISc 'import functools, json, sys
def step(value, name): return value[int(name)] if isinstance(value, list) else value[name]
print(functools.reduce(step, sys.argv[1].split("."), json.load(sys.stdin)))' "$1"
}
post() {  # URL BODY
  curl -sS --fail-with-body "$1" -H 'Content-Type: application/json' -d "$2"
}
api() {  # METHOD PATH TOKEN [BODY]
  curl -sS --fail-with-body -X "$1" "$REST$2" -H "Authorization: Bearer $3" \
    -H "Idempotency-Key: by-hand-$RANDOM-$RANDOM-$RANDOM" ${4:+-H 'Content-Type: application/json' -d "$4"} && echo
}

say 'Sign in as a rider and as a driver, by the one-time codes that the sandbox received as text messages'
sign_in() {  # PHONE ROLE
  local since=$(now) code
  post "$REST/v1/auth/otp" "{\"phone_number\": \"$1\"}" >&2 || return
  until code=$(curl -sS "$SANDBOX/_sim/messages?to=%2B${1#+}&since=$since" | field messages.0.code 2> /dev/null); do
    sleep 0.2
  done
  post "$REST/v1/auth/otp/verify" \
    "{\"phone_number\": \"$1\", \"code\": \"$code\", \"role\": \"$2\", \"device_id\": \"curl\"}" | field access_token
}
RIDER=$(sign_in "$RIDER_PHONE" rider)
DRIVER=$(sign_in "$DRIVER_PHONE" driver)
api GET /v1/me "$RIDER"

say 'The rider adds a test card'
CARD=$(api POST /v1/payment-methods "$RIDER" '{"psp_token": "pm_card_visa"}' | field id)

say 'The driver applies, listens, goes online, and tells every five seconds where the car is'
api POST /v1/driver/application "$DRIVER" '{"display_name": "Ana", "vehicle":
  {"model": "Toyota Prius", "color": "blue", "plate": "7ABC123", "vehicle_class": "economy"}}'
HEARD=$(mktemp)
curl -sSN "$STREAM/v1/me/stream" -H "Authorization: Bearer $DRIVER" > "$HEARD" &
until grep -q '^event: hello' "$HEARD"; do sleep 0.2; done
api PUT /v1/driver/availability "$DRIVER" '{"online": true}'
while api POST /v1/driver/locations "$DRIVER" "{\"locations\": [{\"latitude\": 37.45, \"longitude\": -122.16,
  \"measured_at\": \"$(now)\", \"sequence\": $(date +%s)}]}" > /dev/null 2>&1; do sleep 5; done &

say 'The rider asks for a price and takes it'
QUOTE=$(api POST /v1/quotes "$RIDER" '{"pickup": {"latitude": 37.452, "longitude": -122.163},
  "dropoff": {"latitude": 37.4275, "longitude": -122.1697}, "product": "economy"}')
echo "$QUOTE"
BODY="{\"quote_id\": \"$(echo "$QUOTE" | field quotes.0.id)\", \"payment_method_id\": \"$CARD\"}"
RIDE=$(api POST /v1/rides "$RIDER" "$BODY" | field id)

say 'Dispatch offers the ride to the driver, who accepts'
until OFFER=$(api GET /v1/driver/offers/current "$DRIVER" 2> /dev/null | grep -o 'offer_[a-z0-9]*'); do sleep 0.2; done
api POST "/v1/driver/offers/$OFFER/accept" "$DRIVER" | field state

say 'The driver arrives, starts with the PIN that the rider tells, and completes the trip'
PIN=$(api GET "/v1/rides/$RIDE" "$RIDER" | field start_pin)
api POST "/v1/driver/rides/$RIDE/arrive" "$DRIVER" | field state
api POST "/v1/driver/rides/$RIDE/start" "$DRIVER" "{\"pin\": \"$PIN\"}" | field state
api POST "/v1/driver/rides/$RIDE/complete" "$DRIVER" | field state

say 'The fare is captured: the receipt, what the rider was told, what the driver heard and earned'
until [ "$(api GET "/v1/rides/$RIDE" "$RIDER" | field payment_state)" = captured ]; do sleep 0.2; done
api GET "/v1/rides/$RIDE" "$RIDER"
api GET "/v1/rides/$RIDE/receipt" "$RIDER"
api GET '/v1/me/notifications?limit=5' "$RIDER"
until grep -A 2 '^event: offer_created' "$HEARD"; do sleep 0.2; done
api GET /v1/driver/earnings "$DRIVER"

say 'An operator sees the entry in the ledger, and that the books balance'
OPERATOR=$(.venv/bin/jitney token --role operator)
api GET "/v1/operator/rides/$RIDE/journal" "$OPERATOR"
api GET /v1/operator/ledger/trial-balance "$OPERATOR"

say 'The driver goes home'
api PUT /v1/driver/availability "$DRIVER" '{"online": false}'
kill $(jobs -p)
