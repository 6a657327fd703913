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

CREATE TABLE public.users (
    user_id character varying(36) NOT NULL,
    username text NOT NULL,
    email text,
    status text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_users_status_known CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text, 'deleted'::text])))
);

INSERT INTO public.alembic_version VALUES ('0001');

INSERT INTO public.api_credentials VALUES ('credential-1', 'account-1', 'c4f2', '0123456789abcdef', '\x0077726170706564', '\xff7365616c6564', true, '2026-11-23 01:55:30.932617+00', NULL);

INSERT INTO public.bybit_accounts VALUES ('account-1', 'user-1', 'main', 'sim', 'enabled', '2026-11-23 01:55:30.929091+00');

INSERT INTO public.runs VALUES ('run-1', 'user-1', 'account-1', 'strategy-1', 'recording', 'running', '2026-11-23 01:55:30.938881+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.strategies VALUES ('strategy-1', 'account-1', 'btc_main', 'GridStrategy', 'BTCUSDT', '{"grid_count":50}', true, '2026-11-23 01:55:30.935458+00');

INSERT INTO public.users VALUES ('user-1', 'alice', NULL, 'active', '2026-11-23 01:55:30.925644+00', '2026-11-23 01:55:30.925655+00');

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.api_credentials
    ADD CONSTRAINT pk_api_credentials PRIMARY KEY (credential_id);

ALTER TABLE ONLY public.bybit_accounts
    ADD CONSTRAINT pk_bybit_accounts PRIMARY KEY (account_id);

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT pk_runs PRIMARY KEY (run_id);

ALTER TABLE ONLY public.strategies
    ADD CONSTRAINT pk_strategies PRIMARY KEY (strategy_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (user_id);

ALTER TABLE ONLY public.bybit_accounts
    ADD CONSTRAINT uq_bybit_accounts_user_id_account_name UNIQUE (user_id, account_name);

ALTER TABLE ONLY public.strategies
    ADD CONSTRAINT uq_strategies_account_id_strat_id UNIQUE (account_id, strat_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT uq_users_email UNIQUE (email);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT uq_users_username UNIQUE (username);

CREATE INDEX ix_api_credentials_account_id ON public.api_credentials USING btree (account_id);

CREATE INDEX ix_api_credentials_master_key_id ON public.api_credentials USING btree (master_key_id);

CREATE INDEX ix_runs_account_id_start_ts ON public.runs USING btree (account_id, start_ts);

CREATE INDEX ix_runs_status ON public.runs USING btree (status);

CREATE INDEX ix_runs_strategy_id ON public.runs USING btree (strategy_id);

CREATE INDEX ix_runs_user_id ON public.runs USING btree (user_id);

CREATE UNIQUE INDEX uq_api_credentials_active ON public.api_credentials USING btree (account_id) WHERE is_active;

CREATE UNIQUE INDEX uq_strategies_enabled_symbol ON public.strategies USING btree (account_id, symbol) WHERE is_enabled;

ALTER TABLE ONLY public.api_credentials
    ADD CONSTRAINT fk_api_credentials_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.bybit_accounts
    ADD CONSTRAINT fk_bybit_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.users(user_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT fk_runs_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT fk_runs_strategy_id FOREIGN KEY (strategy_id) REFERENCES public.strategies(strategy_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT fk_runs_user_id FOREIGN KEY (user_id) REFERENCES public.users(user_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.strategies
    ADD CONSTRAINT fk_strategies_account_id FOREIGN KEY (account_id) REFERENCES public.bybit_accounts(account_id) ON DELETE CASCADE;
