/**
 * The facts C1–C16, one test each (or more) that fails when the fact is ignored. Against the
 * demo engine, whose behaviour is held to the recordings by the conformance suite.
 */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { probeUrl } from '../../electron/core/servers/probe.ts';
import type { ComfyServerHandle, ComfyServerOptions } from '../../electron/demo/comfy/server.ts';
import { sleepGraph, stubbornGraph, until } from '../support/comfy-rig.ts';
import type { RigOptions, ComfyRig } from '../support/comfy-rig.ts';
import { ComfySite } from '../support/comfy-site.ts';

const site = new ComfySite();
const { serve, join, onClose } = site;
afterEach(() => site.close());

async function start(
  options: ComfyServerOptions = {},
  rigOptions: RigOptions = {},
): Promise<{ server: ComfyServerHandle; rig: ComfyRig }> {
  const server = await serve(options);
  return { server, rig: await join(server, rigOptions) };
}
const posts = (server: ComfyServerHandle, path: RegExp): { path: string; body: unknown; at: number }[] =>
  server.engine.requests.filter((request) => request.method === 'POST' && path.test(request.path));

const QUICK = { tickMs: 30, quietMs: 150, pollMs: 100 };

it('C1: the id is ours, in canonical form, and the answer must carry it', async () => {
  const { server, rig } = await start({ version: 'new' });
  const attempt = await rig.submit(sleepGraph(1, 1));
  expect(attempt.remoteKey).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(posts(server, /^\/prompt$/)[0]?.body).toMatchObject({ prompt_id: attempt.remoteKey });

  const other = 'bbbbbbbb-0000-4000-8000-000000000000';
  server.failNext('/prompt', 200, {
    method: 'POST',
    body: JSON.stringify({ prompt_id: other, number: 4, node_errors: {} }),
  });
  const { result } = await rig.send(sleepGraph(1, 1));
  expect(result).toMatchObject({ result: 'rejected', elsewhere: true, error: { code: 'server_unsupported' } });
  expect(posts(server, /^\/queue$/).at(-1)?.body).toEqual({ delete: [other] });
});

it('C2: never a number, never sent twice, also when the answer is lost', async () => {
  const { server, rig } = await start();
  server.dropReplyNext('/prompt', { method: 'POST' });
  const { attempt, result } = await rig.send(sleepGraph(3, 5));
  expect(result).toMatchObject({ result: 'unsure' });
  await rig.heard(attempt.remoteKey, 'finished');
  const bodies = posts(server, /^\/prompt$/).map((request) => request.body);
  expect(bodies).toHaveLength(1);
  expect(bodies[0]).not.toHaveProperty('number');
  expect(bodies[0]).not.toHaveProperty('front');
  expect(server.engine.executionsOf(attempt.remoteKey)).toBe(1);
});

it('C2: a 500 may have stored the prompt all the same: looked up, not sent again', async () => {
  const { server, rig } = await start();
  const blocker = server.engine.addForeign(sleepGraph(4_000, 10));
  // The engine stores it under this id just before it fails on the answer.
  const attempt = await rig.lease(sleepGraph(1, 1));
  server.failNext('/prompt', 500, { method: 'POST' });
  server.engine.addForeign(sleepGraph(1, 1), { promptId: attempt.remoteKey });
  expect(await rig.link.adapter.submit(attempt)).toMatchObject({ result: 'accepted' });
  server.failNext('/prompt', 500, { method: 'POST' });
  expect((await rig.send(sleepGraph(1, 1))).result).toMatchObject({ result: 'rejected', elsewhere: false });
  expect(server.engine.executionsOf(blocker.promptId)).toBe(1);
});

