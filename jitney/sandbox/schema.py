"""The tables of the sandbox's store. What must never happen to money is refused here, by checks and triggers."""

SCHEMA_VERSION = 4

# Calls; what version 3 did not have.
CALLS = """
CREATE TABLE call (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    language TEXT NOT NULL,
    text TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('completed', 'busy', 'no-answer', 'failed')),
    created REAL NOT NULL
) STRICT;
CREATE INDEX call_by_recipient ON call (recipient, seq);
CREATE INDEX call_by_age ON call (created);
"""
# Pushes and mails; what version 2 did not have.
POSTS = """
CREATE TABLE post (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    provider TEXT NOT NULL CHECK (provider IN ('fcm', 'apns', 'smtp')),
    recipient TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    details TEXT NOT NULL,
    created REAL NOT NULL
) STRICT;
CREATE INDEX post_by_recipient ON post (recipient, seq);
CREATE INDEX post_by_age ON post (created);
"""
SCHEMA = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- Every object of the processor, as its API shows it. `account` is the connected account that it belongs to, empty for
-- the platform's own; `private` holds what the API never shows (how a test card behaves); `payout` is the settlement
-- that a balance transaction went out with.
CREATE TABLE object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    created INTEGER NOT NULL,
    customer TEXT,
    parent TEXT,
    type TEXT,
    payout TEXT,
    private TEXT,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX object_by_kind ON object (kind, account, seq);
CREATE INDEX event_by_age ON object (created) WHERE kind = 'event';
CREATE INDEX object_by_customer ON object (kind, customer, seq) WHERE customer IS NOT NULL;
CREATE INDEX object_by_parent ON object (kind, parent, seq) WHERE parent IS NOT NULL;
CREATE INDEX object_by_payout ON object (payout, seq) WHERE payout IS NOT NULL;
CREATE INDEX object_unsettled ON object (account, private) WHERE kind = 'balance_transaction' AND payout IS NULL;
CREATE TABLE metadata (
    object_seq INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (object_seq, key)
) STRICT;
CREATE INDEX metadata_by_value ON metadata (key, value, object_seq);

-- What happens by itself when its time comes: a hold expires, a refund fails after all, a payout arrives.
CREATE TABLE task (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL,
    data TEXT NOT NULL,
    due_at REAL NOT NULL
) STRICT;
CREATE INDEX task_due ON task (due_at, seq);
CREATE INDEX task_by_subject ON task (subject);

-- The balance of each account: what may be spent, and what may be spent from a time on.
CREATE TABLE fund (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    PRIMARY KEY (account, currency)
) STRICT;
CREATE TABLE coming_fund (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    available_on INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    PRIMARY KEY (account, currency, available_on)
) STRICT;

-- The oracle: money as it moved, kept apart from the objects above. Only movements are written; the triggers add them
-- up, and the checks stop a sandbox that would let more be captured than was held, more given back or charged back than
-- was captured, or more come back of a refund, dispute, transfer or payout than went out with it.
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    payment_intent TEXT NOT NULL UNIQUE,
    currency TEXT NOT NULL,
    authorized_minor INTEGER NOT NULL DEFAULT 0,
    captured_minor INTEGER NOT NULL DEFAULT 0,
    released_minor INTEGER NOT NULL DEFAULT 0,
    refunded_minor INTEGER NOT NULL DEFAULT 0,
    disputed_minor INTEGER NOT NULL DEFAULT 0,
    CHECK (captured_minor + released_minor <= authorized_minor),
    CHECK (refunded_minor + disputed_minor <= captured_minor)
) STRICT;
CREATE TABLE effect (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'dispute', 'transfer', 'payout')),
    payment_intent TEXT REFERENCES ledger (payment_intent),
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    moved_minor INTEGER NOT NULL DEFAULT 0,
    returned_minor INTEGER NOT NULL DEFAULT 0,
    CHECK (returned_minor <= moved_minor)
) STRICT;
CREATE INDEX effect_by_kind ON effect (kind, seq);
CREATE INDEX effect_by_intent ON effect (payment_intent) WHERE payment_intent IS NOT NULL;
CREATE TABLE movement (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN (
        'authorize', 'increment', 'capture', 'release', 'refund', 'refund_failed', 'dispute', 'dispute_reinstated',
        'transfer', 'transfer_reversed', 'payout', 'payout_returned'
    )),
    payment_intent TEXT REFERENCES ledger (payment_intent),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    idempotency_key TEXT,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX movement_by_subject ON movement (subject, kind);
