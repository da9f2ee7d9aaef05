/**
 * Every call of the contract with arbitrary JSON, through the one door all transports use, on a real core with real
 * jobs: whatever a caller sends, the answer is a value that keeps the contract or an error that says whose mistake it
 * was. Never `bug`, never a crash, and the core goes on.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { CALL_NAMES, contract } from '../../shared/contract.ts';
import type { CallName } from '../../shared/contract.ts';
import { AppError, isAbort } from '../../shared/errors.ts';
import { createInvoker } from '../../shared/rpc/invoke.ts';
import type { Invoker } from '../../shared/rpc/invoke.ts';
import { Aborted } from '../../shared/util/async.ts';
import { CoreHarness, pictureGraph, sleepGraph } from '../support/core-harness.ts';
import { runs } from '../runs.ts';

interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  additionalProperties?: Schema | boolean;
  $ref?: string;
  $defs?: Record<string, Schema>;
}

/** Ids that exist, so that calls get past the first question. */
const known: string[] = ['nobody'];
/** Nothing here may reach beyond this machine. */
const urls = [
  'http://127.0.0.1:9',
  '127.0.0.1:1',
  'http://169.254.169.254',
  'ftp://127.0.0.1',
  'javascript:0',
  '',
  '::',
  'http://127.0.0.1:99999',
  'http://[::1',
];
const texts = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '\u0000',
    '\ud800',
    '%',
    '"*',
    "'; DROP TABLE jobs; --",
    '[1,""]',
    '{"j":null,"f":null}',
    '9e999',
    'front',
    'é'.repeat(600),
  ),
);
const garbage = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(null, -1, 1e308, 2 ** 53, 0.5, [], {}, '', [[]], { __proto__: null }),
);

function arbitraryOf(schema: Schema, root: Schema, name: string, depth: number): fc.Arbitrary<unknown> {
  const made = valid(schema, root, name, depth);
  return name === 'url' ? made : fc.oneof({ weight: 12, arbitrary: made }, { weight: 1, arbitrary: garbage });
}

function valid(schema: Schema, root: Schema, name: string, depth: number): fc.Arbitrary<unknown> {
  if (depth > 5) return garbage;
  const next = (one: Schema, called = name): fc.Arbitrary<unknown> => arbitraryOf(one, root, called, depth + 1);
  if (schema.$ref !== undefined) {
    const target = schema.$ref === '#' ? root : root.$defs?.[schema.$ref.split('/').at(-1) ?? ''];
    return target === undefined ? garbage : next(target);
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) return fc.oneof(...union.map((one) => next(one)));
  if (schema.type === 'object') {
    const properties = Object.entries(schema.properties ?? {});
    if (properties.length === 0)
      return fc.dictionary(
        fc.constantFrom('1', '5', '__proto__', 'constructor', ''),
        typeof schema.additionalProperties === 'object' ? next(schema.additionalProperties) : garbage,
        { maxKeys: 3 },
      );
    return fc.record(Object.fromEntries(properties.map(([key, one]) => [key, next(one, key)])), {
      requiredKeys: schema.required ?? [],
    });
  }
  if (schema.type === 'array') return fc.array(next(schema.items ?? {}), { maxLength: 4 });
  if (schema.type === 'integer')
    return fc.integer({ min: Math.max(schema.minimum ?? -5, -1e15), max: Math.min(schema.maximum ?? 10_000, 10_000) });
  if (schema.type === 'number') return fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer());
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'null') return fc.constant(null);
  if (schema.type === 'string') {
    if (name === 'url') return fc.constantFrom(...urls);
    return /^(id|ids|serverId|batchId|before|after|jobs|batch|server|remoteKeys|outputId)$/.test(name)
      ? fc.oneof(
          { weight: 5, arbitrary: fc.nat().map((n) => known[n % known.length]) },
          { weight: 1, arbitrary: texts },
        )
      : texts;
  }
  return garbage;
}

const call = fc.constantFrom(...CALL_NAMES).chain((name) => {
  const schema = z.toJSONSchema(contract.calls[name].input, { io: 'input', unrepresentable: 'any' }) as Schema;
  return fc.record({ name: fc.constant(name), args: arbitraryOf(schema, schema, '', 0) });
});

let server: ComfyServerHandle;
let core: CoreHarness;
let invoker: Invoker;

