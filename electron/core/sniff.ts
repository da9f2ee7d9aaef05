/** What a file is, by its first bytes, and how large a picture is. Never trusts a name or a header. Pure. */
export interface Sniffed {
  mime: string;
  width: number | null;
  height: number | null;
}

const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
const be16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const be32 = (bytes: Uint8Array, at: number): number => be16(bytes, at) * 65_536 + be16(bytes, at + 2);
const le16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
const le24 = (bytes: Uint8Array, at: number): number => le16(bytes, at) | ((bytes[at + 2] ?? 0) << 16);

/** As many of the first bytes say what a file is. */
export const SNIFF_BYTES = 64;

/**
 * The type of a file by its first bytes, if it is one that a page may show; null for everything else, SVG and HTML above
 * all: a server's files are strangers, and are offered as downloads.
 */
export function sniffMedia(head: Uint8Array): string | null {
  const text = (from: number, to: number): string => String.fromCharCode(...head.subarray(from, to));
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'image/png';
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'image/jpeg';
  if (text(0, 6) === 'GIF87a' || text(0, 6) === 'GIF89a') return 'image/gif';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'image/webp';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WAVE') return 'audio/wav';
  if (text(0, 4) === 'fLaC') return 'audio/flac';
  if (text(0, 4) === 'OggS') return 'audio/ogg';
  if (text(0, 3) === 'ID3' || (head[0] === 0xff && ((head[1] ?? 0) & 0xe6) === 0xe2)) return 'audio/mpeg';
  if (head[0] === 0x1a && head[1] === 0x45 && head[2] === 0xdf && head[3] === 0xa3)
    return text(0, SNIFF_BYTES).includes('webm') ? 'video/webm' : null;
  if (text(4, 8) === 'ftyp') {
    const brand = text(8, 12);
    if (brand === 'avif' || brand === 'avis') return 'image/avif';
    return ['isom', 'iso2', 'iso4', 'iso5', 'iso6', 'mp41', 'mp42', 'avc1', 'M4V ', 'dash'].includes(brand)
      ? 'video/mp4'
      : null;
  }
  return null;
}

/** The same with the size of a picture, which may stand further in. */
export function sniff(bytes: Uint8Array): Sniffed | null {
  const mime = sniffMedia(bytes);
  if (mime === null) return null;
  if (mime === 'image/png') return { mime, width: be32(bytes, 16), height: be32(bytes, 20) };
  if (mime === 'image/gif') return { mime, width: le16(bytes, 6), height: le16(bytes, 8) };
  if (mime === 'image/jpeg') return { mime, ...jpegSize(bytes) };
  if (mime === 'image/webp') return { mime, ...webpSize(bytes) };
  return { mime, width: null, height: null };
}

function jpegSize(bytes: Uint8Array): { width: number | null; height: number | null } {
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) break;
    const marker = bytes[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { width: be16(bytes, at + 7), height: be16(bytes, at + 5) };
    at += 2 + Math.max(2, be16(bytes, at + 2));
  }
  return { width: null, height: null };
}

function webpSize(bytes: Uint8Array): { width: number | null; height: number | null } {
  const chunk = ascii(bytes, 12, 16);
  if (chunk === 'VP8X') return { width: le24(bytes, 24) + 1, height: le24(bytes, 27) + 1 };
  if (chunk === 'VP8 ') return { width: le16(bytes, 26) & 0x3fff, height: le16(bytes, 28) & 0x3fff };
  if (chunk === 'VP8L') {
    const bits = le16(bytes, 21) + le16(bytes, 23) * 65_536;
    return { width: (bits & 0x3fff) + 1, height: (Math.floor(bits / 16_384) & 0x3fff) + 1 };
  }
  return { width: null, height: null };
}
