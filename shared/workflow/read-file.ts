/**
 * A dropped, pasted or chosen file → a workflow in API format, or a typed answer why not. Never throws, whatever the
 * bytes. Finding the right place in the file is done here; what a graph is, graph-text.ts knows.
 */
import { isJpeg, isWebp, jpegTexts, webpTexts } from './exif-text.ts';
import { readGraphText } from './graph-text.ts';
import { isPng, pngTexts } from './png-text.ts';
import type { Inflate } from './png-text.ts';
import { MAX_FILE_BYTES } from './result.ts';
import type { ReadResult, Refused, RefusalReason, WorkflowOrigin } from './result.ts';

/** Keywords and prefixes under which graphs and other programs' parameters are found in images. */
const WANTED = new Set(['prompt', 'workflow', 'parameters', 'sui_image_params', 'invokeai_metadata', 'Dream']);

/** Reads a file's bytes. `name` is only for display, and its ending decides nothing; `inflate` is the platform's. */
export async function readWorkflowFile(name: string, bytes: Uint8Array, inflate: Inflate): Promise<ReadResult> {
  if (bytes.length === 0) return refused(name, 'empty');
  if (bytes.length > MAX_FILE_BYTES) return refused(name, 'too-large');
  try {
    if (isPng(bytes)) return fromImage(name, 'png', await pngTexts(bytes, WANTED, inflate));
    if (isWebp(bytes)) return fromImage(name, 'webp', byPrefix(webpTexts(bytes)));
    if (isJpeg(bytes)) return fromImage(name, 'jpeg', byPrefix(jpegTexts(bytes)));
  } catch (error) {
    // Whatever a hostile image does to a reader above: it is an image we can't read, and no reason to fall over.
    return refused(name, 'broken-image', error instanceof Error ? error.message : null);
  }
  const text = decodeText(bytes);
  return text === null ? refused(name, 'unknown-file') : readWorkflowText(name, text);
}

/** Reads pasted text. */
export function readWorkflowText(name: string, text: string): ReadResult {
  return named(name, 'json', text);
}

function fromImage(name: string, origin: WorkflowOrigin, texts: ReadonlyMap<string, string>): ReadResult {
  const prompt = texts.get('prompt');
  const graph = prompt === undefined ? null : named(name, origin, prompt);
  if (graph?.type === 'workflow') return graph;
  const workflow = texts.get('workflow');
  const editors = workflow === undefined ? null : named(name, origin, workflow);
  if (editors !== null && editors.type !== 'refused') return editors;
  if (graph !== null) return graph;
  const parameters = texts.get('parameters');
  if (parameters !== undefined) {
    const generator = parameters.includes('sui_image_params') ? 'SwarmUI' : 'Stable Diffusion WebUI';
    return refused(name, 'image-with-other-parameters', generator);
  }
  if (texts.has('sui_image_params')) return refused(name, 'image-with-other-parameters', 'SwarmUI');
  if (texts.has('invokeai_metadata') || texts.has('Dream'))
    return refused(name, 'image-with-other-parameters', 'InvokeAI');
  return refused(name, 'image-without-workflow');
}

/** EXIF texts are `key:value`, where a saver wrote a key; a bare JSON object may itself hold `prompt` and `workflow`. */
function byPrefix(texts: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  const add = (key: string, text: string): void => {
    if (!found.has(key)) found.set(key, text);
  };
  for (const text of texts) {
    const prefix = /^\s*(prompt|workflow|parameters)\s*:/i.exec(text);
    if (prefix?.[1] !== undefined) add(prefix[1].toLowerCase(), text.slice(prefix[0].length));
    else if (text.includes('sui_image_params')) add('sui_image_params', text);
    else if (/^\s*\{/.test(text)) add('prompt', text);
    else if (/\bSteps: \d+/.test(text)) add('parameters', text);
  }
  return found;
}

function named(name: string, origin: WorkflowOrigin, text: string): ReadResult {
  const answer = readGraphText(text);
  if (answer.type === 'graph') return { type: 'workflow', name, origin, graph: answer.graph, inexact: answer.inexact };
  if (answer.type === 'ui-format') return { type: 'ui-format', name, origin };
  return refused(name, answer.reason, answer.detail);
}

/** UTF-8, or UTF-16 with its mark (PowerShell writes it); null for bytes that are no text. */
function decodeText(bytes: Uint8Array): string | null {
  const utf16 =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : null;
  try {
    const text = new TextDecoder(utf16 ?? 'utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}

function refused(name: string, reason: RefusalReason, detail: string | null = null): Refused {
  return { type: 'refused', name, reason, detail };
}
