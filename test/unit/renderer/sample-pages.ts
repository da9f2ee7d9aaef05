/** A history in memory that answers as the contract says: outline by hours, keyset pages, search by word beginnings. */
import type { Api } from '../../../shared/contract.ts';
import type { HistoryFilter, HistoryRow } from '../../../shared/history.ts';
import type { ServerId } from '../../../shared/ids.ts';
import type { JobView } from '../../../shared/job.ts';
import { jobView as plainJob } from '../../support/job-view.ts';

const HOUR_MS = 3_600_000;

export const jobView = (id: string, endedAt: number, more: Partial<JobView> = {}): JobView =>
  plainJob(id, {
    onServerId: 'studio' as ServerId,
    info: { source: 'flux.json', width: 1344, height: 768, seed: '7', images: 4, model: null, nodes: 9 },
    state: 'done',
    createdAt: endedAt - 60_000,
    startedAt: endedAt - 50_000,
    endedAt,
    ranMs: 50_000,
    attempts: 1,
    outputs: { expected: 4, stored: 4, missing: 0, partial: false, thumb: null },
    ...more,
  });

const at = (row: HistoryRow): number => (row.type === 'job' ? row.job.endedAt : row.foreign.endedAt) ?? 0;

/** `rows` may be changed between calls; `asked` counts the pages that were read. */
export class SamplePages {
  rows: HistoryRow[];
  asked = 0;

  constructor(rows: HistoryRow[]) {
    this.rows = rows;
  }

  get api(): Pick<Api, 'history'> {
    const matching = (filter: HistoryFilter, text: string): HistoryRow[] =>
      this.rows
        .filter((row) => at(row) < (filter.to ?? Infinity) && at(row) >= (filter.from ?? 0))
        .filter((row) =>
          row.type === 'foreign'
            ? filter.foreign !== 'without' && filter.states === undefined
            : filter.foreign !== 'only' && (filter.states ?? [row.job.state]).includes(row.job.state as 'done'),
        )
        .filter((row) => text === '' || (row.type === 'job' && row.job.title.includes(text)))
        .sort((a, b) => at(b) - at(a));
    const page = async (filter: HistoryFilter, text: string, cursor: string | undefined, limit: number) => {
      this.asked += 1;
      const all = matching(filter, text);
      const from = cursor === undefined ? 0 : all.findIndex((row) => at(row) < Number(cursor));
      const rows = from < 0 ? [] : all.slice(from, from + limit);
      const last = rows.at(-1);
      return { rows, cursor: last === undefined || from + limit >= all.length ? null : String(at(last)) };
    };
    return {
      history: {
        page: ({ filter, cursor, limit }) =>
          page({ ...filter, foreign: filter?.foreign ?? 'with' }, '', cursor, limit ?? 100),
        search: ({ text, filter, cursor, limit }) =>
          page({ ...filter, foreign: filter?.foreign ?? 'without' }, text, cursor, limit ?? 100),
        outline: async () => {
          const hours = new Map<number, { hour: number; jobs: number; foreign: number }>();
          for (const row of this.rows) {
            const hour = Math.floor(at(row) / HOUR_MS) * HOUR_MS;
            const entry = hours.get(hour) ?? { hour, jobs: 0, foreign: 0 };
            entry[row.type === 'job' ? 'jobs' : 'foreign'] += 1;
            hours.set(hour, entry);
          }
          return { hours: [...hours.values()].sort((a, b) => b.hour - a.hour) };
        },
        export: async () => ({ name: 'history.csv', chunk: '', cursor: null }),
      },
    };
  }
}
