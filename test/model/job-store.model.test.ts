/**
 * Random walks of facts and cancels through the real JobStore on a real database: never off the table, terminal is
 * final, one outcome per request, at most one open attempt, `rev` only rises, and no guarantee of the schema ever has to
 * refuse us.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobId } from '../../shared/ids.ts';
import { newAttemptId, uuidv4 } from '../../shared/ids.ts';
import type { JobFact } from '../../shared/job-fact.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import { nth } from '../support/core-harness.ts';
import { openStores } from '../support/stores.ts';
import type { Stores } from '../support/stores.ts';
import { runs } from '../runs.ts';

const output = fc
  .integer({ min: 0, max: 2 })
  .map((ordinal) => ({ ordinal, nodeId: '9', remote: '{}', name: 'a.png', media: 'image' as const }));
const outputs = fc.uniqueArray(output, { selector: (one) => one.ordinal, maxLength: 3 });
const evidence = fc.constantFrom('proven' as const, 'presumed' as const);
const error = fc.constant({ code: 'execution_failed' as const, message: 'boom' });

const fact: fc.Arbitrary<JobFact> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<JobFact>({ type: 'claim' }) },
  { weight: 3, arbitrary: fc.constant<JobFact>({ type: 'accepted', number: 1, nodeErrors: null }) },
  { weight: 3, arbitrary: fc.constant<JobFact>({ type: 'started' }) },
  fc.record({ type: fc.constant('finished' as const), outputs }),
  fc.record({ type: fc.constant('executionFailed' as const), error, outputs }),
  fc.record({
    type: fc.constant('stopped' as const),
    reach: fc.constantFrom('waiting' as const, 'running' as const),
    outputs,
    by: fc.constantFrom(
      'another-client' as const,
      'collateral' as const,
      'removed-from-queue' as const,
      'unknown' as const,
    ),
    evidence,
  }),
  fc.record({
    type: fc.constant('vanished' as const),
    cause: fc.constantFrom('server-restarted' as const, 'server-removed' as const, 'no-trace' as const),
  }),
  fc.record({ type: fc.constant('notSent' as const), evidence }),
  fc.record({ type: fc.constant('rejected' as const), error }),
  fc.constant<JobFact>({ type: 'cancelLocal' }),
  fc.constant<JobFact>({ type: 'collected' }),
  fc.record({ type: fc.constant('collectFailed' as const), stored: fc.integer({ min: 0, max: 2 }) }),
);

type Command =
  | { do: 'fact'; job: number; fact: JobFact }
  | { do: 'cancel'; jobs: number[]; mode: 'stop' | 'if-waiting' }
  | { do: 'add' }
  | { do: 'stale'; job: number; fact: JobFact };
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('fact' as const), job: fc.nat(4), fact }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('cancel' as const),
      jobs: fc.uniqueArray(fc.nat(4), { minLength: 1 }),
      mode: fc.constantFrom('stop' as const, 'if-waiting' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Command>({ do: 'add' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stale' as const), job: fc.nat(4), fact }) },
);

/** What requests.ts does for one job that is not queued. */
function ask(s: Stores, id: JobId, mode: 'stop' | 'if-waiting'): void {
  s.db.tx(() => {
    const job = s.jobs.get(id);
    if (job === undefined || isTerminal(job.state)) return;
    const asking = { mode, by: 'window' as const, note: null };
    if (job.state === 'queued') {
      s.jobs.cancelQueued([id], asking, Date.now());
      return;
    }
    if (job.state === 'collecting' || (job.state === 'running' && mode === 'if-waiting')) return;
    const open = s.cancels.openOf(id);
    if (open === undefined) s.cancels.ask(id, asking, Date.now());
    else if (mode === 'stop') s.cancels.raise(open.id);
  });
}

describe('job store', () => {
  it('random walks never leave the table', () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 5, maxLength: 80 }), (commands) => {
        const s = openStores();
        try {
          const ids: JobId[] = [s.add(), s.add(), s.add()];
          const ended = new Map<JobId, string>();
          const revs = new Map<JobId, number>();
          const outcomes = new Map<string, string>();
          for (const step of commands) {
            if (step.do === 'add') ids.push(s.add());
            else if (step.do === 'cancel')
              for (const index of step.jobs) ask(s, nth(ids, index % ids.length), step.mode);
            else {
              const id = nth(ids, step.job % ids.length);
              const about = step.do === 'stale' ? { attemptId: newAttemptId() } : {};
              const claim =
                step.fact.type === 'claim'
                  ? {
                      claim: { attemptId: newAttemptId(), serverId: s.serverId, remoteKey: uuidv4(), serverBoot: null },
                    }
                  : {};
              const answer = s.jobs.advance(id, step.fact, { ...about, ...claim });
              if (step.do === 'stale') expect(answer.changed).toBe(false);
            }
            for (const id of ids) {
              const job = s.jobs.get(id);
              if (job === undefined) throw new Error('a job is gone');
              expect(job.rev).toBeGreaterThanOrEqual(revs.get(id) ?? 0);
              revs.set(id, job.rev);
              const before = ended.get(id);
              if (before !== undefined)
                expect(`${job.state} ${String(job.ended_at)} ${String(job.error)}`).toBe(before);
              else if (isTerminal(job.state))
                ended.set(id, `${job.state} ${String(job.ended_at)} ${String(job.error)}`);
              if (isTerminal(job.state)) {
                expect(s.cancels.openOf(id)).toBeUndefined();
                expect(s.attempts.openOf(id)).toBeUndefined();
              }
              if (job.state === 'queued') expect(s.cancels.openOf(id)).toBeUndefined();
              const request = s.cancels.newestOf(id);
              if (request !== undefined && request.outcome !== null) {
                const text = `${request.outcome} ${String(request.detail)}`;
                expect(outcomes.get(request.id) ?? text).toBe(text);
                outcomes.set(request.id, text);
              }
            }
            // Views can always be made of whatever is on disk, and search finds exactly what has ended.
            expect(s.views.many(ids)).toHaveLength(ids.length);
          }
          expect(s.db.raw.prepare('SELECT count(*) FROM history_fts').pluck().get()).toBe(ended.size);
          expect(s.history.outline().reduce((sum, hour) => sum + hour.jobs, 0)).toBe(ended.size);
          expect(s.history.page({ foreign: 'with' }, undefined, 500).keys).toHaveLength(ended.size);
        } finally {
          s.close();
        }
      }),
      { numRuns: runs(200) },
    );
  });

  it('paging by any page size shows each ended job once, newest first', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom<('done' | 'cancelled')[] | undefined>(undefined, ['cancelled'], ['done', 'cancelled']),
        (count, limit, states) => {
          const s = openStores();
          try {
            const ids = Array.from({ length: count }, () => s.add());
            for (const id of ids) ask(s, id, 'stop');
            const seen: string[] = [];
            let cursor: string | undefined;
            do {
              const page = s.history.page(
                { foreign: 'with', ...(states === undefined ? {} : { states }) },
                cursor,
                limit,
              );
              seen.push(...page.keys.map((key) => (key.type === 'job' ? key.id : '')));
              cursor = page.cursor ?? undefined;
            } while (cursor !== undefined);
            expect([...seen].sort()).toEqual([...ids].sort());
          } finally {
            s.close();
          }
        },
      ),
      { numRuns: runs(60) },
    );
  });
});
