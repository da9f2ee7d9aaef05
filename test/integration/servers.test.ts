/** Links, registry, probing and discovery over real sockets. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { LogSink } from '../../electron/core/log.ts';
import { discover } from '../../electron/core/servers/discovery.ts';
import { ComfyAdapter } from '../../electron/core/servers/comfy/adapter.ts';
import { probe, probeUrl } from '../../electron/core/servers/probe.ts';
import { Servers } from '../../electron/core/servers/servers.ts';
import type { ServerRecord } from '../../electron/core/servers/servers.ts';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle, ComfyServerOptions } from '../../electron/demo/comfy/server.ts';
import { AppError } from '../../shared/errors.ts';
import { newServerId, uuidv4 } from '../../shared/ids.ts';
import type { ServerStatus } from '../../shared/server.ts';
import { FaultProxy } from '../fakes/fault-proxy.ts';
import { ComfyRig, sleepGraph, until } from '../support/comfy-rig.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const soon = (): AbortSignal => AbortSignal.timeout(5_000);

async function serve(options: ComfyServerOptions = {}): Promise<ComfyServerHandle> {
  const server = await startComfyServer(options);
  closers.push(() => server.close());
  return server;
}
/** Any HTTP server with one answer. */
async function answering(
  answer: (method: string, path: string) => { status: number; body?: string; location?: string },
): Promise<string> {
  const server = createServer((request, response) => {
    const { status, body, location } = answer(request.method ?? '', request.url ?? '');
    response
      .writeHead(status, { 'content-type': 'application/json', ...(location === undefined ? {} : { location }) })
      .end(body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  );
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}
/** As a SwarmUI answers without a session (swarmui §7.1). */
const asSwarm = (method: string, path: string): { status: number; body?: string; location?: string } => {
  if (method === 'GET') return { status: 302, location: path === '/' ? 'Text2Image' : '/Error/404' };
  if (path === '/API/GetNewSession') return { status: 200, body: '{"session_id":"AAA","version":"0.9.8.2"}' };
  return { status: 400, body: '{"error_id":"basic_api","error":"missing session id"}' };
};

describe('a link', () => {
  it('goes offline → connecting → online, reconciles before it is online, and looks again after every loss', async () => {
    const server = await serve();
    const order: string[] = [];
    const rig = new ComfyRig(server.url, {
      reconcile: async (self) => {
        order.push(`reconcile while ${self.link.status().contact}`);
      },
    });
    closers.push(() => rig.close());
    expect(rig.link.status().contact).toBe('offline');
    rig.link.start();
    await rig.link.whenOnline(soon());
    expect(order).toEqual(['reconcile while connecting']);
    server.cutSockets();
    await until('a second time', () => order.length === 2 && rig.link.online);
    expect(rig.link.epoch).toBe(1);
    const contacts = rig.statuses
      .map((status) => status.contact)
      .filter((contact, index, all) => contact !== all[index - 1]);
    expect(contacts).toEqual(['connecting', 'online', 'offline', 'connecting', 'online']);
  });

  it('whose reconcile fails does not come online, and tries again', async () => {
    const server = await serve();
    let tries = 0;
    const rig = new ComfyRig(server.url, {
      reconcile: async () => {
        tries += 1;
        if (tries < 3) throw new AppError('server_timeout', 'could not look');
      },
    });
    closers.push(() => rig.close());
    rig.link.start();
    await rig.link.whenOnline(soon());
    expect(tries).toBe(3);
    expect(rig.statuses.some((status) => status.error?.code === 'server_timeout')).toBe(true);
  });

  it('waits with a time to be shown, tries again, and at once when asked', async () => {
    const server = await serve();
    const proxy = await FaultProxy.before(server.url);
    closers.push(() => proxy.close());
    await proxy.refuse();
    const rig = new ComfyRig(proxy.url);
    closers.push(() => rig.close());
    rig.link.start();
    const waiting = await until('offline with a time', () =>
      rig.statuses.find((status) => status.contact === 'offline' && status.nextTryAt !== null),
    );
    expect(waiting.error).toMatchObject({ code: 'server_unreachable' });
    await proxy.listen();
    rig.link.reconnectNow();
    await rig.link.whenOnline(soon());
    expect(rig.link.status()).toMatchObject({ error: null, nextTryAt: null, version: '0.8.0' });
  });

  it('to something else is unsupported', async () => {
    const url = await answering(() => ({ status: 200, body: '{"hello":"world"}' }));
    const rig = new ComfyRig(url);
    closers.push(() => rig.close());
    rig.link.start();
    await until('unsupported', () => rig.link.status().contact === 'unsupported');
    expect(rig.link.status().error).toMatchObject({ code: 'server_unsupported' });
  });

  it('tells no storm of statuses', async () => {
    const server = await serve();
    const rig = await ComfyRig.online(server.url);
    closers.push(() => rig.close());
    const hold = server.engine.pauseAt('before-pop');
    const from = rig.statuses.length;
    for (let index = 0; index < 300; index += 1) server.engine.addForeign(sleepGraph(1, 0));
    await until('the last count', () => rig.statuses.at(-1)?.queueLength === 300);
    expect(rig.statuses.length - from).toBeLessThan(12);
    await fetch(`${server.url}/queue`, { method: 'POST', body: JSON.stringify({ clear: true }) });
    hold.release();
  });

  it('closes in the middle of anything', async () => {
    const server = await serve();
    for (const wait of [0, 1, 3, 8, 20]) {
      const rig = new ComfyRig(server.url);
      rig.link.start();
      await new Promise((resolve) => setTimeout(resolve, wait));
      await rig.close();
      expect(rig.link.status().contact).toBe('offline');
    }
    server.engine.freeze();
    const rig = new ComfyRig(server.url);
    rig.link.start();
    await new Promise((resolve) => setTimeout(resolve, 30));
    await rig.close();
    server.engine.unfreeze();
  });
});

function registry(
  more: { isAwaited?: () => boolean; backoffScale?: number; onStatus?: (status: ServerStatus) => void } = {},
): {
  servers: Servers;
  statuses: Map<string, ServerStatus>;
  record: (url: string, more?: Partial<ServerRecord>) => ServerRecord;
} {
  const statuses = new Map<string, ServerStatus>();
  const servers = new Servers({
    kinds: { comfy: { adapter: (context) => new ComfyAdapter(context) } },
    hooks: {
      reconcile: async () => undefined,
      onFact: () => undefined,
      onLive: () => undefined,
      onForeign: () => undefined,
      onOnline: () => undefined,
      onStatus: (id, status) => {
        statuses.set(id, status);
        more.onStatus?.(status);
      },
    },
    credential: async () => null,
    isOurs: () => false,
    isAwaited: more.isAwaited ?? (() => false),
    witness: () => ({ get: () => null, set: () => undefined }),
    log: new LogSink(null).log(),
    backoffScale: more.backoffScale ?? 0.05,
  });
  closers.push(() => servers.close());
  const record = (url: string, more: Partial<ServerRecord> = {}): ServerRecord => ({
    id: newServerId(),
    kind: 'comfy',
    name: 'a',
    url,
    clientId: uuidv4(),
    maxInFlight: 2,
    allowUntargetedInterrupt: false,
    enabled: true,
    ...more,
  });
  return { servers, statuses, record };
}

describe('a server that is away for long', () => {
  it('is asked more often while work of ours waits for it, also when that comes later', async () => {
    const other = createServer((_request, response) => {
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    closers.push(async () => {
      await new Promise((resolve) => other.close(resolve));
    });
    let isAwaited = false;
    const told: ServerStatus[] = [];
    const { servers, record } = registry({
      isAwaited: () => isAwaited,
      backoffScale: 0.2,
      onStatus: (status) => {
        if (status.nextTryAt !== null) told.push(status);
      },
    });
    servers.add(record(`http://127.0.0.1:${String((other.address() as AddressInfo).port)}`));
    await until('the first try', () => told.length === 1);
    expect((told[0]?.nextTryAt ?? 0) - Date.now()).toBeGreaterThan(9_000);
    isAwaited = true;
    await until('the next try, long before it was due', () => told.length === 2);
    expect(told[0]?.nextTryAt).toBeGreaterThan(Date.now());
    expect((told[1]?.nextTryAt ?? 0) - (told[1]?.since ?? 0)).toBeLessThan(3_000);
  });
});

describe('the registry', () => {
  it('adds, changes, disables, enables and removes', async () => {
    const [first, second] = [await serve(), await serve({ version: '0.3.64' })];
    const { servers, statuses, record } = registry();
    const made = record(first.url);
    servers.add(made);
    await servers.get(made.id)?.whenOnline(soon());
    expect(() => {
      servers.add(made);
    }).toThrow(expect.objectContaining({ code: 'conflict' }) as Error);
    const link = servers.get(made.id);
    await servers.update({ ...made, name: 'b' });
    expect(servers.get(made.id)).toBe(link);
    await servers.update({ ...made, url: second.url });
    await servers.get(made.id)?.whenOnline(soon());
    expect(servers.get(made.id)?.status()).toMatchObject({ contact: 'online', version: '0.3.64' });
    await servers.update({ ...made, url: second.url, enabled: false });
    expect(servers.get(made.id)).toBeUndefined();
    expect(statuses.get(made.id)).toMatchObject({ contact: 'disabled' });
    await servers.update({ ...made, url: second.url });
    await servers.get(made.id)?.whenOnline(soon());
    await servers.remove(made.id);
    expect(servers.all()).toEqual([]);
    await expect(servers.remove(made.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('closes the old link of a server before its new one connects (C12)', async () => {
    const server = await serve();
    const { servers, record } = registry();
    const made = record(server.url);
    servers.add(made);
    await servers.get(made.id)?.whenOnline(soon());
    void servers.update({ ...made, maxInFlight: 4 });
    await servers.get(made.id)?.whenOnline(soon());
    const before = server.engine.requests.length;
    server.engine.addForeign(sleepGraph(1, 1));
    // A silenced socket would bring no status, and nothing would be looked up.
    await until('the new link hears', () => server.engine.requests.length > before);
  });
});

describe('probing', () => {
  it('knows a ComfyUI of any version and what it can do', async () => {
    const report = await probe((await serve({ version: 'new' })).url, { signal: soon() });
    expect(report).toMatchObject({
      kind: 'comfy',
      error: null,
      queueLength: 0,
      capabilities: { promptId: true, targetedInterrupt: true, jobsApi: true, jobCancel: true },
    });
    expect(report.answeredInMs).not.toBeNull();
    const old = await probe((await serve({ version: '0.3.64' })).url.replace('http://', ''), { signal: soon() });
    expect(old).toMatchObject({
      kind: 'comfy',
      version: '0.3.64',
      capabilities: { promptId: true, targetedInterrupt: true, jobsApi: false, jobCancel: false },
    });
  });

  it('knows a SwarmUI', async () => {
    expect(await probe(await answering(asSwarm), { signal: soon() })).toMatchObject({
      kind: 'swarm',
      version: '0.9.8.2',
      error: null,
    });
    expect(await probe(await answering(asSwarm), { signal: soon(), kind: 'comfy' })).toMatchObject({
      kind: null,
      error: { code: 'server_unsupported' },
    });
  });

  it('says why an address can not be used', async () => {
    expect(await probe(await answering(() => ({ status: 200, body: '<html>' })), { signal: soon() })).toMatchObject({
      kind: null,
      error: { code: 'server_unsupported' },
    });
    const locked = await serve();
    locked.requireAuthorization('Bearer right');
    expect(await probe(locked.url, { signal: soon() })).toMatchObject({ error: { code: 'server_auth' } });
    expect(
      await probe(locked.url, { signal: soon(), credential: { type: 'authorization', value: 'Bearer right' } }),
    ).toMatchObject({ kind: 'comfy', error: null });
    // A token goes to each kind in the way its adapter will send it.
    expect(await probe(locked.url, { signal: soon(), credential: { type: 'token', token: 'right' } })).toMatchObject({
      kind: 'comfy',
      error: null,
    });
    const gone = await serve();
    await gone.goDown();
    expect(await probe(gone.url, { signal: soon() })).toMatchObject({ error: { code: 'server_unreachable' } });
    await expect(probe('http://169.254.169.254', { signal: soon() })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const mute = await serve();
    mute.engine.freeze();
    expect(await probeUrl(mute.url, { signal: soon(), timeoutMs: 150 })).toMatchObject({
      error: { code: 'server_timeout' },
    });
    mute.engine.unfreeze();
  });

  it('changes nothing on the server', async () => {
    const server = await serve({ version: 'new' });
    const stranger = server.engine.addForeign(sleepGraph(50, 5));
    await probe(server.url, { signal: soon() });
    await server.engine.idle();
    expect(server.engine.outcomesOf(stranger.promptId)).toEqual(['success']);
  });
});

describe('discovery', () => {
  it('finds what answers on the ports, once each, and nothing else', async () => {
    const comfy = await serve();
    const swarm = await answering(asSwarm);
    const other = await answering(() => ({ status: 404 }));
    const mute = await serve();
    mute.engine.freeze();
    const ports = [comfy.url, swarm, other, mute.url].map((url) => Number(new URL(url).port));
    const found = await discover(soon(), ports);
    mute.engine.unfreeze();
    expect(found.map(({ url, kind }) => [url, kind])).toEqual([
      [comfy.url, 'comfy'],
      [swarm, 'swarm'],
    ]);
    expect(found[0]).toMatchObject({ version: '0.8.0', error: null });
  });
});
