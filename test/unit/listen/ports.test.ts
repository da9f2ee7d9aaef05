/** A port without a host around it, as another one of ours opens it: where it is bound, its limits, its refusals. */
import { request } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readJson, refuse, sendJson, TooLarge } from '../../../electron/listen/answers.ts';
import { askedOf, checkRequest, LIMITS } from '../../../electron/listen/guards.ts';
import { headersFor } from '../../../electron/listen/headers.ts';
import { createPorts } from '../../../electron/listen/ports.ts';
import type { Ports } from '../../../electron/listen/ports.ts';

const open: { close(): unknown }[] = [];
const bugs: string[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  bugs.length = 0;
});

/** Echoes the JSON it is sent. */
function ports(): Ports {
  const made = createPorts({
    handle: async (request, response, way) => {
      const refusal = checkRequest(askedOf(request), way, 'api-change');
      if (refusal !== null) {
        refuse(response, refusal);
        return;
      }
      if (request.url === '/bug') throw new Error('unforeseen');
      const body = await readJson(request).catch((error: unknown) => error instanceof TooLarge);
      sendJson(response, 200, body, headersFor('api-change'));
    },
    upgrade: (_request, socket) => {
      socket.destroy();
    },
    onBug: (_error, where) => bugs.push(where),
  });
  open.push(made);
  return made;
}

const post = (url: string, body: string): Promise<Response> =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });

describe('a port', () => {
  it('answers on 127.0.0.1, and on no name but this machine’s own', async () => {
    const port = await ports().listen(0, false);
    const answer = await post(`http://127.0.0.1:${String(port)}/`, '{"a":1}');
    expect(await answer.json()).toEqual({ a: 1 });
    const named = await new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, headers: { host: 'example.com' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(named).toBe(421);
    const other = await fetch(`http://127.0.0.1:${String(port)}/`);
    expect(other.status).toBe(405);
    expect(await other.json()).toMatchObject({ error: { code: 'not_allowed' } });
    expect(other.headers.get('connection')).toBe('close');
    expect(other.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('takes another number where its own is taken, unless it must be exactly that one', async () => {
    const taken = createServer();
    open.push(taken);
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    expect(await ports().listen(port, false)).not.toBe(port);
    await expect(ports().listen(port, true)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('reads no body beyond the limit', async () => {
    const port = await ports().listen(0, false);
    const answer = await post(`http://127.0.0.1:${String(port)}/`, 'x'.repeat(LIMITS.bodyBytes + 1));
    expect(await answer.json()).toBe(true);
  });

  it('says 500 for what nobody foresaw, and tells its owner where', async () => {
    const port = await ports().listen(0, false);
    const answer = await post(`http://127.0.0.1:${String(port)}/bug`, '{}');
    expect(answer.status).toBe(500);
    expect(bugs).toEqual(['/bug']);
  });
});
