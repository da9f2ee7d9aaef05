/**
 * Power loss: the database as it was when the process was killed, with its write-ahead log cut short at page boundaries
 * and in the middle of pages, or with a page of it torn. Whatever the cut, the next start finds a state that was
 * committed once: whole submissions or none, in the order in which they were made, and no promise of the schema broken.
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCore } from '../../electron/core/core.ts';
import { openDatabase } from '../../electron/core/db/database.ts';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import type { JobId } from '../../shared/ids.ts';
import { ChildCore } from '../support/child-core.ts';
import { memorySecrets, sleepGraph } from '../support/core-harness.ts';
import { quietLog } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { runs, runsFactor } from '../runs.ts';

const CUTS = runs(50);
const WAL_HEADER = 32;
const FRAME = 24 + 4_096;

let server: ComfyServerHandle;
let core: ChildCore;
/** Ids in the order in which their submissions were answered, one list each. */
const submissions: JobId[][] = [];

beforeAll(async () => {
  server = await startComfyServer();
  core = new ChildCore();
  await core.start();
  const { server: added } = await core.call('servers.add', { kind: 'comfy', url: server.url });
  for (let n = 0; n < 12; n += 1) {
    const { jobs } = await core.call('jobs.submit', {
      payload: { kind: 'comfy', graph: sleepGraph(1, 5) },
      serverId: added.id,
      held: n % 3 === 0,
      jobs: Array.from({ length: 1 + (n % 4) }, (_, seed) => ({
        patch: { set: { '1': { seed: 60_000 + n * 10 + seed } } },
      })),
    });
    submissions.push(jobs.map((job) => job.id));
    const last = jobs.at(-1);
    if (n % 4 === 1 && last !== undefined) await core.call('cancel.run', { scope: { jobs: [last.id] } });
  }
  await until(
    'some have run',
    async () => (await core.call('history.page', { filter: { states: ['done'] } })).rows.length > 3,
  );
  core.kill();
  await core.exited;
}, 180_000);
afterAll(async () => {
  await core.close();
  await server.close();
});

/** A copy of what the power left, its log changed by `change`. */
function after(change: (wal: Buffer) => Buffer): { dir: string; file: string } {
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-power-'));
  const file = join(dir, 'switchyard.db');
  copyFileSync(join(core.dataDir, 'switchyard.db'), file);
  writeFileSync(`${file}-wal`, change(readFileSync(join(core.dataDir, 'switchyard.db-wal'))));
  return { dir, file };
}

/** Every invariant there is of a database at rest; answers how many submissions it holds. */
function inspect(file: string): number {
  const db = openDatabase({ file, log: quietLog });
  try {
    expect(db.movedAside).toBeNull();
    expect(db.raw.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.raw.pragma('foreign_key_check')).toEqual([]);
    const none = (sql: string): void => {
      expect(db.raw.prepare(sql).all(), sql).toEqual([]);
    };
    none(
      'SELECT id FROM jobs j WHERE ended_at IS NOT NULL AND EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.closed_at IS NULL)',
    );
    none(
      'SELECT id FROM jobs j WHERE ended_at IS NOT NULL AND EXISTS (SELECT 1 FROM cancel_requests c WHERE c.job_id = j.id AND c.settled_at IS NULL)',
    );
    none(
      "SELECT id FROM jobs j WHERE state IN ('submitting','accepted','running','collecting') AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = j.id AND a.closed_at IS NULL)",
    );
    none(
      "SELECT id FROM jobs j WHERE state = 'queued' AND EXISTS (SELECT 1 FROM cancel_requests c WHERE c.job_id = j.id AND c.settled_at IS NULL)",
    );
    none(
      "SELECT id FROM jobs WHERE state = 'cancelled' AND NOT EXISTS (SELECT 1 FROM cancel_requests c WHERE c.job_id = jobs.id AND c.outcome = 'cancelled')",
    );
    none(
      'SELECT id FROM jobs j WHERE ended_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM history_fts f WHERE f.rowid = j.end_seq AND f.job_id = j.id)',
    );
    none('SELECT id FROM payloads p WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.payload_id = p.id)');
    const there = new Set(db.raw.prepare<[], JobId>('SELECT id FROM jobs').pluck().all());
    const whole = submissions.map((ids) => ids.filter((id) => there.has(id)).length);
    const count = whole.findIndex((found, index) => found !== submissions[index]?.length);
    const kept = count === -1 ? submissions.length : count;
    // A prefix of what was accepted: whole submissions, and none after the first that is missing.
    expect(whole.slice(kept).every((found) => found === 0)).toBe(true);
    return kept;
  } finally {
    db.close();
  }
}

