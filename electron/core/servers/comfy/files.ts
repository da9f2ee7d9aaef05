/** The files a prompt left: which there are, from its outputs in history, and their bytes. */
import { AppError } from '../../../../shared/errors.ts';
import type { OutputMedia, OutputRef } from '../../../../shared/job-fact.ts';
import type { OutputBody } from '../adapter.ts';
import { mediaOf } from '../media.ts';
import type { ComfyHttp } from './http.ts';
import { FileRefSchema } from './schemas.ts';
import type { FileRef } from './schemas.ts';

/** By its name, else by the output it is listed under. */
function mediaUnder(key: string, name: string): OutputMedia {
  const byName = mediaOf(name);
  if (byName !== 'other') return byName;
  return key === 'images' ? 'image' : key === 'audio' ? 'audio' : key === 'video' ? 'video' : 'other';
}

/** Node ids that are numbers come in their order, others after them by name: the same every time. */
function nodeOrder(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/**
 * Files and texts of the `outputs` of a history entry: `{nodeId: {images: [file, …], text: [string, …], …}}`. Temporary
 * files (`type: "temp"`, previews of a workflow) are left out unless nothing else is there.
 */
export function outputRefs(outputs: Readonly<Record<string, unknown>>): OutputRef[] {
  const found: Omit<OutputRef, 'ordinal'>[] = [];
  const temporary: Omit<OutputRef, 'ordinal'>[] = [];
  for (const nodeId of Object.keys(outputs).sort(nodeOrder)) {
    const node = outputs[nodeId];
    if (typeof node !== 'object' || node === null) continue;
    for (const [key, entries] of Object.entries(node)) {
      if (!Array.isArray(entries)) continue;
      for (const entry of entries as unknown[]) {
        const file = FileRefSchema.safeParse(entry);
        if (file.success) {
          const into = file.data.type === 'temp' ? temporary : found;
          into.push({
            nodeId,
            remote: JSON.stringify(file.data),
            name: file.data.filename,
            media: mediaUnder(key, file.data.filename),
          });
        } else if (key === 'text' && typeof entry === 'string') {
          found.push({ nodeId, remote: '', name: `text-${nodeId}.txt`, media: 'text', text: entry });
        }
      }
    }
  }
  const files = found.some((ref) => ref.media !== 'text' || ref.text === undefined) ? found : [...temporary, ...found];
  return files.map((ref, ordinal) => ({ ordinal, ...ref }));
}

/** Reads back what `outputRefs` wrote. Throws `bug` for anything else. */
function fileOf(ref: OutputRef): FileRef {
  const parsed = FileRefSchema.safeParse(ref.remote === '' ? null : (JSON.parse(ref.remote) as unknown));
  if (!parsed.success)
    throw new AppError('bug', 'this output has no file on the server', { details: { name: ref.name } });
  return parsed.data;
}

/** Throws `outputs_unavailable` when there is no such file (any more). */
export async function readOutput(http: ComfyHttp, output: OutputRef, signal: AbortSignal): Promise<OutputBody> {
  const answer = await http.view(fileOf(output), signal);
  if (answer.status === 200)
    return { mime: answer.contentType === '' ? null : answer.contentType, bytes: answer.bytes, body: answer.body };
  for await (const _chunk of answer.body); // Read to its end, so that the connection can be used again.
  const gone = answer.status === 404 || answer.status === 400 || answer.status === 410;
  throw new AppError(
    gone ? 'outputs_unavailable' : 'server_protocol',
    `the file is answered with ${String(answer.status)}`,
    { details: { status: answer.status, name: output.name } },
  );
}
