/**
 * Outputs of an attempt: from its stream, or found again by our mark in the server's image list (S7), and their bytes.
 * Bytes that came inside the stream (`donotsave`) are held in memory until they were read; they are nowhere else.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../../../shared/errors.ts';
import type { OutputRef } from '../../../../shared/job-fact.ts';
import type { OutputBody } from '../adapter.ts';
import type { SwarmClient } from './client.ts';
import { nameFor, outputRef, RemoteSchema } from './outcome.ts';
import type { SwarmFile } from './schemas.ts';
import type { StreamImage } from './stream.ts';
import { ATTEMPT_KEY, IMAGES_KEY } from './submit.ts';

/** After they were read once, for a second reader. */
const KEEP_AFTER_READ_MS = 60_000;

const MetadataSchema = z.object({ sui_extra_data: z.record(z.string(), z.unknown()) });

export interface FoundFiles {
  /** Paths as `readOutput` takes them, oldest first. */
  readonly paths: readonly string[];
  /** As the request said; null when none was found. */
  readonly asked: number | null;
}

export class SwarmFiles {
  readonly #held = new Map<string, { mime: string; bytes: Uint8Array }>();

  /** Outputs of a stream: finished images in order of their index, intermediates only when there is nothing else. */
  fromStream(images: readonly StreamImage[]): { outputs: OutputRef[]; delivered: number } {
    const final = images.filter((one) => one.batch >= 0).sort((a, b) => a.batch - b.batch);
    const kept = final.length > 0 ? final : images.filter((one) => one.batch <= -10);
    return { outputs: kept.map((one, index) => this.#refOf(one, index)), delivered: final.length };
  }

  #refOf({ image }: StreamImage, ordinal: number): OutputRef {
    if ('path' in image) return outputRef(ordinal, { path: decodePath(image.path) }, nameOf(decodePath(image.path)));
    const held = randomUUID();
    this.#held.set(held, image);
    return outputRef(ordinal, { held, mime: image.mime }, nameFor(image.mime, ordinal));
  }

  /** Files that carry the attempt's id, or none where the list may not be seen. Throws AppError. */
  async find(client: SwarmClient, attemptId: string, signal: AbortSignal): Promise<FoundFiles> {
    if (!client.may('view_image_history')) return { paths: [], asked: null };
    const files = await client.ask((session) => client.api.listImages(session, signal), signal);
    const { user_id: user, output_append_user: append } = client.session;
    const prefix = append ? `View/${user}` : 'Output';
    const found = files.flatMap((file) => {
      const extra = extraOf(file, attemptId);
      return extra === null ? [] : [{ path: `${prefix}/${file.src}`, asked: Number(extra[IMAGES_KEY]) }];
    });
    const asked = found.map((one) => one.asked).find((count) => Number.isInteger(count) && count > 0) ?? null;
    return { paths: found.map((one) => one.path).reverse(), asked };
  }

  /** Outputs found on the server, with those only the stream told of. */
  fromPaths(paths: readonly string[], streamed: readonly OutputRef[]): OutputRef[] {
    const found = paths.map((path, index) => outputRef(index, { path }, nameOf(path)));
    const known = new Set(found.map((one) => one.remote));
    const more = streamed.filter((one) => !known.has(one.remote));
    return [...found, ...more].map((one, ordinal) => ({ ...one, ordinal }));
  }

  /** Throws `outputs_unavailable` when there is no such file (any more). */
  async read(client: SwarmClient | null, output: OutputRef, signal: AbortSignal): Promise<OutputBody> {
    const remote = RemoteSchema.safeParse(JSON.parse(output.remote));
    if (!remote.success)
      throw new AppError('bug', 'this output has no place on the server', { details: { name: output.name } });
    if ('held' in remote.data) return this.#readHeld(remote.data.held, output.name);
    if (client === null) throw new AppError('server_unreachable', 'the server is not connected');
    const answer = await client.api.view(remote.data.path, signal);
    if (answer.status === 200)
      return {
        mime: answer.contentType === '' ? null : (answer.contentType.split(';')[0] ?? null),
        bytes: answer.bytes,
        body: answer.body,
      };
    let bytes = 0;
    for await (const chunk of answer.body) bytes += chunk.length; // An error page: read to its end, so that the connection is free.
    const details = { status: answer.status, path: remote.data.path, bytes };
    if (answer.status === 404)
      throw new AppError('outputs_unavailable', 'the server has no such file any more', { details });
    if (answer.status === 400) throw new AppError('server_auth', 'the server does not show us this file', { details });
    throw new AppError('server_protocol', `the file is answered with ${String(answer.status)}`, { details });
  }

  #readHeld(key: string, name: string): OutputBody {
    const held = this.#held.get(key);
    if (held === undefined)
      throw new AppError(
        'outputs_unavailable',
        'this output was never on the server, and is gone with the program that held it',
        { details: { name } },
      );
    const forget = (): void => {
      setTimeout(() => this.#held.delete(key), KEEP_AFTER_READ_MS).unref();
    };
    async function* body(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 1 << 20)
        yield await Promise.resolve(bytes.subarray(at, at + (1 << 20)));
      forget();
    }
    return { mime: held.mime, bytes: held.bytes.length, body: body(held.bytes) };
  }
}

function extraOf(file: SwarmFile, attemptId: string): Record<string, unknown> | null {
  // Most files are not ours: the text is searched before it is parsed.
  if (file.metadata?.includes(attemptId) !== true) return null;
  try {
    const parsed = MetadataSchema.safeParse(JSON.parse(file.metadata));
    return parsed.success && parsed.data.sui_extra_data[ATTEMPT_KEY] === attemptId ? parsed.data.sui_extra_data : null;
  } catch {
    return null; // Somebody else's metadata in another form.
  }
}

/** Paths in a stream may be percent-encoded already; the request encodes them again. */
function decodePath(path: string): string {
  const bare = path.replace(/^\/+/, '');
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare; // A literal percent sign.
  }
}

const nameOf = (path: string): string => path.split('/').at(-1) ?? path;
