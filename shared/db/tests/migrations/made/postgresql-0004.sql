CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.api_credentials (
    credential_id character varying(36) NOT NULL,
    account_id character varying(36) NOT NULL,
    api_key_hint text NOT NULL,
    master_key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    rotated_at timestamp with time zone
);

CREATE TABLE public.bybit_accounts (
    account_id character varying(36) NOT NULL,
    user_id character varying(36) NOT NULL,
    account_name text NOT NULL,
    environment text NOT NULL,
    status text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_bybit_accounts_environment_known CHECK ((environment = ANY (ARRAY['mainnet'::text, 'testnet'::text, 'demo'::text, 'sim'::text]))),
    CONSTRAINT ck_bybit_accounts_status_known CHECK ((status = ANY (ARRAY['enabled'::text, 'disabled'::text, 'error'::text])))
);

CREATE TABLE public.dead_letters (
    letter_id character varying(36) NOT NULL,
    environment text NOT NULL,
    account_id character varying(36),
    run_id character varying(36),
    stream text NOT NULL,
    topic text NOT NULL,
    reason text NOT NULL,
    payload text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_dead_letters_environment_known CHECK ((environment = ANY (ARRAY['mainnet'::text, 'testnet'::text, 'demo'::text, 'sim'::text]))),
    CONSTRAINT ck_dead_letters_stream_known CHECK ((stream = ANY (ARRAY['trades'::text, 'tickers'::text, 'executions'::text, 'orders'::text, 'positions'::text, 'wallet'::text, 'funding'::text, 'grid'::text, 'unknown'::text])))
);

CREATE TABLE public.funding_payments (
    id bigint NOT NULL,
    run_id character varying(36) NOT NULL,
    account_id character varying(36) NOT NULL,
    strat_id text,
    symbol text NOT NULL,
    side text NOT NULL,
    position_idx smallint,
    exec_id text NOT NULL,
    exchange_ts timestamp with time zone NOT NULL,
    local_ts timestamp with time zone NOT NULL,
    qty numeric NOT NULL,
    funding_rate numeric NOT NULL,
    price numeric NOT NULL,
    amount numeric NOT NULL,
    fee_currency text,
    raw_json text,
    CONSTRAINT ck_funding_payments_side_known CHECK ((side = ANY (ARRAY['Buy'::text, 'Sell'::text])))
);

CREATE SEQUENCE public.funding_payments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.funding_payments_id_seq OWNED BY public.funding_payments.id;

CREATE TABLE public.gaps (
    gap_id character varying(36) NOT NULL,
    environment text NOT NULL,
    account_id character varying(36),
    stream text NOT NULL,
    symbol text,
    from_ts timestamp with time zone NOT NULL,
    to_ts timestamp with time zone NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    attempts bigint NOT NULL,
    rows_filled bigint NOT NULL,
    next_attempt_at timestamp with time zone,
    last_error text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_gaps_environment_known CHECK ((environment = ANY (ARRAY['mainnet'::text, 'testnet'::text, 'demo'::text, 'sim'::text]))),
    CONSTRAINT ck_gaps_ordered CHECK ((from_ts <= to_ts)),
    CONSTRAINT ck_gaps_state_known CHECK ((state = ANY (ARRAY['open'::text, 'filled'::text, 'unrecoverable'::text]))),
    CONSTRAINT ck_gaps_stream_known CHECK ((stream = ANY (ARRAY['trades'::text, 'tickers'::text, 'executions'::text, 'orders'::text, 'positions'::text, 'wallet'::text, 'funding'::text, 'grid'::text, 'unknown'::text])))
);

CREATE TABLE public.grid_state_snapshots (
    id bigint NOT NULL,
    run_id character varying(36) NOT NULL,
    account_id character varying(36) NOT NULL,
    strat_id text NOT NULL,
    symbol text NOT NULL,
    exchange_ts timestamp with time zone NOT NULL,
    local_ts timestamp with time zone NOT NULL,
    grid_json text NOT NULL,
    grid_step numeric NOT NULL,
    grid_count bigint NOT NULL,
    raw_fingerprint text
);

CREATE SEQUENCE public.grid_state_snapshots_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.grid_state_snapshots_id_seq OWNED BY public.grid_state_snapshots.id;

