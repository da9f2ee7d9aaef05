/**
 * Reads a `POST /prompt` body as the real server does, oddities included (comfyui §3.3, rec 04, 15, 22): number and
 * counter, front, prompt_id, extra_data, validation. Gives back the queue item or the refusal; does not queue.
 */
import type { ValidationError } from './check.ts';
import { canonicalUuid } from './jobs.ts';
import type { NodeClass } from './node.ts';
import { isDict, PyError, pyFloat, pyIn, pyStr, pyTruthy } from './py.ts';
import type { Dict } from './py.ts';
import type { ComfyVersion, QueueItem } from './types.ts';
import { validatePrompt } from './validate.ts';
import type { NodeErrors } from './validate.ts';

export interface SubmitSetting {
  readonly version: ComfyVersion;
  readonly classes: ReadonlyMap<string, NodeClass>;
  /** The server's counter: its value, then counter + 1, also for prompts that are refused. */
  nextNumber(): number;
  mintUuid(): string;
}

export type Submission =
  | { readonly accepted: true; readonly item: QueueItem; readonly nodeErrors: Record<string, NodeErrors> }
  | { readonly accepted: false; readonly body: { error: ValidationError; node_errors: Record<string, NodeErrors> } };

/** Taken out of `extra_data` by 0.8.0 and newer, served to everybody by 0.3.64 (comfyui §3.2). */
const secretKeys: readonly string[] = ['auth_token_comfy_org', 'api_key_comfy_org'];

/** Throws PyError where the real server answers 500. */
export function readSubmission(body: unknown, setting: SubmitSetting): Submission {
  const { version } = setting;
  const json: Dict = isDict(body) ? body : {};
  const has = (name: string): boolean => pyIn(name, body);
  let number: number;
  if (has('number')) {
    number = pyFloat(json['number']);
  } else {
    const counted = setting.nextNumber();
    number = pyTruthy(json['front']) ? 0 - counted : counted;
  }
  if (!has('prompt')) return refuse('no_prompt', 'No prompt provided', 'No prompt provided');
  const given = json['prompt_id'];
  const minted = !has('prompt_id') || (version === 'new' && given === null);
  if (version === 'new' && !minted && !(typeof given === 'string' && canonicalUuid.test(given))) {
    return refuse('invalid_prompt_id', 'prompt_id must be a canonical UUID', pyStr(given));
  }
  const promptId = minted ? setting.mintUuid() : pyStr(given);
  const verdict = validatePrompt(json['prompt'], setting.classes, version, json['partial_execution_targets']);
  const sent = 'extra_data' in json ? json['extra_data'] : {};
  const named = has('client_id');
  if (!isDict(sent) && (named || verdict.ok)) {
    throw new PyError('TypeError', 'object does not support item assignment');
  }
  if (!verdict.ok) return { accepted: false, body: { error: verdict.error, node_errors: verdict.nodeErrors } };
  const hidden = version === '0.3.64' ? [] : secretKeys;
  const extra = Object.fromEntries(Object.entries(sent as Dict).filter(([key]) => !hidden.includes(key)));
  if (named) extra['client_id'] = json['client_id'];
  if (version !== '0.3.64') extra['create_time'] = Date.now();
  return {
    accepted: true,
    item: [number, promptId, verdict.graph, extra, verdict.outputs],
    nodeErrors: verdict.nodeErrors,
  };
}

function refuse(type: string, message: string, details: string): Submission {
  return { accepted: false, body: { error: { type, message, details, extra_info: {} }, node_errors: {} } };
}
