/** The contract, implemented: each call handed to the part whose business it is. No logic of its own. */
import type { Handlers } from '../../shared/contract.ts';
import type { AppInfo } from '../../shared/app.ts';
import type { OutputId } from '../../shared/ids.ts';
import type { Settings } from '../../shared/settings.ts';
import type { Parts } from './compose.ts';
import type { SettingsStore } from './db/settings-store.ts';
import type { LogSink } from './log.ts';

export interface ApiParts extends Parts {
  sink: LogSink;
  reveal: (id: OutputId) => Promise<void>;
  info: () => AppInfo;
  setSettings: (patch: Parameters<SettingsStore['set']>[0]) => Settings;
}

/** One handler for each call of the contract. */
export function createApi(parts: ApiParts): Handlers {
  const { board, queue, again, requests, foreign, history, collector, admin, removal, calls } = parts;
  return {
    'jobs.submit': (args) => queue.submit(args),
    'jobs.list': (args) => board.views.open(args),
    'jobs.get': ({ id }) => board.views.detail(id, (job) => board.cancels.trailOf(job)),
    'jobs.awaitEnd': async ({ id }, { signal }) => ({ job: await queue.awaitEnd(id, signal) }),
    'jobs.move': ({ ids, to }) => ({ jobs: queue.move(ids, to) }),
    'jobs.hold': ({ ids }) => ({ jobs: queue.hold(ids, true) }),
    'jobs.release': ({ ids }) => ({ jobs: queue.hold(ids, false) }),
    'jobs.putBack': ({ ids }) => ({ jobs: again.putBack(ids) }),
    'jobs.runAgain': ({ ids, seeds }) => ({ jobs: again.runAgain(ids, seeds) }),
    'jobs.remove': ({ ids }) => ({ removed: history.remove(ids) }),
    'jobs.setNote': ({ id, note }) => ({ job: queue.setNote(id, note) }),
    'jobs.stopCollecting': ({ id }) => ({ job: collector.stopWaiting(id) }),
    'outputs.refetch': ({ id }) => ({ job: collector.refetch(id) }),
    'outputs.reveal': async ({ id }) => {
      await parts.reveal(id);
      return {};
    },

    'cancel.preview': ({ scope, mode, after }) => requests.preview(scope, mode, after ?? false),
    'cancel.run': (args, { face }) => requests.run(args, face),

    'queue.summary': () => parts.summary.now(),
    'queue.pause': ({ serverId }) => queue.pause(true, serverId),
    'queue.resume': ({ serverId }) => queue.pause(false, serverId),
    'batches.list': ({ limit }) => ({ batches: board.batches.list(limit) }),

    'history.page': ({ filter, cursor, limit }) => history.page(filter, cursor, limit),
    'history.search': ({ text, filter, cursor, limit }) => history.search(text, filter, cursor, limit),
    'history.outline': () => ({ hours: board.history.outline() }),
    'history.export': ({ format, filter, cursor }) => history.export(format, filter, cursor),

    'foreign.list': ({ serverId }) => ({ servers: foreign.views(serverId) }),
    'foreign.cancel': ({ serverId, remoteKeys, mode, by, note }, { face }) =>
      foreign.cancel(serverId, remoteKeys, mode, by ?? face, note ?? null),

    'servers.list': () => ({ servers: admin.list() }),
    'servers.add': async (args) => ({ server: await admin.add(args) }),
    'servers.edit': ({ id, ...patch }) => ({ server: admin.edit(id, patch) }),
    'servers.setCredential': async ({ id, credential }) => ({ server: await admin.setCredential(id, credential) }),
    'servers.remove': (args) => removal.remove(args),
    'servers.probe': async ({ url, kind, credential }) => ({ probe: await parts.probe(url, kind, credential) }),
    'servers.discover': async (_args, { signal }) => ({ found: await calls.discover(signal) }),
    'servers.reconnect': ({ id }) => ({ server: calls.reconnect(id) }),
    'servers.freeMemory': async ({ id }, { signal }) => ({ server: await calls.freeMemory(id, signal) }),

    'servers.catalogue': async ({ id, refresh }, { signal }) => ({
      catalogue: await calls.catalogue(id, refresh, signal),
    }),
    'servers.backends': async ({ id }, { signal }) => ({ backends: await calls.backends(id, signal) }),
    'servers.restartBackend': async ({ id, backend }, { signal }) => ({
      backends: await calls.restartBackend(id, backend, signal),
    }),
    'servers.recreateBackend': ({ id, backend }, { signal }) => calls.recreateBackend(id, backend, signal),
    'foreign.powers': async ({ id }, { signal }) => ({ powers: await calls.stopPowers(id, signal) }),
    'foreign.stopUser': async ({ id, user }, { signal, face }) => {
      await calls.stopUser(id, user, face, signal);
      return {};
    },

    'settings.get': () => ({ settings: board.settings.get() }),
    'settings.set': ({ settings }) => ({ settings: parts.setSettings(settings) }),
    'log.tail': ({ limit, level }) => ({ entries: parts.sink.tail(limit, level) }),
    'app.info': () => parts.info(),
  };
}