describe('power loss', () => {
  it('killed, and nothing cut: everything accepted is there', () => {
    const { dir, file } = after((wal) => wal);
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(FRAME * 20);
    expect(inspect(file)).toBe(submissions.length);
    rmSync(dir, { recursive: true });
  });

  it(
    `the log cut at ${String(CUTS)} places, on page boundaries and within pages`,
    () => {
      const frames = Math.floor((statSync(join(core.dataDir, 'switchyard.db-wal')).size - WAL_HEADER) / FRAME);
      let last = -1;
      for (let cut = 0; cut < CUTS; cut += 1) {
        // Never within the first migration: a database without its schema is a first start.
        const frame = Math.floor((frames * (cut + 1)) / (CUTS + 1));
        const torn = [0, FRAME / 2, 24, 1][cut % 4] ?? 0;
        const { dir, file } = after((wal) => wal.subarray(0, WAL_HEADER + frame * FRAME + torn));
        const kept = inspect(file);
        expect(kept, 'a longer log holds no less').toBeGreaterThanOrEqual(last);
        last = kept;
        rmSync(dir, { recursive: true });
      }
      expect(last).toBeGreaterThan(0);
    },
    120_000 * runsFactor,
  );

  it('a page torn in the middle of the log: what came before it is there, what came after is not half there', () => {
    const frames = Math.floor((statSync(join(core.dataDir, 'switchyard.db-wal')).size - WAL_HEADER) / FRAME);
    for (let n = 1; n < 8; n += 1) {
      const at = WAL_HEADER + Math.floor((frames * n) / 8) * FRAME + 24 + 2_048;
      const { dir, file } = after((wal) =>
        Buffer.concat([wal.subarray(0, at), Buffer.alloc(2_048, 0x5a), wal.subarray(at + 2_048)]),
      );
      expect(inspect(file)).toBeLessThanOrEqual(submissions.length);
      rmSync(dir, { recursive: true });
    }
  }, 180_000);

  it('the log gone altogether: the start is a clean one', () => {
    const { dir, file } = after(() => Buffer.alloc(0));
    inspect(file);
    rmSync(dir, { recursive: true });
  });

  it('a core starts on any of them, and a second start changes nothing', async () => {
    for (const share of [0.35, 0.6, 0.85, 1]) {
      const { dir, file } = after((wal) => wal.subarray(0, Math.floor(wal.length * share)));
      const states: string[] = [];
      for (let start = 0; start < 3; start += 1) {
        const opened = await createCore({
          dataDir: dir,
          version: '0.0.0-power',
          host: 'node',
          logDir: null,
          secrets: memorySecrets(),
          shell: { reveal: () => Promise.resolve() },
        });
        await opened.handlers['queue.pause']({}, { signal: new AbortController().signal, face: 'api' });
        await opened.close();
        const db = openDatabase({ file, log: quietLog });
        states.push(
          JSON.stringify(
            db.raw
              .prepare(
                "SELECT id, state, position, rev FROM jobs WHERE state IN ('queued','done','failed','cancelled') ORDER BY id",
              )
              .all(),
          ),
        );
        db.close();
      }
      expect(states[2]).toBe(states[1]);
      expect(existsSync(file)).toBe(true);
      rmSync(dir, { recursive: true });
    }
  }, 180_000);
});
