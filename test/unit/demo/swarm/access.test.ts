/** Who may do what on the demo SwarmUI, and what goes wrong on the way: accounts, permissions, faults, odd values. */
import { afterEach, describe, expect, test } from 'vitest';
import type { SwarmServerOptions } from '../../../../electron/demo/swarm/server.ts';
import { progressOf, SwarmClient } from '../../../conformance/swarm-client.ts';
import { shapes } from '../../../conformance/swarm-shapes.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
const start = async (options?: SwarmServerOptions): Promise<Rig> => {
  rig = await startRig(options);
  return rig;
};
afterEach(async () => {
  await rig.stop();
});

describe('accounts (swarmui §1.6, rec 39)', () => {
  test('authorization on: no session, no files, no passthrough; a token cookie opens all; revoking it does not end its sessions', async () => {
    const { swarm, client } = await start({
      localhostBypass: false,
      users: [{ id: 'eva', password: 'secret', role: 'poweruser' }],
    });
    const old = await client.newSession();
    swarm.engine.disk.users.authorizationRequired = true;
    const refused = await client.call('GetNewSession');
    expect([refused.status, refused.json]).toEqual([200, { error: 'Invalid or unauthorized.' }]);
    const file = await client.request('GET', '/View/local/x.png');
    expect([file.status, file.json['error_id']]).toEqual([400, 'invalid_user']);
    expect((await client.request('GET', '/ComfyBackendDirect/queue')).status).toBe(401);
    expect((await client.call('GetCurrentStatus', { session_id: old })).status).toBe(200);
    const { token } = (await client.call('CreateAuthToken', { session_id: old, reason: 'test' })).json;
    const cookie = { cookie: `swarm_token=${String(token)}` };
    const session = await client.newSession(cookie);
    expect((await client.request('GET', '/ComfyBackendDirect/queue', { headers: cookie })).status).toBe(200);
    const [listed] = (await client.call('ListMyAuthTokens', { session_id: session })).json['tokens'] as {
      id: string;
    }[];
    expect((await client.call('RevokeMyAuthToken', { session_id: session, tokenId: listed?.id })).json).toEqual({
      success: true,
    });
    expect((await client.call('GetNewSession', {}, cookie)).json).toEqual({ error: 'Invalid or unauthorized.' });
    expect((await client.call('GetCurrentStatus', { session_id: session })).status).toBe(200);
  });

  test('login gives a cookie; wrong ones only an error_id; without a User-Agent it breaks', async () => {
    const { client, swarm } = await start({
      localhostBypass: false,
      authorizationRequired: true,
      users: [{ id: 'eva', password: 'secret', role: 'user' }],
    });
    expect((await client.call('Login', { username: 'eva', password: 'x' })).json).toEqual({
      error_id: 'invalid_login',
    });
    const bare = new SwarmClient(swarm.url, {});
    expect((await bare.call('Login', { username: 'eva', password: 'secret' })).json['error_id']).toBe('internal_error');
    const response = await fetch(`${swarm.url}/API/Login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'eva', password: 'secret' }),
    });
    expect(await response.json()).toEqual({ success: 'true' });
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const made = (await client.call('GetNewSession', {}, { cookie })).json;
    expect(made['user_id']).toBe('eva');
  });

  test('a permission one lacks: 400 over HTTP, one message over WebSocket', async () => {
    const { client } = await start({
      users: [
        { id: 'gast', role: 'guest' },
        { id: 'nobody', permissions: [] },
      ],
    });
    const guest = await client.newSession({ 'X-SWARM-USER_ID': 'gast' });
    expect((await client.call('GetCurrentStatus', { session_id: guest })).status).toBe(200);
    const listed = await client.call('ListBackends', { session_id: guest });
    expect([listed.status, listed.json['error_id']]).toEqual([400, 'bad_permissions']);
    expect(
      (await client.request('GET', '/ComfyBackendDirect/queue', { headers: { 'X-SWARM-USER_ID': 'gast' } })).status,
    ).toBe(401);
    const stream = await client.generate(await client.newSession({ 'X-SWARM-USER_ID': 'nobody' }), {});
    expect(await stream.closed()).toBe(1000);
    expect(stream.messages).toEqual([expect.objectContaining({ error_id: 'bad_permissions' })]);
    const raw = await client.generate(guest, { comfyworkflowraw: '{}' });
    await raw.closed();
    expect(raw.errors()).toEqual(['You do not have permission to use parameter Comfy Workflow Raw.']);
  });

  test('network authorization and Origin: null stand before everything', async () => {
    const { client, swarm } = await start({ networkAuthorization: 'Basic abc' });
    const without = await client.call('GetNewSession');
    expect([without.status, without.text]).toEqual([401, 'Unauthorized']);
    const allowed = new SwarmClient(swarm.url, { authorization: 'Basic abc' });
    const session = await allowed.newSession();
    const opaque = await allowed.call('GetCurrentStatus', { session_id: session }, { origin: 'null' });
    expect([opaque.status, opaque.text]).toEqual([500, '']);
    expect(
      (await allowed.call('GetCurrentStatus', { session_id: session }, { origin: 'http://other.example' })).status,
    ).toBe(200);
    await expect(client.open('/API/GenerateText2ImageWS')).rejects.toThrow('401');
  });
});

describe('accidents', () => {
  test('each ordered fault happens once, to the request it names', async () => {
    const { swarm, client } = await start();
    const session = await client.newSession();
    const ask = () => client.call('GetCurrentStatus', { session_id: session });
    swarm.faults.next('GetCurrentStatus', { kind: 'redirect', location: '/Login' });
    expect([(await ask()).status, (await ask()).status]).toEqual([302, 200]);
    swarm.faults.next('GetCurrentStatus', { kind: 'answer', status: 200, body: { error: 'something' } });
    expect((await ask()).json).toEqual({ error: 'something' });
    swarm.faults.next('GetCurrentStatus', { kind: 'cut' });
    await expect(ask()).rejects.toThrow();
    swarm.faults.next('GetNewSession', { kind: 'drop-reply' });
    const before = swarm.engine.events('session').length;
    await expect(client.newSession()).rejects.toThrow();
    expect(swarm.engine.events('session')).toHaveLength(before + 1);
    expect((await ask()).status).toBe(200);
  });

  test('down and up again on the same port: the process has lived on', async () => {
    const { swarm, client, job } = await start();
    const a = await job('a', { steps: 3 });
    await a.stream.running();
    await swarm.goDown();
    expect(await a.stream.closed()).toBe(1006);
    await expect(client.newSession()).rejects.toThrow();
    await swarm.comeUp();
    await swarm.engine.until((log) => log.find((entry) => entry.kind === 'image'));
    expect((await client.call('GetCurrentStatus', { session_id: a.session })).status).toBe(200);
  });

  test('a request may end without a word; sessions may be forgotten', async () => {
    const { swarm, client, job } = await start();
    swarm.engine.crashNextRequest();
    const a = await job('a', { steps: 1 });
    expect(await a.stream.closed()).toBe(1000);
    expect(shapes(a.stream.messages)).toEqual(['status 1 0 0 0', '{"socket_intention":"close"}', 'status 0 0 0 0']);
    swarm.engine.forgetSessions();
    const lost = await client.call('GetCurrentStatus', { session_id: a.session });
    expect([lost.status, lost.json['error_id']]).toEqual([401, 'invalid_session_id']);
  });

  test('an image of 40 MB arrives as one data URL', async () => {
    const { job } = await start();
    const graph = { '100': { class_type: 'TestBigImage', inputs: { megabytes: 40 } } };
    const a = await job('a', {}, { donotsave: true, comfyworkflowraw: JSON.stringify(graph) });
    await a.stream.ended();
    expect(a.stream.images().map((image) => image.length)).toEqual([22 + Math.ceil(40_000_000 / 3) * 4]);
  });

  test('long waits are kept alive by keep_alive and by pongs', async () => {
    const { job } = await start({ keepAliveMs: 15, pongMs: 15 });
    const a = await job('a', { steps: 20 });
    let pongs = 0;
    a.stream.socket.on('pong', () => {
      pongs += 1;
    });
    await a.stream.ended();
    expect(a.stream.messages.filter((message) => message['keep_alive'] === true).length).toBeGreaterThan(3);
    expect(pongs).toBeGreaterThan(1);
  });

  test('a progress of 0 of 0 is the word NaN (swarmui §3.2)', async () => {
    const { job } = await start();
    const a = await job(
      'a',
      {},
      {
        comfyworkflowraw:
          '{"9":{"class_type":"SwarmSaveImageWS","inputs":{"images":["1",0]}},"1":{"class_type":"TestZeroMax","inputs":{"seed":4}}}',
      },
    );
    await a.stream.ended();
    expect(a.stream.messages.map((message) => progressOf(message)?.['overall_percent'])).toContain('NaN');
    expect(a.stream.images()).toHaveLength(1);
  });

  test('a malformed further message ends the listening, not the request (swarmui §3.3)', async () => {
    const { job } = await start();
    const a = await job('a', { steps: 4 });
    await a.stream.claimed();
    a.stream.socket.send('{bad');
    a.stream.send({ images: 1, comfyworkflowraw: '{}' });
    await a.stream.closed();
    expect(a.stream.images()).toHaveLength(1);
    expect(shapes(a.stream.messages).filter((shape) => shape.startsWith('running'))).toHaveLength(1);
  });
});
