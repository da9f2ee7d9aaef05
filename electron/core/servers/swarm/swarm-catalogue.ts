/**
 * What a submit page needs to know of one SwarmUI server: its models with their own sizes, and its parameters with
 * sensible defaults. Fetched once and when asked anew (§5: 243 KB and more). Shows nothing itself.
 */
import type { SwarmClient } from './swarm-client.ts';
import type { SwarmParam } from './swarm-schemas.ts';

export interface SwarmModel {
  /** The exact name to send: others are matched loosely (§3.1). */
  readonly name: string;
  readonly title: string;
  readonly architecture: string | null;
  /** The model's own size; the server would take 512 x 512 for every model. */
  readonly width: number | null;
  readonly height: number | null;
}

export interface Catalogue {
  readonly models: readonly SwarmModel[];
  readonly params: readonly SwarmParam[];
  /** Values to start a form with, by parameter id: those that are always sent. */
  readonly defaults: Readonly<Record<string, string | number | boolean>>;
  /** Names of other kinds of models (LoRA, VAE …) by the server's own type name. */
  readonly others: Readonly<Record<string, readonly string[]>>;
  readonly fetchedAt: number;
}

const MAIN = 'Stable-Diffusion';

export class CatalogueCache {
  #cached: Catalogue | null = null;
  #fetching: Promise<Catalogue> | null = null;

  /** Of another connection, user or process: asked again when needed. */
  clear(): void {
    this.#cached = null;
    this.#fetching = null;
  }

  /** `refresh` reads the server's model folders anew where the permission allows. Throws AppError. */
  async get(client: SwarmClient, refresh: boolean, signal: AbortSignal): Promise<Catalogue> {
    if (this.#cached !== null && !refresh) return this.#cached;
    this.#fetching ??= this.#fetch(client, refresh, signal).finally(() => {
      this.#fetching = null;
    });
    this.#cached = await this.#fetching;
    return this.#cached;
  }

  async #fetch(client: SwarmClient, refresh: boolean, signal: AbortSignal): Promise<Catalogue> {
    client.require('fundamental_generate_tab_access');
    const { list, models } = await client.ask((session) => (refresh ? client.api.refreshedParams(session, signal) : client.api.params(session, signal)), signal);
    const files = client.may('fundamental_model_access') ? await client.ask((session) => client.api.models(session, signal), signal) : [];
    const byName = new Map(files.map((file) => [withoutExtension(file.name), file]));
    const names = (models[MAIN] ?? []).map(([name]) => name);
    return {
      models: names.map((name) => {
        const file = byName.get(withoutExtension(name));
        return {
          name, title: file?.title ?? name, architecture: file?.architecture ?? null,
          width: positive(file?.standard_width), height: positive(file?.standard_height),
        };
      }),
      params: list.filter((param) => param.visible),
      defaults: defaultsOf(list),
      others: Object.fromEntries(Object.entries(models).filter(([type]) => type !== MAIN).map(([type, entries]) => [type, entries.map(([name]) => name)])),
      fetchedAt: Date.now(),
    };
  }
}

const withoutExtension = (name: string): string => name.replace(/\.(safetensors|ckpt|gguf|sft)$/i, '');
const positive = (value: number | null | undefined): number | null => (value !== null && value !== undefined && value > 0 ? value : null);

/** Only parameters that are on by themselves: toggleable ones change the result just by being sent. */
function defaultsOf(params: readonly SwarmParam[]): Record<string, string | number | boolean> {
  const defaults: Record<string, string | number | boolean> = {};
  for (const param of params) {
    if (param.toggleable || param.advanced || !param.visible || param.id === 'model' || param.id === 'images') continue;
    if (param.type === 'integer' || param.type === 'decimal') {
      const number = Number(param.default);
      if (param.default !== '' && Number.isFinite(number)) defaults[param.id] = number;
    } else if (param.type === 'boolean') {
      if (param.default === 'true') defaults[param.id] = true;
    } else if (param.type === 'text' || param.type === 'dropdown') {
      if (param.default !== '') defaults[param.id] = param.default;
    }
  }
  return defaults;
}
