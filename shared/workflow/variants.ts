/**
 * Prompt variants (`{fog|rain|first snow}`) and seeds → the jobs of one batch, as patches over one graph. Counting is
 * exact and cheap, so that the button can count while the artist types. Sends nothing.
 */
import type { JobPatch } from '../job.ts';
import type { WorkflowInput } from './inputs.ts';
import { titleOf } from './summarize.ts';

/** As many as one call may bring. */
export const MAX_JOBS = 10_000;
/** Seeds are made below 2^53: beyond it JSON numbers are no longer exact. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER;

/** Choices inside choices inside choices: deeper ones are plain text. */
const MAX_NESTING = 20;

export type SeedPlan =
  /** As the workflow has them. */
  | { mode: 'fixed' }
  | { mode: 'random'; count: number }
  /** `from`, `from + 1`, … */
  | { mode: 'range'; from: number; count: number };

/** A variant of one text: its full text, and the alternatives that were taken. */
export interface TextVariant {
  text: string;
  choices: readonly string[];
}

type Piece = { type: 'text'; text: string } | { type: 'choice'; options: readonly (readonly Piece[])[] };

/** How many texts a prompt stands for; `Infinity` above `MAX_JOBS`, so that nobody multiplies on. */
export function countVariants(prompt: string): number {
  const count = countOf(parse(prompt));
  return count > MAX_JOBS ? Infinity : count;
}

/** All texts a prompt stands for, in the order they are written; at most `MAX_JOBS`. */
export function expandVariants(prompt: string): TextVariant[] {
  return expand(parse(prompt));
}

export interface PlannedJob {
  title: string;
  patch: JobPatch;
}

/** What the card on the right says: `groups` are the variants in order, `total` is `Infinity` when it is too many. */
export interface Plan {
  total: number;
  prompts: number;
  seedsPerPrompt: number;
}

/** Counts without making anything. A workflow without seeds makes one job for each prompt. */
export function planJobs(prompts: readonly string[], seedInputs: number, seeds: SeedPlan): Plan {
  const product = prompts.reduce((total, prompt) => total * countVariants(prompt), 1);
  const seedsPerPrompt = seedInputs === 0 || seeds.mode === 'fixed' ? 1 : Math.max(1, Math.floor(seeds.count));
  const total = product * seedsPerPrompt;
  return { total: total > MAX_JOBS ? Infinity : total, prompts: product, seedsPerPrompt };
}

/** The variants as the card lists them: which alternatives, in words. One entry with no words when there are none. */
export function variantLabels(prompts: readonly string[], limit: number): string[] {
  if (planJobs(prompts, 0, { mode: 'fixed' }).total === Infinity) return [];
  return combine(prompts.map(expandVariants))
    .slice(0, limit)
    .map((texts) =>
      texts
        .flatMap((variant) => variant.choices)
        .filter((choice) => choice.trim() !== '')
        .join(', '),
    );
}

/**
 * The jobs: every combination of variants, each with its seeds. `texts` are the editable prompts with the text as
 * typed; each gets a `set` in the patch only where it has variants, since the shared graph already holds the rest.
 */
export function makeJobs(
  texts: readonly { input: WorkflowInput; text: string }[],
  seedInputs: readonly WorkflowInput[],
  seeds: SeedPlan,
  randomSeed: () => number = newSeed,
): PlannedJob[] {
  if (
    planJobs(
      texts.map(({ text }) => text),
      seedInputs.length,
      seeds,
    ).total === Infinity
  )
    return [];
  const combinations = combine(texts.map(({ text }) => expandVariants(text)));
  const used = new Set<number>();
  const jobs: PlannedJob[] = [];
  for (const combination of combinations) {
    for (const seed of seedInputs.length === 0 ? [null] : drawSeeds(seeds, randomSeed, used)) {
      const set: Record<string, Record<string, string | number>> = {};
      texts.forEach(({ input, text }, index) => {
        const variant = combination[index];
        if (variant !== undefined && variant.text !== text) (set[input.nodeId] ??= {})[input.input] = variant.text;
      });
      if (seed !== null) for (const input of seedInputs) (set[input.nodeId] ??= {})[input.input] = seed;
      const positive = combination.find((_, index) => texts[index]?.input.role === 'prompt');
      jobs.push({ title: titleOf(positive?.text ?? ''), patch: { set } });
    }
  }
  return jobs;
}

