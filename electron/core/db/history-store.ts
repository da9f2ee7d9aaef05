/**
 * SQL for what has ended: keyset pages at any depth, search as one types (FTS5, newest first), the outline by hours,
 * and forgetting. Never OFFSET, never LIKE '%…%', never a count over the whole.
 */
import { z } from 'zod';
import type { HistoryFilter } from '../../../shared/history.ts';
import type { JobId } from '../../../shared/ids.ts';
import { FOREIGN } from './foreign-store.ts';
import type { ForeignRow } from './foreign-store.ts';
import type { Database } from './database.ts';
import { readCursor } from './rows.ts';

/** Ids of a page in order, newest first: ours by id, foreign as rows. */
export type HistoryKey = { type: 'job'; id: JobId } | { type: 'foreign'; row: ForeignRow };

/** Where each stream stands: the last one taken. `null` = not begun. */
const CursorSchema = z.object({
  j: z.tuple([z.number(), z.string()]).nullable(),
  f: z.tuple([z.number(), z.string(), z.string()]).nullable(),
});
type Cursor = z.infer<typeof CursorSchema>;
const SearchCursorSchema = z.number().int();

const FAR = Number.MAX_SAFE_INTEGER;
/** The longest prefix the index keeps (`prefix='1 2 3'` in the schema). */
const INDEXED_PREFIX = 3;
/** How many are sifted here, in two helpings, before the index is asked for whole words. */
const CANDIDATES = [200, 600] as const;

interface Found {
  rowid: number;
  id: JobId;
  title: string;
  prompt: string;
  note: string;
  error: string;
}

export class HistoryStore {
  readonly #db: Database;
  readonly #q;

