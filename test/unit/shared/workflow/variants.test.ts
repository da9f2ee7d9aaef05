/** Variants and seeds: what is counted is what is made, and texts without variants pass through unharmed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WorkflowInput } from '../../../../shared/workflow/inputs.ts';
import {
  countVariants,
  expandVariants,
  makeJobs,
  MAX_SEED,
  newSeed,
  planJobs,
  variantLabels,
} from '../../../../shared/workflow/variants.ts';
import { runs } from '../../../runs.ts';

const texts = (prompt: string): string[] => expandVariants(prompt).map(({ text }) => text);

describe('a prompt stands for', () => {
  it.each([
    [
      'harbour, {fog|rain|first snow}, dusk',
      ['harbour, fog, dusk', 'harbour, rain, dusk', 'harbour, first snow, dusk'],
    ],
    ['{a|b} {1|2}', ['a 1', 'a 2', 'b 1', 'b 2']],
    ['{a|{b|c} d}', ['a', 'b d', 'c d']],
    ['{red |}kiosk', ['red kiosk', 'kiosk']],
    ['plain (weighted:1.2) \\(kept\\)', ['plain (weighted:1.2) \\(kept\\)']],
    ['{no bar} and a | bar', ['{no bar} and a | bar']],
    ['{open|never closed', ['{open|never closed']],
    ['closed|} only', ['closed|} only']],
    ['\\{a\\|b\\}', ['{a|b}']],
    ['{a \\| b|c}', ['a | b', 'c']],
    ['', ['']],
  ])('%s', (prompt, expected) => {
    expect(texts(prompt)).toEqual(expected);
    expect(countVariants(prompt)).toBe(expected.length);
  });

  it('no more than one call may bring', () => {
    expect(countVariants('{a|b|c|d|e|f|g|h|i|j}'.repeat(5))).toBe(Infinity);
    expect(expandVariants('{a|b|c|d|e|f|g|h|i|j}'.repeat(5))).toEqual([]);
  });

  it('what its count says, and never throws', () => {
    const prompt = fc
      .array(fc.constantFrom('{', '}', '|', '\\', 'a', ' '), { maxLength: 24 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(prompt, (text) => {
        const count = countVariants(text);
        if (count !== Infinity) expect(expandVariants(text).length).toBe(count);
      }),
      { numRuns: runs(2_000) },
    );
  });

  it('deep nests without overflowing', () => {
    expect(() => expandVariants('{|'.repeat(50_000) + '}'.repeat(50_000))).not.toThrow();
  });
});

const input = (nodeId: string, name: string, role: WorkflowInput['role'], value: string | number): WorkflowInput => ({
  nodeId,
  input: name,
  role,
  value,
  nodeTitle: nodeId,
});
const prompt = input('6', 'text', 'prompt', '');
const negative = input('7', 'text', 'negative', '');
const seeds = [input('3', 'seed', 'seed', 1), input('4', 'noise_seed', 'seed', 2)];

describe('the jobs of a batch', () => {
  it('are variants × seeds, with the same seed in every sampler', () => {
    let next = 100;
    const jobs = makeJobs(
      [
        { input: prompt, text: '{fog|rain}' },
        { input: negative, text: 'people' },
      ],
      seeds,
      { mode: 'random', count: 2 },
      () => (next += 1),
    );
    expect(jobs.map(({ patch }) => patch.set)).toEqual([
      { '6': { text: 'fog' }, '3': { seed: 101 }, '4': { noise_seed: 101 } },
      { '6': { text: 'fog' }, '3': { seed: 102 }, '4': { noise_seed: 102 } },
      { '6': { text: 'rain' }, '3': { seed: 103 }, '4': { noise_seed: 103 } },
      { '6': { text: 'rain' }, '3': { seed: 104 }, '4': { noise_seed: 104 } },
    ]);
    expect(jobs[3]?.title).toBe('rain');
  });

  it('share a range of seeds, prompt by prompt', () => {
    const jobs = makeJobs([{ input: prompt, text: '{a|b}' }], seeds.slice(0, 1), { mode: 'range', from: 7, count: 2 });
    expect(jobs.map(({ patch }) => patch.set?.['3']?.['seed'])).toEqual([7, 8, 7, 8]);
  });

  it('are one without variants, with nothing to patch', () => {
    expect(makeJobs([{ input: prompt, text: 'a kiosk' }], seeds, { mode: 'fixed' })).toEqual([
      { title: 'a kiosk', patch: { set: {} } },
    ]);
  });

  it('never share a random seed', () => {
    const jobs = makeJobs([], seeds.slice(0, 1), { mode: 'random', count: 3 }, () => MAX_SEED);
    expect(new Set(jobs.map(({ patch }) => patch.set?.['3']?.['seed'])).size).toBe(3);
  });

  it('are as many as the plan says', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('x', '{a|b}', '{a|b|c} {d|e}'),
        fc.nat(2),
        fc.constantFrom('fixed', 'random', 'range'),
        fc.integer({ min: 1, max: 9 }),
        (text, seedCount, mode, count) => {
          const plan = mode === 'fixed' ? { mode } : mode === 'random' ? { mode, count } : { mode, from: 1, count };
          const chosen = seeds.slice(0, seedCount);
          expect(makeJobs([{ input: prompt, text }], chosen, plan).length).toBe(
            planJobs([text], chosen.length, plan).total,
          );
        },
      ),
    );
  });
});

it('labels name the alternatives that were taken', () => {
  expect(variantLabels(['harbour, {fog|rain}, {dawn|dusk}'], 3)).toEqual(['fog, dawn', 'fog, dusk', 'rain, dawn']);
  expect(variantLabels(['plain'], 3)).toEqual(['']);
});

it('random seeds are whole numbers of 31 bits, which every node takes', () => {
  const made = Array.from({ length: 2_000 }, newSeed);
  expect(made.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31)).toBe(true);
  expect(Math.max(...made)).toBeGreaterThan(2 ** 30);
  expect(made.some((seed) => seed % 2 === 1)).toBe(true);
});
