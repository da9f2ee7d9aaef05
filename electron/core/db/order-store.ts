/**
 * SQL for what waits: places at the end, at the front and between, renumbering, holds, for which server, and who may be
 * claimed next. Order is `(position, id)`.
 */
import type { WireError } from '../../../shared/errors.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { Kind } from '../../../shared/job.ts';
import type { Database } from './database.ts';
import type { JobRow } from './rows.ts';

/** A place in the queue. */
export type MoveTo = 'front' | 'end' | { before: JobId } | { after: JobId };
const SMALLEST_GAP = 1e-6;

/** One walk of the index each for jobs that name a server and those that name none: a long queue for others costs nothing. */
const claimable = (which: string): string => `SELECT j.* FROM jobs j LEFT JOIN batches b ON b.id = j.batch_id
  WHERE j.state = 'queued' AND j.held = 0 AND j.kind = @kind AND ${which} AND b.stop_after_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM rejections r WHERE r.job_id = j.id AND r.server_id = @serverId)
  ORDER BY j.position, j.id LIMIT @limit`;

export class OrderStore {
  readonly #q;

  constructor(db: Database) {
    const { raw } = db;
    this.#q = {
      takeEnd: raw
        .prepare<[number], number>("UPDATE counters SET value = value + ? WHERE name = 'position_high' RETURNING value")
        .pluck(),
      first: raw.prepare<[], number>('SELECT min(position) FROM jobs WHERE ended_at IS NULL').pluck(),
      high: raw.prepare<[], number>("SELECT value FROM counters WHERE name = 'position_high'").pluck(),
      position: raw.prepare<[JobId], number>('SELECT position FROM jobs WHERE id = ?').pluck(),
      // By position and id: two jobs may share a place (one was put back to where another has been moved since).
      before: raw
        .prepare<[string, number, JobId], number>(
          `SELECT position FROM jobs WHERE ended_at IS NULL AND id NOT IN (SELECT value FROM json_each(?)) AND (position, id) < (?, ?) ORDER BY position DESC, id DESC LIMIT 1`,
        )
        .pluck(),
      after: raw
        .prepare<[string, number, JobId], number>(
          `SELECT position FROM jobs WHERE ended_at IS NULL AND id NOT IN (SELECT value FROM json_each(?)) AND (position, id) > (?, ?) ORDER BY position, id LIMIT 1`,
        )
        .pluck(),
      all: raw.prepare<[], JobId>('SELECT id FROM jobs WHERE ended_at IS NULL').pluck(),
      set: raw.prepare(`UPDATE jobs SET rev = rev + 1, position = @from + @gap * (p.n + 1)
        FROM (SELECT value AS id, key AS n FROM json_each(@ids)) AS p WHERE jobs.id = p.id AND jobs.state = 'queued'`),
      // Cancelled jobs not yet put back keep their place among the others.
      renumber: raw.prepare(`UPDATE jobs SET position = r.n, rev = rev + (ended_at IS NULL)
        FROM (SELECT id, row_number() OVER (ORDER BY position, id) AS n FROM jobs j
          WHERE ended_at IS NULL OR (state = 'cancelled' AND NOT EXISTS (SELECT 1 FROM jobs b WHERE b.put_back_of = j.id))) AS r
        WHERE jobs.id = r.id AND jobs.position <> r.n`),
      setHigh: raw.prepare(
        "UPDATE counters SET value = max(value, (SELECT coalesce(max(position), 0) FROM jobs WHERE ended_at IS NULL)) WHERE name = 'position_high'",
      ),
      hold: raw.prepare(
        "UPDATE jobs SET held = @held, rev = rev + 1 WHERE state = 'queued' AND held <> @held AND id IN (SELECT value FROM json_each(@ids))",
      ),
      unbind: raw.prepare("UPDATE jobs SET server_id = NULL, rev = rev + 1 WHERE state = 'queued' AND server_id = ?"),
      refusals: raw.prepare<[JobId], { server_id: ServerId; error: string }>(
        'SELECT server_id, error FROM rejections WHERE job_id = ?',
      ),
      refuse: raw.prepare(
        'INSERT INTO rejections (job_id, server_id, error, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      ),
      forgive:
        raw.prepare(`DELETE FROM rejections WHERE job_id IN (SELECT r.job_id FROM rejections r CROSS JOIN jobs j ON j.id = r.job_id
        WHERE j.state = 'queued' AND j.server_id IS NULL AND NOT EXISTS (SELECT 1 FROM servers s WHERE s.kind = j.kind AND s.enabled = 1 AND s.removed_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM rejections x WHERE x.job_id = j.id AND x.server_id = s.id)))`),
      claimable: raw.prepare<
        { kind: Kind; serverId: ServerId; limit: number },
        JobRow
      >(`SELECT * FROM (${claimable('j.server_id = @serverId')}) UNION ALL SELECT * FROM (${claimable('j.server_id IS NULL')})
        ORDER BY position, id LIMIT @limit`),
    };
  }

