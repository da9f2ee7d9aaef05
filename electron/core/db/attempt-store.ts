/** The few questions about attempts that several parts of the queue ask. Read-only SQL. */
import type { AttemptId, JobId, ServerId } from '../../../shared/ids.ts';
import type { JobState } from '../../../shared/job-machine.ts';
import type { Database } from './database.ts';
import type { AttemptRow } from './rows.ts';

export type OpenAttempt = AttemptRow & { job_state: JobState };

export class AttemptReads {
  readonly #q;

  constructor(db: Database) {
    const { raw } = db;
    // The index is named where the planner, which knows no sizes, would walk every attempt there ever was on a server.
    const from = 'FROM attempts a INDEXED BY attempts_one_open_per_key JOIN jobs j ON j.id = a.job_id';
    const open = `SELECT a.*, j.state AS job_state ${from} WHERE a.closed_at IS NULL`;
    this.#q = {
      byKey: raw.prepare<[ServerId, string], OpenAttempt>(`${open} AND a.server_id = ? AND a.remote_key = ?`),
      onServer: raw.prepare<[ServerId], OpenAttempt>(
        `${open} AND a.server_id = ? AND j.state IN ('submitting','accepted','running') ORDER BY a.intent_at`,
      ),
      // Collecting attempts are not counted: the server is done with them.
      inFlight: raw
        .prepare<[ServerId], number>(
          `SELECT count(*) ${from} WHERE a.closed_at IS NULL AND a.server_id = ? AND j.state IN ('submitting','accepted','running')`,
        )
        .pluck(),
      awaited: raw
        .prepare<[ServerId, ServerId], 1>(
          `SELECT 1 WHERE EXISTS (SELECT 1 FROM attempts INDEXED BY attempts_one_open_per_key WHERE server_id = ? AND closed_at IS NULL)
             OR EXISTS (SELECT 1 FROM jobs j JOIN servers s ON s.id = ?
               WHERE j.state = 'queued' AND j.held = 0 AND j.kind = s.kind AND (j.server_id IS NULL OR j.server_id = s.id))`,
        )
        .pluck(),
      get: raw.prepare<[AttemptId], AttemptRow>('SELECT * FROM attempts WHERE id = ?'),
      last: raw.prepare<[JobId], AttemptRow>('SELECT * FROM attempts WHERE job_id = ? ORDER BY number DESC LIMIT 1'),
      watched: raw.prepare<[ServerId, number], AttemptRow>(
        'SELECT * FROM attempts INDEXED BY attempts_watched WHERE server_id = ? AND watch_until > ? ORDER BY closed_at',
      ),
      watchedKey: raw.prepare<[ServerId, string, number], AttemptRow>(
        'SELECT * FROM attempts WHERE server_id = ? AND remote_key = ? AND watch_until > ?',
      ),
      endWatch: raw.prepare('UPDATE attempts SET watch_until = NULL WHERE id = ?'),
      ours: raw
        .prepare<[ServerId, string], 1>('SELECT 1 FROM attempts WHERE server_id = ? AND remote_key = ? LIMIT 1')
        .pluck(),
    };
  }

  byKey(serverId: ServerId, remoteKey: string): OpenAttempt | undefined {
    return this.#q.byKey.get(serverId, remoteKey);
  }
  /** Open attempts on a server whose end is not known yet. */
  onServer(serverId: ServerId): OpenAttempt[] {
    return this.#q.onServer.all(serverId);
  }
  inFlight(serverId: ServerId): number {
    return this.#q.inFlight.get(serverId) ?? 0;
  }
  /** Whether anything of ours is on this server or may go there next. */
  isAwaited(serverId: ServerId): boolean {
    return this.#q.awaited.get(serverId, serverId) === 1;
  }
  get(id: AttemptId): AttemptRow | undefined {
    return this.#q.get.get(id);
  }
  lastOf(jobId: JobId): AttemptRow | undefined {
    return this.#q.last.get(jobId);
  }
  /** Closed attempts whose key may still turn up on the server (§8.3). */
  watched(serverId: ServerId): AttemptRow[] {
    return this.#q.watched.all(serverId, Date.now());
  }
  watchedKey(serverId: ServerId, remoteKey: string): AttemptRow | undefined {
    return this.#q.watchedKey.get(serverId, remoteKey, Date.now());
  }
  endWatch(id: AttemptId): void {
    this.#q.endWatch.run(id);
  }
  /** True for every key we ever used there: what is not ours is foreign. */
  isOurs(serverId: ServerId, remoteKey: string): boolean {
    return this.#q.ours.get(serverId, remoteKey) === 1;
  }
}
