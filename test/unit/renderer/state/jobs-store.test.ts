/** The fold of jobs: whatever the order in which events and snapshot pages come, the newest revision of each job stands. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ENDED_KEPT, NO_JOBS, apply, sweep } from '../../../../renderer/state/jobs-store.ts';
import type { JobsState } from '../../../../renderer/state/jobs-store.ts';
import type { JobState } from '../../../../shared/job-machine.ts';
import { isTerminal } from '../../../../shared/job-machine.ts';
import { jobView, jobIdOf } from '../views.ts';

const STATES: readonly JobState[] = ['queued', 'submitting', 'accepted', 'running', 'collecting', 'done'];

/** A life of jobs: each job climbs through its states, one revision a step. */
const lives = fc.array(fc.integer({ min: 1, max: STATES.length }), { minLength: 1, maxLength: 6 });

test('any interleaving of events and pages folds to the newest revision of each job', () => {
  fc.assert(
    fc.property(
      lives,
      fc.infiniteStream(fc.nat()),
      fc.array(fc.nat(5), { maxLength: 8 }),
      (lengths, picks, repeats) => {
        const all = lengths.flatMap((length, index) =>
          STATES.slice(0, length).map((state, step) => jobView(`job${index}`, { rev: step + 1, state })),
        );
        // Every view once, in any order, some of them again.
        const bag = [...all, ...repeats.flatMap((index) => all.slice(index, index + 1))];
        let state = NO_JOBS;
        while (bag.length > 0) {
          const at = (picks.next().value ?? 0) % bag.length;
          const take = bag.splice(at, 1 + ((picks.next().value ?? 0) % 3));
          state = apply(state, { upserts: take });
        }
        expect(Object.fromEntries([...state.byId].map(([id, job]) => [id, job.rev]))).toEqual(
          Object.fromEntries(lengths.map((length, index) => [`job${index}`, length])),
        );
        // Nobody is remembered as ended twice, and whoever is has ended.
        expect(new Set(state.ended).size).toBe(state.ended.length);
        for (const id of state.ended) expect(isTerminal(state.byId.get(id)?.state ?? 'queued')).toBe(true);
      },
    ),
  );
});

test('a removed job is not brought back by a page that was read before', () => {
  const seen = apply(NO_JOBS, { upserts: [jobView('a', { rev: 3 })] });
  const gone = apply(seen, { removals: [jobIdOf('a')] });
  expect(gone.byId.size).toBe(0);
  expect(apply(gone, { upserts: [jobView('a', { rev: 2 })] }).byId.size).toBe(0);
});

test('nothing new is the same object, so that nothing renders', () => {
  const state = apply(NO_JOBS, { upserts: [jobView('a', { rev: 3 })] });
  expect(apply(state, { upserts: [jobView('a', { rev: 3 }), jobView('a', { rev: 1 })] })).toBe(state);
  expect(apply(state, {})).toBe(state);
});

test('the sweep after a snapshot drops open jobs that nobody named, and keeps ended ones', () => {
  const state = apply(NO_JOBS, {
    upserts: [jobView('named', { rev: 1 }), jobView('stale', { rev: 1 }), jobView('over', { rev: 2, state: 'done' })],
  });
  const swept = sweep(state, new Set([jobIdOf('named')]));
  expect([...swept.byId.keys()].sort()).toEqual(['named', 'over']);
  expect(swept.ready).toBe(true);
});

test('ended jobs are forgotten oldest first, open ones never', () => {
  let state: JobsState = apply(NO_JOBS, { upserts: [jobView('open', { rev: 1, state: 'running' })] });
  for (let index = 0; index < ENDED_KEPT + 50; index += 1) {
    state = apply(state, { upserts: [jobView(`end${index}`, { rev: 1, state: 'done' })] });
  }
  expect(state.byId.size).toBe(ENDED_KEPT + 1);
  expect(state.byId.has(jobIdOf('open'))).toBe(true);
  expect(state.byId.has(jobIdOf('end0'))).toBe(false);
  expect(state.byId.has(jobIdOf(`end${ENDED_KEPT + 49}`))).toBe(true);
});

test('the layout changes with places and states, not with notes and counts', () => {
  const state = apply(NO_JOBS, { upserts: [jobView('a', { rev: 1 })] });
  expect(apply(state, { upserts: [jobView('a', { rev: 2, note: 'later' })] }).layout).toBe(state.layout);
  expect(apply(state, { upserts: [jobView('a', { rev: 2, held: true })] }).layout).not.toBe(state.layout);
  expect(apply(state, { upserts: [jobView('a', { rev: 2, state: 'running' })] }).layout).not.toBe(state.layout);
  expect(apply(state, { removals: [jobIdOf('a')] }).layout).not.toBe(state.layout);
});