it('C3: 200 to a delete says nothing: the removal is verified', async () => {
  const { server, rig } = await start();
  const running = await rig.submit(sleepGraph(8_000, 5));
  const waiting = await rig.submit(sleepGraph(1, 1));
  server.engine.quirks.deleteDoesNothing = true;
  const { request, steps } = rig.request();
  let report: unknown = null;
  const stopping = rig.link.adapter.stop(waiting, request).then((value) => {
    report = value;
  });
  await until('two deletes', () => steps.filter((step) => step.step === 'sent').length >= 2);
  expect(report).toBeNull();
  server.engine.quirks.deleteDoesNothing = false;
  await stopping;
  expect(report).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'waiting' } });
  await rig.stop(running);
});

it('C4: every interrupt names its prompt', async () => {
  const { server, rig } = await start();
  const attempt = await rig.submit(sleepGraph(8_000, 5));
  await rig.heard(attempt.remoteKey, 'started');
  await rig.stop(attempt);
  const bodies = posts(server, /interrupt$/).map((request) => request.body);
  expect(bodies.length).toBeGreaterThan(0);
  expect(bodies).toEqual(bodies.map(() => ({ prompt_id: attempt.remoteKey })));
});

const OLD = JSON.stringify({ system: { comfyui_version: '0.3.50' }, devices: [] });

it('C4: a server too old to stop one job is not interrupted without permission; a waiting job is still removed', async () => {
  const server = await serve({ version: '0.3.64' });
  server.failNext('/system_stats', 200, { body: OLD, times: 100 });
  const rig = await join(server);
  expect(rig.link.status().capabilities).toMatchObject({ promptId: true, targetedInterrupt: false });
  await until('the problem', () =>
    rig.link.status().problems.some((problem) => problem.code === 'no-targeted-interrupt'),
  );
  const end = server.engine.pauseAt('before-node', { nodeId: '2' });
  const running = await rig.submit(sleepGraph(1, 10));
  const waiting = await rig.submit(sleepGraph(1, 1));
  await rig.heard(running.remoteKey, 'started');
  expect(await rig.stop(running)).toMatchObject({ report: 'runs-on' });
  expect(await rig.stop(waiting)).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'waiting' } });
  expect(posts(server, /interrupt$/)).toEqual([]);
  end.release();
  await rig.heard(running.remoteKey, 'finished');
});

it('C4: with permission it is sent only right after a look that saw ours run', async () => {
  const server = await serve({ version: '0.3.64' });
  server.failNext('/system_stats', 200, { body: OLD, times: 100 });
  const rig = await join(server, { allowUntargetedInterrupt: true });
  const end = server.engine.pauseAt('before-node', { nodeId: '2' });
  const stranger = server.engine.addForeign(sleepGraph(1, 10));
  const attempt = await rig.submit(sleepGraph(4_000, 10));
  expect(await rig.stop(attempt)).toMatchObject({ report: 'ended', fact: { reach: 'waiting' } });
  expect(posts(server, /interrupt$/)).toEqual([]);
  end.release();
  await server.engine.idle();
  expect(server.engine.outcomesOf(stranger.promptId)).toEqual(['success']);
  const second = await rig.submit(sleepGraph(4_000, 10));
  await rig.heard(second.remoteKey, 'started');
  expect(await rig.stop(second)).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
});

it('C5: an interrupt lost at pick-up is repeated', async () => {
  const { server, rig } = await start();
  const hold = server.engine.pauseAt('popped');
  const attempt = await rig.submit(sleepGraph(4_000, 10));
  await hold.reached;
  const { request, steps } = rig.request();
  const stopping = rig.link.adapter.stop(attempt, request);
  await until('the first one is answered', () => steps.some((step) => step.step === 'heard'));
  hold.release();
  await stopping;
  expect(server.engine.outcomesOf(attempt.remoteKey)).toEqual(['interrupted']);
});

