/** Where a host serves what jobs made: addresses by id, the same in every window (`electron/core/media.ts` answers them). */
import type { JobId } from './ids.ts';

export const MEDIA_PATH = '/media/';

/** A stored output, whole or in ranges. */
export const outputAddress = (outputId: string): string => `${MEDIA_PATH}output/${outputId}`;

/** The newest preview of a running job; `version` makes each one a new address. */
export const previewAddress = (id: JobId, version: number): string => `${MEDIA_PATH}preview/${id}?v=${version}`;
