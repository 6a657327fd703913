BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE api_credentials (
	credential_id VARCHAR(36) NOT NULL, 
	account_id VARCHAR(36) NOT NULL, 
	api_key_hint TEXT NOT NULL, 
	master_key_id TEXT NOT NULL, 
	wrapped_key BLOB NOT NULL, 
	sealed BLOB NOT NULL, 
	is_active BOOLEAN NOT NULL, 
	created_at BIGINT NOT NULL, 
	rotated_at BIGINT, 
	CONSTRAINT pk_api_credentials PRIMARY KEY (credential_id), 
	CONSTRAINT fk_api_credentials_account_id FOREIGN KEY(account_id) REFERENCES bybit_accounts (account_id) ON DELETE CASCADE
);
INSERT INTO "api_credentials" VALUES('credential-1','account-1','c4f2','0123456789abcdef',X'0077726170706564',X'FF7365616C6564',1,1795398926456411,NULL);
CREATE TABLE bybit_accounts (
	account_id VARCHAR(36) NOT NULL, 
	user_id VARCHAR(36) NOT NULL, 
	account_name TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	status TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_bybit_accounts PRIMARY KEY (account_id), 
	CONSTRAINT ck_bybit_accounts_environment_known CHECK (environment IN ('mainnet', 'testnet', 'demo', 'sim')), 
	CONSTRAINT ck_bybit_accounts_status_known CHECK (status IN ('enabled', 'disabled', 'error')), 
	CONSTRAINT fk_bybit_accounts_user_id FOREIGN KEY(user_id) REFERENCES users (user_id) ON DELETE CASCADE, 
	CONSTRAINT uq_bybit_accounts_user_id_account_name UNIQUE (user_id, account_name)
);
INSERT INTO "bybit_accounts" VALUES('account-1','user-1','main','sim','enabled',1795398926454014);
CREATE TABLE dead_letters (
	letter_id VARCHAR(36) NOT NULL, 
	environment TEXT NOT NULL, 
	account_id VARCHAR(36), 
	run_id VARCHAR(36), 
	stream TEXT NOT NULL, 
	topic TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	payload TEXT NOT NULL, 
	received_at BIGINT NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_dead_letters PRIMARY KEY (letter_id), 
	CONSTRAINT ck_dead_letters_environment_known CHECK (environment IN ('mainnet', 'testnet', 'demo', 'sim')), 
	CONSTRAINT ck_dead_letters_stream_known CHECK (stream IN ('trades', 'tickers', 'executions', 'orders', 'positions', 'wallet', 'funding', 'grid', 'unknown')), 
	CONSTRAINT fk_dead_letters_account_id FOREIGN KEY(account_id) REFERENCES bybit_accounts (account_id) ON DELETE CASCADE
);
INSERT INTO "dead_letters" VALUES('letter-1','sim','account-1',NULL,'executions','execution','execPrice: expected a number','{}',1772366400123456,1795398926483595);
CREATE TABLE funding_payments (
	id INTEGER NOT NULL, 
	run_id VARCHAR(36) NOT NULL, 
	account_id VARCHAR(36) NOT NULL, 
	strat_id TEXT, 
	symbol TEXT NOT NULL, 
	side TEXT NOT NULL, 
	position_idx SMALLINT, 
	exec_id TEXT NOT NULL, 
	exchange_ts BIGINT NOT NULL, 
	local_ts BIGINT NOT NULL, 
	qty TEXT NOT NULL, 
	funding_rate TEXT NOT NULL, 
	price TEXT NOT NULL, 
	amount TEXT NOT NULL, 
	fee_currency TEXT, 
	raw_json TEXT, 
	CONSTRAINT pk_funding_payments PRIMARY KEY (id), 
	CONSTRAINT ck_funding_payments_side_known CHECK (side IN ('Buy', 'Sell')), 
	CONSTRAINT fk_funding_payments_account_id FOREIGN KEY(account_id) REFERENCES bybit_accounts (account_id) ON DELETE CASCADE, 
	CONSTRAINT fk_funding_payments_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE, 
	CONSTRAINT uq_funding_payments_account_id_exec_id UNIQUE (account_id, exec_id)
);
INSERT INTO "funding_payments" VALUES(1,'run-1','account-1',NULL,'BTCUSDT','Buy',NULL,'f-1',1772366400123456,1772366400123456,'0.012','0.0001','99800.1','-0.11976012',NULL,NULL);
CREATE TABLE gaps (
	gap_id VARCHAR(36) NOT NULL, 
	environment TEXT NOT NULL, 
	account_id VARCHAR(36), 
	stream TEXT NOT NULL, 
	symbol TEXT, 
	from_ts BIGINT NOT NULL, 
	to_ts BIGINT NOT NULL, 
	state TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	attempts BIGINT NOT NULL, 
	rows_filled BIGINT NOT NULL, 
	next_attempt_at BIGINT, 
	last_error TEXT, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_gaps PRIMARY KEY (gap_id), 
	CONSTRAINT ck_gaps_environment_known CHECK (environment IN ('mainnet', 'testnet', 'demo', 'sim')), 
	CONSTRAINT ck_gaps_state_known CHECK (state IN ('open', 'filled', 'unrecoverable')), 
	CONSTRAINT ck_gaps_stream_known CHECK (stream IN ('trades', 'tickers', 'executions', 'orders', 'positions', 'wallet', 'funding', 'grid', 'unknown')), 
	CONSTRAINT ck_gaps_ordered CHECK (from_ts <= to_ts), 
	CONSTRAINT fk_gaps_account_id FOREIGN KEY(account_id) REFERENCES bybit_accounts (account_id) ON DELETE CASCADE
);
INSERT INTO "gaps" VALUES('gap-1','sim','account-1','executions',NULL,1772366400123456,1772366400123456,'open','disconnect',0,0,NULL,NULL,1795398926482215,1795398926482220);
CREATE TABLE grid_state_snapshots (
	id INTEGER NOT NULL, 
	run_id VARCHAR(36) NOT NULL, 
	account_id VARCHAR(36) NOT NULL, 
	strat_id TEXT NOT NULL, 
	symbol TEXT NOT NULL, 
	exchange_ts BIGINT NOT NULL, 
	local_ts BIGINT NOT NULL, 
	grid_json TEXT NOT NULL, 
	grid_step TEXT NOT NULL, 
	grid_count BIGINT NOT NULL, 
	raw_fingerprint TEXT, 
	CONSTRAINT pk_grid_state_snapshots PRIMARY KEY (id), 
	CONSTRAINT fk_grid_state_snapshots_account_id FOREIGN KEY(account_id) REFERENCES bybit_accounts (account_id) ON DELETE CASCADE, 
	CONSTRAINT fk_grid_state_snapshots_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "grid_state_snapshots" VALUES(1,'run-1','account-1','btc_main','BTCUSDT',1772366400123456,1772366400123456,'[]','0.2',0,'f');
CREATE TABLE leases (
	account_id VARCHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	fencing BIGINT NOT NULL, 
	acquired_at BIGINT NOT NULL, 
	renewed_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (account_id, name), 
	CONSTRAINT fk_leases_account_id FOREIGN KEY(account_id) REFERENCES bybit_accounts (account_id) ON DELETE CASCADE
);
INSERT INTO "leases" VALUES('account-1','trading','host-1',1,1772366400123456,1772366400123456,1772366400123456);
CREATE TABLE orders (
	id INTEGER NOT NULL, 
	run_id VARCHAR(36) NOT NULL, 
	account_id VARCHAR(36) NOT NULL, 
	strat_id TEXT, 
	symbol TEXT NOT NULL, 
	position_idx SMALLINT, 
	order_id TEXT NOT NULL, 
	order_link_id TEXT, 
	exchange_ts BIGINT NOT NULL, 
	local_ts BIGINT NOT NULL, 
	status TEXT NOT NULL, 
	side TEXT NOT NULL, 
	price TEXT NOT NULL, 
	qty TEXT NOT NULL, 
	leaves_qty TEXT NOT NULL, 
	cum_exec_qty TEXT, 
	avg_price TEXT, 
	reduce_only BOOLEAN NOT NULL, 
	reject_reason TEXT, 
	cancel_type TEXT, 
	raw_json TEXT, 
	CONSTRAINT pk_orders PRIMARY KEY (id), 
	CONSTRAINT ck_orders_side_known CHECK (side IN ('Buy', 'Sell')), 
	CONSTRAINT fk_orders_account_id FOREIGN KEY(account_id) REFERENCES bybit_accounts (account_id) ON DELETE CASCADE, 
	CONSTRAINT fk_orders_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE, 
	CONSTRAINT uq_orders_key UNIQUE (account_id, order_id, exchange_ts, status, leaves_qty)
);
INSERT INTO "orders" VALUES(1,'run-1','account-1',NULL,'BTCUSDT',NULL,'o-1',NULL,1772366400123456,1772366400123456,'New','Buy','99800.1','0.012','0.012',NULL,NULL,0,NULL,NULL,NULL);
CREATE TABLE position_snapshots (
	id INTEGER NOT NULL, 
	run_id VARCHAR(36) NOT NULL, 
	account_id VARCHAR(36) NOT NULL, 
	source TEXT NOT NULL, 
	symbol TEXT NOT NULL, 
	side TEXT NOT NULL, 
	exchange_ts BIGINT NOT NULL, 
	local_ts BIGINT NOT NULL, 
	size TEXT NOT NULL, 
	entry_price TEXT, 
	liq_price TEXT, 
	mark_price TEXT, 
	leverage TEXT, 
	unrealised_pnl TEXT, 
	cum_realised_pnl TEXT, 
	cur_realised_pnl TEXT, 
	position_im TEXT, 
	position_mm TEXT, 
	position_value TEXT, 
	fingerprint TEXT NOT NULL, 
	raw_json TEXT, 
	CONSTRAINT pk_position_snapshots PRIMARY KEY (id), 
	CONSTRAINT ck_position_snapshots_side_known CHECK (side IN ('Buy', 'Sell')), 
	CONSTRAINT ck_position_snapshots_source_known CHECK (source IN ('live', 'backtest')), 
	CONSTRAINT fk_position_snapshots_account_id FOREIGN KEY(account_id) REFERENCES bybit_accounts (account_id) ON DELETE CASCADE, 
	CONSTRAINT fk_position_snapshots_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE, 
	CONSTRAINT uq_position_snapshots_key UNIQUE (account_id, symbol, side, source, exchange_ts, fingerprint)
);
INSERT INTO "position_snapshots" VALUES(1,'run-1','account-1','live','BTCUSDT','Buy',1772366400123456,1772366400123456,'0',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'f',NULL);
CREATE TABLE private_executions (
	id INTEGER NOT NULL, 
	run_id VARCHAR(36) NOT NULL, 
	account_id VARCHAR(36) NOT NULL, 
	strat_id TEXT, 
	symbol TEXT NOT NULL, 
	position_idx SMALLINT, 
	attribution TEXT NOT NULL, 
	exec_id TEXT NOT NULL, 
	order_id TEXT NOT NULL, 
	order_link_id TEXT, 
	exchange_ts BIGINT NOT NULL, 
	local_ts BIGINT NOT NULL, 
	exec_type TEXT NOT NULL, 
	side TEXT NOT NULL, 
	exec_price TEXT NOT NULL, 
	exec_qty TEXT NOT NULL, 
	closed_size TEXT, 
	leaves_qty TEXT, 
	exec_fee TEXT, 
	fee_currency TEXT, 
	fee_rate TEXT, 
	closed_pnl TEXT, 
	is_maker BOOLEAN, 
	seq BIGINT, 
	raw_json TEXT, 
	CONSTRAINT pk_private_executions PRIMARY KEY (id), 
	CONSTRAINT ck_private_executions_attribution_known CHECK (attribution IN ('row', 'order', 'wire_id', 'closed_size', 'none')), 
	CONSTRAINT ck_private_executions_side_known CHECK (side IN ('Buy', 'Sell')), 
	CONSTRAINT fk_private_executions_account_id FOREIGN KEY(account_id) REFERENCES bybit_accounts (account_id) ON DELETE CASCADE, 
	CONSTRAINT fk_private_executions_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE, 
	CONSTRAINT uq_private_executions_account_id_exec_id UNIQUE (account_id, exec_id)
);
INSERT INTO "private_executions" VALUES(1,'run-1','account-1',NULL,'BTCUSDT',NULL,'wire_id','e-1','o-1',NULL,1772366400123456,1772366400123456,'Trade','Buy','99800.1','0.012',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE public_trades (
	id INTEGER NOT NULL, 
	environment TEXT NOT NULL, 
	symbol TEXT NOT NULL, 
	trade_id TEXT NOT NULL, 
	exchange_ts BIGINT NOT NULL, 
	local_ts BIGINT NOT NULL, 
	side TEXT, 
	price BIGINT NOT NULL, 
	size BIGINT NOT NULL, 
	seq BIGINT, 
	CONSTRAINT pk_public_trades PRIMARY KEY (id), 
	CONSTRAINT ck_public_trades_environment_known CHECK (environment IN ('mainnet', 'testnet', 'demo', 'sim')), 
	CONSTRAINT ck_public_trades_side_known CHECK (side IN ('Buy', 'Sell')), 
	CONSTRAINT ck_public_trades_positive CHECK (price > 0 AND size > 0), 
	CONSTRAINT uq_public_trades_key UNIQUE (environment, symbol, exchange_ts, trade_id)
);
INSERT INTO "public_trades" VALUES(1,'sim','BTCUSDT','t-1',1772366400123456,1772366400123456,'Buy',9980010000000,1200000,NULL);
CREATE TABLE runs (
	run_id VARCHAR(36) NOT NULL, 
	user_id VARCHAR(36) NOT NULL, 
	account_id VARCHAR(36), 
	strategy_id VARCHAR(36), 
	run_type TEXT NOT NULL, 
	status TEXT NOT NULL, 
	start_ts BIGINT NOT NULL, 
	end_ts BIGINT, 
	heartbeat_at BIGINT, 
	config_snapshot TEXT, 
	config_hash TEXT, 
	code_version TEXT, 
	gridcore_version TEXT, 
	host TEXT, 
	pid BIGINT, 
	CONSTRAINT pk_runs PRIMARY KEY (run_id), 
	CONSTRAINT ck_runs_run_type_known CHECK (run_type IN ('live', 'backtest', 'shadow', 'recording')), 
	CONSTRAINT ck_runs_status_known CHECK (status IN ('running', 'completed', 'failed', 'abandoned')), 
	CONSTRAINT fk_runs_account_id FOREIGN KEY(account_id) REFERENCES bybit_accounts (account_id) ON DELETE CASCADE, 
	CONSTRAINT fk_runs_strategy_id FOREIGN KEY(strategy_id) REFERENCES strategies (strategy_id) ON DELETE CASCADE, 
	CONSTRAINT fk_runs_user_id FOREIGN KEY(user_id) REFERENCES users (user_id) ON DELETE CASCADE
);
INSERT INTO "runs" VALUES('run-1','user-1','account-1','strategy-1','recording','running',1795398926457869,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE strategies (
	strategy_id VARCHAR(36) NOT NULL, 
	account_id VARCHAR(36) NOT NULL, 
	strat_id TEXT NOT NULL, 
	strategy_type TEXT NOT NULL, 
	symbol TEXT NOT NULL, 
	config_json TEXT NOT NULL, 
	is_enabled BOOLEAN NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_strategies PRIMARY KEY (strategy_id), 
	CONSTRAINT fk_strategies_account_id FOREIGN KEY(account_id) REFERENCES bybit_accounts (account_id) ON DELETE CASCADE, 
	CONSTRAINT uq_strategies_account_id_strat_id UNIQUE (account_id, strat_id)
);
INSERT INTO "strategies" VALUES('strategy-1','account-1','btc_main','GridStrategy','BTCUSDT','{"grid_count":50}',1,1795398926457463);
CREATE TABLE ticker_snapshots (
	id INTEGER NOT NULL, 
	environment TEXT NOT NULL, 
	symbol TEXT NOT NULL, 
	exchange_ts BIGINT NOT NULL, 
	local_ts BIGINT NOT NULL, 
	last_price BIGINT NOT NULL, 
	mark_price BIGINT, 
	bid1_price BIGINT, 
	ask1_price BIGINT, 
	funding_rate BIGINT, 
	raw_json TEXT, 
	CONSTRAINT pk_ticker_snapshots PRIMARY KEY (id), 
	CONSTRAINT ck_ticker_snapshots_environment_known CHECK (environment IN ('mainnet', 'testnet', 'demo', 'sim')), 
	CONSTRAINT ck_ticker_snapshots_positive CHECK (last_price > 0), 
	CONSTRAINT uq_ticker_snapshots_key UNIQUE (environment, symbol, exchange_ts)
);
INSERT INTO "ticker_snapshots" VALUES(1,'sim','BTCUSDT',1772366400123456,1772366400123456,9980010000000,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE users (
	user_id VARCHAR(36) NOT NULL, 
	username TEXT NOT NULL, 
	email TEXT, 
	status TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (user_id), 
	CONSTRAINT ck_users_status_known CHECK (status IN ('active', 'suspended', 'deleted')), 
	CONSTRAINT uq_users_email UNIQUE (email), 
	CONSTRAINT uq_users_username UNIQUE (username)
);
INSERT INTO "users" VALUES('user-1','alice',NULL,'active',1795398926453448,1795398926453455);
CREATE TABLE wallet_snapshots (
	id INTEGER NOT NULL, 
	run_id VARCHAR(36) NOT NULL, 
	account_id VARCHAR(36) NOT NULL, 
	coin TEXT NOT NULL, 
	exchange_ts BIGINT NOT NULL, 
	local_ts BIGINT NOT NULL, 
	wallet_balance TEXT NOT NULL, 
	available_balance TEXT, 
	usd_value TEXT, 
	total_equity TEXT, 
	total_available_balance TEXT, 
	total_margin_balance TEXT, 
	account_im_rate TEXT, 
	account_mm_rate TEXT, 
	fingerprint TEXT NOT NULL, 
	raw_json TEXT, 
	CONSTRAINT pk_wallet_snapshots PRIMARY KEY (id), 
	CONSTRAINT fk_wallet_snapshots_account_id FOREIGN KEY(account_id) REFERENCES bybit_accounts (account_id) ON DELETE CASCADE, 
	CONSTRAINT fk_wallet_snapshots_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE, 
	CONSTRAINT uq_wallet_snapshots_key UNIQUE (account_id, coin, exchange_ts, fingerprint)
);
INSERT INTO "wallet_snapshots" VALUES(1,'run-1','account-1','USDT',1772366400123456,1772366400123456,'10000.00000001',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'f',NULL);
CREATE INDEX ix_api_credentials_account_id ON api_credentials (account_id);
CREATE INDEX ix_api_credentials_master_key_id ON api_credentials (master_key_id);
CREATE UNIQUE INDEX uq_api_credentials_active ON api_credentials (account_id) WHERE is_active;
CREATE UNIQUE INDEX uq_strategies_enabled_symbol ON strategies (account_id, symbol) WHERE is_enabled;
CREATE INDEX ix_runs_account_id_start_ts ON runs (account_id, start_ts);
CREATE INDEX ix_runs_status ON runs (status);
CREATE INDEX ix_runs_strategy_id ON runs (strategy_id);
CREATE INDEX ix_runs_user_id ON runs (user_id);
CREATE INDEX ix_private_executions_account_id_exchange_ts ON private_executions (account_id, exchange_ts);
CREATE INDEX ix_private_executions_lookup ON private_executions (account_id, strat_id, symbol, exchange_ts);
CREATE INDEX ix_private_executions_order_id ON private_executions (order_id);
CREATE INDEX ix_private_executions_run_id ON private_executions (run_id);
CREATE INDEX ix_orders_account_id_exchange_ts ON orders (account_id, exchange_ts);
CREATE INDEX ix_orders_lookup ON orders (run_id, account_id, symbol, exchange_ts);
CREATE INDEX ix_position_snapshots_account_id_exchange_ts ON position_snapshots (account_id, exchange_ts);
CREATE INDEX ix_position_snapshots_lookup ON position_snapshots (run_id, symbol, side, exchange_ts);
CREATE INDEX ix_wallet_snapshots_account_id_exchange_ts ON wallet_snapshots (account_id, exchange_ts);
CREATE INDEX ix_wallet_snapshots_lookup ON wallet_snapshots (run_id, coin, exchange_ts);
CREATE INDEX ix_funding_payments_account_id_exchange_ts ON funding_payments (account_id, exchange_ts);
CREATE INDEX ix_funding_payments_run_id ON funding_payments (run_id);
CREATE INDEX ix_grid_state_snapshots_across_runs ON grid_state_snapshots (account_id, strat_id, symbol, exchange_ts, id);
CREATE INDEX ix_grid_state_snapshots_lookup ON grid_state_snapshots (run_id, account_id, strat_id, exchange_ts, id);
CREATE UNIQUE INDEX uq_grid_state_snapshots_fingerprint ON grid_state_snapshots (run_id, account_id, strat_id, exchange_ts, raw_fingerprint) WHERE raw_fingerprint IS NOT NULL;
CREATE INDEX ix_gaps_account_id ON gaps (account_id);
CREATE INDEX ix_gaps_lookup ON gaps (environment, stream, symbol, from_ts);
CREATE INDEX ix_gaps_state_next_attempt_at ON gaps (state, next_attempt_at);
CREATE INDEX ix_dead_letters_account_id ON dead_letters (account_id);
COMMIT;
