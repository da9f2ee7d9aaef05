/** shared/rpc/outbox.ts: what is kept for a slow client, what is dropped, and that a removal is never lost nor undone. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Outbox } from '../../../../shared/rpc/outbox.ts';
import type { OutboxOptions } from '../../../../shared/rpc/outbox.ts';
import { until } from '../../../support/until.ts';
import { runs } from '../../../runs.ts';

interface Sent {
  topic: string;
  payload: unknown;
}

const made: Outbox[] = [];
afterEach(() => {
  for (const outbox of made.splice(0)) outbox.close();
});

function setUp(options: Partial<OutboxOptions> = {}): {
  outbox: Outbox;
  sent: Sent[];
  marks: number[];
  transport: { buffered: number };
} {
  const sent: Sent[] = [];
  const marks: number[] = [];
  const transport = { buffered: 0 };
  const outbox = new Outbox({
    send: (topic, payload) => sent.push({ topic, payload }),
    sendResync: () => sent.push({ topic: 'resync', payload: null }),
    sendMark: (n) => marks.push(n),
    bufferedBytes: () => transport.buffered,
    ...options,
  });
  made.push(outbox);
  return { outbox, sent, marks, transport };
}

const job = (id: string, rev: number): { id: string; rev: number } => ({ id, rev });

describe('a slow client', () => {
  it('gets the newest of each thing, in the order of its newest news, once its buffer is empty', async () => {
    const { outbox, sent, transport } = setUp();
    transport.buffered = 2 * 1024 * 1024;
    outbox.push('job.changed', job('a', 1));
    outbox.push('job.changed', job('b', 1));
    outbox.push('job.live', { jobId: 'a', fraction: 0.1 });
    outbox.push('job.changed', job('a', 2));
    outbox.push('job.live', { jobId: 'a', fraction: 0.2 });
    outbox.push('job.changed', job('a', 1));
    expect(sent).toEqual([]);
    transport.buffered = 0;
    await until('it is flushed', () => sent.length > 0);
    expect(sent).toEqual([
      { topic: 'job.changed', payload: job('b', 1) },
      { topic: 'job.changed', payload: job('a', 2) },
      { topic: 'job.live', payload: { jobId: 'a', fraction: 0.2 } },
    ]);
  });

  it('hears that a thing was removed, and nothing older of it after that', async () => {
    const { outbox, sent, transport } = setUp();
    transport.buffered = Infinity;
    outbox.push('job.changed', job('a', 1));
    outbox.push('job.live', { jobId: 'a' });
    outbox.push('server.changed', { id: 'a' });
    outbox.push('job.removed', { id: 'a' });
    transport.buffered = 0;
    await until('it is flushed', () => sent.length > 0);
    expect(sent).toEqual([
      { topic: 'server.changed', payload: { id: 'a' } },
      { topic: 'job.removed', payload: { id: 'a' } },
    ]);
  });

  it('without marks is told to resync when it is behind too long, and goes on when its buffer is empty', async () => {
    const { outbox, sent, transport } = setUp({ sendMark: null, patienceMs: 20 });
    transport.buffered = Infinity;
    outbox.push('job.changed', job('a', 1));
    await until('it is told', () => sent.at(-1)?.topic === 'resync');
    outbox.push('job.changed', job('a', 2));
    expect(sent).toHaveLength(1);
    transport.buffered = 0;
    outbox.push('job.changed', job('a', 3));
    expect(sent.at(-1)).toEqual({ topic: 'job.changed', payload: job('a', 3) });
  });

  it('does not make the host keep more than its share', () => {
    const { outbox, sent, transport } = setUp({ maxKept: 10 });
    transport.buffered = Infinity;
    for (let index = 0; index < 1_000; index += 1) outbox.push('job.changed', job(String(index), 1));
    expect(sent.map(({ topic }) => topic)).toEqual(['resync']);
  });

  it('ignores a confirmation of what was never sent, and one that comes twice', () => {
    const { outbox, sent, marks } = setUp({ window: 50 });
    for (let rev = 1; rev <= 60; rev += 1) outbox.push('job.changed', job('a', rev));
    expect([sent.length, marks]).toEqual([50, [50]]);
    for (const n of [51, 1_000, 0, -1]) outbox.seen(n);
    expect(sent).toHaveLength(50);
    outbox.seen(50);
    outbox.seen(50);
    expect(sent).toHaveLength(51);
    expect(sent.at(-1)?.payload).toEqual(job('a', 60));
  });
});

describe('whatever happens', () => {
  it('a client that confirms what it heard ends with the newest of everything, or was told to resync', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('change' as const), id: fc.integer({ min: 0, max: 4 }) }),
      fc.record({ kind: fc.constant('remove' as const), id: fc.integer({ min: 0, max: 4 }) }),
      fc.record({ kind: fc.constant('confirm' as const), id: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 400 }), (steps) => {
        const { outbox, sent, marks } = setUp({ window: 50 });
        const truth = new Map<string, number>();
        let rev = 0;
        for (const { kind, id } of steps) {
          if (kind === 'confirm') outbox.seen(marks.at(-1) ?? 0);
          else if (kind === 'change') {
            rev += 1;
            truth.set(String(id), rev);
            outbox.push('job.changed', job(String(id), rev));
          } else {
            truth.delete(String(id));
            outbox.push('job.removed', { id: String(id) });
          }
        }
        for (let index = 0; index < 20; index += 1) outbox.seen(marks.at(-1) ?? 0);
        const known = new Map<string, number>();
        for (const { topic, payload } of sent) {
          const { id, rev: itsRev = 0 } = payload as { id: string; rev?: number };
          if (topic === 'job.removed') known.delete(id);
          else known.set(id, itsRev);
        }
        outbox.close();
        expect(known).toEqual(truth);
      }),
      { numRuns: runs(300) },
    );
  });
});
