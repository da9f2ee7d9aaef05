/**
 * How a server goes, with the choices of architecture §9: its open jobs are settled honestly first, then its row, its link
 * and its secret go together.
 */
import { AppError } from '../../../shared/errors.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { OpenAttempt } from '../db/attempt-store.ts';
import type { SecretStore } from '../ports.ts';
import type { Servers } from '../servers/servers.ts';
import type { Board } from './board.ts';
import type { Collector } from './collector.ts';
import type { Facts } from './facts.ts';
import type { Foreign } from './foreign.ts';
import type { Requests } from './requests.ts';

export interface RemoveChoice {
  id: ServerId;
  waiting?: 'move' | 'cancel' | undefined;
  onServer?: 'cancel-and-wait' | 'forget' | undefined;
}

export interface RemovalPorts {
  readonly links: Pick<Servers, 'remove'>;
  readonly secrets: SecretStore;
  readonly requests: Requests;
  readonly foreign: Foreign;
  readonly facts: Facts;
  readonly collector: Collector;
  reconsider(): void;
}

export class ServerRemoval {
  readonly #board: Board;
  readonly #ports: RemovalPorts;
  readonly #removing = new Map<ServerId, Promise<void>>();

  constructor(board: Board, ports: RemovalPorts) {
    this.#board = board;
    this.#ports = ports;
  }

  /** `removed: false` while jobs are being stopped; the removal is completed when the last has ended. */
  async remove(choice: RemoveChoice): Promise<{ removed: boolean; waitingFor: JobId[] }> {
    const { id } = choice;
    this.#board.servers.existing(id);
    const waiting = this.#board.reads.boundTo(id);
    const there = this.#board.attempts.openOn(id);
    if ((waiting.length > 0 && choice.waiting === undefined) || (there.length > 0 && choice.onServer === undefined)) {
      throw new AppError('conflict', 'it has open jobs: say what becomes of them', {
        details: { waiting: waiting.length, onServer: there.length },
      });
    }
    const forgetting = there.length > 0 && choice.onServer === 'forget';
    const asked = [
      ...(choice.waiting === 'cancel' ? waiting : []),
      ...(forgetting
        ? []
        : there.filter((attempt) => attempt.job_state !== 'collecting').map((attempt) => attempt.job_id)),
    ];
    const follow = this.#board.db.tx(() => {
      // From here on nothing new goes there, also after a restart in the middle of it; what was chosen is on disk with it.
      this.#board.settings.setFlag(`leaving.${id}`, true);
      if (choice.waiting === 'move') this.#board.order.unbind(id);
      return [
        ...(asked.length === 0 ? [] : [this.#ports.requests.ask({ scope: { jobs: asked }, mode: 'stop' }, 'core').go]),
        ...(forgetting ? this.#forget(there) : []),
      ];
    });
    if (choice.waiting === 'move') this.#board.feed.changedAll(waiting);
    for (const next of follow) next();
    const left = this.#board.attempts.openOn(id);
    if (left.length > 0) return { removed: false, waitingFor: left.map((attempt) => attempt.job_id) };
    await this.#remove(id);
    return { removed: true, waitingFor: [] };
  }

  /** A job ended, or the core started: servers that waited for their jobs to stop may go now. */
  removeLeaving(): void {
    for (const { id } of this.#board.servers.all()) {
      if (!this.#board.settings.flag(`leaving.${id}`) || this.#board.attempts.openOn(id).length > 0) continue;
      void this.#remove(id).catch((error: unknown) => {
        this.#board.log.error('a server could not be removed', { server: id, error });
      });
    }
  }

  /** Call inside `tx`; what it answers is to be called after the commit. */
  #forget(there: readonly OpenAttempt[]): (() => void)[] {
    return there.map((attempt) =>
      attempt.job_state === 'collecting'
        ? () => {
            this.#ports.collector.giveUp(attempt.job_id);
          }
        : this.#ports.facts.write(attempt.job_id, { type: 'vanished', cause: 'server-removed' }, attempt).follow,
    );
  }

  /** Whoever asks while it is going waits for the same removal. */
  #remove(id: ServerId): Promise<void> {
    const going = this.#removing.get(id);
    if (going !== undefined) return going;
    const run = this.#removeNow(id).finally(() => this.#removing.delete(id));
    this.#removing.set(id, run);
    return run;
  }

  /** The row goes first: from then on nobody can name the server, and a removal that can't be written down changes nothing. */
  async #removeNow(id: ServerId): Promise<void> {
    const ref = this.#board.servers.get(id)?.credentialRef ?? null;
    // What came in since the choice belongs to no server any more.
    const unbound = this.#board.reads.boundTo(id);
    this.#board.db.tx(() => {
      this.#board.order.unbind(id);
      // Files of ended jobs that were still awaited from it, and other people's work on it: nobody will tell any more.
      for (const jobId of this.#board.outputs.waitingFrom(id)) this.#ports.collector.giveUp(jobId);
      this.#ports.foreign.forget(id);
      this.#board.servers.remove(id);
      this.#board.settings.setFlag(`leaving.${id}`, false);
    });
    this.#board.feed.changedAll(unbound);
    await this.#ports.links.remove(id);
    this.#board.log.info('server removed', { server: id });
    this.#board.events.emit('server.removed', { id });
    this.#ports.reconsider();
    if (ref !== null) await this.#ports.secrets.delete(ref);
  }
}
