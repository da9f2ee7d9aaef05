/**
 * Texts in an EXIF block (TIFF structure), and the two containers that carry one: WebP and JPEG. ComfyUI writes
 * `prompt:{…}` into tag 0x0110 and `workflow:{…}` into tags from 0x010f downwards (its SaveAnimatedWEBP); savers of
 * others put the same into the user comment. Reads texts only and never throws on a broken block.
 */
import { latin1 } from './png-text.ts';

const TYPE_ASCII = 2;
const TYPE_UNDEFINED = 7;
const TAG_EXIF_IFD = 0x8769;
const MAX_ENTRIES = 2_000;

export const isWebp = (bytes: Uint8Array): boolean => startsWith(bytes, 0, 'RIFF') && startsWith(bytes, 8, 'WEBP');
export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;

/** Texts in the EXIF chunk of a WebP, in the order they stand. */
export function webpTexts(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 12;
  while (at + 8 <= bytes.length) {
    const length = view.getUint32(at + 4, true);
    if (startsWith(bytes, at, 'EXIF')) return tiffTexts(afterExifHeader(bytes.subarray(at + 8, at + 8 + length)));
    at += 8 + length + (length % 2);
  }
  return [];
}

/** Texts in the APP1 block of a JPEG. Stops where the image data begin. */
export function jpegTexts(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const length = view.getUint16(at + 2);
    if (length < 2) break;
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (bytes[at + 1] === 0xe1 && startsWith(body, 0, 'Exif')) texts.push(...tiffTexts(afterExifHeader(body)));
    at += 2 + length;
  }
  return texts;
}

/** ASCII and comment values of IFD0 and the EXIF directory. */
function tiffTexts(tiff: Uint8Array): string[] {
  const little = startsWith(tiff, 0, 'II');
  if (tiff.length < 8 || (!little && !startsWith(tiff, 0, 'MM'))) return [];
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const texts: string[] = [];
  const seen = new Set<number>();
  const directories = [view.getUint32(4, little)];
  for (let at = directories.shift(); at !== undefined; at = directories.shift()) {
    if (seen.has(at) || at + 2 > tiff.length) continue;
    seen.add(at);
    const count = Math.min(view.getUint16(at, little), MAX_ENTRIES);
    for (let index = 0; index < count; index += 1) {
      const entry = at + 2 + index * 12;
      if (entry + 12 > tiff.length) break;
      const tag = view.getUint16(entry, little);
      const type = view.getUint16(entry + 2, little);
      if (tag === TAG_EXIF_IFD) directories.push(view.getUint32(entry + 8, little));
      if (type !== TYPE_ASCII && type !== TYPE_UNDEFINED) continue;
      const length = view.getUint32(entry + 4, little);
      const from = length <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
      if (from + length > tiff.length) continue;
      texts.push(decodeValue(tiff.subarray(from, from + length), little));
    }
  }
  return texts;
}

/** User comments begin with eight bytes that name their coding; plain ASCII values hold UTF-8 in practice. */
function decodeValue(bytes: Uint8Array, little: boolean): string {
  if (startsWith(bytes, 0, 'UNICODE\0'))
    return new TextDecoder(little ? 'utf-16le' : 'utf-16be').decode(bytes.subarray(8));
  const body = startsWith(bytes, 0, 'ASCII\0\0\0') ? bytes.subarray(8) : bytes;
  return new TextDecoder().decode(body).replace(/\0+$/, '');
}

const afterExifHeader = (bytes: Uint8Array): Uint8Array =>
  startsWith(bytes, 0, 'Exif\0\0') ? bytes.subarray(6) : bytes;

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  return latin1(bytes.subarray(at, at + text.length)) === text;
}
