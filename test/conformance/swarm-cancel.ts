/**
 * The part of the SwarmUI conformance suite about interrupting, and about the passthrough to ComfyUI. Same target as swarm.ts.
 */
import { describe, expect, test } from 'vitest';
import { probeGraph, until } from './swarm-client.ts';
import type { SwarmClient } from './swarm-client.ts';
import { HANDED, INTERRUPTED, RUNNING, shapes, TAIL, WAITING } from './swarm-shapes.ts';

export function cancelConformance(closeMs: number, current: () => SwarmClient): void {
  describe('interrupt (swarmui §4)', () => {
    test('a running job stops, its neighbour finishes (swarmui rec 12, 17)', async () => {
      const client = current();
      const [a, b] = [await client.newSession(), await client.newSession()];
      const doomed = await client.generate(a, { comfyworkflowraw: probeGraph({ steps: 400 }) });
      await doomed.running();
      const neighbour = await client.generate(b, { comfyworkflowraw: probeGraph({ steps: 4 }) });
      await neighbour.counters((counters) => counters['live_gens'] === 1);
      await client.interrupt(a);
      await doomed.closed(closeMs);
      expect(shapes(doomed.messages)).toEqual([...RUNNING, INTERRUPTED, 'status 0 0 0 0', ...TAIL]);
      await neighbour.ended();
      expect(neighbour.images()).toHaveLength(1);
      expect(neighbour.errors()).toEqual([]);
    });

    test('waiting and pre-queued jobs stop in their own ways, the running one goes on (swarmui rec 13, 14)', async () => {
      const client = current();
      const sessions = [await client.newSession(), await client.newSession(), await client.newSession()] as const;
      const running = await client.generate(sessions[0], { comfyworkflowraw: probeGraph({ steps: 60 }) });
      await running.running();
      const handed = await client.generate(sessions[1], { comfyworkflowraw: probeGraph() });
      await handed.counters((counters) => counters['live_gens'] === 1);
      await until('the prompt in ComfyUI', async () =>
        (await client.comfyQueue()).pending.length === 1 ? true : undefined,
      );
      const waiting = await client.generate(sessions[2], { comfyworkflowraw: probeGraph() });
      await waiting.counters((counters) => counters['waiting_backends'] === 1);
      const status = await client.call('GetGlobalStatus', { session_id: sessions[0] });
      expect(status.json['status']).toEqual({
        waiting_gens: 3,
        loading_models: 0,
        waiting_backends: 1,
        live_gens: 2,
      });
      await client.interrupt(sessions[2]);
      await waiting.ended();
      // A pre-queued job can be cancelled safely only when it has been so for a while (swarmui §4.4): here ComfyUI
      // lists it.
      await client.interrupt(sessions[1]);
      await handed.ended();
      await until('an empty waiting line', async () =>
        (await client.comfyQueue()).pending.length === 0 ? true : undefined,
      );
      await Promise.all([waiting.closed(closeMs), handed.closed(closeMs), running.closed(closeMs)]);
      expect(shapes(waiting.messages)).toEqual([...WAITING, 'status 1 0 0 0', ...TAIL]);
      expect(shapes(handed.messages)).toEqual([...HANDED, INTERRUPTED, 'status 0 0 0 0', ...TAIL]);
      expect(running.images()).toHaveLength(1);
    });

    test('before the claim it is answered and lost (swarmui rec 15)', async () => {
      const client = current();
      const session = await client.newSession();
      await client.interrupt(session);
      const stream = await client.generate(session, { comfyworkflowraw: probeGraph({ steps: 2 }) });
      await stream.ended();
      expect(stream.images()).toHaveLength(1);
    });

    test('other_sessions hits every session of the user (swarmui rec 18)', async () => {
      const client = current();
      const sessions = [await client.newSession(), await client.newSession(), await client.newSession()] as const;
      const a = await client.generate(sessions[0], { comfyworkflowraw: probeGraph({ steps: 400 }) });
      const b = await client.generate(sessions[1], { comfyworkflowraw: probeGraph({ steps: 400 }) });
      await until('one of them running', () =>
        a.messages.concat(b.messages).some((message) => JSON.stringify(message).includes('is_preview'))
          ? true
          : undefined,
      );
      await until('the other one waiting', async () =>
        (await client.comfyQueue()).pending.length === 1 ? true : undefined,
      );
      await client.interrupt(sessions[2], true);
      await Promise.all([a.ended(), b.ended()]);
      expect(a.images().concat(b.images())).toEqual([]);
    });

    test('dropping the socket stops nothing (swarmui rec 22)', async () => {
      const client = current();
      const session = await client.newSession();
      const tag = `drop-${String(Date.now())}`;
      const stream = await client.generate(session, {
        comfyworkflowraw: probeGraph({ steps: 8 }),
        extra_metadata: { job: tag },
      });
      await stream.running();
      stream.socket.terminate();
      await until('the session to be idle', async () => {
        const { json } = await client.call('GetCurrentStatus', { session_id: session });
        return (json['status'] as Record<string, number>)['waiting_gens'] === 0 ? true : undefined;
      });
      const { text } = await client.call('ListImages', { session_id: session, path: '', depth: 3, sortBy: 'Date' });
      expect(text).toContain(tag);
    });
  });

  describe('passthrough (swarmui §8)', () => {
    test('shows what reached the backend, with our mark in _meta (S18)', async () => {
      const client = current();
      const session = await client.newSession();
      const stream = await client.generate(session, {
        comfyworkflowraw: probeGraph({ steps: 60 }, { title: 'x', attempt: 'mark-7' }),
      });
      await stream.running();
      expect((await client.comfyQueue()).text).toContain('mark-7');
      const none = await client.request('GET', '/ComfyBackendDirect/queue', {
        headers: { 'X-Swarm-Backend-ID': '77' },
      });
      expect([none.status, none.contentType]).toEqual([400, 'text/html']);
      const odd = await client.request('GET', '/ComfyBackendDirect/queue', {
        headers: { 'X-Swarm-Backend-ID': 'x' },
      });
      expect(odd.status).toBe(200);
    });

    test('interrupt: no body is refused, an id is exact, the job of that prompt ends (swarmui rec 28)', async () => {
      const client = current();
      const session = await client.newSession();
      const stream = await client.generate(session, { comfyworkflowraw: probeGraph({ steps: 400 }) });
      await stream.running();
      expect((await client.request('POST', '/ComfyBackendDirect/interrupt')).status).toBe(400);
      expect(
        (await client.request('POST', '/ComfyBackendDirect/interrupt', { body: { prompt_id: 'no-such' } })).status,
      ).toBe(200);
      const [id] = (await client.comfyQueue()).running;
      expect(id).toBeDefined();
      expect((await client.request('POST', '/ComfyBackendDirect/interrupt', { body: { prompt_id: id } })).status).toBe(
        200,
      );
      await stream.ended();
      expect(stream.errors()).toEqual([
        'No images were generated (all refused, or failed - check server logs for details).',
      ]);
    });

    test('deleting a waiting prompt hangs its SwarmUI job until it is interrupted (swarmui rec 29)', async () => {
      const client = current();
      const [a, b] = [await client.newSession(), await client.newSession()];
      const first = await client.generate(a, { comfyworkflowraw: probeGraph({ steps: 20 }) });
      await first.running();
      const second = await client.generate(b, { comfyworkflowraw: probeGraph() });
      const id = await until('its prompt', async () => (await client.comfyQueue()).pending[0]);
      await client.request('POST', '/ComfyBackendDirect/queue', { body: { delete: [id] } });
      await first.ended();
      await until('an empty backend', async () =>
        (await client.comfyQueue()).running.length === 0 ? true : undefined,
      );
      expect((await client.call('GetCurrentStatus', { session_id: b })).json['status']).toMatchObject({
        waiting_gens: 1,
        live_gens: 1,
      });
      await client.interrupt(b);
      await second.ended();
      expect(second.errors()).toEqual(['Generation session interrupted.']);
    });
  });
}
