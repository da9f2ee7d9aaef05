/**
 * Cancel requests: a scope is previewed, and written in one transaction before any network (architecture §7.1, §10).
 * Which jobs a scope means is cancel-scope.ts; stopping what is on a server is the canceller's.
 */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { noneAsked } from '../../../shared/cancel.ts';
import type {
  Asker,
  CancelMode,
  CancelOutcome,
  CancelReceipt,
  CancelScope,
  CancelSummary,
} from '../../../shared/cancel.ts';
import type { CancelPreview, CancelResult, RunCancelSchema } from '../../../shared/cancel-schema.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { Target } from '../db/job-reads.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import { outcomeOf } from '../db/rows.ts';
import type { Board } from './board.ts';
import type { Canceller } from './canceller.ts';
import { isWaitingOnly, kindOf, Scopes, setOf, wouldStop } from './cancel-scope.ts';
import type { Resolved } from './cancel-scope.ts';
import type { Foreign } from './foreign.ts';

type Counts = CancelPreview['total'];

const NO_COUNTS: Counts = { local: 0, staged: 0, running: 0, collecting: 0, foreign: 0, foreignKept: 0 };
/** Problems of SwarmUI servers under which stopping one job may end others there (swarmui §4.3, §6.4). */
const HITS_NEIGHBOURS: ReadonlySet<string> = new Set(['untargeted', 'swarm-to-swarm', 'allow-idle']);
const MAX_RECEIPTS = 1_000;
/** As many previews are remembered, and as many ids in all of them: a queue may be a hundred thousand long. */
const KEPT_PREVIEWS = 50;
const KEPT_IDS = 250_000;

export type RunCancel = z.output<typeof RunCancelSchema>;

export class Requests {
  readonly #board: Board;
  readonly #canceller: Canceller;
  readonly #foreign: Foreign;
  /** What each shown preview would have stopped. */
  readonly #previews = new Map<string, ReadonlySet<string>>();
  readonly #scopes: Scopes;

  constructor(board: Board, canceller: Canceller, foreign: Foreign) {
    this.#board = board;
    this.#canceller = canceller;
    this.#foreign = foreign;
    this.#scopes = new Scopes(board, foreign);
  }

  preview(scope: CancelScope, mode: CancelMode, after: boolean): CancelPreview {
    const { targets, foreign } = this.#scopes.resolve(scope, after);
    const stopped = targets.filter((target) => wouldStop(target, mode, after, scope));
    const perServer = new Map<ServerId | null, Counts>();
    const countsOf = (id: ServerId | null): Counts => {
      const counts = perServer.get(id) ?? { ...NO_COUNTS };
      perServer.set(id, counts);
      return counts;
    };
    for (const target of stopped) countsOf(target.serverId)[kindOf(target.state)] += 1;
    for (const { serverId, remoteKeys } of foreign) countsOf(serverId).foreign += remoteKeys.length;
    const named = this.#scopes.serversOf(scope, targets);
    for (const serverId of named) {
      const kept = this.#foreign.openKeys(serverId).length - (perServer.get(serverId)?.foreign ?? 0);
      if (kept > 0) countsOf(serverId).foreignKept += kept;
    }
    const total = { ...NO_COUNTS };
    for (const counts of perServer.values())
      for (const key of Object.keys(total) as (keyof Counts)[]) total[key] += counts[key];
    return {
      token: this.#remember(stopped, foreign),
      total,
      servers: [...perServer].map(([serverId, counts]) => ({
        serverId,
        name: serverId === null ? null : this.#board.servers.nameOf(serverId),
        counts,
      })),
      title: stopped.length === 1 && total.foreign === 0 ? (stopped[0]?.title ?? null) : null,
      warnings: this.#warnings(stopped, foreign),
    };
  }

  run(asked: RunCancel, defaultBy: Asker): CancelResult {
    const { result, go } = this.#board.db.tx(() => this.ask(asked, defaultBy));
    go();
    return result;
  }

