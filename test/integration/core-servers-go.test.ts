/** Servers that are removed while something of theirs is still under way: what becomes of it, and that nothing is left over. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import type { ComfyGraph } from '../../shared/workflow/graph.ts';
import { CoreHarness, pictureGraph, sleepGraph } from '../support/core-harness.ts';

let server: ComfyServerHandle;
let core: CoreHarness;

beforeEach(async () => {
  server = await startComfyServer();
  core = await CoreHarness.open();
});
afterEach(async () => {
  await core.close();
  await server.close();
});

describe('servers that go', () => {
  it('foreign work of a removed server is no longer counted, and ends in the history', async () => {
    const serverId = await core.addServer(server.url);
    server.engine.addForeign(sleepGraph(2_000, 20), { clientId: 'somebody' });
    await core.waitFor('it is counted', async () => (await core.call('queue.summary', {})).foreign === 1);
    await core.call('servers.remove', { id: serverId });
    expect(core.seen.some((event) => event.topic === 'server.removed' && event.payload.id === serverId)).toBe(true);
    expect((await core.call('queue.summary', {})).foreign).toBe(0);
    const { rows } = await core.call('history.page', { filter: { foreign: 'only' } });
    expect(rows).toMatchObject([{ type: 'foreign', foreign: { state: 'ended', how: 'gone' } }]);
  });

  it('partial files of a removed server are no longer awaited', async () => {
    const serverId = await core.addServer(server.url);
    const graph: ComfyGraph = { ...pictureGraph() };
    for (const [id, node] of Object.entries(sleepGraph(2_000, 20)))
      graph[`9${id}`] = {
        ...node,
        inputs: Object.fromEntries(
          Object.entries(node.inputs).map(([key, value]) => [key, Array.isArray(value) ? ['91', 0] : value]),
        ),
      };
    server.failNext('/view', 500, { times: 100_000 });
    const [job] = await core.submit(graph, { serverId });
    await core.waitFor(
      'its picture is made',
      () =>
        server.engine.requests.length > 0 &&
        core.seen.some(
          (event) => event.topic === 'job.live' && event.payload.nodesDone !== null && event.payload.nodesDone >= 7,
        ),
    );
    await core.cancel(job.id);
    expect((await core.waitState(job.id, 'cancelled')).outputs.expected).toBe(1);
    await core.call('servers.remove', { id: serverId });
    await core.waitFor('nothing is expected any more', async () => (await core.job(job.id)).outputs.expected === 0);
    expect((await core.job(job.id)).outputs.missing).toBe(1);
  });

  it('edit-while-removing: what is changed while its link is being closed is refused, and no secret stays behind', async () => {
    const serverId = await core.addServer(server.url);
    const credential = { type: 'authorization', value: 'Bearer late' } as const;
    // Begun before the removal, finished after it.
    const late = core.call('servers.setCredential', { id: serverId, credential });
    const removing = core.call('servers.remove', { id: serverId });
    const edited = core.call('servers.edit', { id: serverId, name: 'Another name', maxInFlight: 3 });
    const codes = (await Promise.allSettled([late, edited])).map((one) =>
      one.status === 'rejected' ? (one.reason as { code?: unknown }).code : 'taken',
    );
    expect(codes).toEqual(['not_found', 'not_found']);
    expect(await removing).toMatchObject({ removed: true });
    expect(core.secrets.held.size).toBe(0);
    expect((await core.call('log.tail', { limit: 100, level: 'error' })).entries).toEqual([]);
  });
});
