/**
 * The first schema (architecture §11). Never edited once released: its checksum is recorded in every database.
 * What must never be, even through our own bugs, is forbidden here by checks, unique indexes and triggers.
 *
 * Beyond the plan it has: `jobs.info` and `jobs.prompt` (found in the payload once, so that a list needs no payloads),
 * `jobs.on_server_id` (history by server), `jobs.end_seq` (the row's place in history_fts, so that a job can be
 * forgotten without scanning it), `history_hours` (length of the history and jumps by date without counting a million
 * rows), `counters` (ends of the queue order), `rejections` (servers that refused an "any" job).
 */
export const id = '001-initial';

export const sql = `
CREATE TABLE servers (
  id TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('comfy','swarm')),
  name TEXT NOT NULL, url TEXT NOT NULL, credential_ref TEXT,
  client_id TEXT NOT NULL,
  witness TEXT,
  max_in_flight INTEGER NOT NULL CHECK (max_in_flight BETWEEN 1 AND 64),
  allow_untargeted_interrupt INTEGER NOT NULL DEFAULT 0, paused INTEGER NOT NULL DEFAULT 0,
  enabled INTEGER NOT NULL DEFAULT 1, position REAL NOT NULL, created_at INTEGER NOT NULL, removed_at INTEGER
) STRICT;

CREATE TABLE payloads (id TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE batches (id TEXT PRIMARY KEY NOT NULL, title TEXT NOT NULL, size INTEGER NOT NULL, stop_after_at INTEGER, created_at INTEGER NOT NULL) STRICT;
CREATE TABLE submissions (token TEXT PRIMARY KEY NOT NULL, job_ids TEXT NOT NULL, batch_id TEXT REFERENCES batches(id) ON DELETE CASCADE, at INTEGER NOT NULL) STRICT;
CREATE INDEX submissions_at    ON submissions(at);
CREATE INDEX submissions_batch ON submissions(batch_id) WHERE batch_id IS NOT NULL;

CREATE TABLE jobs (
  id TEXT PRIMARY KEY NOT NULL,
  batch_id TEXT REFERENCES batches(id), batch_index INTEGER, kind TEXT NOT NULL CHECK (kind IN ('comfy','swarm')),
  server_id TEXT REFERENCES servers(id),
  on_server_id TEXT REFERENCES servers(id),
  title TEXT NOT NULL, info TEXT NOT NULL, prompt TEXT NOT NULL DEFAULT '',
  payload_id TEXT NOT NULL REFERENCES payloads(id), patch TEXT,
  note TEXT,
  put_back_of TEXT UNIQUE REFERENCES jobs(id) ON DELETE SET NULL, run_again_of TEXT REFERENCES jobs(id) ON DELETE SET NULL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN
    ('queued','submitting','accepted','running','collecting','done','failed','cancelled')),
  rev INTEGER NOT NULL DEFAULT 0, position REAL NOT NULL, held INTEGER NOT NULL DEFAULT 0,
  error TEXT, created_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER, ran_ms INTEGER, end_seq INTEGER,
  CHECK ((state IN ('done','failed','cancelled')) = (ended_at IS NOT NULL)),
  CHECK ((ended_at IS NULL) = (end_seq IS NULL))
) STRICT;
CREATE INDEX jobs_claimable ON jobs(kind, server_id, position, id) WHERE state = 'queued' AND held = 0;
CREATE INDEX jobs_counted   ON jobs(state, held, ended_at) WHERE ended_at IS NULL;
CREATE INDEX jobs_bound     ON jobs(server_id) WHERE state = 'queued' AND server_id IS NOT NULL;
CREATE INDEX jobs_unended   ON jobs(position, id) WHERE ended_at IS NULL;
CREATE INDEX jobs_open      ON jobs(state)        WHERE state IN ('submitting','accepted','running','collecting');
CREATE INDEX jobs_history   ON jobs(ended_at DESC, id DESC) WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_history_state  ON jobs(state, ended_at DESC, id DESC) WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_history_server ON jobs(on_server_id, ended_at DESC, id DESC) WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_batch     ON jobs(batch_id, state) WHERE batch_id IS NOT NULL;
CREATE INDEX jobs_payload   ON jobs(payload_id, on_server_id, state);
CREATE INDEX jobs_run_again ON jobs(run_again_of) WHERE run_again_of IS NOT NULL;

CREATE TABLE attempts (
  id TEXT PRIMARY KEY NOT NULL, job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  number INTEGER NOT NULL, server_id TEXT NOT NULL REFERENCES servers(id),
  remote_key TEXT NOT NULL,
  server_boot TEXT, remote_number REAL, node_errors TEXT,
  intent_at INTEGER NOT NULL, accepted_at INTEGER, started_at INTEGER, closed_at INTEGER, close_reason TEXT,
  watch_until INTEGER,
  UNIQUE (job_id, number),
  CHECK ((closed_at IS NULL) = (close_reason IS NULL))
) STRICT;
CREATE UNIQUE INDEX attempts_one_open_per_job ON attempts(job_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX attempts_one_open_per_key ON attempts(server_id, remote_key) WHERE closed_at IS NULL;
CREATE INDEX attempts_key ON attempts(server_id, remote_key);
CREATE INDEX attempts_watched ON attempts(watch_until) WHERE watch_until IS NOT NULL;

CREATE TABLE rejections (
  job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, server_id TEXT NOT NULL REFERENCES servers(id),
  error TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (job_id, server_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE cancel_requests (
  id TEXT PRIMARY KEY NOT NULL, job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  mode TEXT NOT NULL CHECK (mode IN ('stop','if-waiting')),
  requested_at INTEGER NOT NULL, requested_by TEXT NOT NULL, note TEXT,
  outcome TEXT CHECK (outcome IN ('cancelled','too-late','unknown')), detail TEXT, settled_at INTEGER, took_ms INTEGER,
  CHECK ((outcome IS NULL) = (settled_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX cancel_one_open_per_job ON cancel_requests(job_id) WHERE settled_at IS NULL;
CREATE INDEX cancel_job ON cancel_requests(job_id, requested_at);
CREATE TABLE cancel_steps (
  request_id TEXT NOT NULL REFERENCES cancel_requests(id) ON DELETE CASCADE, seq INTEGER NOT NULL,
  at INTEGER NOT NULL, since_ms INTEGER NOT NULL, step TEXT NOT NULL, route TEXT, detail TEXT,
  PRIMARY KEY (request_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE outputs (
  id TEXT PRIMARY KEY NOT NULL, job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  attempt_id TEXT NOT NULL REFERENCES attempts(id) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
  node_id TEXT, remote_ref TEXT NOT NULL, name TEXT NOT NULL, media TEXT NOT NULL, text TEXT,
  state TEXT NOT NULL CHECK (state IN ('expected','stored','missing')),
  file TEXT, sha256 TEXT, bytes INTEGER, mime TEXT, width INTEGER, height INTEGER, partial INTEGER NOT NULL DEFAULT 0,
  UNIQUE (attempt_id, ordinal),
  CHECK (state <> 'stored' OR file IS NOT NULL OR text IS NOT NULL)
) STRICT;
CREATE INDEX outputs_job ON outputs(job_id);
CREATE INDEX outputs_expected ON outputs(job_id) WHERE state = 'expected';

CREATE TABLE foreign_jobs (
  server_id TEXT NOT NULL REFERENCES servers(id), remote_key TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting','running','ended')), how TEXT, place INTEGER,
  first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER,
  cancel_asked_at INTEGER, cancel_mode TEXT, cancel_by TEXT, cancel_note TEXT,
  PRIMARY KEY (server_id, remote_key),
  CHECK ((state = 'ended') = (ended_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX foreign_history ON foreign_jobs(ended_at DESC, remote_key DESC) WHERE ended_at IS NOT NULL;
CREATE INDEX foreign_history_server ON foreign_jobs(server_id, ended_at DESC, remote_key DESC) WHERE ended_at IS NOT NULL;
CREATE INDEX foreign_open ON foreign_jobs(server_id) WHERE ended_at IS NULL;

CREATE TABLE journal (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, job_id TEXT NOT NULL, attempt_id TEXT,
  fact TEXT NOT NULL, from_state TEXT, to_state TEXT, detail TEXT
) STRICT;
CREATE INDEX journal_job ON journal(job_id, seq);

CREATE TABLE settings (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT;
CREATE TABLE counters (name TEXT PRIMARY KEY NOT NULL, value REAL NOT NULL) STRICT;
INSERT INTO counters (name, value) VALUES ('position_high', 0), ('end_seq', 0);

CREATE TABLE history_hours (hour INTEGER PRIMARY KEY NOT NULL, jobs INTEGER NOT NULL DEFAULT 0, foreign_jobs INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE VIRTUAL TABLE history_fts USING fts5(job_id UNINDEXED, title, prompt, note, error, prefix='1 2 3', tokenize='unicode61 remove_diacritics 2');

CREATE TRIGGER hours_job_ended AFTER UPDATE OF ended_at ON jobs WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL BEGIN
  INSERT INTO history_hours (hour, jobs) VALUES (NEW.ended_at / 3600000 * 3600000, 1) ON CONFLICT (hour) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER hours_job_forgotten AFTER DELETE ON jobs WHEN OLD.ended_at IS NOT NULL BEGIN
  UPDATE history_hours SET jobs = jobs - 1 WHERE hour = OLD.ended_at / 3600000 * 3600000;
END;
CREATE TRIGGER hours_foreign_ended AFTER UPDATE OF ended_at ON foreign_jobs WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL BEGIN
  INSERT INTO history_hours (hour, foreign_jobs) VALUES (NEW.ended_at / 3600000 * 3600000, 1) ON CONFLICT (hour) DO UPDATE SET foreign_jobs = foreign_jobs + 1;
END;

CREATE TRIGGER jobs_final BEFORE UPDATE OF state, ended_at, payload_id, patch, error, server_id, kind ON jobs
  WHEN OLD.ended_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'job is final'); END;
CREATE TRIGGER jobs_claim_needs_no_cancel BEFORE UPDATE OF state ON jobs
  WHEN OLD.state = 'queued' AND NEW.state = 'submitting'
   AND EXISTS (SELECT 1 FROM cancel_requests WHERE job_id = OLD.id AND settled_at IS NULL)
  BEGIN SELECT RAISE(ABORT, 'a cancel is open'); END;
CREATE TRIGGER jobs_end_settles BEFORE UPDATE OF state ON jobs
  WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
   AND (EXISTS (SELECT 1 FROM cancel_requests WHERE job_id = OLD.id AND settled_at IS NULL)
     OR EXISTS (SELECT 1 FROM attempts WHERE job_id = OLD.id AND closed_at IS NULL))
  BEGIN SELECT RAISE(ABORT, 'settle the cancel and close the attempt first'); END;
CREATE TRIGGER jobs_keep_open BEFORE DELETE ON jobs WHEN OLD.ended_at IS NULL BEGIN SELECT RAISE(ABORT, 'job is open'); END;
CREATE TRIGGER jobs_no_replace BEFORE INSERT ON jobs WHEN EXISTS (SELECT 1 FROM jobs WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'job exists'); END;
CREATE TRIGGER attempts_live_only BEFORE INSERT ON attempts WHEN (SELECT ended_at FROM jobs WHERE id = NEW.job_id) IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'job is final'); END;
CREATE TRIGGER cancel_live_only BEFORE INSERT ON cancel_requests
  WHEN NEW.settled_at IS NULL AND (SELECT ended_at FROM jobs WHERE id = NEW.job_id) IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'job is final'); END;
CREATE TRIGGER cancel_final BEFORE UPDATE OF outcome, settled_at ON cancel_requests WHEN OLD.settled_at IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'cancel request is settled'); END;
`;
