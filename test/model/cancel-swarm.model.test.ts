/**
 * SwarmUI's stop procedure under every interleaving with claims, slots, hand-over, ComfyUI and neighbours (architecture
 * §7.3). The right procedure must never report falsely nor hit anybody; each wrong variant must be caught.
 */
import { describe, expect, test } from 'vitest';
import { explore } from './cancel-swarm.ts';
import type { Variant, Verdict, World } from './swarm-server-model.ts';

const said = (verdict: Verdict): Record<string, string[]> => Object.fromEntries(verdict.faults);

describe('the procedure', () => {
  const worlds: Record<string, World> = {
    'one, from the first byte': { jobs: [{ name: 'T', at: 'travel' }], stop: ['T'], slots: 2 },
    'one that runs, a neighbour pre-queued': {
      jobs: [
        { name: 'T', at: 'exec' },
        { name: 'O', at: 'accepted' },
      ],
      stop: ['T'],
      slots: 2,
    },
    'one sent behind a running neighbour': {
      jobs: [
        { name: 'O', at: 'exec' },
        { name: 'T', at: 'travel' },
      ],
      stop: ['T'],
      slots: 2,
    },
    'one pre-queued between neighbours': {
      jobs: [
        { name: 'O', at: 'exec' },
        { name: 'T', at: 'accepted' },
        { name: 'P', at: 'wait' },
      ],
      stop: ['T'],
      slots: 2,
    },
    'one waiting behind two neighbours': {
      jobs: [
        { name: 'O', at: 'exec' },
        { name: 'P', at: 'accepted' },
        { name: 'T', at: 'wait' },
      ],
      stop: ['T'],
      slots: 2,
    },
    'two of ours at once': {
      jobs: [
        { name: 'T', at: 'exec' },
        { name: 'U', at: 'accepted' },
      ],
      stop: ['T', 'U'],
      slots: 2,
    },
    'two of ours and a waiting neighbour': {
      jobs: [
        { name: 'T', at: 'exec' },
        { name: 'U', at: 'accepted' },
        { name: 'O', at: 'wait' },
      ],
      stop: ['T', 'U'],
      slots: 2,
    },
  };
  for (const [name, world] of Object.entries(worlds)) {
    for (const mode of ['stop', 'if-waiting'] as const) {
      test(`${name}, ${mode}: nobody else is hit, no false word, always an end`, () => {
        const verdict = explore({ ...world, mode });
        expect(said(verdict)).toEqual({});
        expect(verdict.states).toBeGreaterThan(10);
      });
    }
  }

  test('a hand-over slower than assumed leaves an orphan, and the look finds it', () => {
    for (const world of Object.values(worlds)) expect(said(explore({ ...world, slow: true }))).toEqual({});
  });

  test('loses no slot where nothing of ours waits and hand-overs are as quick as assumed', () => {
    for (const name of [
      'one, from the first byte',
      'one that runs, a neighbour pre-queued',
      'two of ours at once',
      'two of ours and a waiting neighbour',
    ]) {
      const world = worlds[name];
      if (world !== undefined) expect([name, explore(world).mostLost]).toEqual([name, 0]);
    }
  });

  test('three of ours on two slots, as when a neighbour took one: waiting, pre-queued, running, in that order, lose no slot', () => {
    const verdict = explore({
      jobs: [
        { name: 'T', at: 'exec' },
        { name: 'U', at: 'accepted' },
        { name: 'V', at: 'wait' },
      ],
      stop: ['T', 'U', 'V'],
      slots: 2,
    });
    expect(said(verdict)).toEqual({});
    expect(verdict.reports).toContain('stopped');
  });

  test('reports what happened: stopped, finished by itself, or started where only waiting ones were meant', () => {
    const world: World = { jobs: [{ name: 'T', at: 'travel' }], stop: ['T'], slots: 2 };
    expect([...explore(world).reports].sort()).toEqual(['finished', 'stopped']);
    expect([...explore({ ...world, mode: 'if-waiting' }).reports]).toContain('started');
  });
});

describe('wrong variants are caught', () => {
  const behind: World = {
    jobs: [
      { name: 'O', at: 'exec' },
      { name: 'T', at: 'travel' },
    ],
    stop: ['T'],
    slots: 2,
  };
  const run = (world: World, variant: Variant): Verdict => explore(world, variant);

  test('sent at once and the stream believed: an orphan is called stopped (swarmui rec 16)', () => {
    const way = run(behind, { noHold: true, noLook: true }).faults.get('called stopped while it computes') ?? [];
    expect(way).toContain('hand over T');
  });

  test('the stream believed after a wait: a pre-queued one that begins in that moment (7 of 80)', () => {
    const way =
      run(
        {
          jobs: [
            { name: 'O', at: 'exec' },
            { name: 'T', at: 'accepted' },
          ],
          stop: ['T'],
          slots: 2,
        },
        { noLook: true },
      ).faults.get('called stopped while it computes') ?? [];
    expect(way).toContain('begin T');
  });

  test('sent at once: a slot is lost (S13)', () => {
    expect(run(behind, { noHold: true }).mostLost).toBeGreaterThan(0);
  });

  test('each on its own instead of one line: a slot is lost when the freed one is granted', () => {
    const world: World = {
      jobs: [
        { name: 'T', at: 'exec' },
        { name: 'U', at: 'wait' },
      ],
      stop: ['T', 'U'],
      slots: 1,
    };
    expect(run(world, { noLine: true }).mostLost).toBeGreaterThan(0);
    expect(run(world, {}).mostLost).toBeLessThanOrEqual(run(world, { noLine: true }).mostLost);
  });

  test('one session for all: neighbours are hit', () => {
    expect(said(run(behind, { oneSession: true }))).toHaveProperty('a neighbour was hit');
  });
});
