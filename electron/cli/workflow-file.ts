/**
 * A file on disk → what can be submitted of it: a ComfyUI graph in API format (JSON, or an image ComfyUI saved), or SwarmUI
 * parameters. Says why not in a sentence. Finding the graph is the work of shared/workflow/.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { JobPayload } from '../../shared/job.ts';
import { KINDS, kinds, workflowPayload } from '../../shared/kinds/kinds.ts';
import type { Json } from '../../shared/schema.ts';
import { parsePythonJson } from '../../shared/workflow/graph-text.ts';
import type { Inflate } from '../../shared/workflow/png-text.ts';
import { readWorkflowFile as readBytes } from '../../shared/workflow/read-file.ts';
import { MAX_GRAPH_CHARS } from '../../shared/workflow/result.ts';
import type { Refused } from '../../shared/workflow/result.ts';
import { usage } from './exit-codes.ts';

export interface WorkflowFile {
  payload: JobPayload;
  /** File name, for the job's source; null for stdin. */
  source: string | null;
  /** Numbers beyond 2^53, as `node.input`: what is sent is a neighbour of them. */
  inexact: readonly string[];
}

const EXPORT_HINT = 'In ComfyUI: Workflow menu → Export (API), then submit that file.';

/** `-` is stdin. Throws a usage Failure for everything that is no workflow. */
export async function readWorkflowFile(path: string): Promise<WorkflowFile> {
  let data: Buffer;
  try {
    data = readFileSync(path === '-' ? 0 : path);
  } catch (error) {
    throw usage(`${path} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const source = path === '-' ? null : basename(path);
  return { ...(await readWorkflowBytes(source ?? 'stdin', data)), source };
}

export async function readWorkflowBytes(name: string, data: Uint8Array): Promise<Omit<WorkflowFile, 'source'>> {
  const result = await readBytes(name, data, inflate);
  if (result.type === 'workflow') return { payload: workflowPayload(result.graph), inexact: result.inexact };
  if (result.type === 'ui-format')
    throw usage(
      `${name} is a workflow as ComfyUI's editor saves it; a server can't run it without the editor.`,
      EXPORT_HINT,
    );
  const payload = result.reason === 'not-a-workflow' ? parametersIn(data) : null;
  if (payload === null) throw refusal(result);
  return { payload, inexact: [] };
}

/** JSON that a kind of server takes as its parameters; null for anything else. */
function parametersIn(data: Uint8Array): JobPayload | null {
  let value: unknown;
  try {
    value = parsePythonJson(new TextDecoder().decode(data));
  } catch (_) {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  for (const kind of KINDS) {
    const payload = kinds[kind].fromJson(value as Record<string, Json>);
    if (payload !== null) return payload;
  }
  return null;
}

function refusal({ name, reason, detail }: Refused): Error {
  switch (reason) {
    case 'empty':
      return usage(`${name} is empty.`);
    case 'too-large':
      return usage(`${name} is too large to be a workflow.`);
    case 'too-many-nodes':
      return usage(`${name} has ${detail ?? 'too many'} nodes, more than can be submitted.`);
    case 'broken-node':
      return usage(`${name}: node "${detail ?? ''}" has no class_type or no inputs.`);
    case 'broken-image':
    case 'image-without-workflow':
      return usage(`${name} carries no workflow: its metadata was removed, or ComfyUI did not make it.`);
    case 'image-with-other-parameters':
      return usage(`${name} carries parameters of ${detail ?? 'another program'}, and no ComfyUI workflow.`);
    case 'unknown-file':
    case 'unreadable':
      return usage(`${name} is neither JSON nor an image.`);
    case 'not-json':
      return usage(`${name} is neither JSON nor an image: ${detail ?? ''}`);
    case 'not-a-workflow':
      return usage(`${name} has no API-format workflow.`, EXPORT_HINT);
  }
}

/** Not imported at the top: loading zlib costs every verb, and few images need it. */
const inflate: Inflate = async (packed) => {
  const { inflateSync } = await import('node:zlib');
  try {
    return inflateSync(packed, { maxOutputLength: MAX_GRAPH_CHARS });
  } catch (_) {
    return null;
  }
};