CREATE TABLE public.leases (
    account_id character varying(36) NOT NULL,
    name text NOT NULL,
    holder text NOT NULL,
    fencing bigint NOT NULL,
    acquired_at timestamp with time zone NOT NULL,
    renewed_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE public.orders (
    id bigint NOT NULL,
    run_id character varying(36) NOT NULL,
    account_id character varying(36) NOT NULL,
    strat_id text,
    symbol text NOT NULL,
    position_idx smallint,
    order_id text NOT NULL,
    order_link_id text,
    exchange_ts timestamp with time zone NOT NULL,
    local_ts timestamp with time zone NOT NULL,
    status text NOT NULL,
    side text NOT NULL,
    price numeric NOT NULL,
    qty numeric NOT NULL,
    leaves_qty numeric NOT NULL,
    cum_exec_qty numeric,
    avg_price numeric,
    reduce_only boolean NOT NULL,
    reject_reason text,
    cancel_type text,
    raw_json text,
    CONSTRAINT ck_orders_side_known CHECK ((side = ANY (ARRAY['Buy'::text, 'Sell'::text])))
);

CREATE SEQUENCE public.orders_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.orders_id_seq OWNED BY public.orders.id;

CREATE TABLE public.position_snapshots (
    id bigint NOT NULL,
    run_id character varying(36) NOT NULL,
    account_id character varying(36) NOT NULL,
    source text NOT NULL,
    symbol text NOT NULL,
    side text NOT NULL,
    exchange_ts timestamp with time zone NOT NULL,
    local_ts timestamp with time zone NOT NULL,
    size numeric NOT NULL,
    entry_price numeric,
    liq_price numeric,
    mark_price numeric,
    leverage numeric,
    unrealised_pnl numeric,
    cum_realised_pnl numeric,
    cur_realised_pnl numeric,
    position_im numeric,
    position_mm numeric,
    position_value numeric,
    fingerprint text NOT NULL,
    raw_json text,
    CONSTRAINT ck_position_snapshots_side_known CHECK ((side = ANY (ARRAY['Buy'::text, 'Sell'::text]))),
    CONSTRAINT ck_position_snapshots_source_known CHECK ((source = ANY (ARRAY['live'::text, 'backtest'::text])))
);

CREATE SEQUENCE public.position_snapshots_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.position_snapshots_id_seq OWNED BY public.position_snapshots.id;

CREATE TABLE public.private_executions (
    id bigint NOT NULL,
    run_id character varying(36) NOT NULL,
    account_id character varying(36) NOT NULL,
    strat_id text,
    symbol text NOT NULL,
    position_idx smallint,
    attribution text NOT NULL,
    exec_id text NOT NULL,
    order_id text NOT NULL,
    order_link_id text,
    exchange_ts timestamp with time zone NOT NULL,
    local_ts timestamp with time zone NOT NULL,
    exec_type text NOT NULL,
    side text NOT NULL,
    exec_price numeric NOT NULL,
    exec_qty numeric NOT NULL,
    closed_size numeric,
    leaves_qty numeric,
    exec_fee numeric,
    fee_currency text,
    fee_rate numeric,
    closed_pnl numeric,
    is_maker boolean,
    seq bigint,
    raw_json text,
    CONSTRAINT ck_private_executions_attribution_known CHECK ((attribution = ANY (ARRAY['row'::text, 'order'::text, 'wire_id'::text, 'closed_size'::text, 'none'::text]))),
    CONSTRAINT ck_private_executions_side_known CHECK ((side = ANY (ARRAY['Buy'::text, 'Sell'::text])))
);

CREATE SEQUENCE public.private_executions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.private_executions_id_seq OWNED BY public.private_executions.id;

CREATE TABLE public.public_trades (
    id bigint NOT NULL,
    environment text NOT NULL,
    symbol text NOT NULL,
    trade_id text NOT NULL,
    exchange_ts timestamp with time zone NOT NULL,
    local_ts timestamp with time zone NOT NULL,
    side text,
    price bigint NOT NULL,
    size bigint NOT NULL,
    seq bigint,
    CONSTRAINT ck_public_trades_environment_known CHECK ((environment = ANY (ARRAY['mainnet'::text, 'testnet'::text, 'demo'::text, 'sim'::text]))),
    CONSTRAINT ck_public_trades_positive CHECK (((price > 0) AND (size > 0))),
    CONSTRAINT ck_public_trades_side_known CHECK ((side = ANY (ARRAY['Buy'::text, 'Sell'::text])))
);

CREATE SEQUENCE public.public_trades_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.public_trades_id_seq OWNED BY public.public_trades.id;

CREATE TABLE public.runs (
    run_id character varying(36) NOT NULL,
    user_id character varying(36) NOT NULL,
    account_id character varying(36),
    strategy_id character varying(36),
    run_type text NOT NULL,
    status text NOT NULL,
    start_ts timestamp with time zone NOT NULL,
    end_ts timestamp with time zone,
    heartbeat_at timestamp with time zone,
    config_snapshot text,
    config_hash text,
    code_version text,
    gridcore_version text,
    host text,
    pid bigint,
    CONSTRAINT ck_runs_run_type_known CHECK ((run_type = ANY (ARRAY['live'::text, 'backtest'::text, 'shadow'::text, 'recording'::text]))),
    CONSTRAINT ck_runs_status_known CHECK ((status = ANY (ARRAY['running'::text, 'completed'::text, 'failed'::text, 'abandoned'::text])))
);

CREATE TABLE public.strategies (
    strategy_id character varying(36) NOT NULL,
    account_id character varying(36) NOT NULL,
    strat_id text NOT NULL,
    strategy_type text NOT NULL,
    symbol text NOT NULL,
    config_json text NOT NULL,
    is_enabled boolean NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE public.ticker_snapshots (
    id bigint NOT NULL,
    environment text NOT NULL,
    symbol text NOT NULL,
    exchange_ts timestamp with time zone NOT NULL,
    local_ts timestamp with time zone NOT NULL,
    last_price bigint NOT NULL,
    mark_price bigint,
    bid1_price bigint,
    ask1_price bigint,
    funding_rate bigint,
    raw_json text,
    CONSTRAINT ck_ticker_snapshots_environment_known CHECK ((environment = ANY (ARRAY['mainnet'::text, 'testnet'::text, 'demo'::text, 'sim'::text]))),
    CONSTRAINT ck_ticker_snapshots_positive CHECK ((last_price > 0))
);

CREATE SEQUENCE public.ticker_snapshots_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.ticker_snapshots_id_seq OWNED BY public.ticker_snapshots.id;

CREATE TABLE public.users (
    user_id character varying(36) NOT NULL,
    username text NOT NULL,
    email text,
    status text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_users_status_known CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text, 'deleted'::text])))
);

