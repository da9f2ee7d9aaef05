/** SQL for other people's work: what is seen now, what was asked to stop, and how it ended. */
import type { CancelMode } from '../../../shared/cancel.ts';
import type { ServerId } from '../../../shared/ids.ts';
import type { ForeignJob } from '../../../shared/server.ts';
import type { Asking } from './cancel-store.ts';
import type { Database } from './database.ts';

/** As a row has it; whether it is being stopped right now is the queue's to know. */
export type ForeignRow = Omit<ForeignJob, 'cancelling'>;
/** The columns of a ForeignRow. */
export const FOREIGN =
  'server_id AS serverId, remote_key AS remoteKey, state, how, place, first_seen AS firstSeen, started_at AS startedAt, ended_at AS endedAt';
export interface Seen {
  remoteKey: string;
  state: 'waiting' | 'running';
  place: number | null;
}

export class ForeignStore {
  readonly #db: Database;
  readonly #q;

  constructor(db: Database) {
    this.#db = db;
    const { raw } = db;
    this.#q = {
      get: raw.prepare<[ServerId, string], ForeignRow>(
        `SELECT ${FOREIGN} FROM foreign_jobs WHERE server_id = ? AND remote_key = ?`,
      ),
      open: raw.prepare<[ServerId], ForeignRow>(
        `SELECT ${FOREIGN} FROM foreign_jobs WHERE server_id = ? AND ended_at IS NULL ORDER BY (state = 'running') DESC, place, remote_key`,
      ),
      openKeys: raw
        .prepare<[ServerId], string>('SELECT remote_key FROM foreign_jobs WHERE server_id = ? AND ended_at IS NULL')
        .pluck(),
      seen: raw.prepare(`INSERT INTO foreign_jobs (server_id, remote_key, state, place, first_seen, last_seen, started_at)
        SELECT @server, value ->> 0, value ->> 1, value ->> 2, @now, @now, iif(value ->> 1 = 'running', @now, NULL) FROM json_each(@seen) WHERE true
        ON CONFLICT (server_id, remote_key) DO UPDATE SET state = excluded.state, place = excluded.place, last_seen = excluded.last_seen,
          started_at = coalesce(started_at, excluded.started_at) WHERE ended_at IS NULL`),
      end: raw.prepare(
        "UPDATE foreign_jobs SET state = 'ended', how = ?, place = NULL, ended_at = coalesce(ended_at, ?), last_seen = ? WHERE server_id = ? AND remote_key = ? AND (ended_at IS NULL OR how = 'gone')",
      ),
      ask: raw.prepare(
        `UPDATE foreign_jobs SET cancel_asked_at = coalesce(cancel_asked_at, ?), cancel_mode = iif(cancel_asked_at IS NOT NULL AND cancel_mode = 'stop', 'stop', ?), cancel_by = ?, cancel_note = ? WHERE server_id = ? AND remote_key = ? AND ended_at IS NULL`,
      ),
      asked: raw
        .prepare<[ServerId], string>(
          'SELECT remote_key FROM foreign_jobs WHERE server_id = ? AND ended_at IS NULL AND cancel_asked_at IS NOT NULL',
        )
        .pluck(),
      mode: raw
        .prepare<[ServerId, string], CancelMode>(
          'SELECT cancel_mode FROM foreign_jobs WHERE server_id = ? AND remote_key = ? AND cancel_asked_at IS NOT NULL',
        )
        .pluck(),
      unask: raw.prepare('UPDATE foreign_jobs SET cancel_asked_at = NULL WHERE server_id = ? AND remote_key = ?'),
    };
  }

  get(serverId: ServerId, remoteKey: string): ForeignRow | undefined {
    return this.#q.get.get(serverId, remoteKey);
  }
  open(serverId: ServerId): ForeignRow[] {
    return this.#q.open.all(serverId);
  }

  /**
   * Writes what is on a server now and how what is gone ended; what is gone without a word ended as `gone`. `beyond`:
   * is there too, and not written. One transaction, by sets: a thousand strangers are one statement.
   */
  record(
    serverId: ServerId,
    seen: readonly Seen[],
    ended: ReadonlyMap<string, Exclude<ForeignJob['how'], null>>,
    beyond: readonly string[],
  ): void {
    const now = Date.now();
    this.#db.tx(() => {
      const here = new Set([...seen.map((job) => job.remoteKey), ...beyond]);
      for (const key of this.#q.openKeys.all(serverId)) {
        if (!here.has(key)) this.#q.end.run(ended.get(key) ?? 'gone', now, now, serverId, key);
      }
      this.#write(serverId, seen, now);
    });
  }

  /** Waiting ones that were not written before. */
  add(serverId: ServerId, remoteKeys: readonly string[]): void {
    this.#write(
      serverId,
      remoteKeys.map((remoteKey) => ({ remoteKey, state: 'waiting', place: null })),
      Date.now(),
    );
  }

  #write(serverId: ServerId, seen: readonly Seen[], now: number): void {
    if (seen.length === 0) return;
    this.#q.seen.run({
      server: serverId,
      now,
      seen: JSON.stringify(seen.map((job) => [job.remoteKey, job.state, job.place])),
    });
  }

  /** How it ended, by better evidence than that it is gone: a listing may have missed it before our stop was answered. */
  end(serverId: ServerId, remoteKey: string, how: Exclude<ForeignJob['how'], null>): void {
    const now = Date.now();
    this.#q.end.run(how, now, now, serverId, remoteKey);
  }

  /** Writes down that it is to be stopped; what was asked to stop is never only "if waiting" again. */
  ask(serverId: ServerId, remoteKey: string, { mode, by, note }: Asking): void {
    this.#q.ask.run(Date.now(), mode, by, note, serverId, remoteKey);
  }
  /** Open ones that were asked to stop. */
  asked(serverId: ServerId): string[] {
    return this.#q.asked.all(serverId);
  }
  askedMode(serverId: ServerId, remoteKey: string): CancelMode | undefined {
    return this.#q.mode.get(serverId, remoteKey);
  }
  unask(serverId: ServerId, remoteKey: string): void {
    this.#q.unask.run(serverId, remoteKey);
  }
}
