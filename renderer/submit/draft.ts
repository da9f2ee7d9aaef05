/**
 * What stands in the New job form: a workflow, what was changed in it, how many, where. Pure: from a draft to the call
 * that queues it, and to and from the text that is kept between visits. Sends and stores nothing itself.
 */
import type { SubmitJobs } from '../../shared/job.ts';
import type { ServerId } from '../../shared/ids.ts';
import { workflowPayload } from '../../shared/kinds/kinds.ts';
import { readGraphText } from '../../shared/workflow/graph-text.ts';
import { findInputs, keyOf, withEdits } from '../../shared/workflow/inputs.ts';
import type { WorkflowInput, WorkflowInputs } from '../../shared/workflow/inputs.ts';
import type { ReadWorkflow } from '../../shared/workflow/result.ts';
import { batchTitle } from '../../shared/workflow/summarize.ts';
import { makeJobs, planJobs } from '../../shared/workflow/variants.ts';
import type { Plan } from '../../shared/workflow/variants.ts';
import { keptObject, keptSeeds, planOfSeeds } from './seed-plan.ts';
import type { Seeds } from './seed-plan.ts';

export interface Draft {
  workflow: ReadWorkflow;
  /** Changed inputs by key, as typed: numbers are text until they are sent. */
  values: Readonly<Record<string, string | boolean>>;
  seeds: Seeds;
  serverId: ServerId | null;
  note: string;
}

/** Kept texts above this are not worth a slow start. */
const MAX_KEPT = 1_000_000;

/** A fresh draft for a workflow; how many and where stay as they were. */
export function draftOf(workflow: ReadWorkflow, before: Draft | null): Draft {
  const [seed] = findInputs(workflow.graph).seeds;
  return {
    workflow,
    values: {},
    seeds: {
      mode: before?.seeds.mode ?? 'random',
      count: before?.seeds.count ?? '1',
      from: typeof seed?.value === 'number' ? String(seed.value) : '1',
    },
    serverId: before?.serverId ?? null,
    note: '',
  };
}

/** An input's text or switch as it stands in the form. */
export const shownValue = (draft: Draft, input: WorkflowInput): string | boolean =>
  draft.values[keyOf(input)] ?? (typeof input.value === 'boolean' ? input.value : String(input.value));

/** What would be sent for an input; null when its text is no number and it should be one. */
export function sentValue(draft: Draft, input: WorkflowInput): string | number | boolean | null {
  const shown = shownValue(draft, input);
  if (typeof input.value !== 'number' || typeof shown === 'boolean') return shown;
  // Untouched numbers go as they came, also those whose text would not lead back to them.
  if (!(keyOf(input) in draft.values)) return input.value;
  const number = shown.trim() === '' ? NaN : Number(shown);
  return Number.isFinite(number) && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : null;
}

/** All editable inputs of a form in one list. */
function allInputs(inputs: WorkflowInputs): WorkflowInput[] {
  const { prompts, negatives, width, height, steps, cfg, sampler, scheduler, model, images, seeds, further } = inputs;
  const singles = [width, height, steps, cfg, sampler, scheduler, model, images].filter((input) => input !== null);
  return [...prompts, ...negatives, ...singles, ...seeds, ...further.flatMap((group) => group.inputs)];
}

/** Prompts as typed, in order: what the variants come from. */
export function promptsOf(draft: Draft, inputs: WorkflowInputs): { input: WorkflowInput; text: string }[] {
  return [...inputs.prompts, ...inputs.negatives].map((input) => ({ input, text: String(shownValue(draft, input)) }));
}

/** How many it will make; null while something is not filled in right. */
export function planOf(draft: Draft, inputs: WorkflowInputs): Plan | null {
  const seeds = planOfSeeds(draft.seeds);
  const broken = allInputs(inputs).some((input) => sentValue(draft, input) === null);
  return seeds === null || broken
    ? null
    : planJobs(
        promptsOf(draft, inputs).map(({ text }) => text),
        inputs.seeds.length,
        seeds,
      );
}

/** The call that queues a draft, or null while it can't be queued. Random seeds are drawn here. */
export function submissionOf(
  draft: Draft,
  inputs: WorkflowInputs,
  at: 'end' | 'front',
  clientToken: string,
): SubmitJobs | null {
  const plan = planOf(draft, inputs);
  const seeds = planOfSeeds(draft.seeds);
  if (plan === null || seeds === null || plan.total === Infinity) return null;
  const { workflow, note, serverId } = draft;
  const edits = new Map<string, string | number | boolean>();
  for (const input of allInputs(inputs)) {
    const value = sentValue(draft, input);
    if (value !== null && value !== input.value) edits.set(keyOf(input), value);
  }
  const texts = promptsOf(draft, inputs);
  const jobs = makeJobs(texts, inputs.seeds, seeds);
  const positive = texts.find(({ input }) => input.role === 'prompt')?.text ?? '';
  const title = batchTitle(positive, workflow.name);
  return {
    clientToken,
    title,
    payload: workflowPayload(withEdits(workflow.graph, edits)),
    serverId,
    jobs: jobs.map((job) => ({ patch: job.patch, title: job.title === '' ? title : job.title })),
    source: workflow.name.slice(0, 500),
    at,
    ...(note.trim() === '' ? {} : { note: note.trim() }),
  };
}

/** The text kept between visits; null when it would be too much. */
export function keptText(draft: Draft): string | null {
  const { name, origin, graph } = draft.workflow;
  const text = JSON.stringify({
    name,
    origin,
    graph: JSON.stringify(graph),
    values: draft.values,
    seeds: draft.seeds,
    serverId: draft.serverId,
  });
  return text.length > MAX_KEPT ? null : text;
}

/** Reads a kept text back; null for anything that is none, such as that of another version. */
export function readKept(text: string | null): Draft | null {
  if (text === null) return null;
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return null;
  }
  const { name, origin, graph, values, seeds, serverId } = keptObject(kept);
  if (typeof name !== 'string' || typeof graph !== 'string') return null;
  const answer = readGraphText(graph);
  if (answer.type !== 'graph') return null;
  const draft = draftOf(
    {
      type: 'workflow',
      name,
      origin: origin === 'png' || origin === 'webp' || origin === 'jpeg' ? origin : 'json',
      graph: answer.graph,
      inexact: answer.inexact,
    },
    null,
  );
  const pairs = Object.entries(keptObject(values)).filter(
    (pair): pair is [string, string | boolean] => typeof pair[1] === 'string' || typeof pair[1] === 'boolean',
  );
  return {
    ...draft,
    values: Object.fromEntries(pairs),
    seeds: keptSeeds(seeds, draft.seeds.from),
    serverId: typeof serverId === 'string' ? (serverId as ServerId) : null,
  };
}
