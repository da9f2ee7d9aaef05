/** What was submitted together: how a batch is doing, and that a press which is sent again is known. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newBatchId } from '../../../../shared/ids.ts';
import type { BatchId } from '../../../../shared/ids.ts';
import { openStores } from '../../../support/stores.ts';
import type { Stores } from '../../../support/stores.ts';

let s: Stores;
beforeEach(() => {
  s = openStores();
});
afterEach(() => {
  s.close();
});

type Each = 'queued' | 'done' | 'failed' | 'cancelled';
function batchOf(...states: readonly Each[]): BatchId {
  const batchId = newBatchId();
  s.batches.insert(batchId, 'a batch', states.length, 1);
  for (const [batchIndex, state] of states.entries()) {
    const id = s.add({ batchId, batchIndex });
    if (state === 'cancelled')
      s.db.tx(() => s.jobs.cancelQueued([id], { mode: 'stop', by: 'window', note: null }, Date.now()));
    else if (state !== 'queued') {
      s.claim(id);
      s.jobs.advance(
        id,
        state === 'done'
          ? { type: 'finished', outputs: [] }
          : { type: 'executionFailed', error: { code: 'execution_failed', message: 'boom' }, outputs: [] },
      );
    }
  }
  return batchId;
}

it('runs while anything is open; then cancelled beats failed beats done', () => {
  batchOf('done', 'queued', 'cancelled');
  batchOf('done', 'failed', 'cancelled');
  batchOf('done', 'failed');
  batchOf('done');
  batchOf('failed', 'queued');
  expect(s.batches.list(5).map(({ state }) => state)).toEqual(['running', 'done', 'failed', 'cancelled', 'running']);
  expect(s.batches.list(1)).toMatchObject([
    { size: 2, stopAfter: false, counts: { queued: 1, failed: 1, done: 0, running: 0 } },
  ]);
});

it('is stopped once, opened again once, and its jobs lead back to it', () => {
  const batch = batchOf('queued', 'queued');
  const other = batchOf('queued');
  const jobs = s.db.raw.prepare<[BatchId], never>('SELECT id FROM jobs WHERE batch_id = ?').pluck().all(batch);
  expect(s.batches.of(jobs)).toEqual([batch]);
  s.batches.stop([batch]);
  expect(s.batches.list(2).map(({ id, stopAfter }) => [id, stopAfter])).toEqual([
    [other, false],
    [batch, true],
  ]);
  expect([s.batches.reopen(batch), s.batches.reopen(batch), s.batches.reopen(other)]).toEqual([true, false, false]);
});

it('keeps what a token was given for', () => {
  const batch = batchOf('queued');
  const id = s.add();
  s.batches.remember('a press', [id], batch, 1);
  expect(s.batches.submission('a press')).toEqual({ ids: [id], batchId: batch });
  expect(s.batches.submission('another')).toBeUndefined();
});
