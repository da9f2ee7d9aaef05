/** Facts of a job put together for a line: its picture, and what is under its title. Pure. */
import type { JobInfo, JobView } from '../../shared/job.ts';
import { outputAddress } from '../../shared/media.ts';
import { common } from '../text/common.ts';
import { queueText } from '../text/queue.ts';

/** Where its picture is, once one is stored. */
export const thumbOf = ({ outputs }: JobView): string | null =>
  outputs.thumb === null ? null : outputAddress(outputs.thumb);

/** In the queue: "flux-portrait.json · 1344×768 · seed 40817", or the batch it belongs to. */
export function metaOf({ info, batch, title }: JobView): string {
  return batch === null || batch.size === 1
    ? factsOf(info)
    : line([
        queueText.batchPart(batchTitle(batch, title), batch.index + 1, batch.index + 1, batch.size),
        imagesOf(info),
        seedOf(info),
      ]);
}

/** Null where the row says it already: most batches are named after their prompt. */
export const batchTitle = (batch: { title: string }, rowTitle: string): string | null =>
  batch.title === rowTitle ? null : batch.title;

/** Workflow or model, size, images, seed: what tells a job from its neighbours. */
export const factsOf = (info: JobInfo): string =>
  line([
    info.source ?? (info.model === null ? null : modelName(info.model)),
    info.width === null || info.height === null ? null : common.size(info.width, info.height),
    imagesOf(info),
    seedOf(info),
  ]);

const imagesOf = ({ images }: JobInfo): string | null => (images === null || images < 2 ? null : common.images(images));
const seedOf = ({ seed }: JobInfo): string | null => (seed === null ? null : common.seed(seed));
const line = (parts: readonly (string | null)[]): string =>
  parts.filter((part) => part !== null && part !== '').join(' · ');

/** `sdxl/base_1.0.safetensors` reads `base_1.0`: folder and kind of file say nothing in a list. */
const modelName = (model: string): string =>
  model.replace(/^.*[\\/]/, '').replace(/\.(safetensors|ckpt|sft|gguf|pth?)$/i, '');
