/**
 * The fold of an attempt's raw progress into one fraction that never falls. For display only: never persisted, never
 * evidence for a state.
 */

/** Raw progress as an adapter reports it. */
export type LiveUpdate =
  | { type: 'place'; place: number | null }
  | { type: 'loading-model' }
  | { type: 'nodes-cached'; nodes: readonly string[] }
  | { type: 'node'; node: string | null }
  | { type: 'step'; node: string | null; value: number; max: number }
  /** For servers that report a fraction themselves (SwarmUI). `images` counts whole images. */
  | { type: 'fraction'; overall: number; current: number | null }
  | { type: 'preview'; mime: string; bytes: Uint8Array };

/**
 * A number from a stranger as a fraction in 0…1, or null when it is none (`NaN`, quoted, negative: comfyui §1,
 * swarmui §3.2).
 */
export function cleanFraction(value: unknown): number | null {
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0) return null;
  return Math.min(1, number);
}

/** Progress of one attempt over its nodes. `order` fills as nodes begin; cached nodes count as done at once. */
export interface NodeProgress {
  readonly total: number;
  readonly done: ReadonlySet<string>;
  readonly current: string | null;
  /** Fill of the current node, 0…1. */
  readonly fill: number;
  readonly fraction: number;
}

export function startProgress(total: number): NodeProgress {
  return { total, done: new Set(), current: null, fill: 0, fraction: 0 };
}

/**
 * Folds one update. The denominator is one more than the nodes, so that 1 is only reached when the outputs are stored,
 * and the fraction never falls. `weights` are the nodes' usual shares of the time (any scale); absent ones weigh 1.
 */
export function foldProgress(
  state: NodeProgress,
  update: LiveUpdate,
  weights: ReadonlyMap<string, number> = new Map(),
): NodeProgress {
  const next = step(state, update);
  // A fraction of the server's own is taken as it is; it knows no nodes.
  if (next === state || update.type === 'fraction') return next;
  const weightOf = (node: string): number => weights.get(node) ?? 1;
  const known = new Set([...weights.keys(), ...next.done, ...(next.current === null ? [] : [next.current])]);
  let all = 0;
  for (const node of known) all += weightOf(node);
  all += Math.max(0, next.total - known.size);
  let filled = 0;
  for (const node of next.done) filled += weightOf(node);
  if (next.current !== null) filled += weightOf(next.current) * next.fill;
  const average = all / Math.max(1, Math.max(next.total, known.size));
  const fraction = Math.max(state.fraction, all + average === 0 ? 0 : filled / (all + average));
  return { ...next, fraction: Math.min(fraction, 0.999) };
}

function step(state: NodeProgress, update: LiveUpdate): NodeProgress {
  switch (update.type) {
    case 'nodes-cached':
      return { ...state, done: new Set([...state.done, ...update.nodes]) };
    case 'node': {
      if (update.node === state.current) return state;
      const done = new Set(state.done);
      if (state.current !== null) done.add(state.current);
      return { ...state, done, current: update.node, fill: 0 };
    }
    case 'step': {
      const fill = update.max > 0 ? cleanFraction(update.value / update.max) : null;
      if (fill === null) return state;
      const node = update.node ?? state.current;
      if (node === state.current) return { ...state, fill: Math.max(state.fill, fill) };
      const done = new Set(state.done);
      if (state.current !== null) done.add(state.current);
      return { ...state, done, current: node, fill };
    }
    case 'fraction': {
      const overall = cleanFraction(update.overall);
      return overall === null ? state : { ...state, fraction: Math.max(state.fraction, Math.min(overall, 0.999)) };
    }
    case 'place':
    case 'loading-model':
    case 'preview':
      return state;
  }
}
