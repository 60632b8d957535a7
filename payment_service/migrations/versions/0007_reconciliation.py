"""What the PSP's own list says, how it was matched with the ledger, and what a person has to look at.

Entries are found by time through BRIN indexes: they come in the order of time, and such an index costs a capture next
to nothing.
"""

from __future__ import annotations

from chassis.migrations import ForwardOnlyError, run_sql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TIMES = """
CREATE INDEX ix_journal_entry_created_at ON journal_entry USING brin (created_at) WITH (autosummarize = on);
CREATE INDEX ix_payment_captured_at ON payment USING brin (captured_at) WITH (autosummarize = on);
"""

_REQUESTS = """
-- Who was answered by an operation is asked as well as who waits for it; requests answered at once have none.
DROP INDEX ix_request_waiting;
CREATE INDEX ix_request_operation_id ON request (operation_id) WHERE operation_id IS NOT NULL;
"""

_MOVES = """
-- A state that is legal to come from is kept beside the state, so that a foreign key can refuse an illegal move.
CREATE FUNCTION state_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.previous := 'new';
    ELSE
        NEW.previous := CASE WHEN NEW.status = OLD.status THEN OLD.previous ELSE OLD.status END;
    END IF;
    RETURN NEW;
END $$;
"""

_RUNS = """
CREATE TABLE reconciliation_run_transition (
    previous text NOT NULL,
    status text NOT NULL,
    CONSTRAINT pk_reconciliation_run_transition PRIMARY KEY (previous, status)
);
INSERT INTO reconciliation_run_transition VALUES ('new', 'running'), ('running', 'completed'), ('running', 'failed');
CREATE TABLE reconciliation_run (
    id uuid CONSTRAINT pk_reconciliation_run PRIMARY KEY,
    -- The day of a daily run; one that an operator asked for has none.
    day date CONSTRAINT uq_reconciliation_run_day UNIQUE,
    previous text NOT NULL DEFAULT 'new',
    status text NOT NULL,
    phase text NOT NULL CONSTRAINT ck_reconciliation_run_phase
        CHECK (phase IN ('import', 'match', 'expect', 'age', 'done')),
    since timestamptz,
    position text NOT NULL,
    expected_after uuid NOT NULL,
    imported_count integer NOT NULL DEFAULT 0,
    matched_count integer NOT NULL DEFAULT 0,
    opened_count integer NOT NULL DEFAULT 0,
    closed_count integer NOT NULL DEFAULT 0,
    steps bigint NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    detail text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT fk_reconciliation_run_previous_status_transition
        FOREIGN KEY (previous, status) REFERENCES reconciliation_run_transition (previous, status),
    CONSTRAINT ck_reconciliation_run_finished CHECK (
        (status = 'running') = (finished_at IS NULL) AND (status = 'completed') = (phase = 'done')
    )
);
-- One at a time, whoever starts it.
CREATE UNIQUE INDEX ix_reconciliation_run_one_running ON reconciliation_run (status) WHERE status = 'running';
CREATE TRIGGER reconciliation_run_moves BEFORE INSERT OR UPDATE ON reconciliation_run
    FOR EACH ROW EXECUTE FUNCTION state_moves();
"""

_TRANSACTIONS = """
CREATE TABLE psp_balance_transaction (
    id text CONSTRAINT pk_psp_balance_transaction PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_psp_balance_transaction_kind CHECK (
        kind IN ('charge', 'refund', 'dispute', 'transfer', 'fee', 'settlement', 'other')
    ),
    type text NOT NULL,
    amount_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    currency_code text NOT NULL CONSTRAINT ck_psp_balance_transaction_currency_code
        CHECK (currency_code ~ '^[A-Z]{3}$'),
    source_id text NOT NULL,
    parent_id text NOT NULL,
    created_at timestamptz NOT NULL,
    available_at timestamptz NOT NULL,
    imported_at timestamptz NOT NULL,
    subject_kind text NOT NULL DEFAULT '',
    subject_id uuid,
    state text NOT NULL DEFAULT 'new' CONSTRAINT ck_psp_balance_transaction_state
        CHECK (state IN ('new', 'waiting', 'differs', 'matched', 'resolved')),
    CONSTRAINT ck_psp_balance_transaction_subject CHECK ((subject_id IS NULL) = (subject_kind = ''))
);
CREATE INDEX ix_psp_balance_transaction_unmatched ON psp_balance_transaction (id)
    WHERE state IN ('new', 'waiting', 'differs');
CREATE INDEX ix_psp_balance_transaction_subject_id ON psp_balance_transaction (subject_id);
CREATE INDEX ix_psp_balance_transaction_created_at ON psp_balance_transaction (created_at);

CREATE FUNCTION psp_balance_transaction_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.kind, NEW.type, NEW.amount_minor, NEW.fee_minor, NEW.currency_code, NEW.source_id,
                NEW.parent_id, NEW.created_at, NEW.available_at, NEW.imported_at)
            IS NOT DISTINCT FROM
            (OLD.id, OLD.kind, OLD.type, OLD.amount_minor, OLD.fee_minor, OLD.currency_code, OLD.source_id,
                OLD.parent_id, OLD.created_at, OLD.available_at, OLD.imported_at)
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'what the PSP listed is kept as it came' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER psp_balance_transaction_stays BEFORE UPDATE ON psp_balance_transaction
    FOR EACH ROW EXECUTE FUNCTION psp_balance_transaction_stays();
CREATE TRIGGER psp_balance_transaction_kept BEFORE DELETE OR TRUNCATE ON psp_balance_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION psp_balance_transaction_stays();
"""

