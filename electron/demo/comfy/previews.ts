/** Sampler previews as binary frames: type 1 (bare image) and type 4 (with metadata), comfyui §4.6. */
import { encodeJpeg } from './jpeg.ts';
import { paint } from './pictures.ts';
import type { Picture } from './pictures.ts';
import { pyDumps } from './py.ts';
import { binaryFrame, uint32 } from './wire.ts';

/** Longest side of a preview in pixels. */
const previewSize = 256;

function encode(picture: Picture): Uint8Array {
  const scale = Math.min(1, previewSize / Math.max(picture.width, picture.height));
  const scaled = (side: number): number => Math.max(8, Math.round(side * scale));
  return encodeJpeg(paint(picture, scaled(picture.width), scaled(picture.height)));
}

/** One preview frame. `modern` = the socket negotiated `supports_preview_metadata`. */
export function previewFrame(modern: boolean, nodeId: string, promptId: string, picture: Picture): Uint8Array {
  const image = encode(picture);
  if (!modern) return binaryFrame(1, uint32(1), image);
  const metadata = Buffer.from(
    pyDumps({
      node_id: nodeId,
      prompt_id: promptId,
      display_node_id: nodeId,
      parent_node_id: null,
      real_node_id: nodeId,
      image_type: 'image/jpeg',
    }),
    'utf8',
  );
  return binaryFrame(4, uint32(metadata.length), metadata, image);
}
