/**
 * Which jobs, and whose work, a cancel scope means right now. Read-only but for the mark "no more of this batch"; call
 * inside the transaction that writes the requests.
 */
import type { CancelMode, CancelScope } from '../../../shared/cancel.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { JobState } from '../../../shared/job-machine.ts';
import type { Board } from './board.ts';
import type { Foreign } from './foreign.ts';

/** One open or ended job of a scope, with what a preview and a summary must know. */
export interface Target {
  id: JobId;
  state: JobState;
  title: string;
  /** Where it is, or would go. */
  serverId: ServerId | null;
}
/** What a scope means. `foreign`: other people's work by server, only where everyone's is asked for. */
export interface Resolved {
  targets: Target[];
  foreign: { serverId: ServerId; remoteKeys: string[] }[];
}

export class Scopes {
  readonly #board: Board;
  readonly #foreign: Foreign;
  readonly #q;

  constructor(board: Board, foreign: Foreign) {
    this.#board = board;
    this.#foreign = foreign;
    const { raw } = board.db;
    const target =
      'SELECT j.id, j.state, j.title, coalesce((SELECT a.server_id FROM attempts a WHERE a.job_id = j.id AND a.closed_at IS NULL), j.server_id) AS serverId FROM';
    this.#q = {
      ids: raw.prepare<[string], Target>(`${target} json_each(?) x JOIN jobs j ON j.id = x.value`),
      batchKnown: raw.prepare<[string], 1>('SELECT 1 FROM batches WHERE id = ?').pluck(),
      batch: raw.prepare<[string], Target>(
        `${target} jobs j WHERE j.batch_id = ? AND j.ended_at IS NULL ORDER BY j.position, j.id`,
      ),
      open: raw.prepare<[], Target>(`${target} jobs j WHERE j.ended_at IS NULL ORDER BY j.position, j.id`),
      stopAfter: raw.prepare(
        'UPDATE batches SET stop_after_at = coalesce(stop_after_at, ?) WHERE id IN (SELECT value FROM json_each(?))',
      ),
      batchesOf: raw
        .prepare<[string], string>(
          'SELECT DISTINCT batch_id FROM jobs WHERE batch_id IS NOT NULL AND id IN (SELECT value FROM json_each(?))',
        )
        .pluck(),
      batchOpen: raw.prepare<[string], Target>(
        `${target} jobs j WHERE j.batch_id IN (SELECT value FROM json_each(?)) AND j.ended_at IS NULL`,
      ),
    };
  }

  /** @throws AppError `not_found` for an unknown job or batch. */
  resolve(scope: CancelScope, after: boolean): Resolved {
    if ('jobs' in scope) {
      const unique = [...new Set(scope.jobs)];
      const targets = this.#q.ids.all(JSON.stringify(unique));
      if (targets.length < unique.length) {
        const known = new Set(targets.map((target) => target.id));
        throw new AppError('not_found', 'there is no such job', {
          details: { ids: unique.filter((id) => !known.has(id)).slice(0, 10) },
        });
      }
      if (!after) return { targets, foreign: [] };
      const batches = this.#q.batchesOf.all(JSON.stringify(unique));
      const more = this.#q.batchOpen.all(JSON.stringify(batches)).filter((target) => !unique.includes(target.id));
      return { targets: [...targets, ...more], foreign: [] };
    }
    if ('batch' in scope) {
      if (this.#q.batchKnown.get(scope.batch) === undefined)
        throw new AppError('not_found', 'there is no such batch', { details: { id: scope.batch } });
      return { targets: this.#q.batch.all(scope.batch), foreign: [] };
    }
    const { server } = scope;
    if (server !== 'all' && this.#board.servers.get(server) === undefined)
      throw new AppError('not_found', 'there is no such server', { details: { id: server } });
    const targets = this.#q.open.all().filter((target) => server === 'all' || target.serverId === server);
    if (scope.which !== 'everyone')
      return {
        targets:
          scope.which === 'waiting'
            ? targets.filter((target) => target.state !== 'running' && target.state !== 'collecting')
            : targets,
        foreign: [],
      };
    const servers = server === 'all' ? this.#board.servers.all().map((one) => one.id) : [server];
    const foreign = servers
      .map((serverId) => ({ serverId, remoteKeys: this.#foreign.openKeys(serverId) }))
      .filter((one) => one.remoteKeys.length > 0);
    return { targets, foreign };
  }

  /** Cancel after this one: nothing more of these batches is claimed. */
  stopBatches(scope: CancelScope, targets: readonly Target[]): void {
    const batches =
      'batch' in scope ? [scope.batch] : this.#q.batchesOf.all(JSON.stringify(targets.map((target) => target.id)));
    this.#q.stopAfter.run(Date.now(), JSON.stringify(batches));
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
  if (target.state === 'done' || target.state === 'failed' || target.state === 'cancelled') return false;
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
