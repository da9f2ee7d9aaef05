/**
 * Cancelling many waiting jobs by sets writes what cancelling them row by row would have written: whole tables of two
 * copies of one database are compared after both ways, the words that search finds and the counters among them.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Asking } from '../../electron/core/db/cancel-store.ts';
import { newAttemptId, newBatchId, uuidv4 } from '../../shared/ids.ts';
import type { BatchId, JobId } from '../../shared/ids.ts';
import type { JobFact } from '../../shared/job-fact.ts';
import { nth } from '../support/core-harness.ts';
import { openStores, tempDir } from '../support/stores.ts';
import type { Stores } from '../support/stores.ts';

const FROZEN = Date.UTC(2026, 4, 17, 10, 59, 59, 900);
const folder = tempDir();
beforeAll(() => {
  // Both ways must see the same clocks; only what they write is compared.
  vi.useFakeTimers({ now: FROZEN, toFake: ['Date', 'performance', 'setTimeout'] });
});
afterAll(() => {
  vi.useRealTimers();
  folder.remove();
});

const words = fc.constantFrom(null, '', 'zebra crossing', 'Löwe, "quoted" 🦁\nsecond line');
const picture = { ordinal: 0, nodeId: '9', remote: '{}', name: 'a.png', media: 'image' as const };
const fact = fc.constantFrom<JobFact>(
  { type: 'claim' },
  { type: 'claim' },
  { type: 'accepted', number: 1, nodeErrors: null },
  { type: 'started' },
  // Back to the queue: with an attempt, a start and a server in its past.
  { type: 'stopped', reach: 'running', outputs: [picture], by: 'collateral', evidence: 'proven' },
  { type: 'notSent', evidence: 'presumed' },
  { type: 'finished', outputs: [picture] },
  { type: 'executionFailed', error: { code: 'execution_failed', message: 'boom' }, outputs: [] },
);
const past = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fact' as const), job: fc.nat(11), fact }) },
  fc.record({ do: fc.constant('cancel' as const), job: fc.nat(11), note: words }),
  fc.record({ do: fc.constant('stopBatch' as const) }),
  fc.record({ do: fc.constant('refuse' as const), job: fc.nat(11) }),
  fc.record({ do: fc.constant('forget' as const), job: fc.nat(11) }),
);
type Past = typeof past extends fc.Arbitrary<infer T> ? T : never;
const newJob = fc.record({
  inBatch: fc.boolean(),
  position: fc.constantFrom(-3, 0.5, 1, 1, 7, 1e9),
  held: fc.boolean(),
  named: fc.boolean(),
  note: words,
  title: fc.constantFrom('portrait of a zebra', '', 'nächtlicher Fluss'),
  patch: fc.constantFrom(null, '{"set":{"1":{"seed":7}}}'),
  putBack: fc.boolean(),
});
type New = typeof newJob extends fc.Arbitrary<infer T> ? T : never;

/** What is compared is what was written, not whether the disk has it. */
function open(file: string): Stores {
  const s = openStores(file);
  s.db.raw.pragma('synchronous = OFF');
  return s;
}

/** A queue with a past: batches, places, holds, attempts that came back, refusals, and jobs that have ended before. */
function fill(s: Stores, asked: readonly New[], steps: readonly Past[]): void {
  const batch = newBatchId();
  s.db.raw.prepare('INSERT INTO batches (id, title, size, created_at) VALUES (?, ?, 12, 1)').run(batch, 'a batch');
  const ids: JobId[] = [];
  for (const [index, one] of asked.entries()) {
    const { inBatch, named, putBack, ...job } = one;
    ids.push(
      s.add({
        ...job,
        batchId: inBatch ? batch : null,
        batchIndex: inBatch ? index : null,
        serverId: named ? s.serverId : null,
        putBackOf: putBack ? (ids[index - 1] ?? null) : null,
      }),
    );
  }
  for (const step of steps) play(s, batch, ids, step);
}

function play(s: Stores, batch: BatchId, ids: readonly JobId[], step: Past): void {
  if (step.do === 'stopBatch') {
    s.db.raw.prepare('UPDATE batches SET stop_after_at = 5 WHERE id = ?').run(batch);
    return;
  }
  const id = nth(ids, step.job % ids.length);
  if (step.do === 'fact') {
    const claim = { attemptId: newAttemptId(), serverId: s.serverId, remoteKey: uuidv4(), serverBoot: null };
    s.jobs.advance(id, step.fact, step.fact.type === 'claim' ? { claim } : {});
  } else if (step.do === 'forget') s.history.forget([id]);
  else if (s.jobs.get(id)?.state === 'queued') {
    if (step.do === 'cancel') rowByRow(s, [id], { mode: 'stop', by: 'cli', note: step.note });
    else
      s.db.raw
        .prepare("INSERT INTO rejections (job_id, server_id, error, at) VALUES (?, ?, '{}', 1) ON CONFLICT DO NOTHING")
        .run(id, s.serverId);
  }
}