  /** Positions for `count` new jobs at the end of the queue, first one. Call inside `tx`. */
  atEnd(count: number): { from: number; gap: number } {
    const high = this.#q.takeEnd.get(count) ?? count;
    return { from: high - count + 1, gap: 1 };
  }

  /** Positions for `count` new jobs before everything. */
  atFront(count: number): { from: number; gap: number } {
    const first = this.#q.first.get() ?? this.#q.high.get() ?? 0;
    return { from: first - count, gap: 1 };
  }

  /**
   * Moves queued jobs, in the given order, to a place. Call inside `tx`, after checking that all are queued. True when
   * the whole queue was numbered again for it.
   */
  move(ids: readonly JobId[], to: MoveTo): boolean {
    const list = JSON.stringify(ids);
    let place = this.#gapAt(list, ids.length, to);
    const isTight = place.gap < SMALLEST_GAP;
    if (isTight) {
      this.#q.renumber.run();
      this.#q.setHigh.run();
      place = this.#gapAt(list, ids.length, to);
    }
    this.#q.set.run({ ids: list, from: place.from, gap: place.gap });
    return isTight;
  }

  /** Every open job. */
  all(): JobId[] {
    return this.#q.all.all();
  }

  #gapAt(list: string, count: number, to: MoveTo): { from: number; gap: number } {
    if (to === 'end') {
      const { from } = this.atEnd(count);
      return { from: from - 1, gap: 1 };
    }
    if (to === 'front') {
      const first = this.#q.first.get() ?? 0;
      return { from: first - count - 1, gap: 1 };
    }
    if ('before' in to) {
      const upper = this.#q.position.get(to.before) ?? 0;
      const lower = this.#q.before.get(list, upper, to.before) ?? upper - count - 1;
      return { from: lower, gap: (upper - lower) / (count + 1) };
    }
    const lower = this.#q.position.get(to.after) ?? 0;
    const upper = this.#q.after.get(list, lower, to.after) ?? lower + count + 1;
    return { from: lower, gap: (upper - lower) / (count + 1) };
  }

  /** The first claimable jobs for a server, in queue order: those that name it, and those that name none of its kind. */
  claimable(kind: Kind, serverId: ServerId, limit: number): JobRow[] {
    return this.#q.claimable.all({ kind, serverId, limit });
  }

  hold(ids: readonly JobId[], held: boolean): void {
    this.#q.hold.run({ held: held ? 1 : 0, ids: JSON.stringify(ids) });
  }
  /** Queued jobs that name this server become jobs for any of its kind. */
  unbind(serverId: ServerId): void {
    this.#q.unbind.run(serverId);
  }

  /** Which servers would not take a job for any, and what they said. */
  refusals(id: JobId): { server_id: ServerId; error: string }[] {
    return this.#q.refusals.all(id);
  }
  refuse(id: JobId, serverId: ServerId, error: WireError): void {
    this.#q.refuse.run(id, serverId, JSON.stringify(error), Date.now());
  }
  /** Refusals of jobs for "any" that nobody is left to take: forgotten, so that the next refusal is the last one. */
  forgive(): void {
    this.#q.forgive.run();
  }
}
