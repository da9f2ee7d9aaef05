/** The graph an image carries: text chunks of a PNG, the EXIF block of a WebP. Never throws on a broken image. */
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** A small chunk can claim gigabytes. */
const MAX_TEXT_BYTES = 24 * 1024 * 1024;

const isPng = (data: Buffer): boolean => data.subarray(0, 8).equals(PNG);
const isWebp = (data: Buffer): boolean =>
  data.toString('latin1', 0, 4) === 'RIFF' && data.toString('latin1', 8, 12) === 'WEBP';
const isJpeg = (data: Buffer): boolean => data[0] === 0xff && data[1] === 0xd8 && data[2] === 0xff;

export const isImage = (data: Buffer): boolean => isPng(data) || isWebp(data) || isJpeg(data);

/** `prompt` (API format) first, else `workflow` (the editor's own), so that the answer can say which it is. */
export function graphTextOf(data: Buffer): string | null {
  const texts = isPng(data) ? pngTexts(data) : isWebp(data) ? webpTexts(data) : new Map<string, string>();
  return texts.get('prompt') ?? texts.get('workflow') ?? null;
}

function pngTexts(data: Buffer): Map<string, string> {
  const texts = new Map<string, string>();
  for (let at = 8; at + 12 <= data.length;) {
    const length = data.readUInt32BE(at);
    const type = data.toString('latin1', at + 4, at + 8);
    const body = data.subarray(at + 8, at + 8 + length);
    if (type === 'IEND' || body.length < length) break;
    const zero = body.indexOf(0);
    const text = zero > 0 ? textOf(type, body.subarray(zero + 1)) : null;
    if (text !== null) texts.set(body.toString('latin1', 0, zero), text);
    at += 12 + length;
  }
  return texts;
}

function textOf(type: string, rest: Buffer): string | null {
  if (type === 'tEXt') return rest.toString('utf8');
  if (type === 'zTXt') return inflated(rest.subarray(1));
  if (type !== 'iTXt') return null;
  const language = rest.indexOf(0, 2);
  const translated = language < 0 ? -1 : rest.indexOf(0, language + 1);
  if (translated < 0) return null;
  const body = rest.subarray(translated + 1);
  return rest[0] === 0 ? body.toString('utf8') : inflated(body);
}

function inflated(packed: Buffer): string | null {
  try {
    // Not imported: loading zlib costs every verb, and few images need it.
    return process
      .getBuiltinModule('node:zlib')
      .inflateSync(packed, { maxOutputLength: MAX_TEXT_BYTES })
      .toString('utf8');
  } catch (_) {
    return null;
  }
}

/** ComfyUI writes `prompt:{…}` and `workflow:{…}` as EXIF strings, each ended by a zero. */
function webpTexts(data: Buffer): Map<string, string> {
  const texts = new Map<string, string>();
  for (let at = 12; at + 8 <= data.length;) {
    const length = data.readUInt32LE(at + 4);
    if (data.toString('latin1', at, at + 4) === 'EXIF') {
      for (const piece of data.toString('utf8', at + 8, at + 8 + length).split('\0')) {
        const found = /(prompt|workflow):(\{[\s\S]*)$/i.exec(piece);
        const [, key = '', text = ''] = found ?? [];
        if (found !== null && !texts.has(key.toLowerCase())) texts.set(key.toLowerCase(), text);
      }
    }
    at += 8 + length + (length % 2);
  }
  return texts;
}
