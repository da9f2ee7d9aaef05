/** Exit codes and their order, sentences of outcomes, tables, ids: what scripts and people read. Pure. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exitOf, outcomeSentence, questionFor } from '../../../electron/cli/cancel-words.ts';
import { EXIT, Failure, toFailure, worst } from '../../../electron/cli/exit-codes.ts';
import type { Exit } from '../../../electron/cli/exit-codes.ts';
import { clean, cut, duration, shortId, table, widthOf } from '../../../electron/cli/format.ts';
import { errorLine, stateWord } from '../../../electron/cli/job-words.ts';
import { atServer } from '../../../electron/cli/text.ts';
import type { CancelOutcome } from '../../../shared/cancel.ts';
import type { CancelPreview } from '../../../shared/cancel-schema.ts';
import { AppError } from '../../../shared/errors.ts';
import { newJobId } from '../../../shared/ids.ts';
import type { RequestId } from '../../../shared/ids.ts';
import type { JobView } from '../../../shared/job.ts';
import { jobView } from '../../support/job-view.ts';

const cancelled = (
  reach: 'local' | 'waiting' | 'running',
  partialOutputs = 0,
  evidence: 'proven' | 'presumed' = 'proven',
): CancelOutcome => ({ outcome: 'cancelled', reach, evidence, partialOutputs });

describe('exit codes', () => {
  it('are the first that applies of 2, 4, 1, 3, 5, 6, 0', () => {
    const order: Exit[] = [2, 4, 1, 3, 5, 6, 0];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...order), { minLength: 1 }), (exits) => {
        expect(worst(exits)).toBe(order.find((exit) => exits.includes(exit)));
      }),
    );
    expect(worst([])).toBe(0);
  });

  it('follow from an error’s code', () => {
    const of = (code: ConstructorParameters<typeof AppError>[0]): Exit => toFailure(new AppError(code, 'x')).exit;
    expect([
      of('invalid_request'),
      of('not_found'),
      of('server_unreachable'),
      of('server_timeout'),
      of('server_rejected'),
      of('storage'),
      of('bug'),
    ]).toEqual([2, 3, 4, 4, 1, 1, 1]);
    expect(toFailure(new TypeError('oops'))).toMatchObject({ exit: 1, code: 'bug' });
    const own = new Failure(EXIT.notProven, 'x');
    expect(toFailure(own)).toBe(own);
  });

  it('follow from an outcome', () => {
    const exit = (outcome: CancelOutcome | null, reachable = true, waitingOnly = false): Exit =>
      exitOf(outcome, { reachable, waitingOnly });
    expect(exit(cancelled('running'))).toBe(0);
    expect(exit(cancelled('waiting', 0, 'presumed'))).toBe(0);
    expect([exit({ outcome: 'too-late', state: 'done' }), exit({ outcome: 'too-late', state: 'failed' })]).toEqual([
      6, 6,
    ]);
    expect([
      exit({ outcome: 'too-late', state: 'running' }),
      exit({ outcome: 'too-late', state: 'running' }, true, true),
    ]).toEqual([6, 0]);
    expect(exit({ outcome: 'unknown', cause: 'no-trace' })).toBe(5);
    expect([exit(null), exit(null, false)]).toEqual([5, 4]);
  });
});

describe('sentences', () => {
  const job = (change: Partial<JobView>): JobView => jobView('a', change);
  const took = (tookMs: number): JobView['cancel'] => ({
    requestId: 'r' as RequestId,
    mode: 'stop',
    requestedAt: 1,
    by: 'cli',
    note: null,
    outcome: null,
    settledAt: 2,
    tookMs,
    lastStep: null,
  });

  it('say what a cancel came to, as the window does', () => {
    expect(outcomeSentence(cancelled('local'), undefined)).toBe('Cancelled before it was sent');
    expect(outcomeSentence(cancelled('waiting'), undefined)).toBe('Cancelled; it had not started');
    expect(
      outcomeSentence(cancelled('running', 2), job({ cancel: took(1_300), info: { ...jobView('a').info, images: 4 } })),
    ).toBe('Cancelled after 1.3 s, 2 of 4 images kept');
    expect(outcomeSentence({ outcome: 'too-late', state: 'done' }, undefined)).toBe(
      'Finished before it could be cancelled',
    );
    expect(outcomeSentence({ outcome: 'too-late', state: 'failed' }, undefined)).toBe(
      'Failed before it could be cancelled',
    );
    expect(outcomeSentence({ outcome: 'too-late', state: 'running' }, undefined)).toBe(
      'Had already started; it runs on',
    );
    expect(outcomeSentence(cancelled('waiting', 0, 'presumed'), undefined)).toBe(
      'Cancelled; the server never showed it',
    );
    expect(outcomeSentence(cancelled('running', 0, 'presumed'), job({ kind: 'swarm' }))).toBe(
      'Cancelled; its backend may finish the current step',
    );
    expect(outcomeSentence({ outcome: 'unknown', cause: 'server-restarted' }, undefined)).toContain(
      'The server restarted',
    );
  });

  it('name states in the words of the glossary, and a cancel that is not over', () => {
    expect(stateWord(job({ state: 'queued' }))).toBe('waiting');
    expect(stateWord(job({ state: 'queued', held: true }))).toBe('held');
    expect(stateWord(job({ state: 'running', cancel: took(0) }))).toBe('cancelling');
  });

  it('ask with counts and name what is left alone', () => {
    const none = { local: 0, staged: 0, running: 0, collecting: 0, foreign: 0, foreignKept: 0 };
    const preview = (total: Partial<typeof none>, title: string | null = null): CancelPreview => ({
      token: 't',
      total: { ...none, ...total },
      servers: [{ serverId: 's' as never, name: 'Studio', counts: { ...none, ...total } }],
      title,
      warnings: [],
    });
    const stop = { mode: 'stop', after: false } as const;
    const many = questionFor(preview({ local: 12, running: 2, foreignKept: 3 }), stop);
    expect(many.question).toBe('Cancel 14 jobs on Studio?');
    expect(many.lines.join('\n')).toMatch(
      /2 running stop at[^]*12 waiting are removed[^]*3 foreign jobs are left alone/,
    );
    expect(questionFor(preview({ local: 1 }, 'Harbour'), stop).question).toBe('Cancel “Harbour” on Studio?');
    expect(questionFor(preview({ running: 1 }), stop).lines[0]).toMatch(/1 running stops at/);
    for (const [manner, title] of [
      [{ mode: 'if-waiting', after: false }, 'Cancel 1 job on Studio?'],
      [{ mode: 'if-waiting', after: true }, 'Cancel 1 job on Studio after this one?'],
    ] as const) {
      const asked = questionFor(preview({ running: 2, staged: 1 }), manner);
      expect([asked.count, asked.lines[0], asked.question]).toEqual([1, '  2 running run on to their end.', title]);
    }
  });
});

describe('errors', () => {
  it('name the address of a server that is away', () => {
    expect(atServer('http://x:1', { code: 'server_unreachable', message: 'no connection' })).toBe(
      'http://x:1 does not answer: no connection',
    );
    expect(atServer('http://x:1', { code: 'server_auth', message: '401' })).toBe(
      'http://x:1 needs you to sign in: 401',
    );
  });
});

describe('tables', () => {
  it('align by what a terminal shows, also for wide scripts, and drop empty columns', () => {
    expect(widthOf('ab漢字e\u0301')).toBe(7);
    expect(
      table([
        ['a', '', '漢字', 'x'],
        ['bbb', '', 'c', 'y'],
      ]),
    ).toEqual(['a    漢字  x', 'bbb  c     y']);
    expect(cut('漢字漢字', 5)).toBe('漢字…');
  });

  it('never let a title talk to the terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const [line = ''] = table([[text, 'x']]);
        // eslint-disable-next-line no-control-regex -- it must not be there
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
      }),
    );
    expect(clean('\u001b[31mred\u001b[0m')).toBe('[31mred [0m');
  });

  it('write lengths of time as people say them', () => {
    expect([3, 420, 41_000, 112_000, 7_500_000].map(duration)).toEqual([
      '3 ms',
      '0.4 s',
      '41 s',
      '1 min 52 s',
      '2 h 5 min',
    ]);
  });

  it('show ids so that no two jobs made here ever look alike', () => {
    const shown = Array.from({ length: 5_000 }, () => shortId(newJobId()));
    expect(new Set(shown).size).toBe(shown.length);
    expect(shortId('b74be428-4611-46a9-ad6f-90ac1b2512bb')).toHaveLength(36);
  });
});

it('a lost job says why, once', () => {
  const lost = (cause: string): string =>
    errorLine({ code: 'lost', message: `the job is gone from its server: ${cause}`, details: { cause } });
  expect(lost('server-restarted')).toBe('The server restarted; it may have run');
  expect(lost('no-trace')).toBe('It left no trace on the server; it may have run');
});