/**
 * One seed for each job; null leaves the workflow's own. Random ones differ from each other and from those in `used`: a
 * server does nothing for a graph it has just run.
 */
export function drawSeeds(
  plan: SeedPlan,
  randomSeed: () => number = newSeed,
  used = new Set<number>(),
): (number | null)[] {
  if (plan.mode === 'fixed') return [null];
  const count = Math.max(1, Math.floor(plan.count));
  if (plan.mode === 'range') return Array.from({ length: count }, (_, index) => Math.min(MAX_SEED, plan.from + index));
  return Array.from({ length: count }, () => {
    let seed = randomSeed();
    while (used.has(seed)) seed = seed >= MAX_SEED ? 0 : seed + 1;
    used.add(seed);
    return seed;
  });
}

/**
 * 31 random bits: the seed inputs of many nodes take no more, and a larger one would have the whole job refused.
 * `crypto.getRandomValues` also exists where a page has no secure context.
 */
export function newSeed(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) >>> 1;
}

function combine(lists: readonly (readonly TextVariant[])[]): TextVariant[][] {
  return lists.reduce<TextVariant[][]>(
    (made, list) => made.flatMap((head) => list.map((tail) => [...head, tail])),
    [[]],
  );
}

/**
 * `{a|b}` is a choice and may hold choices; `\{`, `\|` and `\}` are plain characters; braces without a bar between
 * them, or without a partner, are plain text.
 */
function parse(prompt: string): Piece[] {
  const partner = partners(prompt);
  return parseRange(prompt, 0, prompt.length, partner);
}

/** Position of `{` → its `}`, and the bars between them that belong to it, for pairs that hold at least one bar. */
function partners(prompt: string): Map<number, { end: number; bars: number[] }> {
  const found = new Map<number, { end: number; bars: number[] }>();
  const open: { at: number; bars: number[] }[] = [];
  for (let at = 0; at < prompt.length; at += 1) {
    const char = prompt[at];
    if (char === '\\') at += 1;
    else if (char === '{') open.push({ at, bars: [] });
    else if (char === '|') open.at(-1)?.bars.push(at);
    else if (char === '}') {
      const pair = open.pop();
      if (pair !== undefined && pair.bars.length > 0 && open.length < MAX_NESTING)
        found.set(pair.at, { end: at, bars: pair.bars });
    }
  }
  return found;
}

function parseRange(
  prompt: string,
  from: number,
  to: number,
  pairs: ReadonlyMap<number, { end: number; bars: number[] }>,
): Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  for (let at = from; at < to; at += 1) {
    const char = prompt[at] ?? '';
    const next = prompt[at + 1];
    const pair = pairs.get(at);
    if (char === '\\' && (next === '{' || next === '|' || next === '}')) {
      text += next;
      at += 1;
    } else if (char === '\\') {
      text += char + (at + 1 < to ? (next ?? '') : '');
      at += 1;
    } else if (pair !== undefined && pair.end < to) {
      if (text !== '') pieces.push({ type: 'text', text });
      text = '';
      const edges = [at, ...pair.bars, pair.end];
      const options = edges.slice(1).map((end, index) => parseRange(prompt, (edges[index] ?? at) + 1, end, pairs));
      pieces.push({ type: 'choice', options });
      at = pair.end;
    } else text += char;
  }
  if (text !== '') pieces.push({ type: 'text', text });
  return pieces;
}

function countOf(pieces: readonly Piece[]): number {
  let total = 1;
  for (const piece of pieces) {
    if (piece.type === 'text') continue;
    let options = 0;
    for (const option of piece.options) options += countOf(option);
    total *= options;
    if (total > MAX_JOBS) return Infinity;
  }
  return total;
}

function expand(pieces: readonly Piece[]): TextVariant[] {
  if (countOf(pieces) > MAX_JOBS) return [];
  return pieces.reduce<TextVariant[]>(
    (made, piece) => {
      if (piece.type === 'text') return made.map((head) => ({ ...head, text: head.text + piece.text }));
      const options = piece.options.flatMap((option) => expand(option));
      return made.flatMap((head) =>
        options.map((tail) => ({ text: head.text + tail.text, choices: [...head.choices, tail.text] })),
      );
    },
    [{ text: '', choices: [] }],
  );
}