beforeAll(async () => {
  server = await startComfyServer();
  core = await CoreHarness.open();
  invoker = createInvoker({ contract, handlers: core.core.handlers, validateReplies: true });
  const serverId = await core.addServer(server.url);
  const patches = [1, 2, 3].map((seed) => ({ set: { '1': { seed } } }));
  const batch = await core.submit(sleepGraph(1, 1), { held: true, patches });
  const [done] = await core.submit(pictureGraph(), { serverId });
  const [open] = await core.submit(sleepGraph(3_000, 20), { serverId });
  await core.waitState(done.id, 'done');
  const { outputs } = await core.call('jobs.get', { id: done.id });
  const stranger = server.engine.addForeign(sleepGraph(3_000, 20), { clientId: 'x' }).promptId;
  const gone = (await core.submit(sleepGraph(1, 1), { held: true }))[0].id;
  await core.cancel(gone);
  known.push(
    serverId,
    done.id,
    open.id,
    gone,
    stranger,
    ...batch.map((job) => job.id),
    ...outputs.map((output) => output.id),
    ...batch.flatMap((job) => (job.batch === null ? [] : [job.batch.id])),
  );
});
afterAll(async () => {
  await core.close();
  await server.close();
});

/** What came of one call: `value`, or the error's code. An answer that takes its time is left after a moment. */
async function outcomeOf(name: string, args: unknown): Promise<string> {
  const caller = new AbortController();
  const timer = setTimeout(() => {
    caller.abort(new Aborted('CallerLeft'));
  }, 25);
  try {
    await Promise.race([
      invoker.invoke(name, args, { signal: caller.signal, face: 'api' }, () => true),
      new Promise((_resolve, reject) => {
        caller.signal.addEventListener('abort', () => {
          reject(new Aborted('CallerLeft'));
        });
      }),
    ]);
    return 'value';
  } catch (error) {
    if (isAbort(error)) return 'left';
    if (error instanceof AppError) return error.code === 'bug' ? `bug: ${error.message}` : error.code;
    return `no AppError: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  } finally {
    clearTimeout(timer);
  }
}

describe('arbitrary JSON', () => {
  it('never makes a bug of any call', async () => {
    const seen = new Map<CallName, Set<string>>();
    await fc.assert(
      fc.asyncProperty(call, async ({ name, args }) => {
        const json: unknown = JSON.parse(JSON.stringify(args ?? null));
        const outcome = await outcomeOf(name, json);
        seen.set(name, (seen.get(name) ?? new Set()).add(outcome));
        expect(outcome).not.toMatch(/^(bug|no AppError)/);
      }),
      { numRuns: runs(3_000), endOnFailure: true },
    );
    expect([...seen.keys()].sort()).toEqual([...CALL_NAMES].sort());
    // The generator is worth something only if calls get through to their handlers. What a handler finds there is chance: the
    // calls before it may have removed everything.
    const stopped = [...seen].filter(([, outcomes]) => [...outcomes].every((outcome) => outcome === 'invalid_request'));
    expect(stopped.map(([name]) => name)).toEqual([]);
    const { entries } = await core.call('log.tail', { limit: 2_000, level: 'error' });
    expect(entries).toEqual([]);
    await core.call('queue.summary', {});
  }, 120_000);

  it("nested deeper than a schema can follow is the caller's mistake", async () => {
    const deep: unknown = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
    for (const args of [
      deep,
      { payload: { kind: 'comfy', graph: { 1: { class_type: 'A', inputs: { deep } } } }, serverId: null, jobs: [{}] },
      { payload: { kind: 'swarm', images: 1, params: { deep } }, serverId: null, jobs: [{}] },
    ]) {
      expect(await outcomeOf('jobs.submit', args)).toBe('invalid_request');
    }
  });

  it('nested as deep as a schema can just follow is taken or refused, never a bug', async () => {
    for (const depth of [100, 900, 1_100, 2_000, 3_000, 4_000, 6_000]) {
      const deep: unknown = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
      expect(
        await outcomeOf('jobs.submit', {
          payload: { kind: 'comfy', graph: { 1: { class_type: 'A', inputs: { deep } } } },
          serverId: null,
          jobs: [{ patch: { set: { 1: { deep } } } }],
          held: true,
        }),
      ).toMatch(/^(value|invalid_request)$/);
    }
  });
});