  constructor(db: Database) {
    this.#db = db;
    const { raw } = db;
    this.#q = {
      outline: raw.prepare<[], { hour: number; jobs: number; foreign: number }>(
        'SELECT hour, jobs, foreign_jobs AS "foreign" FROM history_hours WHERE jobs > 0 OR foreign_jobs > 0 ORDER BY hour DESC',
      ),
      forget: raw.prepare('DELETE FROM jobs WHERE ended_at IS NOT NULL AND id IN (SELECT value FROM json_each(?))'),
      ftsForget: raw.prepare(
        'DELETE FROM history_fts WHERE rowid IN (SELECT end_seq FROM jobs WHERE end_seq IS NOT NULL AND id IN (SELECT value FROM json_each(?)))',
      ),
      sweep: raw.prepare(
        'DELETE FROM payloads WHERE id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.payload_id = payloads.id)',
      ),
      // A batch goes with the last of its jobs, and with it the token of its submission: nobody can mean them any more.
      batchesOf: raw
        .prepare<[string], string>(
          'SELECT DISTINCT batch_id FROM jobs WHERE batch_id IS NOT NULL AND id IN (SELECT value FROM json_each(?))',
        )
        .pluck(),
      sweepBatches: raw.prepare(
        'DELETE FROM batches WHERE id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.batch_id = batches.id)',
      ),
      forgetJournal: raw.prepare('DELETE FROM journal WHERE job_id IN (SELECT value FROM json_each(?))'),
      forgetForeign: raw
        .prepare<[number, number], number>(
          `DELETE FROM foreign_jobs WHERE (server_id, remote_key) IN
            (SELECT server_id, remote_key FROM foreign_jobs WHERE ended_at < ? ORDER BY ended_at LIMIT ?) RETURNING ended_at`,
        )
        .pluck(),
      foreignHour: raw.prepare(
        'UPDATE history_hours SET foreign_jobs = foreign_jobs - 1 WHERE hour = ? / 3600000 * 3600000',
      ),
      payloadsOf: raw
        .prepare<[string], string>('SELECT DISTINCT payload_id FROM jobs WHERE id IN (SELECT value FROM json_each(?))')
        .pluck(),
      forgetTokens: raw.prepare(
        'DELETE FROM submissions WHERE token IN (SELECT token FROM submissions WHERE at < ? ORDER BY at LIMIT ?)',
      ),
      endedBefore: raw
        .prepare<[number, number], JobId>('SELECT id FROM jobs WHERE ended_at < ? ORDER BY ended_at LIMIT ?')
        .pluck(),
    };
  }

  page(
    filter: HistoryFilter,
    cursorText: string | undefined,
    limit: number,
  ): { keys: HistoryKey[]; cursor: string | null } {
    const cursor = cursorText === undefined ? { j: null, f: null } : readCursor(CursorSchema, cursorText);
    const jobs = filter.foreign === 'only' ? [] : this.#jobs(filter, cursor, limit);
    const others =
      filter.foreign === 'without' || (filter.states !== undefined && filter.foreign !== 'only')
        ? []
        : this.#foreign(filter, cursor, limit);
    const keys: HistoryKey[] = [];
    const next: Cursor = { ...cursor };
    let j = 0;
    let f = 0;
    while (keys.length < limit) {
      const job = jobs[j];
      const other = others[f];
      if (job === undefined && other === undefined) break;
      if (job !== undefined && (other === undefined || job.ended_at >= (other.endedAt ?? 0))) {
        keys.push({ type: 'job', id: job.id });
        next.j = [job.ended_at, job.id];
        j += 1;
      } else if (other !== undefined) {
        keys.push({ type: 'foreign', row: other });
        next.f = [other.endedAt ?? 0, other.remoteKey, other.serverId];
        f += 1;
      }
    }
    const more =
      jobs.length > j ||
      others.length > f ||
      (keys.length === limit && (jobs.length === limit || others.length === limit));
    return { keys, cursor: more ? JSON.stringify(next) : null };
  }

  #jobs(filter: HistoryFilter, cursor: Cursor, limit: number): { id: JobId; ended_at: number }[] {
    const [at, id] = cursor.j ?? [filter.to ?? FAR, ''];
    const where = ['ended_at IS NOT NULL', '(ended_at, id) < (@at, @id)'];
    if (filter.from !== undefined) where.push('ended_at >= @from');
    if (filter.serverId !== undefined) where.push('on_server_id = @server');
    const args = { at, id, from: filter.from ?? 0, server: filter.serverId ?? '', limit };
    const states = filter.states;
    if (states === undefined) {
      return this.#db.raw
        .prepare<typeof args, { id: JobId; ended_at: number }>(
          `SELECT id, ended_at FROM jobs WHERE ${where.join(' AND ')} ORDER BY ended_at DESC, id DESC LIMIT @limit`,
        )
        .all(args);
    }
    // One keyset walk per state, merged: each stays on its own index however rare the state is.
    const each = this.#db.raw.prepare<typeof args & { state: string }, { id: JobId; ended_at: number }>(
      `SELECT id, ended_at FROM jobs WHERE state = @state AND ${where.join(' AND ')} ORDER BY ended_at DESC, id DESC LIMIT @limit`,
    );
    return states
      .flatMap((state) => each.all({ ...args, state }))
      .sort((a, b) => b.ended_at - a.ended_at || (a.id < b.id ? 1 : -1))
      .slice(0, limit);
  }

  #foreign(filter: HistoryFilter, cursor: Cursor, limit: number): ForeignRow[] {
    const [at, key, server] = cursor.f ?? [filter.to ?? FAR, '', ''];
    const where = ['ended_at IS NOT NULL', '(ended_at, remote_key, server_id) < (@at, @key, @server)'];
    if (filter.from !== undefined) where.push('ended_at >= @from');
    if (filter.serverId !== undefined) where.push('server_id = @only');
    const args = { at, key, server, from: filter.from ?? 0, only: filter.serverId ?? '', limit };
    return this.#db.raw
      .prepare<typeof args, ForeignRow>(
        `SELECT ${FOREIGN} FROM foreign_jobs WHERE ${where.join(' AND ')} ORDER BY ended_at DESC, remote_key DESC, server_id DESC LIMIT @limit`,
      )
      .all(args);
  }

  /**
   * Every word must begin some word of title, prompt, note or error. Order is that of ending, newest first.
   *
   * The index knows prefixes of up to three letters; a longer prefix of a common word would make SQLite read that word's
   * whole list (57 ms of a million). So the newest candidates by three letters are sifted here first, and only where
   * they are too few to fill the page is the index asked for the whole words, which are rare then.
   */
  search(
    text: string,
    filter: HistoryFilter,
    cursorText: string | undefined,
    limit: number,
  ): { keys: HistoryKey[]; cursor: string | null } {
    const words = wordsOf(text);
    if (words.length === 0 || filter.foreign === 'only') return { keys: [], cursor: null };
    const before = cursorText === undefined ? FAR : readCursor(SearchCursorSchema, cursorText);
    const isPlain = words.every((word) => /^[\x21-\x7e]+$/.test(word));
    if (isPlain && words.some((word) => word.length > INDEXED_PREFIX)) {
      const sifted = this.#sift(words, filter, before, limit);
      if (sifted !== null) return found(sifted, limit);
    }
    return found(this.#matches(words, filter, before, limit), limit);
  }

  /** The newest hits among candidates by three letters; null where they are too thin to fill a page that way. */
  #sift(words: readonly string[], filter: HistoryFilter, before: number, limit: number): Found[] | null {
    const short = words.map((word) => word.slice(0, INDEXED_PREFIX));
    const hits: Found[] = [];
    let from = before;
    for (const count of CANDIDATES) {
      const candidates = this.#matches(short, filter, from, count);
      hits.push(...candidates.filter((row) => hasWords(row, words)));
      if (hits.length >= limit || candidates.length < count) return hits.slice(0, limit);
      // Fewer than a quarter of a page among the first: more of them will not fill it either.
      if (hits.length * 4 < limit) return null;
      from = candidates.at(-1)?.rowid ?? 0;
    }
    return null;
  }

  #matches(words: readonly string[], filter: HistoryFilter, before: number, limit: number): Found[] {
    const where = ['f.rowid < @before', 'history_fts MATCH @match'];
    if (filter.states !== undefined) where.push('j.state IN (SELECT value FROM json_each(@states))');
    if (filter.serverId !== undefined) where.push('j.on_server_id = @server');
    if (filter.from !== undefined) where.push('j.ended_at >= @from');
    if (filter.to !== undefined) where.push('j.ended_at < @to');
    const match = words.map((word) => `"${word}"*`).join(' ');
    const args = {
      before,
      match,
      limit,
      states: JSON.stringify(filter.states ?? []),
      server: filter.serverId ?? '',
      from: filter.from ?? 0,
      to: filter.to ?? FAR,
    };
    return this.#db.raw
      .prepare<typeof args, Found>(
        `SELECT f.rowid, j.id, f.title, f.prompt, f.note, f.error FROM history_fts f CROSS JOIN jobs j ON j.id = f.job_id WHERE ${where.join(' AND ')} ORDER BY f.rowid DESC LIMIT @limit`,
      )
      .all(args);
  }

  outline(): { hour: number; jobs: number; foreign: number }[] {
    return this.#q.outline.all();
  }

  /** Forgets ended jobs; open ones are passed over (the database would refuse them). How many went. */
  forget(ids: readonly JobId[]): number {
    const list = JSON.stringify(ids);
    return this.#db.tx(() => {
      const payloads = this.#q.payloadsOf.all(list);
      const batches = this.#q.batchesOf.all(list);
      this.#q.ftsForget.run(list);
      const { changes } = this.#q.forget.run(list);
      this.#q.forgetJournal.run(list);
      this.#q.sweep.run(JSON.stringify(payloads));
      this.#q.sweepBatches.run(JSON.stringify(batches));
      return changes;
    });
  }

  /** Forgets other people's work that ended before a time; how many went, at most `limit`. */
  forgetForeign(time: number, limit: number): number {
    return this.#db.tx(() => {
      const ends = this.#q.forgetForeign.all(time, limit);
      for (const endedAt of ends) this.#q.foreignHour.run(endedAt);
      return ends.length;
    });
  }

  /** Forgets the tokens of submissions so old that no caller can be sending them again; how many went, at most `limit`. */
  forgetTokens(time: number, limit: number): number {
    return this.#q.forgetTokens.run(time, limit).changes;
  }

  endedBefore(time: number, limit: number): JobId[] {
    return this.#q.endedBefore.all(time, limit);
  }
}

/** The words of what was typed, at most twelve; everything that is no letter or digit separates. */
export function wordsOf(text: string): string[] {
  return (text.match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, 12);
}

/** What the index does with a word of ours, for words in plain ASCII: case and diacritics are nothing. */
function hasWords(row: Found, words: readonly string[]): boolean {
  const text = `${row.title} ${row.prompt} ${row.note} ${row.error}`
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase();
  const tokens = text.match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.every((word) => tokens.some((token) => token.startsWith(word.toLowerCase())));
}

function found(rows: readonly Found[], limit: number): { keys: HistoryKey[]; cursor: string | null } {
  const last = rows.at(-1);
  return {
    keys: rows.map((row) => ({ type: 'job', id: row.id })),
    cursor: last === undefined || rows.length < limit ? null : JSON.stringify(last.rowid),
  };
}