  /** Writes the requests of a scope down; call inside `tx`, and `go`, which tells and begins, after the commit. */
  ask(asked: RunCancel, defaultBy: Asker): { result: CancelResult; go: () => void } {
    const by = asked.by ?? defaultBy;
    const after = asked.after ?? false;
    const mode: CancelMode = after || isWaitingOnly(asked.scope) ? 'if-waiting' : asked.mode;
    const wake: JobId[] = [];
    const changed: JobId[] = [];
    const resolved = this.#scopes.resolve(asked.scope, after);
    if (resolved.foreign.length > 0 && asked.foreignAllowed !== true) {
      throw new AppError('not_allowed', "the scope has other people's work in it and that was not allowed");
    }
    this.#checkPreview(asked, mode, after, resolved);
    if (after) {
      this.#scopes.stopBatches(asked.scope, resolved.targets);
      // What runs on shows its batch, of which nothing more will come.
      for (const { id, state } of resolved.targets) {
        if (state !== 'running') continue;
        this.#board.jobs.touch(id);
        changed.push(id);
      }
    }
    const { receipts, summary } = this.#write(
      resolved.targets,
      { mode, by, note: asked.note ?? null },
      after || isWaitingOnly(asked.scope),
      wake,
      changed,
    );
    const others = resolved.foreign.map(({ serverId, remoteKeys }) =>
      this.#foreign.ask(serverId, remoteKeys, mode, by, asked.note ?? null),
    );
    for (const { summary: more } of others) {
      summary.running += more.running;
      summary.cancelledWaiting += more.cancelledWaiting;
      summary.unreachable += more.unreachable;
      if (more.timing === 'deferred') summary.timing = 'deferred';
    }
    const go = (): void => {
      this.#board.point('after-cancel-row');
      this.#board.feed.changedAll(changed);
      for (const id of wake) this.#canceller.wake(id);
      for (const other of others) other.go();
      this.#board.log.info('cancel asked', { by, mode, after, asked: receipts.length, ...summary });
    };
    return { result: { receipts: receipts.slice(0, MAX_RECEIPTS), summary }, go };
  }

  #write(
    targets: readonly Target[],
    asking: { mode: CancelMode; by: Asker; note: string | null },
    onlyWaiting: boolean,
    wake: JobId[],
    changed: JobId[],
  ): { receipts: CancelReceipt[]; summary: CancelSummary } {
    const { cancels, jobs, links } = this.#board;
    const now = Date.now();
    const receipts: CancelReceipt[] = [];
    const summary = noneAsked();
    const queued = targets.filter((target) => target.state === 'queued').map((target) => target.id);
    const locals = jobs.cancelQueued(queued, asking, now);
    summary.cancelledWaiting = queued.length;
    for (const id of queued) changed.push(id);

    for (const { id, state, serverId } of targets) {
      if (state === 'queued') continue;
      if (isTerminal(state)) {
        summary.alreadyEnded += 1;
        const first = cancels.newestOf(id);
        const outcome: CancelOutcome | null =
          state === 'cancelled' ? (first === undefined ? null : outcomeOf(first)) : { outcome: 'too-late', state };
        receipts.push({ jobId: id, requestId: state === 'cancelled' ? (first?.id ?? null) : null, outcome });
        continue;
      }
      const open = cancels.openOf(id);
      if (state === 'running' && onlyWaiting && open === undefined) {
        // It runs on; a scope that means only what waits says nothing about it.
        continue;
      }
      if (state === 'collecting' || (state === 'running' && asking.mode === 'if-waiting' && open === undefined)) {
        if (state === 'collecting') summary.alreadyEnded += 1;
        const outcome: CancelOutcome = { outcome: 'too-late', state: state === 'running' ? state : 'done' };
        receipts.push(...cancels.askSettled([id], asking, outcome, now));
        jobs.touch(id);
        changed.push(id);
        continue;
      }
      let requestId = open?.id;
      if (requestId === undefined) {
        requestId = cancels.ask(id, asking, now);
        jobs.touch(id);
      } else if (asking.mode === 'stop' && cancels.raise(requestId)) jobs.touch(id);
      changed.push(id);
      wake.push(id);
      receipts.push({ jobId: id, requestId, outcome: null });
      const link = serverId === null ? undefined : links.get(serverId);
      if (link?.online !== true) summary.unreachable += 1;
      else if (state === 'running' && !this.#canInterrupt(link.id)) summary.notAllowed += 1;
      else if (state === 'running') summary.running += 1;
      else summary.cancelledWaiting += 1;
      if (state === 'running') summary.timing = 'deferred';
    }
    // What still has to be waited for comes first: receipts are cut at a thousand.
    return { receipts: [...receipts, ...locals], summary };
  }

  #remember(targets: readonly Target[], foreign: Resolved['foreign']): string {
    const set = setOf(targets, foreign);
    const token = createHash('sha256')
      .update([...set].sort().join('\n'))
      .digest('hex')
      .slice(0, 32);
    this.#previews.delete(token);
    this.#previews.set(token, set);
    let kept = 0;
    for (const one of this.#previews.values()) kept += one.size;
    for (const [oldest, { size }] of this.#previews) {
      if (oldest === token || (this.#previews.size <= KEPT_PREVIEWS && kept <= KEPT_IDS)) break;
      this.#previews.delete(oldest);
      kept -= size;
    }
    return token;
  }

  /** Fewer than were shown is fine (they ended); more or others is not. */
  #checkPreview(asked: RunCancel, mode: CancelMode, after: boolean, now: Resolved): void {
    if (asked.previewToken === undefined) return;
    const shown = this.#previews.get(asked.previewToken);
    const stopped = now.targets.filter((target) => wouldStop(target, mode, after, asked.scope));
    const more = shown === undefined || [...setOf(stopped, now.foreign)].some((id) => !shown.has(id));
    if (more)
      throw new AppError('conflict', 'more or other jobs would now be stopped than were shown', {
        details: { preview: this.preview(asked.scope, asked.mode, after) },
      });
  }

  #canInterrupt(serverId: ServerId): boolean {
    const capabilities = this.#board.links.get(serverId)?.status().capabilities;
    return (
      capabilities === undefined ||
      capabilities === null ||
      capabilities.targetedInterrupt ||
      this.#board.servers.get(serverId)?.allowUntargetedInterrupt === true
    );
  }

  #warnings(targets: readonly Target[], foreign: readonly { serverId: ServerId }[]): CancelPreview['warnings'] {
    const warnings = new Set<CancelPreview['warnings'][number]>();
    for (const { serverId, state } of targets) {
      if (serverId === null || state === 'queued' || state === 'collecting') continue;
      const link = this.#board.links.get(serverId);
      if (link?.online !== true) warnings.add('server-unreachable');
      const capabilities = link?.status().capabilities;
      if (state === 'running' && capabilities !== undefined && capabilities !== null && !capabilities.targetedInterrupt)
        warnings.add(this.#canInterrupt(serverId) ? 'untargeted-interrupt' : 'not-allowed');
      if (link?.status().problems.some((problem) => HITS_NEIGHBOURS.has(problem.code)) === true)
        warnings.add('neighbours-may-be-hit');
    }
    for (const { serverId } of foreign)
      if (this.#board.links.get(serverId)?.online !== true) warnings.add('server-unreachable');
    return [...warnings];
  }
}
