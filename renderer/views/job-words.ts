/** Facts of a job put together for a line: what is under its title. Pure. */
import type { JobView } from '../../shared/job.ts';
import { common } from '../text/common.ts';
import { queueText } from '../text/queue.ts';

/** "flux-portrait.json · 1344×768 · seed 40817", or the batch it belongs to. */
export function metaOf(job: JobView): string {
  const { info, batch } = job;
  const what =
    batch === null || batch.size === 1
      ? (info.source ?? info.model)
      : queueText.batchPart(batch.title, batch.index + 1, batch.index + 1, batch.size);
  const size = info.width === null || info.height === null ? null : common.size(info.width, info.height);
  const images = info.images === null || info.images < 2 ? null : common.images(info.images);
  const seed = info.seed === null ? null : common.seed(info.seed);
  return [what, batch === null || batch.size === 1 ? size : null, images, seed]
    .filter((part) => part !== null && part !== '')
    .join(' · ');
}
