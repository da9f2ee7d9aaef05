/** Seeds as they stand in a form, as text, and the plan they make. Pure. */
import { MAX_SEED } from '../../shared/workflow/variants.ts';
import type { SeedPlan } from '../../shared/workflow/variants.ts';

export interface Seeds {
  mode: SeedPlan['mode'];
  count: string;
  from: string;
}

/** The plan, or null while its numbers are none. `most` is the largest seed there is. */
export function planOfSeeds({ mode, count, from }: Seeds, most = MAX_SEED): SeedPlan | null {
  if (mode === 'fixed') return { mode };
  const many = wholeNumber(count);
  if (many === null || many < 1) return null;
  if (mode === 'random') return { mode, count: many };
  const first = wholeNumber(from);
  return first === null || first < 0 || first > most - many + 1 ? null : { mode, from: first, count: many };
}

/** A whole number as typed, or null. */
export function wholeNumber(text: string): number | null {
  const number = text.trim() === '' ? NaN : Number(text);
  return Number.isSafeInteger(number) ? number : null;
}

/** An object as kept; empty for anything that is none. */
export const keptObject = (kept: unknown): Record<string, unknown> =>
  typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};

export const keptWord = (kept: unknown, otherwise: string): string => (typeof kept === 'string' ? kept : otherwise);

/** Seeds as kept between visits; `from` is where a range begins when that was not kept. */
export function keptSeeds(kept: unknown, from: string): Seeds {
  const { mode, ...old } = keptObject(kept);
  return {
    mode: mode === 'fixed' || mode === 'range' ? mode : 'random',
    count: keptWord(old['count'], '1'),
    from: keptWord(old['from'], from),
  };
}
