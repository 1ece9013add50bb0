-- The bank's own database: what an application team would have, before anyone thought of events.
CREATE TABLE IF NOT EXISTS public.customers (
    customer_id bigint PRIMARY KEY,
    full_name   text NOT NULL,
    segment     text NOT NULL CHECK (segment IN ('student', 'salaried', 'self-employed', 'retired')),
    home_city   text NOT NULL,
    opened_on   date NOT NULL
);

CREATE TABLE IF NOT EXISTS public.accounts (
    account_id  bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES public.customers,
    kind        text NOT NULL CHECK (kind IN ('checking', 'savings', 'settlement')),
    currency    char(3) NOT NULL,
    balance     numeric(18, 2) NOT NULL,
    device_id   text NOT NULL,
    updated_at  timestamptz(3) NOT NULL
);

CREATE TABLE IF NOT EXISTS public.merchants (
    merchant_id bigint PRIMARY KEY,
    name        text NOT NULL,
    category    text NOT NULL,
    city        text NOT NULL
);

CREATE TABLE IF NOT EXISTS public.transactions (
    transaction_id   uuid PRIMARY KEY,
    account_id       bigint NOT NULL REFERENCES public.accounts,
    amount           numeric(18, 2) NOT NULL,
    currency         char(3) NOT NULL,
    transaction_type text NOT NULL,
    status           text NOT NULL CHECK (status IN ('completed', 'declined', 'reversed')),
    created_at       timestamptz(3) NOT NULL,
    region           text NOT NULL,
    channel          text NOT NULL,
    merchant_id      bigint REFERENCES public.merchants,
    counterparty     text,
    device_id        text,
    latitude         double precision,
    longitude        double precision,
    refund_of        uuid
);

-- Events that a team publishes on purpose, written in the same transaction as the rows that they tell of.
CREATE TABLE IF NOT EXISTS public.outbox (
    id            uuid PRIMARY KEY,
    aggregatetype text NOT NULL,
    aggregateid   text NOT NULL,
    type          text NOT NULL,
    payload       jsonb NOT NULL,
    created_at    timestamptz(3) NOT NULL
);

-- One row for each time that the generator was started on this database: a run goes on where others ended and repeats none of them. No job reads it.
CREATE TABLE IF NOT EXISTS public.generator_runs (
    run        bigint PRIMARY KEY,
    seed       numeric(20) NOT NULL,
    started_at timestamptz(3) NOT NULL
);

-- What the generator did on purpose: the truth that the fraud rules are measured against. No job reads it.
CREATE TABLE IF NOT EXISTS public.fraud_cases (
    case_id         uuid PRIMARY KEY,
    pattern         text NOT NULL,
    account_id      bigint NOT NULL,
    transaction_ids uuid[] NOT NULL,
    committed_at    timestamptz(3) NOT NULL
);