CREATE TABLE public.wallet_snapshots (
    id bigint NOT NULL,
    run_id character varying(36) NOT NULL,
    account_id character varying(36) NOT NULL,
    coin text NOT NULL,
    exchange_ts timestamp with time zone NOT NULL,
    local_ts timestamp with time zone NOT NULL,
    wallet_balance numeric NOT NULL,
    available_balance numeric,
    usd_value numeric,
    total_equity numeric,
    total_available_balance numeric,
    total_margin_balance numeric,
    account_im_rate numeric,
    account_mm_rate numeric,
    fingerprint text NOT NULL,
    raw_json text
);

CREATE SEQUENCE public.wallet_snapshots_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.wallet_snapshots_id_seq OWNED BY public.wallet_snapshots.id;

ALTER TABLE ONLY public.funding_payments ALTER COLUMN id SET DEFAULT nextval('public.funding_payments_id_seq'::regclass);

ALTER TABLE ONLY public.grid_state_snapshots ALTER COLUMN id SET DEFAULT nextval('public.grid_state_snapshots_id_seq'::regclass);

ALTER TABLE ONLY public.orders ALTER COLUMN id SET DEFAULT nextval('public.orders_id_seq'::regclass);

ALTER TABLE ONLY public.position_snapshots ALTER COLUMN id SET DEFAULT nextval('public.position_snapshots_id_seq'::regclass);

ALTER TABLE ONLY public.private_executions ALTER COLUMN id SET DEFAULT nextval('public.private_executions_id_seq'::regclass);

