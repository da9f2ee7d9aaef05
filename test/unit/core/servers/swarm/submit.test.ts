/** What is sent for a SwarmUI job, and the marks that find it again. */
import { describe, expect, test } from 'vitest';
import { batchSizeOf, carriesMark, markGraph, requestFor } from '../../../../../electron/core/servers/swarm/submit.ts';
import { sent } from './samples.ts';

describe('the request', () => {
  test('carries the session, the images, our id in extra_metadata, and no null', () => {
    const attempt = sent({ prompt: 'x', seed: null, extra_metadata: { theirs: 1 } }, 2);
    expect(requestFor(attempt, 'client')).toEqual({
      prompt: 'x',
      session_id: 'session',
      images: 2,
      forwardrawbackenddata: true,
      extra_metadata: { theirs: 1, switchyard_attempt: attempt.attemptId, switchyard_images: '2' },
    });
  });

  test("knows a graph and a batch size by SwarmUI's reading of names: letters only, of any case (swarmui §3.1)", () => {
    const graph = '{"1":{"class_type":"A","inputs":{}}}';
    for (const name of ['comfyworkflowraw', 'ComfyWorkflowRaw', '[Comfy] Workflow Raw']) {
      const attempt = sent({ [name]: graph, 'Batch Size': 4 }, 2);
      expect(requestFor(attempt, 'me')).toMatchObject({ [name]: markGraph(graph, attempt.attemptId, 'me') });
      expect([carriesMark(attempt.payload), batchSizeOf(attempt)]).toEqual([true, 1]);
    }
    const attempt = sent({ 'Batch Size': '3' }, 2);
    expect([carriesMark(attempt.payload), batchSizeOf(attempt)]).toEqual([false, 3]);
    expect(requestFor(attempt, 'me')).toMatchObject({ extra_metadata: { switchyard_images: '6' } });
  });

  test.each([
    ['no _meta', '{"1":{"class_type":"A","inputs":{}}}'],
    [
      'a _meta',
      '{"1":{"class_type":"A","inputs":{},"_meta":{"title":"T"}},"2":{"_meta":{},"class_type":"B","inputs":{}}}',
    ],
    ['an input named _meta', '{"1":{"class_type":"A","inputs":{"_meta":{"x":1},"y":{"z":{}}}}}'],
    ['braces and quotes in text', '{"1":{"class_type":"A","inputs":{"text":"a } \\" { _meta: {"}}}'],
  ])('marks every node of a graph with %s, and changes nothing else', (_what, text) => {
    const before = JSON.parse(text) as Record<string, Record<string, unknown>>;
    const after = JSON.parse(markGraph(text, 'id', 'me')) as typeof before;
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const [id, node] of Object.entries(before)) {
      expect(after[id]).toEqual({
        ...node,
        _meta: { ...(node['_meta'] as object | undefined), switchyard_attempt: 'id', switchyard_client: 'me' },
      });
    }
  });

  test('leaves tags and numbers beyond 2^53 as they are', () => {
    const text = '{"1":{"class_type":"A","inputs":{"seed":${seed},"big":18446744073709551615,"text":"${prompt}"}}}';
    expect(markGraph(text, 'id', 'me')).toBe(
      '{"1":{"_meta":{"switchyard_attempt":"id","switchyard_client":"me"},"class_type":"A","inputs":{"seed":${seed},"big":18446744073709551615,"text":"${prompt}"}}}',
    );
  });

  test.each(['', 'null', '[1]', '{"1":', '{"1":{"a":"}', '"text"'])('leaves %j, which is no graph, alone', (text) => {
    expect(markGraph(text, 'id', 'me')).toBe(text);
    expect(carriesMark(sent({ comfyworkflowraw: text }).payload)).toBe(false);
  });
});
