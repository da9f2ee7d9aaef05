/**
 * What every transport of the contract must do, as one suite (architecture §10): order, abort, errors, slow consumers,
 * resync, malformed input. Run by rpc.test.ts over each transport; knows none of them.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contract } from '../../shared/contract.ts';
import type { JobId } from '../../shared/ids.ts';
import { AppError } from '../../shared/errors.ts';
import { createClient } from '../../shared/rpc/client.ts';
import type { Client } from '../../shared/rpc/client.ts';
import type { Connection } from '../../shared/rpc/connection.ts';
import { contractHash } from '../../shared/rpc/contract-hash.ts';
import { serveApi } from '../../shared/rpc/server.ts';
import type { ServeOptions } from '../../shared/rpc/server.ts';
import type { Events } from '../../shared/contract.ts';
import { jobView } from '../support/job-view.ts';
import { rpcFixture } from '../support/rpc-fixture.ts';
import type { RpcFixture } from '../support/rpc-fixture.ts';
import { until } from '../support/until.ts';

/** Two connected ends of one transport. */
export interface TransportPair {
  /** The end that serves. */
  serverEnd: Connection;
  clientEnd: Connection;
  dispose(): Promise<void>;
}

const id = 'a' as JobId;

export function rpcConformance(name: string, connect: () => Promise<TransportPair>): void {
  describe(`rpc over ${name}`, () => {
    let pair: TransportPair;
    let fixture: RpcFixture;
    let client: Client;
    const bugs: unknown[] = [];

    const serve = (more: Partial<ServeOptions<Events>> = {}): void => {
      serveApi({
        connection: pair.serverEnd,
        contract,
        invoker: fixture.invoker,
        events: fixture.events,
        hello: { contractHash: contractHash(contract), appVersion: '0.0.1' },
        face: 'window',
        allow: (call, spec) => spec.reach === 'any' || new AppError('not_allowed', `${call} is not for you`),
        onBug: (error) => bugs.push(error),
        validateEvents: true,
        ...more,
      });
    };

    beforeEach(async () => {
      bugs.length = 0;
      pair = await connect();
      fixture = rpcFixture();
    });

    afterEach(async () => {
      pair.clientEnd.close();
      pair.serverEnd.close();
      await pair.dispose();
      expect(fixture.thrown).toEqual([]);
    });

    it('greets with the contract hash and the version', async () => {
      serve();
      client = createClient(pair.clientEnd);
      expect(await client.hello).toEqual({ contractHash: contractHash(contract), appVersion: '0.0.1' });
    });

    it('carries a call to its handler with defaults filled in, and its value back', async () => {
      serve();
      client = createClient(pair.clientEnd);
      expect(await client.api.jobs.list({})).toEqual({ jobs: [jobView('a')], cursor: null });
      expect(fixture.made).toEqual(['jobs.list 200']);
    });

    it('carries out calls in the order they were made', async () => {
      serve();
      client = createClient(pair.clientEnd);
      const notes = Array.from({ length: 200 }, (_, index) => `note ${String(index)}`);
      const replies = await Promise.all(notes.map((note) => client.api.jobs.setNote({ id, note })));
      expect(fixture.made).toEqual(notes.map((note) => `jobs.setNote ${note}`));
      expect(replies.map(({ job }) => job.note)).toEqual(notes);
    });

    it('refuses arguments that break the schema, naming the path, before the handler hears of them', async () => {
      serve();
      client = createClient(pair.clientEnd);
      const error = await client.api.jobs
        .setNote({ id, note: 7 as unknown as string })
        .catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'invalid_request', details: { call: 'jobs.setNote', path: ['note'] } });
      await expect(client.api.jobs.setNote({ id, note: 'x', more: 1 } as never)).rejects.toMatchObject({
        code: 'invalid_request',
      });
      expect(fixture.made).toEqual([]);
    });

    it('refuses calls that do not exist, also those every object has', async () => {
      serve();
      client = createClient(pair.clientEnd);
      for (const call of ['jobs.explode', 'constructor', '__proto__', 'toString', '']) {
        await expect(client.call(call as never, {} as never)).rejects.toMatchObject({ code: 'invalid_request' });
      }
    });

    it('asks whether the caller may, before anything else', async () => {
      serve();
      client = createClient(pair.clientEnd);
      await expect(client.api.servers.discover({})).rejects.toMatchObject({ code: 'not_allowed' });
      expect(fixture.made).toEqual([]);
    });

    it('carries an error with its code, details, cause and whether trying again may help', async () => {
      serve();
      client = createClient(pair.clientEnd);
      const error = await client.api.queue.pause({}).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({
        code: 'server_unreachable',
        message: 'it is off',
        retryable: true,
        details: { port: 8188 },
      });
      expect((error as AppError).cause).toMatchObject({ message: 'ECONNREFUSED' });
      expect(bugs).toEqual([]);
    });

    it('answers a bug of ours as one, and reports it', async () => {
      serve();
      client = createClient(pair.clientEnd);
      await expect(client.api.jobs.remove({ ids: [id] })).rejects.toMatchObject({ code: 'bug' });
      expect(bugs).toHaveLength(1);
    });

    it('aborts in the handler when the caller aborts, and rejects with the reason of its signal', async () => {
      serve();
      client = createClient(pair.clientEnd);
      const controller = new AbortController();
      const call = client.api.jobs.awaitEnd({ id }, { signal: controller.signal });
      await until('the handler waits', () => fixture.waiting.length === 1);
      const reason = new Error('enough');
      controller.abort(reason);
      await expect(call).rejects.toBe(reason);
      await until('the handler heard', () => fixture.waiting[0]?.signal.aborted === true);
      expect((await client.api.queue.summary({})).running).toBe(0);
      expect(bugs).toEqual([]);
    });

    it('does not send a call whose signal is aborted already', async () => {
      serve();
      client = createClient(pair.clientEnd);
      await expect(client.api.jobs.list({}, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow(
        'before',
      );
      await client.api.queue.summary({});
      expect(fixture.made).toEqual([]);
    });

    it('aborts the calls of a connection that closes, and rejects them at the client', async () => {
      serve();
      client = createClient(pair.clientEnd);
      const call = client.api.jobs.awaitEnd({ id });
      await until('the handler waits', () => fixture.waiting.length === 1);
      pair.clientEnd.close();
      await expect(call).rejects.toMatchObject({ code: 'server_unreachable', details: { peer: 'host' } });
      await until('the handler heard', () => fixture.waiting[0]?.signal.aborted === true);
      await expect(client.api.queue.summary({})).rejects.toMatchObject({ code: 'server_unreachable' });
      expect(client.closed).toBe(true);
    });

    it('rejects what is open when the host closes', async () => {
      serve();
      client = createClient(pair.clientEnd);
      const call = client.api.jobs.awaitEnd({ id });
      call.catch(() => undefined);
      await until('the handler waits', () => fixture.waiting.length === 1);
      pair.serverEnd.close();
      await expect(call).rejects.toMatchObject({ code: 'server_unreachable' });
    });

    it('brings watched events in order, from the moment the watch was heard, and none after it ends', async () => {
      serve();
      client = createClient(pair.clientEnd);
      const heard: number[] = [];
      const watching = client.watch(['job.changed', 'job.removed'], (event) => {
        if (event.topic === 'job.changed') heard.push(event.payload.rev);
        else heard.push(-1);
      });
      await client.api.queue.summary({});
      for (let rev = 1; rev <= 300; rev += 1) fixture.events.emit('job.changed', jobView('a', { rev }));
      fixture.events.emit('job.removed', { id });
      fixture.events.emit('settings.changed', {} as never);
      await until('all have come', () => heard.length === 301);
      expect(heard).toEqual([...Array.from({ length: 300 }, (_, index) => index + 1), -1]);
      watching[Symbol.dispose]();
      await client.api.queue.summary({});
      expect(fixture.events.listenerCount('job.changed')).toBe(0);
    });

    it('shares one subscription among watchers of a topic until the last one ends', async () => {
      serve();
      client = createClient(pair.clientEnd);
      const heard: string[] = [];
      const first = client.watch(['job.removed'], () => heard.push('first'));
      const second = client.watch(['job.removed'], () => heard.push('second'));
      await client.api.queue.summary({});
      expect(fixture.events.listenerCount('job.removed')).toBe(1);
      first[Symbol.dispose]();
      await client.api.queue.summary({});
      fixture.events.emit('job.removed', { id });
      await until('the second heard', () => heard.length === 1);
      expect(heard).toEqual(['second']);
      second[Symbol.dispose]();
      await client.api.queue.summary({});
      expect(fixture.events.listenerCount('job.removed')).toBe(0);
    });

    it('ends every subscription of a connection that closes', async () => {
      serve();
      client = createClient(pair.clientEnd);
      client.watch(['job.changed', 'job.live'], () => undefined);
      await client.api.queue.summary({});
      expect(fixture.events.listenerCount('job.live')).toBe(1);
      pair.clientEnd.close();
      await until(
        'nothing listens',
        () => fixture.events.listenerCount('job.live') + fixture.events.listenerCount('job.changed') === 0,
      );
    });

    it('keeps only the newest of each job for a client that does not confirm, and sends it in the end', async () => {
      serve({ outbox: { window: 50, patienceMs: 60_000 } });
      // A client that hears but does not say so, until it is asked to.
      const marks: number[] = [];
      const revs: number[] = [];
      pair.clientEnd.onMessage((value) => {
        const message = value as { type: string; n: number; payload: { rev: number } };
        if (message.type === 'mark') marks.push(message.n);
        if (message.type === 'event') revs.push(message.payload.rev);
      });
      pair.clientEnd.send({ type: 'watch', topics: ['job.changed'] });
      await until('it watches', () => fixture.events.listenerCount('job.changed') === 1);
      for (let rev = 1; rev <= 1_000; rev += 1) fixture.events.emit('job.changed', jobView('a', { rev }));
      fixture.events.emit('job.changed', jobView('a', { rev: 999 }));
      await until('the window is full', () => revs.length === 50 && marks.length > 0);
      for (const n of marks) pair.clientEnd.send({ type: 'seen', n });
      await until('the newest has come', () => revs.at(-1) === 1_000);
      expect(revs).toEqual([...Array.from({ length: 50 }, (_, index) => index + 1), 1_000]);
    });

    it('tells a client that stays behind to resync, and drops what came before it heard that', async () => {
      serve({ outbox: { window: 50, patienceMs: 200 } });
      const seen: (number | string)[] = [];
      const marks: number[] = [];
      pair.clientEnd.onMessage((value) => {
        const message = value as { type: string; n: number; payload: { rev: number } };
        if (message.type === 'mark') marks.push(message.n);
        if (message.type === 'event') seen.push(message.payload.rev);
        if (message.type === 'resync') seen.push('resync');
      });
      pair.clientEnd.send({ type: 'watch', topics: ['job.changed'] });
      await until('it watches', () => fixture.events.listenerCount('job.changed') === 1);
      for (let rev = 1; rev <= 100; rev += 1) fixture.events.emit('job.changed', jobView('a', { rev }));
      await until('it is told', () => seen.at(-1) === 'resync');
      fixture.events.emit('job.changed', jobView('a', { rev: 101 }));
      for (const n of marks) pair.clientEnd.send({ type: 'seen', n });
      pair.clientEnd.send({ type: 'call', id: 1, name: 'queue.summary', args: {} });
      await until('that was heard', async () => {
        fixture.events.emit('job.changed', jobView('a', { rev: 200 }));
        return seen.at(-1) === 200;
      });
      expect(seen.slice(0, 51)).toEqual([...Array.from({ length: 50 }, (_, index) => index + 1), 'resync']);
      expect(seen.filter((entry) => entry === 'resync')).toHaveLength(1);
      expect(seen).not.toContain(101);
    });

    it('lets a client of ours know of a resync', async () => {
      serve({ outbox: { window: 50, patienceMs: 100, maxKept: 3 } });
      client = createClient(pair.clientEnd);
      let resyncs = 0;
      client.onResync(() => {
        resyncs += 1;
      });
      client.watch(['job.changed'], () => undefined);
      await client.api.queue.summary({});
      // In one turn of the loop no confirmation can come: more than the window, and more than may be kept.
      for (let index = 0; index < 100; index += 1) fixture.events.emit('job.changed', jobView(`job-${String(index)}`));
      await until('it is told', () => resyncs === 1);
      expect((await client.api.queue.summary({})).running).toBe(0);
    });

    it('survives 10,000 malformed messages: nothing thrown, nothing carried out, still serving', async () => {
      serve();
      client = createClient(pair.clientEnd);
      const field = fc.oneof(
        fc.anything({ maxDepth: 2 }),
        fc.constantFrom('call', 'abort', 'watch', 'unwatch', 'seen', 'jobs.setNote', -1, 0, 1.5, 2 ** 60),
      );
      const shaped = fc.record(
        { type: field, id: field, name: field, args: field, topics: field, n: field },
        { requiredKeys: [] },
      );
      const messages = fc.sample(fc.oneof(shaped, fc.anything({ maxDepth: 2 })), { numRuns: 10_000, seed: 42 });
      for (const message of messages) {
        let json: unknown;
        try {
          json = JSON.parse(JSON.stringify(message));
        } catch (_) {
          continue; // What has no JSON never becomes a message.
        }
        pair.clientEnd.send(json as never);
      }
      expect((await client.api.queue.summary({})).running).toBe(0);
      expect(fixture.made).toEqual([]);
      expect(bugs).toEqual([]);
    });

    it('carries a reply of several megabytes whole', async () => {
      const jobs = Array.from({ length: 6_000 }, (_, index) => jobView(`job-${String(index)}`, { rev: index }));
      Object.assign(fixture.handlers, { 'jobs.list': () => ({ jobs, cursor: null }) });
      fixture = {
        ...fixture,
        invoker: (await import('../../shared/rpc/invoke.ts')).createInvoker({ contract, handlers: fixture.handlers }),
      };
      serve();
      client = createClient(pair.clientEnd);
      expect((await client.api.jobs.list({})).jobs).toHaveLength(6_000);
    });
  });
}