function rowByRow(s: Stores, ids: readonly JobId[], asking: Asking): void {
  s.db.tx(() => {
    for (const id of ids) {
      s.cancels.ask(id, asking, Date.now());
      s.jobs.advance(id, { type: 'cancelLocal' });
    }
  });
}

type Row = Record<string, unknown>;
/** Every row of every table, and every word of the search index; the name of each new request is its job's. */
function everything(s: Stores, known: ReadonlySet<string>): Record<string, string[]> {
  const { raw } = s.db;
  raw.exec("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'history_fts', 'instance')");
  raw.exec("INSERT INTO history_fts (history_fts) VALUES ('integrity-check')");
  const tables = raw
    .prepare<[], { name: string; wr: 0 | 1 }>(
      "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite_schema'",
    )
    .all();
  const from = [
    ...tables.map(({ name, wr }) => (wr === 1 ? `SELECT * FROM "${name}"` : `SELECT rowid, * FROM "${name}"`)),
    'SELECT * FROM temp.words',
  ];
  const rows = from.map((sql) => [sql, raw.prepare<[], Row>(sql).all()] as const);
  const named = new Map(
    raw
      .prepare<[], { id: string; job_id: string }>('SELECT id, job_id FROM cancel_requests')
      .all()
      .flatMap(({ id, job_id }) => (known.has(id) ? [] : [[id, `the request of ${job_id}`] as const])),
  );
  const text = (row: Row): string =>
    JSON.stringify(row, (_key, value: unknown) => (typeof value === 'string' ? (named.get(value) ?? value) : value));
  return Object.fromEntries(rows.map(([sql, all]) => [sql, all.map(text).sort()]));
}

describe('cancelling what waits', () => {
  it('by sets leaves what row by row leaves', () => {
    let run = 0;
    let cancelled = 0;
    fc.assert(
      fc.property(
        fc.array(newJob, { minLength: 1, maxLength: 12 }),
        fc.array(past, { maxLength: 40 }),
        fc.record<Asking>({
          mode: fc.constantFrom('stop', 'if-waiting'),
          by: fc.constantFrom('window', 'cli', 'core'),
          note: words,
        }),
        fc.func(fc.nat()),
        (asked, steps, asking, shuffle) => {
          const file = (name: string): string => join(folder.path, `${String((run += 1))}-${name}.db`);
          const before = file('before');
          const first = open(before);
          fill(first, asked, steps);
          const known = new Set(first.db.raw.prepare<[], string>('SELECT id FROM cancel_requests').pluck().all());
          const waiting = first.db.raw.prepare<[], JobId>("SELECT id FROM jobs WHERE state = 'queued'").pluck().all();
          first.close();
          const [sets, rows] = [file('sets'), file('rows')];
          copyFileSync(before, sets);
          copyFileSync(before, rows);
          const ids = waiting.sort((a, b) => shuffle(a) - shuffle(b));
          cancelled += ids.length;

          const one = open(sets);
          const other = open(rows);
          try {
            const settled = one.db.tx(() => one.jobs.cancelQueued(ids, asking, Date.now()));
            rowByRow(other, ids, asking);
            expect(everything(one, known)).toEqual(everything(other, known));
            expect(settled.map(({ jobId }) => jobId)).toEqual(ids);
          } finally {
            one.close();
            other.close();
          }
        },
      ),
      { numRuns: Number(process.env['MODEL_RUNS'] ?? 40) },
    );
    expect(cancelled).toBeGreaterThan(100);
  });

  it('writes nothing at all where one of them is no longer queued', () => {
    const s = openStores();
    try {
      const [waiting, sent] = [s.add(), s.add()];
      s.claim(sent);
      const asking: Asking = { mode: 'stop', by: 'window', note: null };
      expect(() => s.db.tx(() => s.jobs.cancelQueued([waiting, sent], asking, Date.now()))).toThrow(/not queued/);
      expect(s.jobs.get(waiting)?.state).toBe('queued');
      expect(s.cancels.newestOf(waiting)).toBeUndefined();
      expect(s.cancels.newestOf(sent)).toBeUndefined();
    } finally {
      s.close();
    }
  });
});