it('C6: interrupts are paced by what they cost, and removals go first', async () => {
  const { server, rig } = await start({ quirks: { interruptStallMsPerWaiting: 1 } });
  const stubborn = await rig.submit(stubbornGraph(1_500));
  const waiting = [await rig.submit(sleepGraph(1, 1)), await rig.submit(sleepGraph(1, 1))];
  await rig.heard(stubborn.remoteKey, 'started');
  for (let index = 0; index < 40; index += 1) server.engine.addForeign(sleepGraph(1, 1));
  const reports = await Promise.all([stubborn, ...waiting].map((attempt) => rig.stop(attempt)));
  expect(
    reports.map((report) =>
      report.report === 'ended' && report.fact.type === 'stopped' ? report.fact.reach : report.report,
    ),
  ).toEqual(['running', 'waiting', 'waiting']);
  const deletes = posts(server, /\/queue$/);
  const interrupts = posts(server, /interrupt$/);
  expect(deletes.map((request) => request.body)).toEqual([{ delete: waiting.map((attempt) => attempt.remoteKey) }]);
  expect(server.engine.requests.indexOf(interrupts[0] as never)).toBeGreaterThan(
    server.engine.requests.indexOf(deletes[0] as never),
  );
  // One interrupt stalls it for 40 ms here; 20 times that must pass before the next.
  for (const [index, request] of interrupts.entries()) {
    const before = interrupts[index - 1];
    if (before !== undefined) expect(request.at - before.at).toBeGreaterThanOrEqual(800);
  }
});

it('C7: where only /queue is there, it is read before history', async () => {
  const { server, rig } = await start({ version: '0.3.64' });
  const attempt = await rig.submit(sleepGraph(1, 1));
  await rig.heard(attempt.remoteKey, 'finished');
  const from = server.engine.requests.length;
  const seen = await rig.link.adapter.lookup(attempt, AbortSignal.timeout(5_000));
  expect(seen).toMatchObject({ found: 'ended', fact: { type: 'finished' } });
  const paths = server.engine.requests.slice(from).map((request) => request.path);
  expect(paths).toContain('/queue');
  expect(paths.indexOf('/queue')).toBeLessThan(paths.findIndex((path) => path.startsWith('/history/')));
});

it.each(['0.3.64', '0.8.0', 'new'] as const)(
  'C8: interrupted by somebody else is told from failed (%s)',
  async (version) => {
    const { server, rig } = await start({ version });
    const attempt = await rig.submit(sleepGraph(4_000, 10));
    await rig.heard(attempt.remoteKey, 'started');
    await fetch(`${server.url}/interrupt`, { method: 'POST', body: JSON.stringify({ prompt_id: attempt.remoteKey }) });
    expect(await rig.heard(attempt.remoteKey, 'stopped')).toMatchObject({ reach: 'running', by: 'another-client' });
    const failing = await rig.submit({
      ...sleepGraph(1, 1),
      '1': { class_type: 'ProbeFail', inputs: { message: 'deliberate', seed: 4 } },
    });
    const failed = await rig.heard(failing.remoteKey, 'executionFailed');
    expect(failed.error).toMatchObject({
      code: 'execution_failed',
      message: 'deliberate',
      details: { nodeId: '1', nodeType: 'ProbeFail', exceptionType: 'RuntimeError', outOfMemory: false },
    });
  },
);

it('C9: an execution_error that only blocks a node does not end the job', async () => {
  const { server, rig } = await start();
  const attempt = await rig.submit({
    '1': { class_type: 'ProbeBlocker', inputs: { message: 'blocked on purpose', seed: 8 } },
    '2': { class_type: 'ProbeOut', inputs: { images: ['1', 0] } },
  });
  await rig.heard(attempt.remoteKey, 'finished');
  expect(rig.factsOf(attempt.remoteKey).map((fact) => fact.type)).toEqual(['started', 'finished']);
  expect(server.engine.outcomesOf(attempt.remoteKey)).toEqual(['success']);
});

