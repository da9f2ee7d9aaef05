/** Other people's long queues, through the whole core: what is asked about everyone's work is about all of it, shown or not. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { CoreHarness, sleepGraph } from '../support/core-harness.ts';

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

it.each([1, 300])(
  'everyone is everyone: %i waiting strangers are counted, stopped by id and told of',
  async (count) => {
    const running = server.engine.addForeign(sleepGraph(4_000, 20), { clientId: 'someone' });
    const waiting = Array.from({ length: count }, () =>
      server.engine.addForeign(sleepGraph(1, 1), { clientId: 'someone' }),
    );
    const serverId = await core.addServer(server.url);
    const [ours] = await core.submit(sleepGraph(1, 1), { serverId });
    await core.waitFor(
      'all are seen',
      async () => (await core.call('foreign.list', { serverId })).servers[0]?.total === count + 1,
    );
    const mine = await core.call('cancel.preview', { scope: { server: serverId, which: 'mine' } });
    expect(mine.total).toMatchObject({ foreign: 0, foreignKept: count + 1 });

    const keys = [running, ...waiting].map(({ promptId }) => promptId);
    const scope = { server: serverId, which: 'everyone' } as const;
    const preview = await core.call('cancel.preview', { scope });
    expect(preview.total.foreign).toBe(count + 1);
    await core.call('cancel.run', { scope, previewToken: preview.token, foreignAllowed: true });
    await core.waitState(ours.id, 'cancelled');
    await core.waitFor('all have left', async () => {
      const { servers } = await core.call('foreign.list', { serverId });
      return servers[0]?.total === 0 && (await core.call('queue.summary', {})).foreign === 0;
    });
    const started = keys.filter((key) => server.engine.executionsOf(key) > 0);
    expect(started).toEqual([running.promptId]);
    const { rows } = await core.call('history.page', { filter: { foreign: 'only' }, limit: 200 });
    expect(rows.map((row) => row.type === 'foreign' && row.foreign.how)).toEqual(
      Array.from({ length: Math.min(200, count + 1) }, () => 'cancelled-by-us'),
    );
    // The next stranger is unharmed.
    const next = server.engine.addForeign(sleepGraph(2, 5), { clientId: 'someone' });
    await core.waitFor('the next one ran', () => server.engine.outcomesOf(next.promptId).includes('success'));
  },
);
