/** From what stands in the form to the call that queues it, and to the text that is kept between visits. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draftOf, keptText, planOf, readKept, sentValue, submissionOf } from '../../../../renderer/submit/draft.ts';
import type { Draft } from '../../../../renderer/submit/draft.ts';
import { findInputs, keyOf } from '../../../../shared/workflow/inputs.ts';
import { readWorkflowText } from '../../../../shared/workflow/read-file.ts';
import { SubmitJobsSchema } from '../../../../shared/job.ts';
import type { ServerId } from '../../../../shared/ids.ts';

const file = new URL('../../../../resources/workflows/two-passes.json', import.meta.url);
const read = readWorkflowText('two-passes.json', readFileSync(file, 'utf8'));
if (read.type !== 'workflow') throw new Error('the sample is no workflow');
const fresh = draftOf(read, null);
const inputs = findInputs(fresh.workflow.graph);
const steps = keyOf({ nodeId: '5', input: 'steps' });
const prompt = keyOf({ nodeId: '2', input: 'text' });

const changed = (values: Draft['values'], more: Partial<Draft> = {}): Draft => ({ ...fresh, ...more, values });

describe('the call', () => {
  it('carries edits in the shared graph, variants and seeds in the patches, and the contract takes it', () => {
    const draft = changed(
      { [steps]: '30', [prompt]: '{fog|rain}' },
      { seeds: { mode: 'range', count: '2', from: '7' }, note: ' for Anna ', serverId: 'studio' as ServerId },
    );
    const call = submissionOf(draft, inputs, 'front', 'token');
    expect(SubmitJobsSchema.parse(call)).toEqual(call);
    expect(call).toMatchObject({
      clientToken: 'token',
      at: 'front',
      note: 'for Anna',
      serverId: 'studio',
      title: 'fog',
      source: 'two-passes.json',
    });
    expect(call?.payload.kind === 'comfy' && call.payload.graph['5']?.inputs['steps']).toBe(30);
    expect(call?.jobs.map(({ patch }) => patch?.set)).toEqual([
      { '2': { text: 'fog' }, '5': { seed: 7 }, '6': { seed: 7 } },
      { '2': { text: 'fog' }, '5': { seed: 8 }, '6': { seed: 8 } },
      { '2': { text: 'rain' }, '5': { seed: 7 }, '6': { seed: 7 } },
      { '2': { text: 'rain' }, '5': { seed: 8 }, '6': { seed: 8 } },
    ]);
  });

  it('leaves seeds alone when they are fixed', () => {
    const call = submissionOf(changed({}, { seeds: { mode: 'fixed', count: '', from: '' } }), inputs, 'end', 't');
    expect(call?.jobs).toHaveLength(1);
    expect(call?.jobs[0]?.patch?.set).toEqual({});
  });

  it.each<[string, Draft]>([
    ['a number that is empty', changed({ [steps]: '' })],
    ['a number that is a word', changed({ [steps]: 'many' })],
    ['a number too large to be exact', changed({ [steps]: '1e300' })],
    ['no count', changed({}, { seeds: { mode: 'random', count: '', from: '1' } })],
    ['a count of none', changed({}, { seeds: { mode: 'random', count: '0', from: '1' } })],
    ['half a seed', changed({}, { seeds: { mode: 'range', count: '2', from: '1.5' } })],
    [
      'seeds past what JSON can say',
      changed({}, { seeds: { mode: 'range', count: '2', from: String(Number.MAX_SAFE_INTEGER) } }),
    ],
    ['too many jobs', changed({}, { seeds: { mode: 'random', count: '10001', from: '1' } })],
  ])('is not made with %s', (_, draft) => {
    expect(submissionOf(draft, inputs, 'end', 't')).toBeNull();
  });

  it('has as many jobs as the button says', () => {
    fc.assert(
      fc.property(fc.constantFrom('a', '{a|b}', '{a|b} {c|d|e}'), fc.integer({ min: 1, max: 12 }), (text, count) => {
        const draft = changed({ [prompt]: text }, { seeds: { mode: 'random', count: String(count), from: '1' } });
        expect(submissionOf(draft, inputs, 'end', 't')?.jobs.length).toBe(planOf(draft, inputs)?.total);
      }),
    );
  });
});

it('an untouched number goes as it came, even where its text would not lead back to it', () => {
  const seed = inputs.seeds[0];
  if (seed === undefined) throw new Error('no seed');
  expect(sentValue(fresh, { ...seed, value: 1.8446744073709552e19 })).toBe(1.8446744073709552e19);
});

describe('between visits', () => {
  it('a draft comes back as it was, but for its note', () => {
    const draft = changed(
      { [steps]: '30', [prompt]: 'heron' },
      { seeds: { mode: 'range', count: '3', from: '9' }, serverId: 'studio' as ServerId },
    );
    expect(readKept(keptText(draft))).toEqual(draft);
  });

  it('anything else is no draft and does no harm', () => {
    for (const text of [null, '', 'x', '[]', '{}', '{"name":"a","graph":"{}"}', '{"name":1,"graph":2}'])
      expect(readKept(text)).toBeNull();
    fc.assert(fc.property(fc.json(), (text) => readKept(text) === null));
  });

  it('what is very large is not kept', () => {
    expect(keptText(changed({ [prompt]: 'x'.repeat(2_000_000) }))).toBeNull();
  });
});
