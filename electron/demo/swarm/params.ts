/**
 * Reads one generation request: checks parameters with the real server's sentences (swarmui rec 03, 09), fills `${…}`
 * tags of raw graphs, and builds the graph of an ordinary request. Runs nothing.
 */
import { PARAMS, SAMPLERS, SCHEDULERS } from './param-list.ts';
import type { ParamSpec } from './param-list.ts';
import { isObject, textOf } from './values.ts';
import { JobError } from './types.ts';
import type { JsonObject, ModelSpec } from './types.ts';
import type { SwarmUser } from './users.ts';

export class ParamError extends Error {}

export interface GenInput {
  readonly values: ReadonlyMap<string, string | number | boolean>;
  readonly images: number;
  readonly batchSize: number;
  /** chosen for the request if none was given */
  readonly seed: number;
  readonly model: ModelSpec | null;
  readonly extra: JsonObject;
  /** what the client sent, without the session */
  readonly original: JsonObject;
}

/** lower-case letters only: case, spaces and symbols are stripped (swarmui §3.1) */
function cleanKey(key: string): string {
  return key.toLowerCase().replace(/[^a-z]/g, '');
}

export function cleanModelName(name: string): string {
  return name.replaceAll('\\', '/').replace(/\.safetensors$/, '');
}

/** @throws ParamError with the sentence the client gets */
export function readInput(
  raw: JsonObject,
  user: SwarmUser,
  models: readonly ModelSpec[],
  backendIds: readonly number[],
): GenInput {
  const values = new Map<string, string | number | boolean>();
  let model: ModelSpec | null = null;
  for (const [rawKey, value] of Object.entries(raw)) {
    const id = cleanKey(rawKey);
    const spec = PARAMS.find((candidate) => candidate.id === id);
    if (spec === undefined) continue; // unknown keys are ignored
    if (spec.permission !== undefined && !user.may(spec.permission))
      throw new ParamError(`You do not have permission to use parameter ${spec.name}.`);
    const text = value === null ? '' : Array.isArray(value) ? value.join(',') : textOf(value);
    if (spec.type === 'model') {
      model = text === '' ? null : findModel(models, text);
      if (model !== null) values.set(id, cleanModelName(model.name));
    } else values.set(id, check(spec, text));
  }
  const pinned = String(values.get('exactbackendid') ?? '');
  if (pinned !== '' && !backendIds.some((id) => String(id) === pinned)) {
    throw new ParamError(
      `Invalid value for parameter Exact Backend ID: Invalid backend ID '${pinned}' - must be one of: ${backendIds.join(', ')}`,
    );
  }
  const seed = Number(values.get('seed') ?? -1);
  return {
    values,
    model,
    images: Number(values.get('images') ?? 1),
    batchSize: Number(values.get('batchsize') ?? 1),
    seed: seed === -1 ? Math.floor(Math.random() * 2_147_483_647) : seed,
    extra: isObject(raw['extra_metadata']) ? raw['extra_metadata'] : {},
    original: raw,
  };
}

/** Exact clean name first, else the shortest name containing the text (swarmui §3.1). */
function findModel(models: readonly ModelSpec[], text: string): ModelSpec {
  const wanted = cleanModelName(text).toLowerCase();
  const exact = models.find((model) => cleanModelName(model.name).toLowerCase() === wanted);
  const fuzzy = [...models]
    .sort((a, b) => a.name.length - b.name.length)
    .find((model) => cleanModelName(model.name).toLowerCase().includes(wanted));
  const found = exact ?? fuzzy;
  if (found === undefined)
    throw new ParamError(
      `Invalid value for parameter Model: Invalid model value for param Model - '${text}' - are you sure that model name is correct?`,
    );
  return found;
}

