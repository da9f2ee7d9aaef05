/** Waiting: what wakes, what ends a wait, and that nothing of a wait that is over is kept. */
import { describe, expect, it } from 'vitest';
import { Aborted, sleep, Wake } from '../../../../shared/util/async.ts';

describe('a latch', () => {
  it('wakes everyone who waits, and nobody who comes later', async () => {
    const latch = new Wake();
    const both = Promise.all([latch.wait(10_000), latch.wait(10_000)]);
    latch.wake();
    expect(await both).toEqual([true, true]);
    expect(await latch.wait(1)).toBe(false);
  });

  it('waits-without-end: waits that ran out or were left are not kept until somebody wakes', async () => {
    const latch = new Wake();
    const left = new AbortController();
    const waits = [latch.wait(1), latch.wait(1), latch.wait(10_000, left.signal).catch((error: unknown) => error)];
    expect(latch.waiting).toBe(3);
    left.abort(new Aborted('CallerLeft'));
    expect(await Promise.all(waits)).toEqual([false, false, left.signal.reason]);
    expect(latch.waiting).toBe(0);
  });

  it('a waiter that has left already is told why at once', async () => {
    const reason = new Aborted('Shutdown');
    await expect(new Wake().wait(10_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(sleep(10_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
