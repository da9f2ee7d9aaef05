/**
 * Backends: their settings, states, slots and lifecycle (swarmui §5, §7.3, rec 04, 21, 24).
 * A slot is one of `max_usages`; a lost slot is counted as used and never comes back. Grants nothing itself.
 */
import { connectComfy } from './comfy.ts';
import type { ComfyBackend } from './comfy.ts';
import type { BackendSpec, JsonObject } from './types.ts';
import { textOf } from './values.ts';
import { Bell } from './wait.ts';

export type BackendType = NonNullable<BackendSpec['type']>;
export type BackendState = 'disabled' | 'errored' | 'waiting' | 'loading' | 'idle' | 'running';

const BASE_FEATURES = [
  'comfyui',
  'refiners',
  'controlnet',
  'endstepsearly',
  'seamless',
  'video',
  'variation_seed',
  'freeu',
  'yolov8',
];
const PACK_FEATURES = [
  'comfy_latent_blend_masked',
  'comfy_just_load_model',
  'comfy_loadimage_b64',
  'comfy_saveimage_ws',
];

export class SwarmBackend {
  readonly id: number;
  readonly type: BackendType;
  title: string;
  settings: JsonObject;
  enabled = true;
  state: BackendState = 'waiting';
  modcount = 0;
  /** slots in use, lost ones included */
  usages = 0;
  lost = 0;
  /** a model is being loaded, or waits for the slots to empty: nothing new is granted */
  reserved = false;
  currentModel: string | null = null;
  lastUsedMs: number | null = null;
  deleted = false;
  hasPack = false;
  /** class names of its `/object_info` */
  nodes: ReadonlySet<string> = new Set();
  comfy: ComfyBackend | null = null;
  /** for children of a remote Swarm: the id of the control entry */
  readonly parent: number | null;
  /** raised by every re-initialisation, so that an older one stops */
  epoch = 0;
  readonly freed = new Bell();

  constructor(id: number, type: BackendType, settings: JsonObject, title: string, parent: number | null = null) {
    this.id = id;
    this.type = type;
    this.settings = settings;
    this.title = title;
    this.parent = parent;
  }

  get address(): string {
    return textOf(this.settings['Address']);
  }

  get allowIdle(): boolean {
    return this.settings['AllowIdle'] === true;
  }

  /** A remote Swarm's control entry never generates; its children do (swarmui §6.4). */
  get isControl(): boolean {
    return this.type === 'swarmswarmbackend' && this.parent === null;
  }

  get isComfy(): boolean {
    return this.type !== 'swarmswarmbackend';
  }

  get maxUsages(): number {
    const over = Number(this.settings['OverQueue'] ?? 1);
    return this.type === 'swarmswarmbackend'
      ? Number(this.settings['MaxUsages'] ?? 2)
      : 1 + (Number.isFinite(over) ? over : 1);
  }

  get canGrant(): boolean {
    return (
      this.enabled &&
      !this.deleted &&
      !this.isControl &&
      this.state === 'running' &&
      !this.reserved &&
      this.usages < this.maxUsages
    );
  }

  features(): string[] {
    return this.isComfy || this.hasPack
      ? [...BASE_FEATURES, ...(this.hasPack ? PACK_FEATURES : []), 'folderslash']
      : [...BASE_FEATURES, 'folderslash'];
  }

  /** Resolves when at least one slot is free: with all slots lost it never does (swarmui rec 21). */
  async slotFree(): Promise<void> {
    while (this.usages >= this.maxUsages) await this.freed.wait(Infinity);
  }

  /** Resolves when no slot is in use. */
  async allFree(): Promise<void> {
    while (this.usages > 0) await this.freed.wait(Infinity);
  }

  toNet(full: boolean): JsonObject {
    const seconds = this.lastUsedMs === null ? 0 : Math.floor((Date.now() - this.lastUsedMs) / 1000);
    return {
      type: this.type,
      status: this.enabled ? this.state : 'disabled',
      id: this.id,
      settings: this.settings,
      modcount: this.modcount,
      features: this.features(),
      enabled: this.enabled,
      title: this.title,
      max_usages: this.isControl ? 1 : this.maxUsages,
      seconds_since_used: seconds,
      time_since_used: this.lastUsedMs === null ? 'Never' : ago(seconds),
      can_load_models: !this.isControl,
      ...(full ? { current_model: this.currentModel } : {}),
    };
  }

  openComfy(): ComfyBackend {
    this.comfy?.close();
    this.comfy = connectComfy(this.address);
    return this.comfy;
  }
}

function ago(seconds: number): string {
  if (seconds === 0) return '0 seconds from now';
  return seconds === 1 ? '1 second ago' : `${String(seconds)} seconds ago`;
}

/** `settings` as the server shows them for each type */
export function settingsOf(spec: BackendSpec): JsonObject {
  if (spec.type === 'swarmswarmbackend') {
    return {
      Address: spec.address,
      AllowIdle: spec.allowIdle ?? false,
      AllowForwarding: true,
      AllowWebsocket: true,
      AuthorizationHeader: '',
      OtherHeaders: '',
      ConnectionAttemptTimeoutSeconds: 5,
    };
  }
  return {
    Address: spec.address,
    AllowIdle: spec.allowIdle ?? false,
    OverQueue: spec.overQueue ?? 1,
    EnableFrontendDev: false,
  };
}

export interface BackendStatus {
  readonly status:
    'idle' | 'unknown' | 'disabled' | 'loading' | 'running' | 'some_loading' | 'errored' | 'all_disabled' | 'empty';
  readonly class: '' | 'soft' | 'warn' | 'error';
  readonly message: string;
  readonly any_loading: boolean;
}

/** The one-word state of all backends together (swarmui §3.2; texts of swarmui rec 04). */
export function overallStatus(backends: readonly SwarmBackend[]): BackendStatus {
  const real = backends.filter((backend) => backend.parent === null);
  const on = real.filter((backend) => backend.enabled);
  const loading = on.some((backend) => backend.state === 'loading' || backend.state === 'waiting');
  const make = (status: BackendStatus['status'], cls: BackendStatus['class'], message: string): BackendStatus => ({
    status,
    class: cls,
    message,
    any_loading: loading,
  });
  if (real.length === 0)
    return make(
      'empty',
      'error',
      'No backends present. You must configure backends in the Backends section of the Server tab before you can continue.',
    );
  if (on.length === 0)
    return make(
      'all_disabled',
      'error',
      'All backends are disabled. You must enable backends in the Backends section of the Server tab before you can continue.',
    );
  if (on.some((backend) => backend.state === 'running')) {
    return loading
      ? make('some_loading', 'warn', 'Some backends are ready, but others are still loading...')
      : make('running', '', '');
  }
  if (loading) return make('loading', 'soft', 'Backends are still loading on the server...');
  if (on.some((backend) => backend.state === 'errored'))
    return make('errored', 'error', 'Some backends have errored on the server. Check the server logs for details.');
  if (on.some((backend) => backend.state === 'idle'))
    return make('idle', 'warn', 'All backends are idle. Cannot generate until at least one backend is running.');
  return make(
    'unknown',
    'error',
    'Something is wrong with your backends. Please check the Backends section of the Server tab, or the server logs.',
  );
}
