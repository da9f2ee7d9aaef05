import { describe, expect, it } from 'vitest';
import { NO_NOTICES, advanceNotices } from '../../../../electron/desktop/notices/notices.ts';
import type { Notice, NoticeFacts, NoticeInput, NoticeState } from '../../../../electron/desktop/notices/notices.ts';
import { jobId } from '../samples.ts';
import { fc, test } from '../property.ts';

const on = { notifyFailures: true, notifyQueueDone: true, notifyCancelLate: true };
const failed = (n: number, batch: string | null = null): NoticeInput => ({
  type: 'failed',
  jobId: jobId(n),
  title: `Job ${String(n)}`,
  batch: batch === null ? null : { id: batch, title: `Batch ${batch}` },
  why: 'out of memory',
});

function run(
  steps: readonly { at: number; input: NoticeInput; focused?: boolean; settings?: NoticeFacts['settings'] }[],
): { shown: { at: number; notice: Notice }[]; state: NoticeState; wake: number | null } {
  let state = NO_NOTICES;
  let wake: number | null = null;
  const shown: { at: number; notice: Notice }[] = [];
  for (const { at, input, focused = false, settings = on } of steps) {
    const step = advanceNotices(state, input, { nowMs: at, focused, settings });
    state = step.state;
    wake = step.wakeInMs;
    if (step.show !== null) shown.push({ at, notice: step.show });
  }
  return { shown, state, wake };
}

describe('notices', () => {
  it('one failure is told at once and opens its job', () => {
    expect(run([{ at: 0, input: failed(1) }]).shown).toEqual([
      {
        at: 0,
        notice: { kind: 'failed', title: '“Job 1” failed', body: 'out of memory', open: `history/${jobId(1)}` },
      },
    ]);
  });
  it('what follows within five seconds is told together', () => {
    const { shown, wake } = run([
      { at: 0, input: failed(1) },
      { at: 100, input: failed(2) },
      { at: 200, input: failed(3) },
      { at: 300, input: failed(4) },
      { at: 400, input: failed(5) },
    ]);
    expect(shown).toHaveLength(1);
    expect(wake).toBe(4_600);
    const later = run([
      { at: 0, input: failed(1) },
      ...[2, 3, 4, 5].map((n) => ({ at: n * 100, input: failed(n) })),
      { at: 5_000, input: { type: 'tick' } as const },
    ]).shown[1];
    expect(later?.notice).toMatchObject({
      title: '4 jobs failed',
      body: 'Job 2\nJob 3\nJob 4\nand 1 more',
      open: 'history',
    });
  });
  it('failures of one batch name it', () => {
    const { shown } = run([
      { at: 0, input: failed(1) },
      { at: 1, input: failed(2, 'a') },
      { at: 2, input: failed(3, 'a') },
      { at: 5_000, input: { type: 'tick' } },
    ]);
    expect(shown[1]?.notice.title).toBe('2 jobs of “Batch a” failed');
  });
  it('whoever looks at the window is told nothing, also not afterwards', () => {
    expect(
      run([
        { at: 0, input: failed(1), focused: true },
        { at: 9_000, input: { type: 'tick' } },
      ]),
    ).toMatchObject({ shown: [], wake: null });
    expect(
      run([
        { at: 0, input: failed(1) },
        { at: 1, input: failed(2) },
        { at: 2, input: { type: 'tick' }, focused: true },
        { at: 9_000, input: { type: 'tick' } },
      ]).shown,
    ).toHaveLength(1);
  });
  it('what failed last is told with the queue’s end', () => {
    const { shown } = run([
      { at: 0, input: failed(1) },
      { at: 1, input: failed(2) },
      { at: 2, input: { type: 'queue-done', done: 3, failed: 2, cancelled: 0 } },
      { at: 5_000, input: { type: 'tick' } },
    ]);
    expect(shown.map(({ notice }) => notice.title)).toEqual(['“Job 1” failed', 'The queue is done']);
    expect(shown[1]?.notice.body).toBe('3 done, 2 failed');
  });
  it('a job that does not stop comes first', () => {
    const late: NoticeInput = { type: 'cancel-late', jobId: jobId(9), title: 'Harbour', server: 'Studio' };
    const { shown } = run([
      { at: 0, input: failed(1) },
      { at: 1, input: failed(2) },
      { at: 2, input: late },
      { at: 5_000, input: { type: 'tick' } },
      { at: 10_000, input: { type: 'tick' } },
    ]);
    expect(shown.map(({ notice }) => notice.kind)).toEqual(['failed', 'cancel-late', 'failed']);
    expect(shown[1]?.notice.open).toBe(`queue/${jobId(9)}`);
  });
  it.each([
    ['notifyFailures', failed(1)],
    ['notifyQueueDone', { type: 'queue-done', done: 1, failed: 0, cancelled: 0 }],
    ['notifyCancelLate', { type: 'cancel-late', jobId: jobId(1), title: 'x', server: null }],
  ] as const)('%s off: nothing is told', (setting, input) => {
    expect(run([{ at: 0, input, settings: { ...on, [setting]: false } }]).shown).toEqual([]);
    expect(run([{ at: 0, input }]).shown).toHaveLength(1);
  });

  test.prop([
    fc.array(
      fc.record({
        gap: fc.nat(3_000),
        kind: fc.constantFrom('failed', 'late', 'done', 'tick'),
        n: fc.nat(50),
        focused: fc.boolean(),
      }),
      { maxLength: 60 },
    ),
  ])('never more than one in five seconds, and nothing is kept for ever', (events) => {
    let at = 0;
    const { shown, state } = run([
      ...events.map(({ gap, kind, n, focused }) => {
        at += gap;
        const input: NoticeInput =
          kind === 'failed'
            ? failed(n)
            : kind === 'late'
              ? { type: 'cancel-late', jobId: jobId(n), title: 't', server: null }
              : kind === 'done'
                ? { type: 'queue-done', done: n, failed: 0, cancelled: 0 }
                : { type: 'tick' };
        return { at, input, focused };
      }),
      ...[5_000, 10_000, 15_000, 20_000].map((more) => ({ at: at + more, input: { type: 'tick' } as const })),
    ]);
    for (const [index, { at: when }] of shown.entries())
      if (index > 0) expect(when - (shown[index - 1]?.at ?? 0)).toBeGreaterThanOrEqual(5_000);
    expect({ ...state, shownAt: null }).toEqual(NO_NOTICES);
  });
});
