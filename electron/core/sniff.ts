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

/* eslint-disable no-control-regex -- what a file begins with is bytes, not text */
/**
 * A type, by what its files begin with (a character for each byte), and which of them a page may show where it is not
 * all: a player that knows the type need not know every codec and container of it.
 */
const TYPES: readonly (readonly [mime: string, begins: RegExp, shown?: RegExp])[] = [
  ['image/png', /^\x89PNG\r\n\x1a\n/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8[79]a/],
  ['image/webp', /^RIFF.{4}WEBP/s],
  ['audio/wav', /^RIFF.{4}WAVE/s],
  ['audio/flac', /^fLaC/],
  ['audio/ogg', /^OggS/],
  // AAC begins like MPEG audio, but for its layer.
  ['audio/mpeg', /^(ID3|\xff[\xe0-\xff])/, /^(ID3|\xff[\xe2\xe3\xea\xeb\xf2\xf3\xfa\xfb])/],
  // Matroska of any kind, QuickTime and its kin.
  ['video/webm', /^\x1a\x45\xdf\xa3/, /webm/],
  ['image/avif', /^.{4}ftypavi/s, /^.{8}avi[fs]/s],
  ['video/mp4', /^.{4}ftyp/s, /^.{8}(iso[m2456]|mp4[12]|avc1|M4V |dash)/s],
];
/* eslint-enable no-control-regex */

/**
 * The type of a file by its first bytes, if it is one that a page may show; null for everything else, SVG and HTML above
 * all: a server's files are strangers, and are offered as downloads.
 */
export function sniffMedia(head: Uint8Array): string | null {
  const [mime, , shown] = typeOf(head) ?? [null];
  return shown === undefined || shown.test(ascii(head, 0, SNIFF_BYTES)) ? mime : null;
}

function typeOf(head: Uint8Array): (typeof TYPES)[number] | undefined {
  const text = ascii(head, 0, SNIFF_BYTES);
  return TYPES.find(([, begins]) => begins.test(text));
}

/** What a file is, shown or not, with the size of a picture, which may stand further in; null for no media we know. */
export function sniff(bytes: Uint8Array): Sniffed | null {
  const [mime] = typeOf(bytes) ?? [null];
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
