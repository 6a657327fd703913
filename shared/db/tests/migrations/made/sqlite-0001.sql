BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
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
INSERT INTO "api_credentials" VALUES('credential-1','account-1','c4f2','0123456789abcdef',X'0077726170706564',X'FF7365616C6564',1,1795398925633635,NULL);
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
INSERT INTO "bybit_accounts" VALUES('account-1','user-1','main','sim','enabled',1795398925632791);
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
INSERT INTO "runs" VALUES('run-1','user-1','account-1','strategy-1','recording','running',1795398925637736,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO "strategies" VALUES('strategy-1','account-1','btc_main','GridStrategy','BTCUSDT','{"grid_count":50}',1,1795398925634329);
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
INSERT INTO "users" VALUES('user-1','alice',NULL,'active',1795398925629104,1795398925629111);
CREATE INDEX ix_api_credentials_account_id ON api_credentials (account_id);
CREATE INDEX ix_api_credentials_master_key_id ON api_credentials (master_key_id);
CREATE UNIQUE INDEX uq_api_credentials_active ON api_credentials (account_id) WHERE is_active;
CREATE UNIQUE INDEX uq_strategies_enabled_symbol ON strategies (account_id, symbol) WHERE is_enabled;
CREATE INDEX ix_runs_account_id_start_ts ON runs (account_id, start_ts);
CREATE INDEX ix_runs_status ON runs (status);
CREATE INDEX ix_runs_strategy_id ON runs (strategy_id);
CREATE INDEX ix_runs_user_id ON runs (user_id);
COMMIT;
