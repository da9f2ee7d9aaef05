/**
 * What a submit page needs to know of one SwarmUI server: its models with their own sizes, and its parameters with
 * sensible defaults. Fetched once and when asked again (swarmui §5: 243 KB and more). Shows nothing itself.
 */
import type { CatalogueView, ParamView } from '../../../../shared/server-manage.ts';
import type { SwarmClient } from './client.ts';
import type { SwarmParam } from './schemas.ts';

const MAIN = 'Stable-Diffusion';

export class CatalogueCache {
  #cached: CatalogueView | null = null;
  #fetching: Promise<CatalogueView> | null = null;

  /** Of another connection, user or process: asked again when needed. */
  clear(): void {
    this.#cached = null;
    this.#fetching = null;
  }

  /** `refresh` reads the server's model folders again where the permission allows. Throws AppError. */
  async get(client: SwarmClient, refresh: boolean, signal: AbortSignal): Promise<CatalogueView> {
    if (this.#cached !== null && !refresh) return this.#cached;
    this.#fetching ??= this.#fetch(client, refresh, signal).finally(() => {
      this.#fetching = null;
    });
    this.#cached = await this.#fetching;
    return this.#cached;
  }

  async #fetch(client: SwarmClient, refresh: boolean, signal: AbortSignal): Promise<CatalogueView> {
    client.require('fundamental_generate_tab_access');
    const { list, models, groups } = await client.ask(
      (session) => (refresh ? client.api.refreshedParams(session, signal) : client.api.params(session, signal)),
      signal,
    );
    const files = client.may('fundamental_model_access')
      ? await client.ask((session) => client.api.models(session, signal), signal)
      : [];
    const byName = new Map(files.map((file) => [withoutExtension(file.name), file]));
    const names = (models[MAIN] ?? []).map(([name]) => name);
    return {
      models: names.map((name) => {
        const file = byName.get(withoutExtension(name));
        return {
          // The exact name to send: others are matched loosely (swarmui §3.1).
          name,
          title: file?.title ?? name,
          architecture: file?.architecture ?? null,
          // The model's own size; the server would take 512 x 512 for every model.
          width: positive(file?.standard_width),
          height: positive(file?.standard_height),
        };
      }),
      params: list.filter((param) => param.visible).map(paramView),
      groups,
      defaults: defaultsOf(list),
      others: Object.fromEntries(
        Object.entries(models)
          .filter(([type]) => type !== MAIN)
          .map(([type, entries]) => [type, entries.map(([name]) => name)]),
      ),
      fetchedAt: Date.now(),
    };
  }
}

function paramView(param: SwarmParam): ParamView {
  const { visible: _shown, view_min: viewMin, view_max: viewMax, value_names: valueNames, ...rest } = param;
  return { ...rest, viewMin, viewMax, valueNames };
}

const withoutExtension = (name: string): string => name.replace(/\.(safetensors|ckpt|gguf|sft)$/i, '');
const positive = (value: number | null | undefined): number | null =>
  value !== null && value !== undefined && value > 0 ? value : null;

/** What every form shows; everything else is only sent once somebody touches it, since the server has its own defaults. */
const ESSENTIAL = ['prompt', 'negativeprompt', 'steps', 'cfgscale', 'seed', 'width', 'height'];

/** The server's own defaults of the essential parameters; sizes are better taken from the model. */
function defaultsOf(params: readonly SwarmParam[]): Record<string, string | number> {
  const defaults: Record<string, string | number> = {};
  for (const id of ESSENTIAL) {
    const param = params.find((one) => one.id === id);
    if (param === undefined) continue;
    const number = Number(param.default);
    defaults[id] =
      (param.type === 'integer' || param.type === 'decimal') && param.default !== '' && Number.isFinite(number)
        ? number
        : param.default;
  }
  return defaults;
}
