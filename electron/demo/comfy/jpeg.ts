/** Writes small JPEG files, because real servers send sampler previews as JPEG. */
import { encode } from 'jpeg-js';
import type { Pixels } from './png.ts';

/** Encodes `pixels` as a baseline JPEG (JFIF) of middling quality. */
export function encodeJpeg({ width, height, rgb }: Pixels): Buffer {
  const data = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    data.set(rgb.subarray(pixel * 3, pixel * 3 + 3), pixel * 4);
  }
  return encode({ width, height, data }, 75).data;
}
