/** A small, honest implementation of some calls, for tests of transports; everything else answers `not_found`. */
import { CALL_NAMES, contract } from '../../shared/contract.ts';
import type { Events, Handlers } from '../../shared/contract.ts';
import type { QueueSummary } from '../../shared/queue.ts';
import type { CallContext } from '../../shared/contract-types.ts';
import { AppError } from '../../shared/errors.ts';
import type { ServerId } from '../../shared/ids.ts';
import { createInvoker } from '../../shared/rpc/invoke.ts';
import type { Invoker } from '../../shared/rpc/invoke.ts';
import { abortReason } from '../../shared/util/async.ts';
import { Emitter } from '../../shared/util/emitter.ts';
import { jobView } from './job-view.ts';

export const summary: QueueSummary = {
  at: 1,
  running: 0,
  waiting: 0,
  held: 0,
  cancelling: 0,
  collecting: 0,
  foreign: 0,
  servers: 0,
  paused: false,
  runningIds: [],
  waitingIds: [],
  waitingTotal: 0,
  trouble: null,
};

export interface RpcFixture {
  handlers: Handlers;
  invoker: Invoker;
  events: Emitter<Events>;
  /** Contexts of `jobs.awaitEnd` calls, which only ever end by abort. */
  waiting: CallContext[];
  /** Calls that were carried out, in order. */
  made: string[];
  /** Errors a listener threw; stays empty. */
  thrown: unknown[];
}

export function rpcFixture(): RpcFixture {
  const waiting: CallContext[] = [];
  const made: string[] = [];
  const thrown: unknown[] = [];
  const none = (name: string) => (): never => {
    throw new AppError('not_found', `${name} is not part of this fixture`);
  };
  const handlers = {
    ...Object.fromEntries(CALL_NAMES.map((name) => [name, none(name)])),
    'jobs.list': (args) => {
      made.push(`jobs.list ${String(args.limit)}`);
      return { jobs: [jobView('a')], cursor: null };
    },
    'jobs.awaitEnd': (_args, context) => {
      waiting.push(context);
      return new Promise<never>((_, reject) => {
        context.signal.addEventListener('abort', () => {
          reject(abortReason(context.signal));
        });
      });
    },
    'jobs.setNote': async ({ id, note }) => {
      made.push(`jobs.setNote ${String(note)}`);
      return { job: jobView(id, { rev: 2, note }) };
    },
    'jobs.remove': () => {
      throw new TypeError('a bug of ours');
    },
    'queue.summary': () => summary,
    'queue.pause': () => {
      throw new AppError('server_unreachable', 'it is off', {
        details: { port: 8188 },
        cause: new Error('ECONNREFUSED'),
      });
    },
    'servers.discover': () => {
      made.push('servers.discover');
      return { found: [] };
    },
    'foreign.list': () => ({ servers: [{ serverId: 's' as ServerId, jobs: [], total: 0, counts: [], order: [] }] }),
    'app.info': () => ({
      version: '0.0.1',
      host: 'node',
      node: '24',
      platform: 'linux',
      secrets: 'file',
      dataDir: '/home/artist/switchyard',
      movedAside: null,
      demo: false,
    }),
  } as Partial<Handlers> as Handlers;
  return {
    handlers,
    invoker: createInvoker({ contract, handlers, validateReplies: true }),
    events: new Emitter<Events>((error) => thrown.push(error)),
    waiting,
    made,
    thrown,
  };
}
