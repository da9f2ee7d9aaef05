/**
 * The ComfyUI conformance suite: the same assertions for the engine in electron/demo and for a real server, so that the fake tells the truth.
 * The real one must have the Probe* nodes, be idle and be used by nobody else: the suite clears queues and interrupts.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { ComfyBench } from './comfy-bench.ts';
import type { ComfyAbilities, ComfyUnderTest } from './comfy-bench.ts';
import { http } from './comfy-client.ts';
import { comfyControl } from './comfy-control.ts';
import { comfyEvents } from './comfy-events.ts';
import { comfyRecords } from './comfy-records.ts';

export type { ComfyAbilities, ComfyUnderTest } from './comfy-bench.ts';

/** Defines the suite for one server; `start` is called once. */
export function comfyConformance(name: string, start: () => Promise<ComfyUnderTest>): void {
  describe(name, () => {
    let server: ComfyUnderTest;
    let bench: ComfyBench;
    beforeAll(async () => {
      server = await start();
    }, 60_000);
    afterAll(async () => {
      await server.close();
    });
    beforeEach(() => {
      bench = new ComfyBench(server);
    });
    afterEach(async () => {
      await bench.clean();
    });
    describe('events', () => {
      comfyEvents(() => bench);
    });
    describe('control', () => {
      comfyControl(() => bench);
    });
    describe('records', () => {
      comfyRecords(() => bench);
    });
  });
}

/** What the server at `url` can do, found by asking it, as a client does. */
export async function probeAbilities(url: string): Promise<ComfyAbilities> {
  const jobs = (await http(url, 'GET', '/api/jobs?limit=1&status=pending')).status === 200;
  const cancel = await http(url, 'POST', '/api/jobs/00000000-0000-4000-8000-000000000000/cancel');
  return { jobs, newest: cancel.status === 200 };
}
