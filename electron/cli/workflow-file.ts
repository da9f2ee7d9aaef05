/**
 * A file on disk → what can be submitted of it: a ComfyUI graph in API format (JSON, or an image ComfyUI saved), or SwarmUI
 * parameters. Says why not in a sentence. What the window reads by dropping, renderer/workflow/ reads; this is the shell's.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ComfyGraph, JobPayload } from '../../shared/job.ts';
import { usage } from './exit-codes.ts';
import { graphTextOf, isImage } from './image-text.ts';

export interface WorkflowFile {
  payload: JobPayload;
  /** File name, for the job's source; null for stdin. */
  source: string | null;
  /** Numbers beyond 2^53, as `node.input`: what is sent is a neighbour of them. */
  inexact: string[];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNode = (value: unknown): boolean =>
  isRecord(value) && typeof value['class_type'] === 'string' && isRecord(value['inputs']);

export const EXPORT_HINT = 'In ComfyUI: Workflow menu → Export (API), then submit that file.';

/** `-` is stdin. Throws a usage Failure for everything that is no workflow. */
export function readWorkflowFile(path: string): WorkflowFile {
  let data: Buffer;
  try {
    data = readFileSync(path === '-' ? 0 : path);
  } catch (error) {
    throw usage(`${path} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const name = path === '-' ? 'stdin' : basename(path);
  if (data.length === 0) throw usage(`${name} is empty.`);
  const text = isImage(data) ? graphTextOf(data) : data.toString('utf8');
  if (text === null) throw usage(`${name} carries no workflow: its metadata was removed, or ComfyUI did not make it.`);
  return { ...readWorkflowText(name, text), source: path === '-' ? null : name };
}

export function readWorkflowText(name: string, text: string): Omit<WorkflowFile, 'source'> {
  const value = unwrap(parse(name, text.replace(/^\uFEFF/, '')));
  if (!isRecord(value)) throw usage(`${name} is no workflow.`);
  if (Array.isArray(value['nodes']))
    throw usage(
      `${name} is a workflow as ComfyUI's editor saves it; a server can't run it without the editor.`,
      EXPORT_HINT,
    );
  const entries = Object.entries(value);
  if (entries.some(([, node]) => isNode(node))) {
    const broken = entries.find(([, node]) => !isNode(node));
    if (broken !== undefined) throw usage(`${name}: node "${broken[0]}" has no class_type or no inputs.`);
    return { payload: { kind: 'comfy', graph: value as ComfyGraph }, inexact: inexactIn(value as ComfyGraph) };
  }
  if (typeof value['prompt'] === 'string') {
    const { images, ...params } = value;
    return {
      payload: {
        kind: 'swarm',
        images: typeof images === 'number' ? images : 1,
        params: params as Extract<JobPayload, { kind: 'swarm' }>['params'],
      },
      inexact: [],
    };
  }
  throw usage(`${name} is no workflow in API format.`, EXPORT_HINT);
}

/** Scripts save the whole body of `POST /prompt`: {prompt, client_id, extra_data}. */
const unwrap = (value: unknown): unknown =>
  isRecord(value) && isRecord(value['prompt']) && !isNode(value['prompt']) ? value['prompt'] : value;

/** Strict JSON first; then with Python's NaN and Infinity, which ComfyUI writes, read as null. */
function parse(name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const mended = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (part) =>
      part.startsWith('"') ? part : 'null',
    );
    try {
      return JSON.parse(mended) as unknown;
    } catch (_) {
      throw usage(`${name} is neither JSON nor an image: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function inexactIn(graph: ComfyGraph): string[] {
  return Object.entries(graph).flatMap(([node, { inputs }]) =>
    Object.entries(inputs).flatMap(([input, value]) =>
      typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER ? [`${node}.${input}`] : [],
    ),
  );
}