_ITEMS = """
CREATE TABLE reconciliation_item_transition (
    previous text NOT NULL,
    status text NOT NULL,
    CONSTRAINT pk_reconciliation_item_transition PRIMARY KEY (previous, status)
);
INSERT INTO reconciliation_item_transition VALUES
    ('new', 'open'), ('open', 'in_suspense'), ('open', 'closed'), ('in_suspense', 'closed');
CREATE TABLE reconciliation_item (
    id uuid CONSTRAINT pk_reconciliation_item PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_reconciliation_item_kind CHECK (
        kind IN ('unknown_transaction', 'amount_differs', 'missing_in_ledger', 'missing_at_psp',
            'transaction_changed', 'clearing_aged', 'ledger_differs')
    ),
    -- What it is about: of each kind and reference one stands open.
    reference text NOT NULL,
    currency_code text NOT NULL CONSTRAINT ck_reconciliation_item_currency_code
        CHECK (currency_code ~ '^[A-Z]{3}$'),
    -- What the PSP says less what the ledger says.
    amount_minor bigint NOT NULL,
    psp_transaction_id text CONSTRAINT fk_reconciliation_item_psp_transaction
        REFERENCES psp_balance_transaction,
    subject_kind text NOT NULL DEFAULT '',
    subject_id uuid,
    payment_id uuid CONSTRAINT fk_reconciliation_item_payment_id_payment REFERENCES payment,
    detail text NOT NULL,
    previous text NOT NULL DEFAULT 'new',
    status text NOT NULL,
    resolution text NOT NULL DEFAULT '' CONSTRAINT ck_reconciliation_item_resolution
        CHECK (resolution IN ('', 'agreed', 'explained', 'suspense', 'booked')),
    note text NOT NULL DEFAULT '',
    resolved_by text NOT NULL DEFAULT '',
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT fk_reconciliation_item_previous_status_transition
        FOREIGN KEY (previous, status) REFERENCES reconciliation_item_transition (previous, status),
    CONSTRAINT ck_reconciliation_item_closed CHECK (
        (status = 'closed') = (closed_at IS NOT NULL) AND (status = 'open') = (resolution = '')
    ),
    CONSTRAINT ck_reconciliation_item_subject CHECK ((subject_id IS NULL) = (subject_kind = ''))
);
CREATE UNIQUE INDEX ix_reconciliation_item_one_open ON reconciliation_item (kind, reference) WHERE status <> 'closed';
CREATE INDEX ix_reconciliation_item_open ON reconciliation_item (id) WHERE status <> 'closed';
CREATE INDEX ix_reconciliation_item_subject_id ON reconciliation_item (subject_id) WHERE status <> 'closed';
CREATE TRIGGER reconciliation_item_moves BEFORE INSERT OR UPDATE ON reconciliation_item
    FOR EACH ROW EXECUTE FUNCTION state_moves();
CREATE FUNCTION reconciliation_item_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'items are closed, not deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER reconciliation_item_stays BEFORE DELETE OR TRUNCATE ON reconciliation_item
    FOR EACH STATEMENT EXECUTE FUNCTION reconciliation_item_stays();
"""


def upgrade() -> None:
    run_sql(_TIMES, _REQUESTS, _MOVES, _RUNS, _TRANSACTIONS, _ITEMS)


def downgrade() -> None:
    raise ForwardOnlyError("what was found and resolved would be lost")
