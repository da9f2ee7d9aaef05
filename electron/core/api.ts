/** The contract, implemented: each call handed to the part whose business it is. No logic of its own. */
import type { AppInfo, BatchView, Handlers } from '../../shared/contract.ts';
import { batchState } from '../../shared/batch.ts';
import type { CallContext } from '../../shared/contract-types.ts';
import { AppError } from '../../shared/errors.ts';
import type { BatchId, JobId, ServerId } from '../../shared/ids.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import type { JobState } from '../../shared/job-machine.ts';
import type { JobView } from '../../shared/job.ts';
import type { ProbeReport } from '../../shared/server.ts';
import { defined } from '../../shared/util/defined.ts';
import { storageError } from './db/database.ts';
import type { LogSink } from './log.ts';
import type { Shell } from './ports.ts';
import type { ServerManagement } from './servers/adapter.ts';
import type { Board } from './queue/board.ts';
import type { Collector } from './queue/collector.ts';
import type { Foreign } from './queue/foreign.ts';
import type { History } from './queue/history.ts';
import type { Queue } from './queue/queue.ts';
import type { Requests } from './queue/requests.ts';
import type { LinkRegistry, ServerAdmin } from './queue/server-admin.ts';
import type { Summary } from './queue/summary.ts';

export interface ApiParts {
  board: Board;
  queue: Queue;
  requests: Requests;
  foreign: Foreign;
  history: History;
  collector: Collector;
  admin: ServerAdmin;
  links: LinkRegistry;
  summary: Summary;
  shell: Shell;
  sink: LogSink;
  info: () => AppInfo;
  discover: (signal: AbortSignal) => Promise<ProbeReport[]>;
  probe: (
    url: string,
    kind: ProbeReport['kind'],
    credential: Parameters<LinkRegistry['probe']>[2],
  ) => Promise<ProbeReport>;
  settingsChanged: () => void;
}

