/** What a server refuses, by node and input. */
import { describe, expect, it } from 'vitest';
import { nodeErrorsOf } from '../../../../shared/workflow/node-errors.ts';

describe('a refusal by node', () => {
  const graph = { '3': { class_type: 'KSampler', inputs: {}, _meta: { title: 'First pass' } } };
  const refusal = (errors: unknown[]) => ({
    code: 'server_rejected' as const,
    message: '',
    details: {
      node_errors: {
        '3': { class_type: 'KSampler', errors },
        '9': { class_type: 'SaveImage', errors: [{ type: 'exception_during_inner_validation', message: 'follow-up' }] },
      },
    },
  });

  it('names nodes by their titles and leaves follow-ups out', () => {
    const error = refusal([
      { type: 'value_not_in_list', message: 'Value not in list', details: "sampler_name: 'eulr'" },
    ]);
    expect(nodeErrorsOf(error, graph)).toEqual([
      { nodeId: '3', node: 'First pass', message: "Value not in list: sampler_name: 'eulr'" },
    ]);
  });

  it('shows the follow-up where nothing else is said, and nothing for a shape it does not know', () => {
    expect(nodeErrorsOf(refusal([]), graph)).toMatchObject([{ node: 'SaveImage', message: 'follow-up' }]);
    expect(nodeErrorsOf({ code: 'server_rejected', message: 'x', details: { node_errors: 'no' } }, graph)).toEqual([]);
  });
});
