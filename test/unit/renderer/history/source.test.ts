/** The source of History's rows: right rows in right places, however one jumps and whatever ends meanwhile. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVERYTHING, HistorySource } from '../../../../renderer/history/source.ts';
import type { HistoryRow } from '../../../../shared/history.ts';
import type { JobId, ServerId } from '../../../../shared/ids.ts';
import { jobView, SamplePages } from '../sample-pages.ts';
import { runs } from '../../../runs.ts';

const START = Date.UTC(2026, 10, 21, 12);
/** Row `index` from the newest; one every `stepMs`. Every seventh is foreign, every fifth failed. */
function row(index: number, stepMs = 60_000): HistoryRow {
  const endedAt = START - index * stepMs;
  if (index % 7 === 3) {
    return {
      type: 'foreign',
      foreign: {
        serverId: 'studio' as ServerId,
        remoteKey: `f${String(index)}`,
        state: 'ended',
        how: 'done',
        place: null,
        cancelling: false,
        firstSeen: endedAt - 9_000,
        startedAt: null,
        endedAt,
      },
    };
  }
  return {
    type: 'job',
    job: jobView(`j${String(index)}`, endedAt, {
      state: index % 5 === 0 ? 'failed' : 'done',
      title: index % 2 === 0 ? 'kiosk' : 'heron',
    }),
  };
}
const rowsOf = (count: number, stepMs?: number): HistoryRow[] =>
  Array.from({ length: count }, (_, index) => row(index, stepMs));

async function opened(pages: SamplePages): Promise<HistorySource> {
  const source = new HistorySource(pages.api);
  await source.show(EVERYTHING);
  return source;
}
const shown = (source: HistorySource, from: number, to: number): (HistoryRow | null)[] =>
  Array.from({ length: to - from }, (_, offset) => source.snapshot().rowAt(from + offset));

describe('unfiltered', () => {
  it('knows its length at once and reads only what is looked at', async () => {
    const pages = new SamplePages(rowsOf(5_000));
    const source = await opened(pages);
    expect(source.snapshot()).toMatchObject({ ready: true, total: 5_000 });
    expect(source.snapshot().rowAt(2_500)).toBeNull();
    await source.want(2_500, 2_520);
    expect(shown(source, 2_500, 2_520)).toEqual(pages.rows.slice(2_500, 2_520));
    expect(pages.asked).toBe(1);
  });

  it('gives the right rows after any jumps, also within one busy hour', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(500, 60_000, 900_000),
        fc.array(fc.nat(2_990), { minLength: 1, maxLength: 6 }),
        async (stepMs, jumps) => {
          const pages = new SamplePages(rowsOf(3_000, stepMs));
          const source = await opened(pages);
          for (const jump of jumps) {
            await source.want(jump, jump + 10);
            expect(shown(source, jump, jump + 10)).toEqual(pages.rows.slice(jump, jump + 10));
          }
        },
      ),
      { numRuns: runs(40) },
    );
  });

  it('what ends meanwhile is added in front and moves nothing that was read', async () => {
    const pages = new SamplePages(rowsOf(1_000));
    const source = await opened(pages);
    await source.want(600, 620);
    const before = pages.asked;
    const fresh: HistoryRow = { type: 'job', job: jobView('new', START + 1_000) };
    pages.rows = [fresh, ...pages.rows];
    await source.want(601, 621);
    await source.refresh();
    expect(source.snapshot().total).toBe(1_001);
    expect(shown(source, 601, 621)).toEqual(pages.rows.slice(601, 621));
    expect(pages.asked).toBe(before);
    await source.want(0, 10);
    expect(shown(source, 0, 10)).toEqual(pages.rows.slice(0, 10));
  });

  it('race: a job ends while a page of the newest hour is on its way', async () => {
    const pages = new SamplePages(rowsOf(300));
    const source = await opened(pages);
    const loading = source.want(0, 20);
    pages.rows = [{ type: 'job', job: jobView('new', START + 1_000) }, ...pages.rows];
    await Promise.all([loading, source.refresh()]);
    await source.want(0, 20);
    expect(shown(source, 0, 20)).toEqual(pages.rows.slice(0, 20));
  });

  it('a removed job leaves no hole', async () => {
    const pages = new SamplePages(rowsOf(400));
    const source = await opened(pages);
    await source.want(0, 150);
    pages.rows = pages.rows.filter((candidate) => candidate.type !== 'job' || candidate.job.id !== 'j4');
    await source.remove('j4');
    await source.want(0, 150);
    expect(source.snapshot().total).toBe(399);
    expect(shown(source, 0, 150)).toEqual(pages.rows.slice(0, 150));
  });

  it('a change of a known job shows in place; an older one is dropped; an unknown one asks for a refresh', async () => {
    const source = await opened(new SamplePages(rowsOf(50)));
    await source.want(0, 20);
    const put = jobView('j1', START - 60_000, { rev: 5, putBackAs: 'x' as JobId });
    expect(source.apply(put)).toBe(true);
    expect(source.snapshot().rowAt(1)).toEqual({ type: 'job', job: put });
    expect(source.apply(jobView('j1', START - 60_000, { rev: 2 }))).toBe(true);
    expect(source.snapshot().rowAt(1)).toEqual({ type: 'job', job: put });
    expect(source.apply(jobView('other', START))).toBe(false);
  });
});

describe('filtered', () => {
  it('reads page after page as one scrolls, and knows its length at the end', async () => {
    const pages = new SamplePages(rowsOf(2_000));
    const source = new HistorySource(pages.api);
    await source.show({ text: '', filter: { foreign: 'with', states: ['failed'] } });
    expect(source.snapshot().total).toBeNull();
    const failed = pages.rows.filter((candidate) => candidate.type === 'job' && candidate.job.state === 'failed');
    for (let at = 0; at < failed.length; at += 60) await source.want(at, at + 60);
    expect(source.snapshot().total).toBe(failed.length);
    expect(shown(source, 0, failed.length)).toEqual(failed);
  });

  it('searches, and a new query drops the answers of the one before', async () => {
    const pages = new SamplePages(rowsOf(300));
    const source = new HistorySource(pages.api);
    const slow = source.show({ text: 'heron', filter: { foreign: 'without' } });
    await source.show({ text: 'kiosk', filter: { foreign: 'without' } });
    await slow;
    const first = source.snapshot().rowAt(0);
    expect(first?.type === 'job' && first.job.title).toBe('kiosk');
  });

  it('what ends meanwhile comes in front, once', async () => {
    const pages = new SamplePages(rowsOf(300));
    const source = new HistorySource(pages.api);
    await source.show({ text: '', filter: { foreign: 'only' } });
    const total = pages.rows.filter(({ type }) => type === 'foreign').length;
    const newest = row(3);
    pages.rows.push({
      ...newest,
      ...(newest.type === 'foreign' ? { foreign: { ...newest.foreign, remoteKey: 'new', endedAt: START + 5 } } : {}),
    });
    await source.refresh();
    await source.refresh();
    await source.want(0, 100);
    expect(source.snapshot().total).toBe(total + 1);
    const first = source.snapshot().rowAt(0);
    expect(first?.type === 'foreign' && first.foreign.remoteKey).toBe('new');
  });
});