function check(spec: ParamSpec, text: string): string | number | boolean {
  const fail = (why: string): never => {
    throw new ParamError(`Invalid value for parameter ${spec.name}: ${why}`);
  };
  switch (spec.type) {
    case 'integer':
      if (!/^-?\d+$/.test(text))
        fail(
          `Invalid integer value for param ${spec.name} - '${text}' - must be a valid integer (eg '0', '3', '-5', etc)`,
        );
      return inRange(spec, Number(text), text, fail);
    case 'decimal':
      if (text.trim() === '' || Number.isNaN(Number(text)))
        fail(
          `Invalid decimal value for param ${spec.name} - '${text}' - must be a valid decimal (eg '0.0', '3.5', '-5.2', etc)`,
        );
      return inRange(spec, Number(text), text, fail);
    case 'boolean':
      if (!/^(true|false)$/i.test(text))
        fail(`Invalid boolean value for param ${spec.name} - '${text}' - must be exactly 'true' or 'false'`);
      return text.toLowerCase() === 'true';
    case 'dropdown':
      if (spec.values !== undefined && !spec.values.includes(text))
        fail(`Invalid value for param ${spec.name} - '${text}' - must be one of: \`${spec.values.join('`, `')}\``);
      return text;
    default:
      return text;
  }
}

function inRange(spec: ParamSpec, value: number, text: string, fail: (why: string) => never): number {
  const { min, max } = spec;
  if (min !== undefined && max !== undefined && (value < min || value > max)) {
    fail(`Invalid value for param ${spec.name} - '${text}' - must be between ${String(min)} and ${String(max)}`);
  }
  return value;
}

/** Fills the tags of a raw graph; unknown ones become empty. @throws JobError if the text is no JSON object */
function fillRawGraph(text: string, input: GenInput, seed: number): JsonObject {
  const filled = text.replace(
    /\$\{([a-zA-Z_]+)(?:\+(\d+))?(?::([^}]*))?\}/g,
    (_all, name: string, plus: string | undefined, fallback: string | undefined) => {
      const id = cleanKey(name);
      if (id === 'seed') return String(seed + Number(plus ?? 0));
      const value = input.values.get(id) ?? fallback ?? '';
      return typeof value === 'string' ? JSON.stringify(value).slice(1, -1) : String(value);
    },
  );
  let graph: unknown;
  try {
    graph = JSON.parse(filled);
  } catch {
    throw new JobError('Invalid custom workflow: not valid JSON.');
  }
  if (!isObject(graph)) throw new JobError('Invalid custom workflow: not a JSON object.');
  return graph;
}

/** The class names in a raw graph, for the check against backends before a slot is given (swarmui rec 10). */
export function nodeTypesOf(text: string): string[] {
  return [...new Set([...text.matchAll(/"class_type"\s*:\s*"([^"]+)"/g)].map((match) => match[1] ?? ''))];
}

/**
 * The graph of one image; without SwarmUI's node pack the result is a saved file, fetched from ComfyUI's history.
 * @throws JobError as the workflow builder does (swarmui rec 09)
 */
export function buildGraph(input: GenInput, seed: number, hasPack: boolean): JsonObject {
  const raw = String(input.values.get('comfyworkflowraw') ?? '');
  if (raw !== '') return fillRawGraph(raw, input, seed);
  if (input.model === null) throw new JobError('No model input given. Did your UI load properly?');
  const text = (id: string): string => String(input.values.get(id) ?? '');
  const number = (id: string, fallback: number): number => Number(input.values.get(id) ?? fallback);
  return {
    '4': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: input.model.name } },
    '5': {
      class_type: 'EmptyLatentImage',
      inputs: { batch_size: input.batchSize, height: number('height', 512), width: number('width', 512) },
    },
    '6': { class_type: 'CLIPTextEncode', inputs: { clip: ['4', 1], text: text('prompt') } },
    '7': { class_type: 'CLIPTextEncode', inputs: { clip: ['4', 1], text: text('negativeprompt') } },
    '10': {
      class_type: 'KSampler',
      inputs: {
        model: ['4', 0],
        seed,
        steps: Math.max(1, number('steps', 20)),
        cfg: number('cfgscale', 7),
        sampler_name: text('sampler') || SAMPLERS[0],
        scheduler: text('scheduler') || SCHEDULERS[0],
        positive: ['6', 0],
        negative: ['7', 0],
        latent_image: ['5', 0],
        denoise: 1,
      },
    },
    '8': { class_type: 'VAEDecode', inputs: { samples: ['10', 0], vae: ['4', 2] } },
    '9': hasPack
      ? { class_type: 'SwarmSaveImageWS', inputs: { images: ['8', 0] } }
      : { class_type: 'SaveImage', inputs: { images: ['8', 0], filename_prefix: 'SwarmUI' } },
  };
}