CREATE INDEX movement_by_intent ON movement (payment_intent, kind) WHERE payment_intent IS NOT NULL;
CREATE INDEX movement_by_key ON movement (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX movement_once ON movement (subject, kind)
    WHERE kind IN ('refund', 'refund_failed', 'dispute', 'dispute_reinstated', 'transfer', 'payout', 'payout_returned');
CREATE TRIGGER movement_of_a_payment AFTER INSERT ON movement WHEN NEW.payment_intent IS NOT NULL BEGIN
    UPDATE ledger SET
        authorized_minor = authorized_minor + iif(NEW.kind IN ('authorize', 'increment'), NEW.amount_minor, 0),
        captured_minor = captured_minor + iif(NEW.kind = 'capture', NEW.amount_minor, 0),
        released_minor = released_minor + iif(NEW.kind = 'release', NEW.amount_minor, 0),
        refunded_minor = refunded_minor
            + iif(NEW.kind = 'refund', NEW.amount_minor, 0) - iif(NEW.kind = 'refund_failed', NEW.amount_minor, 0),
        disputed_minor = disputed_minor
            + iif(NEW.kind = 'dispute', NEW.amount_minor, 0)
            - iif(NEW.kind = 'dispute_reinstated', NEW.amount_minor, 0)
    WHERE payment_intent = NEW.payment_intent;
END;
CREATE TRIGGER movement_of_an_effect AFTER INSERT ON movement
WHEN NEW.kind NOT IN ('authorize', 'increment', 'capture', 'release') BEGIN
    UPDATE effect SET
        moved_minor = moved_minor
            + iif(NEW.kind IN ('refund', 'dispute', 'transfer', 'payout'), NEW.amount_minor, 0),
        returned_minor = returned_minor
            + iif(NEW.kind IN ('refund', 'dispute', 'transfer', 'payout'), 0, NEW.amount_minor)
    WHERE subject = NEW.subject;
    SELECT RAISE(ABORT, 'nothing has gone out that could come back')
    WHERE NOT EXISTS (SELECT 1 FROM effect WHERE subject = NEW.subject);
END;
CREATE TRIGGER movement_is_final BEFORE UPDATE ON movement BEGIN SELECT RAISE(ABORT, 'a movement is never edited'); END;
CREATE TRIGGER movement_stays BEFORE DELETE ON movement BEGIN SELECT RAISE(ABORT, 'a movement is never deleted'); END;

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    request_id TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (created);

CREATE TABLE message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    created REAL NOT NULL
) STRICT;
CREATE INDEX message_by_recipient ON message (recipient, seq);
CREATE INDEX message_by_age ON message (created);

CREATE TABLE fault (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    rule TEXT NOT NULL,
    made_at REAL NOT NULL,
    seen INTEGER NOT NULL DEFAULT 0,
    fired INTEGER NOT NULL DEFAULT 0
) STRICT;

-- `waits_for` is a delivery that is to be sent before this one; `swaps` waits for any later one.
CREATE TABLE delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('event', 'sms_status')),
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    signing TEXT NOT NULL DEFAULT 'good' CHECK (signing IN ('good', 'bad', 'old')),
    signed_seconds_ago REAL NOT NULL DEFAULT 0,
    swaps INTEGER NOT NULL DEFAULT 0,
    waits_for INTEGER
) STRICT;
CREATE INDEX delivery_due ON delivery (due_at);
CREATE INDEX delivery_swaps ON delivery (seq) WHERE swaps = 1;
"""
