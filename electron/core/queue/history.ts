/** Pages, search, export and forgetting of what has ended: keys from the store, views from the rows. */
import type { HistoryFilter, HistoryPage, HistoryRow } from '../../../shared/history.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import type { JobView } from '../../../shared/job.ts';
import type { ForeignJob } from '../../../shared/server.ts';
import type { HistoryKey } from '../db/history-store.ts';
import type { Board } from './board.ts';
import type { OutputFiles } from './output-files.ts';

const EXPORT_PAGE = 500;
const PRUNE_SLICE = 500;
/** A press that is sent again comes within seconds; a script's, after a bad night. */
const KEEP_TOKENS_MS = 7 * 86_400_000;
/** More than the two clocks of a machine drift apart by themselves; after a long sleep of it we wait for the next start too. */
const JUMP_MS = 86_400_000;

type Cell = string | number | null;
type NameOf = (id: ServerId | null) => string | null;
const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
/** A column of the table: its heading, what it says of a job of ours, and of other people's work, where anything is known. */
const COLUMNS: readonly [
  string,
  (job: JobView, nameOf: NameOf) => Cell,
  ((foreign: ForeignJob, nameOf: NameOf) => Cell)?,
][] = [
  ['id', (job) => job.id, (foreign) => foreign.remoteKey],
  ['title', (job) => job.title],
  ['state', (job) => job.state, (foreign) => `foreign ${foreign.how ?? ''}`.trim()],
  ['server', (job, nameOf) => nameOf(job.onServerId ?? job.serverId), (foreign, nameOf) => nameOf(foreign.serverId)],
  ['created', (job) => time(job.createdAt), (foreign) => time(foreign.firstSeen)],
  ['started', (job) => time(job.startedAt), (foreign) => time(foreign.startedAt)],
  ['ended', (job) => time(job.endedAt), (foreign) => time(foreign.endedAt)],
  ['ran_ms', (job) => job.ranMs],
  ['seed', (job) => job.info.seed],
  ['width', (job) => job.info.width],
  ['height', (job) => job.info.height],
  ['outputs', (job) => job.outputs.stored],
  ['cancelled_by', (job) => (job.state === 'cancelled' ? (job.cancel?.by ?? null) : null)],
  ['note', (job) => job.cancel?.note ?? job.note],
  ['error', (job) => job.error?.message ?? null],
];

export class History {
  readonly #board: Board;
  readonly #files: OutputFiles;
  /** When the monotonic clock began, by the wall clock as it was when we started. */
  readonly #startedAt = Date.now() - performance.now();

  constructor(board: Board, files: OutputFiles) {
    this.#board = board;
    this.#files = files;
  }

  page(filter: HistoryFilter, cursor: string | undefined, limit: number): HistoryPage {
    const { keys, cursor: next } = this.#board.history.page(filter, cursor, limit);
    return { rows: this.#rows(keys), cursor: next };
  }

  search(text: string, filter: HistoryFilter, cursor: string | undefined, limit: number): HistoryPage {
    const { keys, cursor: next } = this.#board.history.search(text, filter, cursor, limit);
    return { rows: this.#rows(keys), cursor: next };
  }

  /** One chunk of the download; the first CSV chunk has the header, JSON chunks make one array. */
  export(
    format: 'csv' | 'json',
    filter: HistoryFilter,
    cursor: string | undefined,
  ): { name: string; chunk: string; cursor: string | null } {
    const page = this.page(filter, cursor, EXPORT_PAGE);
    const name = `switchyard-history-${new Date().toISOString().slice(0, 10)}.${format}`;
    if (format === 'csv') {
      const lines = page.rows.map((row) => csvLine(this.#cells(row)));
      return {
        name,
        chunk: `${cursor === undefined ? csvLine(COLUMNS.map(([heading]) => heading)) : ''}${lines.join('')}`,
        cursor: page.cursor,
      };
    }
    const rows = page.rows.map((row) => JSON.stringify(row.type === 'job' ? row.job : row.foreign)).join(',\n');
    const start = cursor === undefined ? '[\n' : rows === '' ? '' : ',\n';
    return { name, chunk: `${start}${rows}${page.cursor === null ? '\n]\n' : ''}`, cursor: page.cursor };
  }

  remove(ids: readonly JobId[]): number {
    const open = this.#board.reads.targets(ids).filter((job) => !isTerminal(job.state));
    if (open.length > 0)
      throw new AppError('conflict', 'an open job can be cancelled, not removed', {
        details: { ids: open.slice(0, 10).map((job) => job.id) },
      });
    return this.#forget(ids);
  }

  /** Forgets a slice of what is older than the user keeps, other people's work too. True while there is more. */
  prune(): boolean {
    const days = this.#board.settings.get().keepHistoryDays;
    const tokens = this.#board.history.forgetTokens(Date.now() - KEEP_TOKENS_MS, PRUNE_SLICE);
    if (days === 0 || this.#clockJumped()) return tokens === PRUNE_SLICE;
    const before = Date.now() - days * 86_400_000;
    const ids = this.#board.history.endedBefore(before, PRUNE_SLICE);
    if (ids.length > 0) this.#forget(ids);
    return this.#board.history.forgetForeign(before, PRUNE_SLICE) === PRUNE_SLICE || ids.length === PRUNE_SLICE;
  }

  /** A clock that was set a year ahead makes everything old. After the next start its word is taken. */
  #clockJumped(): boolean {
    const ahead = Date.now() - this.#startedAt - performance.now();
    return Math.abs(ahead) > JUMP_MS;
  }

  #forget(ids: readonly JobId[]): number {
    const { history, outputs, events } = this.#board;
    const files = outputs.filesOf(ids);
    const removed = history.forget(ids);
    this.#files.remove(files);
    for (const id of ids) events.emit('job.removed', { id });
    return removed;
  }

  #rows(keys: readonly HistoryKey[]): HistoryRow[] {
    const views = new Map(
      this.#board.views
        .many(keys.flatMap((key) => (key.type === 'job' ? [key.id] : [])))
        .map((view) => [view.id, view]),
    );
    return keys.flatMap((key): HistoryRow[] => {
      if (key.type === 'foreign') return [{ type: 'foreign', foreign: { ...key.row, cancelling: false } }];
      const job = views.get(key.id);
      return job === undefined ? [] : [{ type: 'job', job }];
    });
  }

  #cells(row: HistoryRow): Cell[] {
    const nameOf: NameOf = (id) => (id === null ? null : this.#board.servers.nameOf(id));
    return COLUMNS.map(([, ofJob, ofForeign]) =>
      row.type === 'job' ? ofJob(row.job, nameOf) : (ofForeign?.(row.foreign, nameOf) ?? null),
    );
  }
}

/** RFC 4180; a cell that a spreadsheet would take for a formula gets an apostrophe in front. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells
    .map((cell) => {
      if (cell === null) return '';
      const text = typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : String(cell);
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',')}\r\n`;
}
