/**
 * Which jobs, and whose work, a cancel scope means right now. Read-only but for the mark "no more of this batch"; call
 * inside the transaction that writes the requests.
 */
import type { CancelMode, CancelScope } from '../../../shared/cancel.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ServerId } from '../../../shared/ids.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import type { JobState } from '../../../shared/job-machine.ts';
import type { Target } from '../db/job-reads.ts';
import type { Board } from './board.ts';
import type { Foreign } from './foreign.ts';

/** What a scope means. `foreign`: other people's work by server, only where everyone's is asked for. */
export interface Resolved {
  targets: Target[];
  foreign: { serverId: ServerId; remoteKeys: string[] }[];
}

export class Scopes {
  readonly #board: Board;
  readonly #foreign: Foreign;

  constructor(board: Board, foreign: Foreign) {
    this.#board = board;
    this.#foreign = foreign;
  }

  /** @throws AppError `not_found` for an unknown job or batch. */
  resolve(scope: CancelScope, after: boolean): Resolved {
    const { reads, batches, servers } = this.#board;
    if ('jobs' in scope) {
      const unique = [...new Set(scope.jobs)];
      const targets = reads.targets(unique);
      if (targets.length < unique.length) {
        const known = new Set(targets.map((target) => target.id));
        throw new AppError('not_found', 'there is no such job', {
          details: { ids: unique.filter((id) => !known.has(id)).slice(0, 10) },
        });
      }
      if (!after) return { targets, foreign: [] };
      const more = reads.openOfBatches(batches.of(unique)).filter((target) => !unique.includes(target.id));
      return { targets: [...targets, ...more], foreign: [] };
    }
    if ('batch' in scope) {
      if (!batches.isKnown(scope.batch))
        throw new AppError('not_found', 'there is no such batch', { details: { id: scope.batch } });
      return { targets: reads.openOfBatches([scope.batch]), foreign: [] };
    }
    const { server } = scope;
    if (server !== 'all') servers.existing(server);
    const targets = reads.open().filter((target) => server === 'all' || target.serverId === server);
    if (scope.which !== 'everyone')
      return {
        targets:
          scope.which === 'waiting'
            ? targets.filter((target) => target.state !== 'running' && target.state !== 'collecting')
            : targets,
        foreign: [],
      };
    const asked = server === 'all' ? servers.all().map((one) => one.id) : [server];
    const foreign = asked
      .map((serverId) => ({ serverId, remoteKeys: this.#foreign.openKeys(serverId) }))
      .filter((one) => one.remoteKeys.length > 0);
    return { targets, foreign };
  }

  /** Cancel after this one: nothing more of these batches is claimed. */
  stopBatches(scope: CancelScope, targets: readonly Target[]): void {
    const { batches } = this.#board;
    batches.stop('batch' in scope ? [scope.batch] : batches.of(targets.map((target) => target.id)));
  }

  /** The servers whose foreign work the dialog should mention as left alone. */
  serversOf(scope: CancelScope, targets: readonly Target[]): ServerId[] {
    if ('which' in scope)
      return scope.server === 'all' ? this.#board.servers.all().map((server) => server.id) : [scope.server];
    return targets.length < 2
      ? []
      : [...new Set(targets.flatMap((target) => (target.serverId === null ? [] : [target.serverId])))];
  }
}

export const isWaitingOnly = (scope: CancelScope): boolean => 'which' in scope && scope.which === 'waiting';

/** Whether a cancel means to stop this one: what has ended is over, and what runs is left where only waiting ones are meant. */
export function wouldStop(target: Target, mode: CancelMode, after: boolean, scope: CancelScope): boolean {
  if (isTerminal(target.state)) return false;
  return !(target.state === 'running' && (mode === 'if-waiting' || after || isWaitingOnly(scope)));
}

export function kindOf(state: JobState): 'local' | 'staged' | 'running' | 'collecting' {
  if (state === 'queued') return 'local';
  if (state === 'running' || state === 'collecting') return state;
  return 'staged';
}

/** The set of what would be stopped, as ids that compare. What is only collecting has ended: it is shown, and never stopped. */
export function setOf(
  targets: readonly Target[],
  foreign: readonly { serverId: ServerId; remoteKeys: string[] }[],
): ReadonlySet<string> {
  return new Set([
    ...targets.filter((target) => target.state !== 'collecting').map((target) => target.id),
    ...foreign.flatMap(({ serverId, remoteKeys }) => remoteKeys.map((key) => `${serverId}/${key}`)),
  ]);
}
