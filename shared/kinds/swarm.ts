/** SwarmUI: a job is parameters by name, and how many images of them. A workflow is one of its parameters. */
import type { Json } from '../schema.ts';
import { titleOr } from '../workflow/summarize.ts';
import { asSwarm } from '../workflow/swarm-raw.ts';
import type { KindSpec } from './kind.ts';

export const swarm: KindSpec<'swarm'> = {
  label: 'SwarmUI',
  credentials: ['authorization', 'login', 'token'],
  users: true,
  backends: true,
  // It draws its own as a 32-bit number and refuses what is too large for a seed (swarmui §3.1).
  seedsBelow: 2 ** 31,
  graph: () => null,
  values: ({ params }) => params,
  describe({ params, images }, source) {
    const prompt = textOf(params['prompt']) ?? '';
    const { seed } = params;
    return {
      info: {
        source,
        images,
        width: numberOf(params['width']),
        height: numberOf(params['height']),
        seed: typeof seed === 'number' ? String(seed) : textOf(seed),
        model: textOf(params['model']),
        nodes: null,
      },
      prompt,
      title: titleOr(prompt, source),
    };
  },
  patched: (payload, patch) => ({ ...payload, params: { ...payload.params, ...patch.params } }),
  reseeded: (_payload, patch, draw) => ({ ...patch, params: { ...patch.params, seed: draw() } }),
  /** A prompt, or a graph of its own, that is text: parameters of `GenerateText2Image`. */
  fromJson({ images, ...params }) {
    if (textOf(params['prompt']) === null && textOf(params['comfyworkflowraw']) === null) return null;
    // It takes a number as text, too (swarmui §1.3).
    const count = Number(images ?? 1);
    return { kind: 'swarm', images: Number.isInteger(count) ? count : 1, params };
  },
  ofWorkflow: asSwarm,
};

const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

function numberOf(value: Json | undefined): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : null;
}
