/** Small HTTP parts of the shell: path prefix, body in, reply out. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pyDumps, PyError, pyLoads } from './py.ts';
import type { RouteReply } from './types.ts';

/** Every core route exists bare and under `/api`; jobs only under `/api` (comfyui §1). */
export function bare(path: string): string {
  if (path.startsWith('/api/api/jobs')) return path.slice(4);
  if (path.startsWith('/api/jobs')) return path;
  return path.startsWith('/api/') ? path.slice(4) : path;
}

/** Parsed JSON, or the text itself; undefined for nothing. */
export function readable(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  const text = body.toString('utf8');
  try {
    return pyLoads(text);
  } catch (error) {
    if (error instanceof PyError) return text;
    throw error;
  }
}

export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Read on to the end without keeping it: leaving the loop early would cut the connection before the answer.
    if (size <= limitBytes) chunks.push(chunk);
  }
  return size > limitBytes ? undefined : Buffer.concat(chunks);
}

export function write(response: ServerResponse, reply: RouteReply): void {
  if (response.destroyed) return;
  const [payload, type] = payloadOf(reply);
  response.statusCode = reply.status;
  if (type !== undefined) response.setHeader('Content-Type', type);
  if ('bytes' in reply && reply.filename !== undefined)
    response.setHeader('Content-Disposition', `filename="${reply.filename.replaceAll('"', '')}"`);
  response.setHeader('Content-Length', payload.length);
  response.end(payload);
}

function payloadOf(reply: RouteReply): [payload: Uint8Array, type: string | undefined] {
  const json = 'application/json; charset=utf-8';
  // Everything Python writes is ASCII.
  if ('json' in reply) return [Buffer.from(pyDumps(reply.json), 'latin1'), json];
  if ('jsonText' in reply) return [Buffer.from(reply.jsonText, 'latin1'), json];
  if ('bytes' in reply) return [reply.bytes, reply.type];
  return [Buffer.from(reply.text, 'utf8'), reply.type];
}
