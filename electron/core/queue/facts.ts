/**
 * Where every fact arrives: finds the attempt it is about, lets JobStore apply it, and directly calls what has to come
 * next. Decides nothing about states.
 */
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { JobFact, ServerFact } from '../../../shared/job-fact.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import type { Advanced } from '../db/job-store.ts';
import type { AttemptRow } from '../db/rows.ts';
import type { Board } from './board.ts';

/** Direct calls after a transition: no events steer control flow here. */
export interface Followers {
  /** A slot may have become free, or a job claimable. */
  kick(serverId: ServerId | null): void;
  /** Outputs of this job are to be fetched. */
  collect(jobId: JobId): void;
  /** The attempt is over: live state and clean key go. */
  closed(attempt: AttemptRow, jobId: JobId, clean: boolean): void;
  /** Seen on the current connection, waiting or running. */
  seen(attempt: AttemptRow, found: 'waiting' | 'running'): void;
  /** A key of an attempt we had given up turned up after all (architecture §8.3). */
  arrivedLate(attempt: AttemptRow): void;
  ended(jobId: JobId): void;
}

export class Facts {
  readonly #board: Board;
  readonly #followers: Followers;
  readonly #heardAt = new Map<string, number>();

  constructor(board: Board, followers: Followers) {
    this.#board = board;
    this.#followers = followers;
  }

  /** A server asserted something about a remote key. Unknown keys are not ours and are left alone. */
  fromServer(serverId: ServerId, remoteKey: string, fact: ServerFact): void {
    const attempt = this.#board.attempts.byKey(serverId, remoteKey);
    if (attempt === undefined) {
      const given = this.#board.attempts.watchedKey(serverId, remoteKey);
      if (given !== undefined && (fact.type === 'accepted' || fact.type === 'started'))
        this.#followers.arrivedLate(given);
      return;
    }
    this.#heardAt.set(remoteKey, performance.now());
    // Seen here and now, also where the job itself knew it already.
    if (fact.type === 'accepted') this.#followers.seen(attempt, attempt.started_at === null ? 'waiting' : 'running');
    else if (fact.type === 'started') this.#followers.seen(attempt, 'running');
    this.apply(attempt.job_id, fact, attempt);
  }

  /** Applies one fact about a job; `attempt` is the one it is about, if any. */
  apply(jobId: JobId, fact: JobFact, attempt: AttemptRow | null): Advanced {
    const { answer, follow } = this.write(jobId, fact, attempt);
    follow();
    return answer;
  }

  /** The same inside a transaction of the caller's: `follow` is to be called after its commit. */
  write(jobId: JobId, fact: JobFact, attempt: AttemptRow | null): { answer: Advanced; follow: () => void } {
    if (fact.type === 'finished' || fact.type === 'stopped' || fact.type === 'executionFailed')
      this.#board.point('before-end-commit');
    const answer = this.#board.jobs.advance(jobId, fact, attempt === null ? {} : { attemptId: attempt.id });
    const follow = (): void => {
      if (!answer.changed) {
        this.#board.log.debug('a fact was dropped', { job: jobId, fact: fact.type, why: answer.why });
        return;
      }
      this.#board.trouble('database', null);
      this.#board.log.info(`${answer.from} → ${answer.to}`, {
        job: jobId,
        fact: fact.type,
        ...(answer.settled === null ? {} : { outcome: answer.settled }),
      });
      this.#after(jobId, fact, answer, attempt);
    };
    return { answer, follow };
  }

  /** What follows a committed transition. */
  #after(jobId: JobId, fact: JobFact, answer: Extract<Advanced, { changed: true }>, attempt: AttemptRow | null): void {
    const { feed } = this.#board;
    feed.changed(jobId);
    if (fact.type === 'accepted') this.#board.point('after-accept');
    if (fact.type === 'started') this.#board.point('running');
    const leftServer =
      attempt !== null &&
      (answer.to === 'collecting' || answer.to === 'queued' || isTerminal(answer.to)) &&
      answer.from !== 'collecting';
    if (leftServer) {
      this.#heardAt.delete(attempt.remote_key);
      // While its files are fetched the attempt is still open, and its key is no other job's (one open attempt per key).
      const clean =
        answer.to !== 'collecting' &&
        (fact.type === 'finished' ||
          fact.type === 'executionFailed' ||
          fact.type === 'stopped' ||
          fact.type === 'rejected');
      this.#followers.closed(attempt, jobId, clean);
    } else if (attempt !== null && isTerminal(answer.to)) {
      // A late frame may have been heard while its files were fetched.
      this.#heardAt.delete(attempt.remote_key);
      this.#followers.closed(attempt, jobId, true);
    }
    if (answer.to === 'collecting' || (isTerminal(answer.to) && 'outputs' in fact && fact.outputs.length > 0))
      this.#followers.collect(jobId);
    if (isTerminal(answer.to)) this.#followers.ended(jobId);
    // What goes back to the queue may be for any server; a slot is free on this one only.
    if (answer.to === 'queued') this.#followers.kick(null);
    else if (leftServer) this.#followers.kick(attempt.server_id);
  }

  /** Monotonic ms since this key was last heard of; null if never on this run. */
  silentMs(remoteKey: string): number | null {
    const at = this.#heardAt.get(remoteKey);
    return at === undefined ? null : performance.now() - at;
  }
  /** Progress counts as hearing too. */
  heard(remoteKey: string): void {
    this.#heardAt.set(remoteKey, performance.now());
  }
}