export function createApi(parts: ApiParts): Handlers {
  const { board, queue, requests, foreign, history, collector, admin, links, summary } = parts;
  /** The management of a server whose kind has one. */
  const managed = (id: ServerId): ServerManagement => {
    const server = admin.one(id);
    const link = links.get(id);
    if (link === undefined) throw new AppError('server_unreachable', `${server.name} is switched off`);
    if (link.adapter.manage === undefined)
      throw new AppError('conflict', 'this kind of server has no such thing', { details: { kind: server.kind } });
    return link.adapter.manage;
  };

  return classified({
    'jobs.submit': (args) => queue.submit(args),
    'jobs.list': (args) => board.views.open(args),
    'jobs.get': ({ id }) => board.views.detail(id, (job) => board.cancels.trailOf(job)),
    'jobs.awaitEnd': async ({ id }, { signal }) => ({ job: await awaitEnd(board, id, signal) }),
    'jobs.move': ({ ids, to }) => ({ jobs: queue.move(ids, to) }),
    'jobs.hold': ({ ids }) => ({ jobs: queue.hold(ids, true) }),
    'jobs.release': ({ ids }) => ({ jobs: queue.hold(ids, false) }),
    'jobs.putBack': ({ ids }) => ({ jobs: queue.putBack(ids) }),
    'jobs.runAgain': ({ ids, seeds }) => ({ jobs: queue.runAgain(ids, seeds) }),
    'jobs.remove': ({ ids }) => ({ removed: history.remove(ids) }),
    'jobs.setNote': ({ id, note }) => ({ job: queue.setNote(id, note) }),
    'jobs.stopCollecting': ({ id }) => {
      if (board.views.one(id).state !== 'collecting') throw new AppError('conflict', 'it is not waiting for files');
      collector.giveUp(id);
      return { job: board.views.one(id) };
    },
    'outputs.refetch': ({ id }) => {
      const job = board.views.one(id);
      if (!isTerminal(job.state)) throw new AppError('conflict', 'its files are still being fetched');
      board.db.tx(() => {
        if (board.outputs.expectAgain(id) > 0) board.jobs.touch(id);
      });
      board.feed.changed(id);
      collector.collect(id);
      return { job: board.views.one(id) };
    },
    'outputs.reveal': async ({ id }) => {
      const output = board.outputs.byId(id);
      if (output === undefined || output.file === null)
        throw new AppError('not_found', 'there is no such file', { details: { id } });
      await parts.shell.reveal(collector.pathOf(output.file));
      return {};
    },

    'cancel.preview': ({ scope, mode, after }) => requests.preview(scope, mode, after ?? false),
    'cancel.run': (args, { face }) => requests.run(args, face),

    'queue.summary': () => summary.now(),
    'queue.pause': ({ serverId }) => {
      queue.pause(true, serverId);
      if (serverId !== undefined) board.events.emit('server.changed', admin.one(serverId));
      summary.soon();
      return summary.now();
    },
    'queue.resume': ({ serverId }) => {
      queue.pause(false, serverId);
      if (serverId !== undefined) board.events.emit('server.changed', admin.one(serverId));
      summary.soon();
      return summary.now();
    },
    'batches.list': ({ limit }) => ({ batches: batches(board, limit) }),

    'history.page': ({ filter, cursor, limit }) => history.page(filter, cursor, limit),
    'history.search': ({ text, filter, cursor, limit }) => history.search(text, filter, cursor, limit),
    'history.outline': () => ({ hours: board.history.outline() }),
    'history.export': ({ format, filter, cursor }) => history.export(format, filter, cursor),

    'foreign.list': ({ serverId }) => ({
      servers: serverId === undefined ? foreign.views() : [foreign.view(serverId)],
    }),
    'foreign.cancel': ({ serverId, remoteKeys, mode, by, note }, { face }) =>
      foreign.cancel(serverId, remoteKeys, mode, by ?? face, note ?? null),

    'servers.list': () => ({ servers: admin.list() }),
    'servers.add': async (args) => ({ server: await admin.add(args) }),
    'servers.edit': ({ id, ...patch }) => ({ server: admin.edit(id, defined(patch)) }),
    'servers.setCredential': async ({ id, credential }) => ({ server: await admin.setCredential(id, credential) }),
    'servers.remove': (args) => admin.remove(args),
    'servers.probe': async ({ url, kind, credential }) => ({ probe: await parts.probe(url, kind ?? null, credential) }),
    'servers.discover': async (_args, { signal }) => ({ found: await parts.discover(signal) }),
    'servers.reconnect': ({ id }) => {
      const server = admin.one(id);
      const link = links.get(id);
      // After a sleep a socket may be half open and its link still read online: the stream is replaced, jobs are untouched.
      if (link?.online === true) link.recycle('asked to reconnect');
      else link?.reconnectNow();
      return { server };
    },
    'servers.freeMemory': async ({ id }, { signal }) => {
      const server = admin.one(id);
      const link = links.get(id);
      if (link?.online !== true) throw new AppError('server_unreachable', `${server.name} does not answer`);
      await link.adapter.freeMemory(signal);
      return { server: admin.one(id) };
    },

    'servers.catalogue': async ({ id, refresh }, { signal }) => ({
      catalogue: await managed(id).catalogue(refresh, signal),
    }),
    // Somebody looks: what is told, and the memory with it, is as new as once a second allows.
    'servers.backends': async ({ id }, { signal }) => {
      const manage = managed(id);
      if (links.get(id)?.online === true) await links.get(id)?.adapter.refresh(signal);
      return { backends: [...manage.backends()] };
    },
    'servers.restartBackend': async ({ id, backend }, { signal }) => {
      await managed(id).restartBackend(backend, signal);
      return { backends: [...managed(id).backends()] };
    },
    'servers.recreateBackend': async ({ id, backend }, { signal }) => {
      const made = await managed(id).recreateBackend(backend, signal);
      return { made, backends: [...managed(id).backends()] };
    },
    'foreign.powers': async ({ id }, { signal }) => {
      const { ownUser, users, prompts } = await managed(id).stopPowers(signal);
      return { powers: { ownUser, users: [...users], prompts } };
    },
    'foreign.stopUser': async ({ id, user }, { signal, face }) => {
      board.log.info('the work of a whole user is stopped', { server: id, user, by: face });
      await (user === null ? managed(id).stopOwnUser(signal) : managed(id).stopUser(user, signal));
      return {};
    },

    'settings.get': () => ({ settings: board.settings.get() }),
    'settings.set': ({ settings }) => {
      const next = board.settings.set(defined(settings));
      board.events.emit('settings.changed', next);
      parts.settingsChanged();
      return { settings: next };
    },
    'log.tail': ({ limit, level }) => ({ entries: parts.sink.tail(limit, level) }),
    'app.info': () => parts.info(),
  });
}

/** A full disk is `storage` also where a call writes without a transaction of its own (a flag, a name). */
function classified(handlers: Handlers): Handlers {
  type Any = (args: unknown, context: CallContext) => unknown;
  const wrapped = Object.entries(handlers as Record<string, Any>).map(([name, handler]): [string, Any] => [
    name,
    async (args, context) => {
      try {
        return await handler(args, context);
      } catch (error) {
        throw storageError(error);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as unknown as Handlers;
}

async function awaitEnd(board: Board, id: JobId, signal: AbortSignal): Promise<JobView> {
  const both = AbortSignal.any([signal, board.signal]);
  for (;;) {
    const job = board.views.one(id);
    if (isTerminal(job.state)) return job;
    await board.feed.wait(id, 30_000, both);
  }
}

function batches(board: Board, limit: number): BatchView[] {
  const rows = board.db.raw
    .prepare<[number], { id: BatchId; title: string; size: number; stop_after_at: number | null; created_at: number }>(
      'SELECT * FROM batches ORDER BY id DESC LIMIT ?',
    )
    .all(limit);
  const counts = board.db.raw.prepare<[BatchId], { state: JobState; n: number }>(
    'SELECT state, count(*) AS n FROM jobs WHERE batch_id = ? GROUP BY state',
  );
  return rows.map((row) => {
    const each = Object.fromEntries(counts.all(row.id).map(({ state, n }) => [state, n]));
    return {
      id: row.id,
      title: row.title,
      size: row.size,
      stopAfter: row.stop_after_at !== null,
      createdAt: row.created_at,
      state: batchState(Object.keys(each) as JobState[]),
      counts: {
        queued: 0,
        submitting: 0,
        accepted: 0,
        running: 0,
        collecting: 0,
        done: 0,
        failed: 0,
        cancelled: 0,
        ...each,
      },
    };
  });
}
