/**
 * Finds out whether a ComfyUI answers at an address and what it can do: asked, not concluded from its version, except
 * for the two things that can't be asked (C1, C4). Changes nothing on the server.
 */
import { AppError, isAbort } from '../../../../shared/errors.ts';
import { uuidv4 } from '../../../../shared/ids.ts';
import type { CapabilitiesOf, ServerStatus } from '../../../../shared/server.ts';
import type { Found } from '../adapter.ts';
import type { ComfyHttp } from './http.ts';
import type { SystemStats } from './schemas.ts';

export interface ComfyProbe extends Found<'comfy'> {
  readonly capabilities: CapabilitiesOf<'comfy'>;
  /** Running and waiting. */
  readonly queueLength: number;
  readonly memory: ServerStatus['memory'];
}

/** Takes a prompt id of ours since 0.3.45, interrupts by id since 0.3.57 (both read in source). */
const PROMPT_ID_SINCE = [0, 3, 45] as const;
const TARGETED_SINCE = [0, 3, 57] as const;

/** Throws AppError: server_unreachable, server_timeout, server_auth; server_unsupported when it is no ComfyUI. */
export async function probeComfy(http: ComfyHttp, signal: AbortSignal): Promise<ComfyProbe> {
  const queueLength = await identify(http, signal);
  const [stats, previewMetadata, jobsApi, jobCancel] = await Promise.all([
    http.systemStats(signal).catch(orNull),
    http.previewMetadata(signal).catch(orNull),
    http.jobsApi(signal).catch(orNull),
    http.hasJobCancel(uuidv4(), signal).catch(orNull),
  ]);
  const version = stats?.system.comfyui_version ?? null;
  const numbers = parseVersion(version);
  return {
    version,
    queueLength,
    memory: stats === null ? null : readMemory(stats),
    capabilities: {
      kind: 'comfy',
      // A server whose jobs API answers is newer than both, whatever it calls itself.
      promptId: jobsApi === 'works' || atLeast(numbers, PROMPT_ID_SINCE),
      targetedInterrupt: jobsApi === 'works' || atLeast(numbers, TARGETED_SINCE),
      jobsApi: jobsApi === 'works' || jobsApi === 'broken',
      jobCancel: jobCancel === true,
      previewMetadata: previewMetadata === true,
    },
  };
}

/** What a server of these capabilities can't do, for its page. */
export function problemsOf(capabilities: CapabilitiesOf<'comfy'>): ServerStatus['problems'] {
  return [
    ...(capabilities.promptId ? [] : [{ code: 'no-prompt-id', params: {} }]),
    ...(capabilities.targetedInterrupt ? [] : [{ code: 'no-targeted-interrupt', params: {} }]),
  ];
}

/** Whether it is one, and its version where it tells it. */
export async function identifyComfy(http: ComfyHttp, signal: AbortSignal): Promise<Found<'comfy'>> {
  const queueLength = await identify(http, signal);
  const stats = await http.systemStats(signal).catch(() => null);
  return { version: stats?.system.comfyui_version ?? null, capabilities: null, queueLength };
}

async function identify(http: ComfyHttp, signal: AbortSignal): Promise<number> {
  try {
    return await http.queueRemaining(signal);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'server_protocol') throw error;
    throw new AppError('server_unsupported', 'what answers there is no ComfyUI', {
      ...(error.details === undefined ? {} : { details: error.details }),
      cause: error,
    });
  }
}

/**
 * What can't be read of one question leaves that capability out, also where a proxy lets only some routes through; a lost
 * connection is everybody's.
 */
function orNull(error: unknown): null {
  if (isAbort(error) || !(error instanceof AppError)) throw error;
  if (error.code !== 'server_protocol' && error.code !== 'server_auth') throw error;
  return null;
}

/** Sizes of the first device, else of the machine's memory. */
export function readMemory(stats: SystemStats): ServerStatus['memory'] {
  const device = stats.devices[0];
  if (device !== undefined && device.vram_total > 0) {
    return {
      usedBytes: Math.max(0, device.vram_total - device.vram_free),
      totalBytes: device.vram_total,
      device: device.name,
    };
  }
  const total = stats.system.ram_total ?? 0;
  return total > 0
    ? { usedBytes: Math.max(0, total - (stats.system.ram_free ?? 0)), totalBytes: total, device: 'RAM' }
    : null;
}

/** `v0.3.64-dirty` → [0, 3, 64]; null when it is no version. */
export function parseVersion(version: string | null): readonly number[] | null {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version ?? '');
  return match === null ? null : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

function atLeast(version: readonly number[] | null, since: readonly number[]): boolean {
  if (version === null) return false;
  for (const [index, wanted] of since.entries()) {
    const have = version[index] ?? 0;
    if (have !== wanted) return have > wanted;
  }
  return true;
}
