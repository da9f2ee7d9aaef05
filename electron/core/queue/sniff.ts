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

/** Null for what is none of the types that are ever shown inline (quality §1.5). */
export function sniff(bytes: Uint8Array): Sniffed | null {
  if (bytes.length < 12) return null;
  if (be32(bytes, 0) === 0x89504e47) return { mime: 'image/png', width: be32(bytes, 16), height: be32(bytes, 20) };
  if (be16(bytes, 0) === 0xffd8) return { mime: 'image/jpeg', ...jpegSize(bytes) };
  const head = ascii(bytes, 0, 4);
  if (head === 'GIF8') return { mime: 'image/gif', width: le16(bytes, 6), height: le16(bytes, 8) };
  if (head === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return { mime: 'image/webp', ...webpSize(bytes) };
  if (head === 'RIFF' && ascii(bytes, 8, 12) === 'WAVE') return plain('audio/wav');
  if (ascii(bytes, 4, 8) === 'ftyp') return plain(ascii(bytes, 8, 12).startsWith('avi') ? 'image/avif' : 'video/mp4');
  if (be32(bytes, 0) === 0x1a45dfa3) return plain('video/webm');
  if (head === 'fLaC') return plain('audio/flac');
  if (head === 'OggS') return plain('audio/ogg');
  if (head.startsWith('ID3') || (bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0)) return plain('audio/mpeg');
  return null;
}

const plain = (mime: string): Sniffed => ({ mime, width: null, height: null });

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
