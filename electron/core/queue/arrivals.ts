/**
 * What a link reports, handed to whom it concerns: facts, progress, foreign work, status. The hooks of every server
 * link, and nothing else.
 */
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { ServerFact } from '../../../shared/job-fact.ts';
import { specOf } from '../../../shared/kinds/kinds.ts';
import type { ForeignView } from '../../../shared/server.ts';
import type { LiveUpdate } from '../../../shared/phase.ts';
import type { AttemptRow } from '../db/rows.ts';
import type { ForeignEnded } from '../servers/adapter.ts';
import type { Board } from './board.ts';
import type { Facts } from './facts.ts';
import type { Foreign } from './foreign.ts';
import type { Live } from './live.ts';

export class Arrivals {
  readonly #board: Board;
  readonly #facts: Facts;
  readonly #live: Live;
  readonly #foreign: Foreign;
  /** Remote key → job of attempts being followed live, so that a step costs no query. */
  readonly #followed = new Map<string, JobId>();

  constructor(board: Board, facts: Facts, live: Live, foreign: Foreign) {
    this.#board = board;
    this.#facts = facts;
    this.#live = live;
    this.#foreign = foreign;
  }

  fact(serverId: ServerId, remoteKey: string, fact: ServerFact): void {
    this.#guard('fact', () => {
      if (fact.type === 'started') this.#follow(serverId, remoteKey);
      this.#facts.fromServer(serverId, remoteKey, fact);
      if (fact.type === 'started') {
        const jobId = this.#followed.get(remoteKey);
        if (jobId !== undefined) this.#live.started(jobId);
      }
    });
  }

  live(serverId: ServerId, remoteKey: string, update: LiveUpdate): void {
    this.#guard('progress', () => {
      const jobId = this.#followed.get(remoteKey) ?? this.#follow(serverId, remoteKey);
      if (jobId === undefined) return;
      this.#facts.heard(remoteKey);
      this.#live.update(jobId, update);
    });
  }

  place(attempt: AttemptRow, place: number | null): void {
    this.live(attempt.server_id, attempt.remote_key, { type: 'place', place });
  }

  foreign(serverId: ServerId, view: ForeignView, ended: readonly ForeignEnded[], beyond: readonly string[]): void {
    this.#guard('foreign work', () => {
      this.#foreign.seen(serverId, view, ended, beyond);
    });
  }

  /**
   * A stream must not die of a full disk. What could not be written is not lost: the attempt stays open and silent, so
   * the watchdog looks it up again, and goes on doing so until the disk takes it.
   */
  #guard(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#board.failed(`a ${what} could not be written down; it will be looked up`, error);
    }
  }

  /** The attempt is over: nothing more is shown of it. */
  closed(remoteKey: string): void {
    this.#followed.delete(remoteKey);
  }

  #follow(serverId: ServerId, remoteKey: string): JobId | undefined {
    const attempt = this.#board.attempts.byKey(serverId, remoteKey);
    if (attempt === undefined) return undefined;
    this.#followed.set(remoteKey, attempt.job_id);
    if (!this.#live.has(attempt.job_id, attempt.id)) {
      const job = this.#board.jobs.get(attempt.job_id);
      const payload = this.#board.views.payload(attempt.job_id);
      if (job !== undefined) {
        this.#live.begin({
          jobId: job.id,
          attemptId: attempt.id,
          serverId,
          payloadId: job.payload_id,
          graph: specOf(payload).graph(payload),
        });
        if (attempt.started_at !== null) this.#live.started(job.id);
      }
    }
    return attempt.job_id;
  }
}