it('C10: after a restart everything is gone, and the look says what can be proven of it', async () => {
  const { server, rig } = await start();
  const first = await rig.submit(sleepGraph(1, 1));
  await rig.heard(first.remoteKey, 'finished');
  const attempt = await rig.submit(sleepGraph(4_000, 10));
  await rig.heard(attempt.remoteKey, 'started');
  await server.restart();
  await until('online again', () => rig.reconciled === 2);
  expect(await rig.link.adapter.lookup(attempt, AbortSignal.timeout(5_000))).toEqual({
    found: 'absent',
    sameBoot: null,
  });
  expect(rig.link.epoch).toBe(1);
});

it('C10: a lost connection without a restart is proven to be one by the witness', async () => {
  const { server, rig } = await start();
  const first = await rig.submit(sleepGraph(1, 1));
  await rig.heard(first.remoteKey, 'finished');
  const running = await rig.submit(sleepGraph(4_000, 10));
  const waiting = await rig.submit(sleepGraph(1, 1));
  server.cutSockets();
  await until('online again', () => rig.reconciled === 2 && rig.link.online);
  await fetch(`${server.url}/queue`, { method: 'POST', body: JSON.stringify({ delete: [waiting.remoteKey] }) });
  expect(await rig.link.adapter.lookup(waiting, AbortSignal.timeout(5_000))).toEqual({
    found: 'absent',
    sameBoot: true,
  });
  await rig.stop(running);
});

it('C11: events go on after a reconnect under the same client id; a change of foreign work is found by looking', async () => {
  const { server, rig } = await start();
  const attempt = await rig.submit(sleepGraph(400, 10));
  await rig.heard(attempt.remoteKey, 'started');
  server.cutSockets();
  await until('online again', () => rig.reconciled === 2);
  const from = rig.lives.length;
  await until('progress on the new socket', () =>
    rig.lives.slice(from).some((live) => live.key === attempt.remoteKey && live.update.type === 'step'),
  );
  const stranger = server.engine.addForeign(sleepGraph(3, 5));
  await until('it is listed', () => rig.foreign?.jobs.some((job) => job.remoteKey === stranger.promptId));
  await rig.heard(attempt.remoteKey, 'finished');
  await until('its end', () =>
    rig.endings.some((ended) => ended.remoteKey === stranger.promptId && ended.how === 'done'),
  );
});

it('C12: the old socket is closed before the new one opens', async () => {
  const { server, rig } = await start();
  rig.link.recycle('test');
  await until('online again', () => rig.reconciled === 2 && rig.link.online);
  // Had the old one closed after, the server would have forgotten the new one too, and no event would come.
  const attempt = await rig.submit(sleepGraph(40, 5));
  await rig.heard(attempt.remoteKey, 'finished');
  expect(
    rig.lives.filter((live) => live.key === attempt.remoteKey && live.update.type === 'step').length,
  ).toBeGreaterThan(30);
  expect(server.engine.executionsOf(attempt.remoteKey)).toBe(1);
});

it('C12: a socket that was silenced is noticed, what it missed is told, and it is replaced', async () => {
  const clientId = 'silenced-client';
  const { server, rig } = await start({}, { clientId, timing: QUICK });
  const thief = new WebSocket(`${server.url.replace('http', 'ws')}/ws?clientId=${clientId}`);
  await new Promise((resolve) => thief.once('message', resolve));
  const attempt = await rig.submit(sleepGraph(30, 5));
  await rig.heard(attempt.remoteKey, 'finished');
  thief.terminate();
  server.engine.addForeign(sleepGraph(4_000, 20));
  await until('a new connection', () => rig.reconciled >= 2 && rig.link.online);
});

