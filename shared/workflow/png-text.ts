/** Text chunks of a PNG (tEXt, zTXt, iTXt). Looks at nothing else of the image and never throws on a broken one. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const MAX_CHUNKS = 100_000;

/** The zlib-inflated bytes; null when they are damaged or grow past `MAX_GRAPH_CHARS` (a small chunk can claim gigabytes). */
export type Inflate = (packed: Uint8Array) => Promise<Uint8Array | null>;

export const isPng = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, index) => bytes[index] === byte);

/** Keyword → text. ComfyUI writes `prompt` and `workflow`. Stops at the first chunk that runs past the end. */
export async function pngTexts(
  bytes: Uint8Array,
  wanted: ReadonlySet<string>,
  inflate: Inflate,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = SIGNATURE.length;
  for (let count = 0; count < MAX_CHUNKS && at + 12 <= bytes.length; count += 1) {
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    const type = latin1(bytes.subarray(at + 4, at + 8));
    if (type === 'IEND') break;
    if (type === 'tEXt' || type === 'zTXt' || type === 'iTXt') {
      const entry = await readText(type, bytes.subarray(at + 8, end), wanted, inflate);
      if (entry !== null && !texts.has(entry.keyword)) texts.set(entry.keyword, entry.text);
    }
    at = end + 4;
  }
  return texts;
}

async function readText(
  type: string,
  data: Uint8Array,
  wanted: ReadonlySet<string>,
  inflate: Inflate,
): Promise<{ keyword: string; text: string } | null> {
  const end = data.indexOf(0);
  if (end <= 0 || end > 79) return null;
  const keyword = latin1(data.subarray(0, end));
  if (!wanted.has(keyword)) return null;
  const rest = data.subarray(end + 1);
  if (type === 'tEXt') return { keyword, text: decodeText(rest) };
  if (type === 'zTXt') {
    const packed = rest[0] === 0 ? await inflate(rest.subarray(1)) : null;
    return packed === null ? null : { keyword, text: decodeText(packed) };
  }
  const [compressed, method] = rest;
  const language = rest.indexOf(0, 2);
  const translated = language < 0 ? -1 : rest.indexOf(0, language + 1);
  if (translated < 0) return null;
  const body = rest.subarray(translated + 1);
  if (compressed === 0) return { keyword, text: decodeText(body) };
  const packed = method === 0 ? await inflate(body) : null;
  return packed === null ? null : { keyword, text: decodeText(packed) };
}

/** tEXt is Latin-1 by the standard, yet many tools write UTF-8 into it: UTF-8 where it is valid, else Latin-1. */
function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return latin1(bytes);
  }
}

/** Not `TextDecoder('latin1')`: that name means windows-1252 to the platform. In pieces, for long chunks. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return text;
}