ALTER TABLE ONLY public.public_trades ALTER COLUMN id SET DEFAULT nextval('public.public_trades_id_seq'::regclass);

ALTER TABLE ONLY public.ticker_snapshots ALTER COLUMN id SET DEFAULT nextval('public.ticker_snapshots_id_seq'::regclass);

ALTER TABLE ONLY public.wallet_snapshots ALTER COLUMN id SET DEFAULT nextval('public.wallet_snapshots_id_seq'::regclass);

INSERT INTO public.alembic_version VALUES ('0004');

INSERT INTO public.api_credentials VALUES ('credential-1', 'account-1', 'c4f2', '0123456789abcdef', '\x0077726170706564', '\xff7365616c6564', true, '2026-11-23 01:55:33.327253+00', NULL);

INSERT INTO public.bybit_accounts VALUES ('account-1', 'user-1', 'main', 'sim', 'enabled', '2026-11-23 01:55:33.325573+00');

INSERT INTO public.dead_letters VALUES ('letter-1', 'sim', 'account-1', NULL, 'executions', 'execution', 'execPrice: expected a number', '{}', '2026-03-01 12:00:00.123456+00', '2026-11-23 01:55:33.396608+00');

INSERT INTO public.funding_payments VALUES (1, 'run-1', 'account-1', NULL, 'BTCUSDT', 'Buy', NULL, 'f-1', '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00:00.123456+00', 0.012, 0.0001, 99800.1, -0.11976012, NULL, NULL);

INSERT INTO public.gaps VALUES ('gap-1', 'sim', 'account-1', 'executions', NULL, '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00:00.123456+00', 'open', 'disconnect', 0, 0, NULL, NULL, '2026-11-23 01:55:33.393918+00', '2026-11-23 01:55:33.393925+00');

INSERT INTO public.grid_state_snapshots VALUES (1, 'run-1', 'account-1', 'btc_main', 'BTCUSDT', '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00:00.123456+00', '[]', 0.2, 0, 'f');

INSERT INTO public.leases VALUES ('account-1', 'trading', 'host-1', 1, '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00:00.123456+00');

INSERT INTO public.orders VALUES (1, 'run-1', 'account-1', NULL, 'BTCUSDT', NULL, 'o-1', NULL, '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00:00.123456+00', 'New', 'Buy', 99800.1, 0.012, 0.012, NULL, NULL, false, NULL, NULL, NULL);

INSERT INTO public.position_snapshots VALUES (1, 'run-1', 'account-1', 'live', 'BTCUSDT', 'Buy', '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00:00.123456+00', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'f', NULL);

