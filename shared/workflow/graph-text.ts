/** Text → graph: forgiving about Python's JSON, exact about what a graph is. Knows no files and no images. */
import type { ComfyGraph } from './graph.ts';
import { MAX_DEPTH, MAX_GRAPH_CHARS, MAX_NODES } from './result.ts';
import type { RefusalReason } from './result.ts';

export type GraphAnswer =
  | { type: 'graph'; graph: ComfyGraph; inexact: readonly string[] }
  | { type: 'ui-format' }
  | { type: 'refused'; reason: RefusalReason; detail: string | null };

const refused = (reason: RefusalReason, detail: string | null = null): GraphAnswer => ({
  type: 'refused',
  reason,
  detail,
});

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads the text of a workflow in API format, a saved `POST /prompt` body, or recognises the editor's own format. */
export function readGraphText(text: string): GraphAnswer {
  if (text.length > MAX_GRAPH_CHARS) return refused('too-large');
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  if (trimmed === '') return refused('empty');
  if (deeperThan(trimmed, MAX_DEPTH)) return refused('not-a-workflow');
  let value: unknown;
  try {
    value = parsePythonJson(trimmed);
  } catch (error) {
    return refused('not-json', error instanceof Error ? error.message : null);
  }
  return readGraph(value);
}

/** As `readGraphText`, for a parsed value. */
function readGraph(value: unknown): GraphAnswer {
  if (!isRecord(value)) return refused('not-a-workflow');
  if (isUiFormat(value)) return { type: 'ui-format' };
  // Scripts save the whole body of POST /prompt: {prompt, client_id, extra_data}.
  const body = value['prompt'];
  if (isRecord(body) && !isNode(body)) return readGraph(body);
  const entries = Object.entries(value);
  if (entries.length === 0 || !entries.some(([, node]) => isNode(node))) return refused('not-a-workflow');
  if (entries.length > MAX_NODES) return refused('too-many-nodes', String(entries.length));
  const broken = entries.find(([id, node]) => !isNode(node) || id === '' || id.length > 200);
  if (broken !== undefined) return refused('broken-node', broken[0]);
  return { type: 'graph', graph: value as ComfyGraph, inexact: findInexact(entries) };
}

/** The editor's format has a list of nodes with positions; links are a list (or, in its schema 1, objects). */
function isUiFormat(value: Record<string, unknown>): boolean {
  const nodes = value['nodes'];
  if (!Array.isArray(nodes)) return false;
  return (
    'links' in value ||
    'last_node_id' in value ||
    'version' in value ||
    nodes.some((node) => isRecord(node) && 'type' in node)
  );
}

function isNode(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { class_type: classType, inputs, _meta: meta } = value;
  return (
    typeof classType === 'string' && classType !== '' && isRecord(inputs) && (meta === undefined || isRecord(meta))
  );
}

/** Strict JSON first; then with Python's NaN and Infinity, which ComfyUI writes into images, read as null. */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const mended = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (part) =>
      part.startsWith('"') ? part : 'null',
    );
    if (mended === text) throw error;
    return JSON.parse(mended);
  }
}

/** Brackets only, strings skipped: cheap enough to run before the parser, and it can't overflow a stack. */
function deeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (inString) {
      if (char === 0x5c) at += 1;
      else if (char === 0x22) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x7b || char === 0x5b) {
      depth += 1;
      if (depth > limit) return true;
    } else if (char === 0x7d || char === 0x5d) depth -= 1;
  }
  return false;
}

function findInexact(entries: readonly [string, unknown][]): string[] {
  const found: string[] = [];
  for (const [id, node] of entries) {
    if (!isRecord(node) || !isRecord(node['inputs'])) continue;
    for (const [input, value] of Object.entries(node['inputs'])) {
      if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) found.push(`${id}.${input}`);
    }
  }
  return found;
}
