/** Sampler previews as binary frames: type 1 (bare image) and type 4 (with metadata), reference §4.6. */
import { encodeJpeg } from './jpeg.ts';
import { paint } from './pictures.ts';
import type { Picture } from './pictures.ts';
import { encodePng } from './png.ts';
import { pyDumps } from './py.ts';
import { binaryFrame, uint32 } from './wire.ts';

/** Longest side of a preview in pixels. */
const previewSize = 256;

function encode(picture: Picture, format: 'jpeg' | 'png'): Uint8Array {
  const scale = Math.min(1, previewSize / Math.max(picture.width, picture.height));
  const scaled = (side: number): number => Math.max(8, Math.round(side * scale));
  const pixels = paint(picture, scaled(picture.width), scaled(picture.height));
  return format === 'jpeg' ? encodeJpeg(pixels) : encodePng(pixels, {}, 1);
}

/** One preview frame. `modern` = the socket negotiated `supports_preview_metadata`. */
export function previewFrame(
  modern: boolean,
  format: 'jpeg' | 'png',
  nodeId: string,
  promptId: string,
  picture: Picture,
): Uint8Array {
  const image = encode(picture, format);
  if (!modern) return binaryFrame(1, uint32(format === 'jpeg' ? 1 : 2), image);
  const metadata = Buffer.from(
    pyDumps({
      node_id: nodeId,
      prompt_id: promptId,
      display_node_id: nodeId,
      parent_node_id: null,
      real_node_id: nodeId,
      image_type: `image/${format}`,
    }),
    'utf8',
  );
  return binaryFrame(4, uint32(metadata.length), metadata, image);
}