INSERT INTO public.private_executions VALUES (1, 'run-1', 'account-1', NULL, 'BTCUSDT', NULL, 'wire_id', 'e-1', 'o-1', NULL, '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00:00.123456+00', 'Trade', 'Buy', 99800.1, 0.012, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.public_trades VALUES (1, 'sim', 'BTCUSDT', 't-1', '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00:00.123456+00', 'Buy', 9980010000000, 1200000, NULL);

INSERT INTO public.runs VALUES ('run-1', 'user-1', 'account-1', 'strategy-1', 'recording', 'running', '2026-11-23 01:55:33.340152+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.strategies VALUES ('strategy-1', 'account-1', 'btc_main', 'GridStrategy', 'BTCUSDT', '{"grid_count":50}', true, '2026-11-23 01:55:33.335805+00');

INSERT INTO public.ticker_snapshots VALUES (1, 'sim', 'BTCUSDT', '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00:00.123456+00', 9980010000000, NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.users VALUES ('user-1', 'alice', NULL, 'active', '2026-11-23 01:55:33.322966+00', '2026-11-23 01:55:33.322973+00');

INSERT INTO public.wallet_snapshots VALUES (1, 'run-1', 'account-1', 'USDT', '2026-03-01 12:00:00.123456+00', '2026-03-01 12:00:00.123456+00', 10000.00000001, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'f', NULL);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.api_credentials
    ADD CONSTRAINT pk_api_credentials PRIMARY KEY (credential_id);

ALTER TABLE ONLY public.bybit_accounts
    ADD CONSTRAINT pk_bybit_accounts PRIMARY KEY (account_id);

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT pk_dead_letters PRIMARY KEY (letter_id);

ALTER TABLE ONLY public.funding_payments
    ADD CONSTRAINT pk_funding_payments PRIMARY KEY (id);

ALTER TABLE ONLY public.gaps
    ADD CONSTRAINT pk_gaps PRIMARY KEY (gap_id);

ALTER TABLE ONLY public.grid_state_snapshots
    ADD CONSTRAINT pk_grid_state_snapshots PRIMARY KEY (id);

ALTER TABLE ONLY public.leases
    ADD CONSTRAINT pk_leases PRIMARY KEY (account_id, name);

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT pk_orders PRIMARY KEY (id);

ALTER TABLE ONLY public.position_snapshots
    ADD CONSTRAINT pk_position_snapshots PRIMARY KEY (id);

ALTER TABLE ONLY public.private_executions
    ADD CONSTRAINT pk_private_executions PRIMARY KEY (id);

ALTER TABLE ONLY public.public_trades
    ADD CONSTRAINT pk_public_trades PRIMARY KEY (id);

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT pk_runs PRIMARY KEY (run_id);

ALTER TABLE ONLY public.strategies
    ADD CONSTRAINT pk_strategies PRIMARY KEY (strategy_id);

ALTER TABLE ONLY public.ticker_snapshots
    ADD CONSTRAINT pk_ticker_snapshots PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (user_id);

ALTER TABLE ONLY public.wallet_snapshots
    ADD CONSTRAINT pk_wallet_snapshots PRIMARY KEY (id);

ALTER TABLE ONLY public.bybit_accounts
    ADD CONSTRAINT uq_bybit_accounts_user_id_account_name UNIQUE (user_id, account_name);

ALTER TABLE ONLY public.funding_payments
    ADD CONSTRAINT uq_funding_payments_account_id_exec_id UNIQUE (account_id, exec_id);

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT uq_orders_key UNIQUE (account_id, order_id, exchange_ts, status, leaves_qty);

ALTER TABLE ONLY public.position_snapshots
    ADD CONSTRAINT uq_position_snapshots_key UNIQUE (account_id, symbol, side, source, exchange_ts, fingerprint);

ALTER TABLE ONLY public.private_executions
    ADD CONSTRAINT uq_private_executions_account_id_exec_id UNIQUE (account_id, exec_id);

ALTER TABLE ONLY public.public_trades
    ADD CONSTRAINT uq_public_trades_key UNIQUE (environment, symbol, exchange_ts, trade_id);

ALTER TABLE ONLY public.strategies
    ADD CONSTRAINT uq_strategies_account_id_strat_id UNIQUE (account_id, strat_id);

ALTER TABLE ONLY public.ticker_snapshots
    ADD CONSTRAINT uq_ticker_snapshots_key UNIQUE (environment, symbol, exchange_ts);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT uq_users_email UNIQUE (email);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT uq_users_username UNIQUE (username);

ALTER TABLE ONLY public.wallet_snapshots
    ADD CONSTRAINT uq_wallet_snapshots_key UNIQUE (account_id, coin, exchange_ts, fingerprint);

CREATE INDEX ix_api_credentials_account_id ON public.api_credentials USING btree (account_id);

CREATE INDEX ix_api_credentials_master_key_id ON public.api_credentials USING btree (master_key_id);

CREATE INDEX ix_dead_letters_account_id ON public.dead_letters USING btree (account_id);

CREATE INDEX ix_funding_payments_account_id_exchange_ts ON public.funding_payments USING btree (account_id, exchange_ts);

CREATE INDEX ix_funding_payments_run_id ON public.funding_payments USING btree (run_id);

CREATE INDEX ix_gaps_account_id ON public.gaps USING btree (account_id);

CREATE INDEX ix_gaps_lookup ON public.gaps USING btree (environment, stream, symbol, from_ts);

CREATE INDEX ix_gaps_state_next_attempt_at ON public.gaps USING btree (state, next_attempt_at);

CREATE INDEX ix_grid_state_snapshots_across_runs ON public.grid_state_snapshots USING btree (account_id, strat_id, symbol, exchange_ts, id);

CREATE INDEX ix_grid_state_snapshots_lookup ON public.grid_state_snapshots USING btree (run_id, account_id, strat_id, exchange_ts, id);

CREATE INDEX ix_orders_account_id_exchange_ts ON public.orders USING btree (account_id, exchange_ts);

CREATE INDEX ix_orders_lookup ON public.orders USING btree (run_id, account_id, symbol, exchange_ts);

CREATE INDEX ix_position_snapshots_account_id_exchange_ts ON public.position_snapshots USING btree (account_id, exchange_ts);

CREATE INDEX ix_position_snapshots_lookup ON public.position_snapshots USING btree (run_id, symbol, side, exchange_ts);

CREATE INDEX ix_private_executions_account_id_exchange_ts ON public.private_executions USING btree (account_id, exchange_ts);

CREATE INDEX ix_private_executions_lookup ON public.private_executions USING btree (account_id, strat_id, symbol, exchange_ts);

CREATE INDEX ix_private_executions_order_id ON public.private_executions USING btree (order_id);

CREATE INDEX ix_private_executions_run_id ON public.private_executions USING btree (run_id);

CREATE INDEX ix_runs_account_id_start_ts ON public.runs USING btree (account_id, start_ts);

CREATE INDEX ix_runs_status ON public.runs USING btree (status);

CREATE INDEX ix_runs_strategy_id ON public.runs USING btree (strategy_id);

CREATE INDEX ix_runs_user_id ON public.runs USING btree (user_id);

CREATE INDEX ix_wallet_snapshots_account_id_exchange_ts ON public.wallet_snapshots USING btree (account_id, exchange_ts);

CREATE INDEX ix_wallet_snapshots_lookup ON public.wallet_snapshots USING btree (run_id, coin, exchange_ts);

CREATE UNIQUE INDEX uq_api_credentials_active ON public.api_credentials USING btree (account_id) WHERE is_active;

CREATE UNIQUE INDEX uq_grid_state_snapshots_fingerprint ON public.grid_state_snapshots USING btree (run_id, account_id, strat_id, exchange_ts, raw_fingerprint) WHERE (raw_fingerprint IS NOT NULL);

CREATE UNIQUE INDEX uq_strategies_enabled_symbol ON public.strategies USING btree (account_id, symbol) WHERE is_enabled;

ALTER TABLE ONLY public.api_credentials
    ADD CONSTRAINT fk_api_credentials_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.bybit_accounts
    ADD CONSTRAINT fk_bybit_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.users(user_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT fk_dead_letters_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.funding_payments
    ADD CONSTRAINT fk_funding_payments_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.funding_payments
    ADD CONSTRAINT fk_funding_payments_run_id FOREIGN KEY (run_id) REFERENCES public.runs(run_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.gaps
    ADD CONSTRAINT fk_gaps_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.grid_state_snapshots
    ADD CONSTRAINT fk_grid_state_snapshots_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.grid_state_snapshots
    ADD CONSTRAINT fk_grid_state_snapshots_run_id FOREIGN KEY (run_id) REFERENCES public.runs(run_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.leases
    ADD CONSTRAINT fk_leases_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT fk_orders_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT fk_orders_run_id FOREIGN KEY (run_id) REFERENCES public.runs(run_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.position_snapshots
    ADD CONSTRAINT fk_position_snapshots_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.position_snapshots
    ADD CONSTRAINT fk_position_snapshots_run_id FOREIGN KEY (run_id) REFERENCES public.runs(run_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.private_executions
    ADD CONSTRAINT fk_private_executions_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.private_executions
    ADD CONSTRAINT fk_private_executions_run_id FOREIGN KEY (run_id) REFERENCES public.runs(run_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT fk_runs_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT fk_runs_strategy_id FOREIGN KEY (strategy_id) REFERENCES public.strategies(strategy_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT fk_runs_user_id FOREIGN KEY (user_id) REFERENCES public.users(user_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.strategies
    ADD CONSTRAINT fk_strategies_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.wallet_snapshots
    ADD CONSTRAINT fk_wallet_snapshots_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.wallet_snapshots
    ADD CONSTRAINT fk_wallet_snapshots_run_id FOREIGN KEY (run_id) REFERENCES public.runs(run_id) ON DELETE CASCADE;