it('C12: with a silent socket and a cleared history, nothing is claimed', async () => {
  const clientId = 'deaf-client';
  const { server, rig } = await start({}, { clientId });
  const end = server.engine.pauseAt('before-node', { nodeId: '2' });
  const running = server.engine.addForeign(sleepGraph(1, 5));
  const thief = new WebSocket(`${server.url.replace('http', 'ws')}/ws?clientId=${clientId}`);
  await new Promise((resolve) => thief.once('message', resolve));
  const hold = server.engine.pauseAt('before-pop');
  const attempt = await rig.submit(sleepGraph(1, 1));
  expect(await rig.link.adapter.lookup(attempt, AbortSignal.timeout(5_000))).toMatchObject({ found: 'waiting' });
  end.release();
  await server.engine.seen('success', running.promptId);
  await hold.reached;
  hold.release();
  await server.engine.seen('success', attempt.remoteKey);
  await server.engine.idle();
  server.engine.clearHistory();
  const report = await rig.stop(attempt);
  expect(report).toMatchObject({ report: 'ended', fact: { type: 'vanished', cause: 'no-trace' } });
  thief.terminate();
});

it('C13: frames before the answer to their own POST are not lost', async () => {
  const { rig } = await start({ quirks: { framesBeforeReply: true } });
  const attempt = await rig.submit(sleepGraph(2, 5));
  await rig.heard(attempt.remoteKey, 'finished');
  expect(rig.factsOf(attempt.remoteKey).map((fact) => fact.type)).toEqual(['started', 'finished']);
});

it('C13: NaN in frames, history and jobs', async () => {
  const { rig } = await start();
  const attempt = await rig.submit({ '1': { class_type: 'ProbeNaN', inputs: { seed: 9 } } });
  await rig.heard(attempt.remoteKey, 'finished');
  expect(await rig.link.adapter.lookup(attempt, AbortSignal.timeout(5_000))).toMatchObject({
    found: 'ended',
    fact: { type: 'finished' },
  });
});

it('C14: no Origin is sent, and a redirect is not followed', async () => {
  const seen: IncomingHttpHeaders[] = [];
  const paths: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    paths.push(request.url);
    if (request.url === '/prompt') response.end('{"exec_info":{"queue_remaining":0}}');
    else {
      response.writeHead(302, { location: '/elsewhere' });
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onClose(
    () =>
      new Promise((resolve) =>
        server.close(() => {
          resolve();
        }),
      ),
  );
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const report = await probeUrl(url, { signal: AbortSignal.timeout(5_000) });
  expect(report).toMatchObject({ kind: 'comfy', error: null });
  expect(seen.length).toBeGreaterThan(2);
  expect(paths).not.toContain('/elsewhere');
  for (const headers of seen) {
    expect(headers).not.toHaveProperty('origin');
    expect(headers).not.toHaveProperty('sec-fetch-site');
  }
});

it('C15: a server that answers after seconds is slow, not offline', async () => {
  const { server, rig } = await start();
  server.engine.quirks.slowLoopMs = 1_200;
  const seen = await rig.link.adapter.lookup(await rig.lease(sleepGraph(1, 1)), AbortSignal.timeout(20_000));
  server.engine.quirks.slowLoopMs = 0;
  expect(seen).toMatchObject({ found: 'absent' });
  expect(rig.link.online).toBe(true);
  expect(rig.reconciled).toBe(1);
});

it('C16: the cancel route of newer servers is used where the probe finds it, and is no proof either', async () => {
  const { server, rig } = await start({ version: 'new' });
  const hold = server.engine.pauseAt('popped');
  const attempt = await rig.submit(sleepGraph(4_000, 10));
  await hold.reached;
  const { request, steps } = rig.request();
  const stopping = rig.link.adapter.stop(attempt, request);
  await until('answered', () => steps.some((step) => step.step === 'heard'));
  hold.release();
  expect(await stopping).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
  const path = new RegExp(`${attempt.remoteKey}/cancel$`);
  expect(posts(server, path).length).toBeGreaterThan(1);
  expect(posts(server, /interrupt$/)).toEqual([]);
  const older = await start({ version: '0.8.0' });
  expect(older.rig.link.status().capabilities).toMatchObject({ jobsApi: true, jobCancel: false });
});
