/**
 * How many rounds a random test makes: its own number in `npm test`, many times that in `npm run test:long`. The one
 * setting for all of them; deadlines grow along.
 */
import process from 'node:process';

export const runsFactorVariable = 'SWITCHYARD_TEST_RUNS';
export const longFactor = 20;

/** By how much every random test is longer than in `npm test`. */
export const runsFactor = Number(process.env[runsFactorVariable] ?? 1);

/** As many rounds as asked for. */
export function runs(usual: number): number {
  return Math.ceil(usual * runsFactor);
}
