CREATE TABLE IF NOT EXISTS accounts_current (
    account_id Int64,
    customer_id Int64,
    kind LowCardinality(String),
    currency LowCardinality(String),
    balance Decimal64(2),
    device_id String,
    updated_at DateTime64(3, 'Asia/Seoul'),
    _version UInt64,
    _deleted UInt8 DEFAULT 0
) ENGINE = ReplacingMergeTree(_version)
ORDER BY account_id;

CREATE TABLE IF NOT EXISTS account_activity_per_minute (
    account_id Int64,
    window_start DateTime64(3, 'Asia/Seoul'),
    window_end DateTime64(3, 'Asia/Seoul'),
    transactions UInt32,
    declined UInt32,
    amount_in Decimal64(2),
    amount_out Decimal64(2)
) ENGINE = MergeTree
ORDER BY (window_start, account_id)
TTL toDateTime(window_start) + INTERVAL 90 DAY;

CREATE TABLE IF NOT EXISTS fraud_alerts (
    alert_id UUID,
    rule LowCardinality(String),
    account_id Int64,
    occurred_at DateTime64(3, 'Asia/Seoul'),
    description String,
    amount Decimal64(2),
    transaction_ids Array(UUID)
) ENGINE = MergeTree
ORDER BY (occurred_at, alert_id);

CREATE TABLE IF NOT EXISTS payment_visibility (
    committed_at DateTime64(3, 'Asia/Seoul'),
    milliseconds Float64
) ENGINE = MergeTree
ORDER BY committed_at
TTL toDateTime(committed_at) + INTERVAL 7 DAY;
