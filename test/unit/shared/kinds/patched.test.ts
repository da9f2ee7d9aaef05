/** The payload of one job: the shared graph with its own inputs. */
import { describe, expect, it } from 'vitest';
import type { JobPatch, JobPayload } from '../../../../shared/job.ts';
import { specOf } from '../../../../shared/kinds/kinds.ts';

const patched = (payload: JobPayload, patch: JobPatch): JobPayload => specOf(payload).patched(payload, patch);

describe('patched', () => {
  it('sets inputs of nodes the graph has, and changes nothing shared', () => {
    const payload = {
      kind: 'comfy' as const,
      graph: { '1': { class_type: 'A', inputs: { seed: 1, text: 'a' } }, '2': { class_type: 'B', inputs: {} } },
    };
    const made = patched(payload, { set: { '1': { seed: 2 }, '9': { x: 1 } } });
    expect(made).toEqual({
      kind: 'comfy',
      graph: { '1': { class_type: 'A', inputs: { seed: 2, text: 'a' } }, '2': { class_type: 'B', inputs: {} } },
    });
    expect(payload.graph['1'].inputs.seed).toBe(1);
    expect(patched({ kind: 'swarm', images: 1, params: { seed: 1, model: 'm' } }, { params: { seed: 2 } })).toEqual({
      kind: 'swarm',
      images: 1,
      params: { seed: 2, model: 'm' },
    });
  });
});
