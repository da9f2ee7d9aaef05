/**
 * The messages of one backend call: `gen_progress` with metadata once, previews, raw frames, images (swarmui §3.2,
 * rec 05 to 08, 42). Turns what a backend reports into SwarmUI's messages; does not decide how the call ends.
 */
import type { SwarmCore } from './core.ts';
import type { JobHooks } from './job.ts';
import { dayOf, mangleExtra } from './outputs.ts';
import { cleanModelName } from './params.ts';
import type { GenInput } from './params.ts';
import type { JsonObject, Where } from './types.ts';
import type { SwarmUser } from './users.ts';

export interface ImageContext {
  readonly core: SwarmCore;
  readonly user: SwarmUser;
  readonly input: GenInput;
  readonly seed: number;
  readonly where: Where;
  readonly firstIndex: number;
  /** indices from one above this are extras */
  readonly afterAll: number;
  /** null on servers older than 0.9.7 */
  readonly requestId: string | null;
  readonly requestStartedMs: number;
  readonly send: (message: object) => void;
}

export class ImageMessages {
  /** images delivered by this call, intermediates included */
  count = 0;
  readonly #context: ImageContext;
  readonly #startedMs = performance.now();
  #metadataSent = false;
  #main = 0;
  #extras = 0;
  #intermediates = 0;

  constructor(context: ImageContext) {
    this.#context = context;
  }

  hooks(): Omit<JobHooks, 'where' | 'interrupted'> {
    const { input } = this.#context;
    return {
      onProgress: (done, all, current) => {
        this.progress(percent(done, all + 1, current), current);
      },
      onPreview: (png, bytes, done, all, current) => {
        this.preview(
          `data:image/${png ? 'png' : 'jpeg'};base64,${bytes.toString('base64')}`,
          percent(done, all, current),
          current,
        );
      },
      onImage: (bytes, main) => {
        this.image(bytes, main);
      },
      ...(input.values.get('forwardrawbackenddata') === true
        ? {
            onRaw: (bytes: Buffer) => {
              this.#context.send({ raw_backend_data: { type: 'comfy_websocket', data: bytes.toString('base64') } });
            },
          }
        : {}),
    };
  }

  progress(overall: number, current: number): void {
    const first = !this.#metadataSent;
    this.#metadataSent = true;
    this.#context.send({
      gen_progress: {
        ...this.#ids(this.#context.firstIndex),
        overall_percent: netNumber(overall),
        current_percent: netNumber(current),
        ...(first ? { metadata: this.#metadata(this.#context.seed, null) } : {}),
      },
    });
  }

  /** Previews never carry the metadata, and may come before it (swarmui rec 43). */
  preview(url: string, overall: number, current: number): void {
    this.#context.send({
      gen_progress: {
        ...this.#ids(this.#context.firstIndex),
        preview: url,
        overall_percent: netNumber(overall),
        current_percent: netNumber(current),
      },
    });
  }

  image(bytes: Buffer, isMain: boolean): void {
    const { core, input, user, seed, firstIndex, afterAll, where, send } = this.#context;
    const now = new Date();
    let index: number;
    let used = seed;
    if (!isMain) {
      this.#intermediates += 1;
      index = -10 - this.#intermediates;
    } else if (this.#main < input.batchSize) {
      index = firstIndex + this.#main;
      used = seed + this.#main;
      this.#main += 1;
    } else {
      this.#extras += 1;
      index = afterAll + this.#extras;
    }
    this.count += 1;
    const metadata = this.#metadata(used, now);
    const keep = input.values.get('donotsave') !== true;
    let image = `data:image/png;base64,${bytes.toString('base64')}`;
    if (keep) {
      const model =
        input.model === null ? 'unknown' : (cleanModelName(input.model.name).split('/').at(-1) ?? 'unknown');
      const stem = (this.#stem ??= user.nextFileStem(now));
      image = `View/${user.id}/${core.disk.outputs.save(user.id, stem, String(input.values.get('prompt') ?? ''), model, bytes, metadata, now)}`;
    }
    core.log('image', where);
    if (input.values.get('forwardswarmdata') === true)
      send({ raw_swarm_data: { params_used: [...input.values.keys()] } });
    send({ image, ...this.#ids(index), metadata });
  }

  #stem: string | null = null;

  #ids(index: number): { batch_index: string; request_id?: string } {
    const { requestId } = this.#context;
    return { batch_index: String(index), ...(requestId === null ? {} : { request_id: requestId }) };
  }

  /** @param finished null for the text that comes with the first progress */
  #metadata(seed: number, finished: Date | null): string {
    const { core, input } = this.#context;
    const value = (id: string): JsonObject => (input.values.has(id) ? { [id]: input.values.get(id) } : {});
    const shown = ['steps', 'cfgscale', 'width', 'height', 'aspectratio', 'sampler', 'scheduler'].map(value);
    const unused = ['donotsave'].filter((id) => input.values.has(id));
    const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(2)} sec`;
    const params: JsonObject = {
      ...value('model'),
      ...(input.images > 1 ? { images: input.images } : {}),
      ...(input.batchSize > 1 ? { batchsize: input.batchSize } : {}),
      seed,
      prompt: input.values.get('prompt') ?? '',
      negativeprompt: input.values.get('negativeprompt') ?? '',
      ...(Object.assign({}, ...shown) as JsonObject),
      ...(finished === null
        ? { is_preview: true, preview_notice: 'Image is not done generating' }
        : { swarm_version: core.version }),
    };
    const extra: JsonObject = {
      date: dayOf(new Date()),
      ...mangleExtra(input.extra),
      ...(finished === null
        ? {}
        : {
            prep_time: seconds(this.#context.requestStartedMs, this.#startedMs),
            generation_time: seconds(this.#startedMs, performance.now()),
            ...(unused.length > 0 ? { unused_parameters: unused } : {}),
          }),
    };
    const models =
      input.model === null ? {} : { sui_models: [{ name: input.model.name, param: 'model', hash: '0x0' }] };
    return JSON.stringify({ sui_image_params: params, sui_extra_data: extra, ...models }, null, 2);
  }
}

function percent(done: number, all: number, current: number): number {
  return Math.fround(done / all) + Math.fround(current / all);
}

/** A single-precision number as .NET prints it; not-a-number becomes a quoted word (swarmui §3.2). */
function netNumber(value: number): number | string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  const single = Math.fround(value);
  for (let digits = 6; digits <= 9; digits += 1) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return short;
  }
  return single;
}
