/** fast-check as `test.prop([arbitraries])(name, body)`, so that a property reads like a test. */
import * as fc from 'fast-check';
import { it } from 'vitest';
import { runs } from '../../runs.ts';

export { fc };

type Arbitraries<Values extends readonly unknown[]> = { [Index in keyof Values]: fc.Arbitrary<Values[Index]> };

export const test = {
  prop:
    <const Values extends readonly unknown[]>(arbitraries: Arbitraries<Values>, numRuns = 500) =>
    (name: string, body: (...values: [...Values]) => void): void => {
      it(name, () => {
        fc.assert(
          fc.property(fc.tuple(...(arbitraries as unknown as fc.Arbitrary<unknown>[])), (values) => {
            body(...(values as unknown as [...Values]));
          }),
          { numRuns: runs(numRuns) },
        );
      });
    },
};
