/** SQL for attempts: one for each time a job is sent somewhere, open until its end is known, then watched for a while. */
import type { AttemptId, JobId, ServerId } from '../../../shared/ids.ts';
import type { ServerFact } from '../../../shared/job-fact.ts';
import type { CloseReason, JobState } from '../../../shared/job-machine.ts';
import type { Database } from './database.ts';
import type { AttemptRow } from './rows.ts';

export type OpenAttempt = AttemptRow & { job_state: JobState };

/** The attempt that a claim opens. */
export interface ClaimOf {
  attemptId: AttemptId;
  serverId: ServerId;
  remoteKey: string;
  serverBoot: string | null;
}

const WATCH_MS = 10 * 60_000;
const WATCHED: ReadonlySet<CloseReason> = new Set(['not-sent', 'not-sent-presumed', 'vanished']);

export class AttemptStore {
  readonly #q;

  constructor(db: Database) {
    const { raw } = db;
    // The index is named where the planner, which knows no sizes, would walk every attempt there ever was on a server.
    const from = 'FROM attempts a INDEXED BY attempts_one_open_per_key JOIN jobs j ON j.id = a.job_id';
    const open = `SELECT a.*, j.state AS job_state ${from} WHERE a.closed_at IS NULL AND a.server_id = ?`;
    this.#q = {
      byKey: raw.prepare<[ServerId, string], OpenAttempt>(`${open} AND a.remote_key = ?`),
      openOn: raw.prepare<[ServerId], OpenAttempt>(`${open} ORDER BY a.intent_at`),
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
      openOf: raw.prepare<[JobId], AttemptRow>('SELECT * FROM attempts WHERE job_id = ? AND closed_at IS NULL'),
      last: raw.prepare<[JobId], AttemptRow>('SELECT * FROM attempts WHERE job_id = ? ORDER BY number DESC LIMIT 1'),
      watched: raw.prepare<[ServerId, number], AttemptRow>(
        'SELECT * FROM attempts INDEXED BY attempts_watched WHERE server_id = ? AND watch_until > ? ORDER BY closed_at',
      ),
      watchedKey: raw.prepare<[ServerId, string, number], AttemptRow>(
        'SELECT * FROM attempts WHERE server_id = ? AND remote_key = ? AND watch_until > ?',
      ),
      ours: raw
        .prepare<[ServerId, string], 1>('SELECT 1 FROM attempts WHERE server_id = ? AND remote_key = ? LIMIT 1')
        .pluck(),
      begin: raw.prepare(`INSERT INTO attempts (id, job_id, number, server_id, remote_key, server_boot, intent_at)
        VALUES (@attemptId, @jobId, (SELECT coalesce(max(number), 0) + 1 FROM attempts WHERE job_id = @jobId), @serverId, @remoteKey, @serverBoot, @now)`),
      accepted: raw.prepare(
        'UPDATE attempts SET accepted_at = coalesce(accepted_at, ?), remote_number = coalesce(?, remote_number), node_errors = coalesce(?, node_errors) WHERE id = ?',
      ),
      started: raw.prepare(
        'UPDATE attempts SET started_at = coalesce(started_at, @now), accepted_at = coalesce(accepted_at, @now) WHERE id = @id',
      ),
      close: raw.prepare(
        'UPDATE attempts SET closed_at = ?, close_reason = ?, watch_until = ? WHERE id = ? AND closed_at IS NULL',
      ),
      endWatch: raw.prepare('UPDATE attempts SET watch_until = NULL WHERE id = ?'),
    };
  }

  byKey(serverId: ServerId, remoteKey: string): OpenAttempt | undefined {
    return this.#q.byKey.get(serverId, remoteKey);
  }
  /** Every open attempt on a server, also those of which only files are still to come. */
  openOn(serverId: ServerId): OpenAttempt[] {
    return this.#q.openOn.all(serverId);
  }
  /** Open attempts on a server whose end is not known yet. */
  unendedOn(serverId: ServerId): OpenAttempt[] {
    return this.openOn(serverId).filter((attempt) => attempt.job_state !== 'collecting');
  }
  inFlight(serverId: ServerId): number {
    return this.#q.inFlight.get(serverId) ?? 0;
  }
  /** Whether anything of ours is on this server or may go there next. */
  isAwaited(serverId: ServerId): boolean {
    return this.#q.awaited.get(serverId, serverId) === 1;
  }
  openOf(jobId: JobId): AttemptRow | undefined {
    return this.#q.openOf.get(jobId);
  }
  lastOf(jobId: JobId): AttemptRow | undefined {
    return this.#q.last.get(jobId);
  }
  /** Closed attempts whose key may still turn up on the server (architecture §8.3). */
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

  begin(jobId: JobId, claim: ClaimOf, now: number): void {
    this.#q.begin.run({ jobId, ...claim, now });
  }
  accepted(id: AttemptId, { number, nodeErrors }: Extract<ServerFact, { type: 'accepted' }>, now: number): void {
    const errors = nodeErrors === null || nodeErrors === undefined ? null : JSON.stringify(nodeErrors);
    this.#q.accepted.run(now, number, errors, id);
  }
  started(id: AttemptId, now: number): void {
    this.#q.started.run({ id, now });
  }
  close(id: AttemptId, reason: CloseReason, now: number): void {
    this.#q.close.run(now, reason, WATCHED.has(reason) ? now + WATCH_MS : null, id);
  }
}
