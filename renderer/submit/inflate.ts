/** zlib-inflates one chunk through the platform's DecompressionStream, up to the size limit of a graph. */
import type { Inflate } from '../../shared/workflow/png-text.ts';
import { MAX_GRAPH_CHARS } from '../../shared/workflow/result.ts';

export const inflate: Inflate = async (packed) => {
  const stream = new DecompressionStream('deflate');
  const writer = stream.writable.getWriter();
  // A copy: the stream wants a buffer of its own. Its failure shows again on the reading side, where it is handled.
  const written = writer.write(new Uint8Array(packed)).then(() => writer.close());
  written.catch(() => {});
  const reader = stream.readable.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > MAX_GRAPH_CHARS) {
        await reader.cancel();
        return null;
      }
      parts.push(value);
    }
  } catch {
    return null;
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
