#!/usr/bin/env bash
# The ride by hand once more, on the services themselves: grpcurl and a token, against a stack that runs (make up).
# To get it: GOBIN=$PWD/.tools/bin go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$PWD/.tools/bin:$PWD/.venv/bin:$PATH"
say() { printf '\n== %s\n' "$*"; }

IDENTITY=${IDENTITY:-127.0.0.1:50050}
MATCHING=${MATCHING:-127.0.0.1:50051}
PAYMENT=${PAYMENT:-127.0.0.1:50052}
NOTIFICATION=${NOTIFICATION:-127.0.0.1:50053}
SANDBOX=${SANDBOX:-http://127.0.0.1:8090}
RIDER_PHONE=${RIDER_PHONE:-+14155550102}
DRIVER_PHONE=${DRIVER_PHONE:-+14155550103}

key() { echo "by-hand-$RANDOM-$RANDOM-$RANDOM"; }
field() {  # PATH, e.g. quotes.0.id: a field of the JSON on standard input
  python3 -ISc 'import functools, json, sys
def step(value, name): return value[int(name)] if isinstance(value, list) else value[name]
print(functools.reduce(step, sys.argv[1].split("."), json.load(sys.stdin)))' "$1"
}
rpc() {  # TOKEN ADDRESS METHOD [BODY]
  grpcurl -plaintext ${1:+-H "authorization: Bearer $1"} -d "${4:-{\}}" "$2" "ridesharing.$3"
}

say 'What a service serves, and that nobody calls it without a token'
grpcurl -plaintext "$MATCHING" list
if REFUSED=$(rpc '' "$MATCHING" matching.v1.RideService/GetCurrentRide 2>&1); then exit 1; fi
grep Code: <<< "$REFUSED"

say 'Sign in as a rider and as a driver, by the one-time codes that the sandbox received as text messages'
sign_in() {  # PHONE ROLE
  local since=$(date -u +%Y-%m-%dT%H:%M:%SZ) code
  rpc '' "$IDENTITY" identity.v1.IdentityService/RequestOtp "{\"request_id\": \"$(key)\", \"phone_number\": \"$1\"}" >&2
  until code=$(curl -sS "$SANDBOX/_sim/messages?to=%2B${1#+}&since=$since" | field messages.0.code 2> /dev/null); do
    sleep 0.2
  done
  rpc '' "$IDENTITY" identity.v1.IdentityService/VerifyOtp \
    "{\"phone_number\": \"$1\", \"code\": \"$code\", \"role\": \"$2\", \"device_id\": \"grpcurl\"}" | field tokens.access_token
}
RIDER=$(sign_in "$RIDER_PHONE" ROLE_RIDER)
DRIVER=$(sign_in "$DRIVER_PHONE" ROLE_DRIVER)

say 'The rider adds a test card'
CARD=$(rpc "$RIDER" "$PAYMENT" payment.v1.PaymentService/AddPaymentMethod \
  "{\"request_id\": \"$(key)\", \"psp_token\": \"pm_card_visa\"}" | field payment_method.payment_method_id)

say 'The driver applies, goes online, and tells where the car is'
rpc "$DRIVER" "$IDENTITY" identity.v1.IdentityService/SubmitDriverApplication "{\"request_id\": \"$(key)\",
  \"display_name\": \"Ana\", \"vehicle\": {\"model\": \"Toyota Prius\", \"color\": \"blue\", \"plate\": \"7ABC123\",
  \"vehicle_class\": \"VEHICLE_CLASS_ECONOMY\"}}"
rpc "$DRIVER" "$MATCHING" matching.v1.DriverService/StartShift "{\"request_id\": \"$(key)\"}" > /dev/null
ping() {
  rpc "$DRIVER" "$MATCHING" matching.v1.DriverService/ReportLocations "{\"pings\": [{\"sequence\": $(date +%s),
    \"point\": {\"latitude\": 37.447, \"longitude\": -122.155}, \"measure_time\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}]}"
}
ping

say 'Her app follows her live stream'
HEARD=$(mktemp)
trap 'rm -f "$HEARD"' EXIT
coproc APP {
  grpcurl -plaintext -H "authorization: Bearer $DRIVER" -d @ "$NOTIFICATION" \
    ridesharing.notification.v1.LiveService/FollowLive > "$HEARD"
}
echo '{"hello": {"app_version": "by hand"}}' >&"${APP[1]}"
until grep -q welcome "$HEARD"; do sleep 0.2; done

say 'The rider asks for a price and takes it'
QUOTE=$(rpc "$RIDER" "$MATCHING" matching.v1.RideService/CreateQuotes '{"product": "economy",
  "pickup": {"point": {"latitude": 37.449, "longitude": -122.158}},
  "dropoff": {"point": {"latitude": 37.4275, "longitude": -122.1697}}}' | field quotes.0.quote_id)
RIDE=$(rpc "$RIDER" "$MATCHING" matching.v1.RideService/RequestRide \
  "{\"request_id\": \"$(key)\", \"quote_id\": \"$QUOTE\", \"payment_method_id\": \"$CARD\"}" | field ride.ride_id)

say 'Dispatch offers the ride to the driver, who hears of it, acknowledges and accepts'
until grep -B 1 '"type": "offer_created"' "$HEARD"; do
  ping > /dev/null
  sleep 0.5
done
EVENT=$(grep -B 1 '"type": "offer_created"' "$HEARD" | grep -o '[0-9]*-[0-9]*')
echo "{\"acknowledgement\": {\"event_id\": \"$EVENT\"}}" >&"${APP[1]}"
until OFFER=$(rpc "$DRIVER" "$MATCHING" matching.v1.DriverService/GetCurrentOffer 2> /dev/null | field offer.offer_id 2> /dev/null); do
  ping > /dev/null
  sleep 0.5
done
step() {  # METHOD FIELDS
  rpc "$DRIVER" "$MATCHING" "matching.v1.DriverService/$1" "{\"request_id\": \"$(key)\", $2}" | field ride.state
}
step AcceptOffer "\"offer_id\": \"$OFFER\""

say 'The driver arrives, starts with the PIN that the rider tells, and completes the trip'
PIN=$(rpc "$RIDER" "$MATCHING" matching.v1.RideService/GetRide "{\"ride_id\": \"$RIDE\"}" | field ride.start_pin)
step ArriveAtPickup "\"ride_id\": \"$RIDE\""
step StartTrip "\"ride_id\": \"$RIDE\", \"start_pin\": \"$PIN\""
step CompleteTrip "\"ride_id\": \"$RIDE\""

say 'The fare is captured: the receipt'
until [ "$(rpc "$RIDER" "$MATCHING" matching.v1.RideService/GetRide "{\"ride_id\": \"$RIDE\"}" | field ride.payment_state)" \
  = PAYMENT_STATE_CAPTURED ]; do sleep 0.2; done
rpc "$RIDER" "$PAYMENT" payment.v1.PaymentService/GetReceipt "{\"ride_id\": \"$RIDE\"}"

say 'An operator, with a token made for local work, sees that the books balance'
rpc "$(jitney token --role operator)" "$PAYMENT" payment.v1.PaymentService/GetTrialBalance
rpc "$DRIVER" "$MATCHING" matching.v1.DriverService/EndShift "{\"request_id\": \"$(key)\"}" > /dev/null
