/**
 * A data directory with a long history: real rows in the real schema, written by sets instead of one by one. What the
 * stores would write on the way (attempts, outputs, cancel requests, the search index, the hours) is written too.
 */
import { join } from 'node:path';
import { openDatabase } from '../../../electron/core/db/database.ts';
import { LogSink } from '../../../electron/core/log.ts';

const YEAR_MS = 365 * 86_400_000;
const HOUR_MS = 3_600_000;

/** Words by how common they are: the first few are in most prompts, the last in a handful of a million. */
export const COMMON = [
  'a',
  'of',
  'in',
  'the',
  'with',
  'light',
  'portrait',
  'night',
  'paper',
  'river',
  'snow',
  'studio',
  'macro',
  'render',
  'long',
  'exposure',
  'garden',
  'red',
  'blue',
  'detailed',
] as const;
const SYLLABLES = [
  'ba',
  'cor',
  'den',
  'fi',
  'gal',
  'ho',
  'is',
  'jun',
  'ka',
  'lor',
  'mi',
  'nen',
  'os',
  'pra',
  'qui',
  'ran',
  'sol',
  'ta',
  'ur',
  'ven',
  'wil',
  'xan',
  'yo',
  'zer',
  'stra',
  'cle',
  'dru',
  'phi',
  'glo',
  'bri',
  'mar',
  'tel',
] as const;
const WORDS = 24_000;

/** The n-th word of the vocabulary; made up beyond the common ones. */
export function wordAt(rank: number): string {
  const common = COMMON[rank];
  if (common !== undefined) return common;
  let word = '';
  for (let left = rank; left > 0; left = Math.floor(left / SYLLABLES.length))
    word += SYLLABLES[left % SYLLABLES.length] ?? '';
  return word;
}

/** Same seed, same numbers: 0 ≤ x < 1. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Few words often, many seldom, as in language (rank by rank about 1/rank). */
export const rankOf = (share: number): number => Math.floor(Math.exp(share * Math.log(WORDS + 1))) - 1;

function promptOf(n: number): string {
  const random = randomOf(n);
  return Array.from({ length: 12 }, () => wordAt(rankOf(random()))).join(' ');
}

/** Fills `<dataDir>/switchyard.db` with `rows` ended jobs of the last two years. Takes about a minute for a million. */
export function fillHistory(dataDir: string, rows: number): void {
  const db = openDatabase({ file: join(dataDir, 'switchyard.db'), log: new LogSink(null).log() });
  const { raw } = db;
  const now = Date.now();
  raw.pragma('synchronous = OFF');
  raw.pragma('foreign_keys = OFF');
  raw.pragma('cache_size = -200000');
  raw.function('bench_prompt', { deterministic: true }, (n) => promptOf(Number(n)));
  // They look at every row, and the one of the search index does not exist yet.
  const triggers = raw
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    .all();
  for (const { name } of triggers) raw.exec(`DROP TRIGGER "${name}"`);
  const info = JSON.stringify({
    source: 'landscape.json',
    width: 1024,
    height: 768,
    seed: '4711',
    images: 1,
    model: 'dreamscape-xl',
    nodes: 7,
  });
  const error = JSON.stringify({
    code: 'execution_failed',
    message: 'Allocation on device 0 would exceed allowed memory',
    details: {},
  });
  raw.transaction(() => {
    raw
      .prepare(
        "INSERT INTO servers (id, kind, name, url, client_id, max_in_flight, enabled, position, created_at) VALUES ('0190-server', 'comfy', 'Studio', 'http://127.0.0.1:1', 'bench', 2, 0, 1, ?)",
      )
      .run(now);
    raw
      .prepare('INSERT INTO payloads (id, body) VALUES (?, ?)')
      .run(
        'p'.repeat(64),
        JSON.stringify({ kind: 'comfy', graph: { 1: { class_type: 'KSampler', inputs: { seed: 1 } } } }),
      );
    // The newest job is the last: id and end_seq rise with the time it ended. One in ten failed, one in ten was cancelled.
    raw
      .prepare(
        `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < @rows)
      INSERT INTO jobs (id, kind, on_server_id, title, info, prompt, payload_id, state, rev, position, error, created_at, started_at, ended_at, ran_ms, end_seq)
      SELECT printf('%08x-0000-7000-8000-%012x', i, i), 'comfy', '0190-server', substr(bench_prompt(i), 1, 40), @info, bench_prompt(i), @payload,
        CASE i % 10 WHEN 3 THEN 'failed' WHEN 7 THEN 'cancelled' ELSE 'done' END, 5, i, CASE i % 10 WHEN 3 THEN @error END,
        @begin + i * @step - 60000, @begin + i * @step - 30000, @begin + i * @step, 29000, i + 1 FROM n`,
      )
      .run({
        rows,
        info,
        payload: 'p'.repeat(64),
        error,
        begin: now - 2 * YEAR_MS,
        step: ((2 * YEAR_MS - HOUR_MS) / rows) | 0,
      });
    raw.exec(`INSERT INTO attempts (id, job_id, number, server_id, remote_key, intent_at, accepted_at, started_at, closed_at, close_reason)
      SELECT 'a' || id, id, 1, on_server_id, 'k' || id, created_at, created_at + 20, started_at, ended_at, CASE state WHEN 'cancelled' THEN 'stopped' WHEN 'failed' THEN 'failed' ELSE 'finished' END FROM jobs`);
    raw.exec(`INSERT INTO outputs (id, job_id, attempt_id, ordinal, node_id, remote_ref, name, media, state, file, sha256, bytes, mime, width, height)
      SELECT 'o' || id, id, 'a' || id, 0, '7', '{}', 'harbour_00001_.png', 'image', 'stored', 'aa/bb.png', 'aabb', 120000, 'image/png', 1024, 768 FROM jobs WHERE state = 'done'`);
    raw.exec(`INSERT INTO cancel_requests (id, job_id, mode, requested_at, requested_by, outcome, detail, settled_at, took_ms)
      SELECT 'c' || id, id, 'stop', ended_at - 400, 'window', 'cancelled', '${JSON.stringify({ outcome: 'cancelled', reach: 'running', evidence: 'proven', partialOutputs: 0 })}', ended_at, 400 FROM jobs WHERE state = 'cancelled'`);
    raw.exec(
      `INSERT INTO cancel_steps (request_id, seq, at, since_ms, step, route) SELECT 'c' || id, 1, ended_at, 400, 'seen-stopped', NULL FROM jobs WHERE state = 'cancelled'`,
    );
    raw.exec(
      `INSERT INTO history_fts (rowid, job_id, title, prompt, note, error) SELECT end_seq, id, title, prompt, '', coalesce(json_extract(error, '$.message'), '') FROM jobs ORDER BY end_seq`,
    );
    raw.exec(
      `INSERT INTO history_hours (hour, jobs) SELECT ended_at / 3600000 * 3600000, count(*) FROM jobs GROUP BY 1`,
    );
    raw.prepare("UPDATE counters SET value = ? WHERE name IN ('end_seq', 'position_high')").run(rows + 1);
    for (const { sql } of triggers) raw.exec(sql);
  })();
  raw.pragma('optimize');
  db.close();
}
