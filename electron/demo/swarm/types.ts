/**
 * Shapes shared by all parts of the SwarmUI engine: options, quirks, counters, log entries.
 * It has no behaviour. Facts are from docs/protocol-swarmui.md and the recordings.
 */

export type JsonObject = Record<string, unknown>;

/** An end of a job with a sentence for the client. */
export class JobError extends Error {}

/** The four counters of one session (swarmui §5). */
export interface Counters {
  waiting_gens: number;
  loading_models: number;
  waiting_backends: number;
  live_gens: number;
}

/**
 * Behaviour of the real server that a test may switch off. All are on by default, as on a real 0.9.8.2.
 * The S-numbers are those of the architecture document.
 */
export interface Quirks {
  /** S3: an interrupt hits only claims that exist already. Off: it also hits the next claim of that session. */
  interruptIsEdge: boolean;
  /** S4: a dropped or closed socket stops nothing. Off: it interrupts the requests of that socket. */
  dropKeepsRunning: boolean;
  /** S6: the end of an interrupted stream differs by moment. Off: always one interruption error. */
  unevenEndings: boolean;
  /** S10: a stream ends although ComfyUI is still at its last step. Off: it ends when ComfyUI has let go. */
  endsBeforeComfyStops: boolean;
  /** S12: cancels during hand-over, or before `execution_start` was read, leave the prompt in ComfyUI. */
  earlyCancelOrphans: boolean;
  /** S13: a slot granted to a request in the moment of its cancellation is lost for good. */
  slotLeak: boolean;
  /** S15: unread frames of earlier jobs of a pooled backend socket come out as previews of the next job. */
  stalePreviews: boolean;
  /** S17, swarmui §4.3 no. 1: cancelling the job that triggered a model load fails the others that wait for it. */
  sharedLoadCancel: boolean;
  /** S17, swarmui §4.3 no. 5: any failing job sets an `AllowIdle` backend idle until its next check. */
  allowIdleFailure: boolean;
  /** swarmui §4.3 no. 2: jobs routed to one remote Swarm backend share a session there. Off: one each. */
  swarmToSwarmShared: boolean;
}

export const ALL_QUIRKS: Quirks = {
  interruptIsEdge: true,
  dropKeepsRunning: true,
  unevenEndings: true,
  endsBeforeComfyStops: true,
  earlyCancelOrphans: true,
  slotLeak: true,
  stalePreviews: true,
  sharedLoadCancel: true,
  allowIdleFailure: true,
  swarmToSwarmShared: true,
};

/** A moment at which a test can hold the engine (see `SwarmEngine.pauseAt`). */
export type PausePoint =
  /** the request was read; its claim does not exist yet (an interrupt now is lost) */
  | 'before-claim'
  /** claimed and answered with the first status; nothing dispatched */
  | 'claimed'
  /** the scheduler has chosen a slot for a waiting request but not taken it */
  | 'granting-slot'
  /** slot held, `POST /prompt` not sent */
  | 'before-post'
  /** ComfyUI has answered `POST /prompt`; Swarm has not read that answer */
  | 'posting-prompt'
  /** prompt id known, no frame read yet */
  | 'accepted'
  /** ComfyUI has started the prompt; Swarm has not read `execution_start` */
  | 'exec-start-unread'
  /** `execution_start` has been read, `gen_progress` with `metadata` was sent */
  | 'executing'
  /** ComfyUI has finished; outputs are being fetched from its history */
  | 'downloading'
  /** a model load has been handed to ComfyUI */
  | 'loading-model'
  /** all images are settled; the end of the stream has not been sent */
  | 'before-end';

/** Who is at a pause point or in a log line. `request` counts requests of one engine from 1. */
export interface Where {
  readonly request?: number;
  readonly session?: string;
  readonly user?: string;
  readonly image?: number;
  readonly backend?: number;
  readonly promptId?: string;
}

export interface PauseFilter {
  /** hold only those for which this is true (default: anybody) */
  readonly when?: (where: Where) => boolean;
  /** hold everybody who arrives before the release, not just the first */
  readonly all?: boolean;
}

export type LogKind =
  | 'session'
  | 'claim'
  | 'parameter-error'
  | 'wait'
  | 'grant'
  | 'slot-lost'
  | 'slot-freed'
  | 'refused'
  | 'post'
  | 'accepted'
  | 'exec-start'
  | 'exec-end'
  | 'image'
  | 'comfy-delete'
  | 'comfy-interrupt'
  | 'comfy-interrupt-global'
  | 'orphan'
  | 'image-end'
  | 'request-end'
  | 'interrupt'
  | 'socket-lost'
  | 'load-start'
  | 'load-end'
  | 'load-cancelled'
  | 'backend'
  | 'passthrough'
  | 'start'
  | 'kill';

/** One thing that really happened. `atMs` is wall-clock. */
export interface LogEntry extends Where {
  readonly atMs: number;
  readonly kind: LogKind;
  /** for `image-end`: done, interrupted, silent, failed, refused, dropped; for others a short word or sentence */
  readonly detail?: string;
  /** for `interrupt`: the numbers of the requests it hit */
  readonly hit?: readonly number[];
  /** `extra_metadata` of the request, so that a test finds its own job (`claim` entries only) */
  readonly extra?: JsonObject;
}

export interface BackendSpec {
  readonly type?: 'comfyui_api' | 'comfyui_selfstart' | 'swarmswarmbackend';
  readonly address: string;
  readonly title?: string;
  readonly allowIdle?: boolean;
  /** extra slots; `max_usages` is one more (default 1, so two slots) */
  readonly overQueue?: number;
  readonly enabled?: boolean;
}

export interface ModelSpec {
  /** as in `ListModels`, with forward slashes and extension */
  readonly name: string;
  readonly title?: string;
  readonly architecture?: string;
  readonly width?: number;
  readonly height?: number;
  readonly description?: string;
}

export type RoleName = 'guest' | 'user' | 'poweruser' | 'admin' | 'owner';

export interface UserSpec {
  readonly id: string;
  readonly role?: RoleName;
  /** overrides the permissions of the role */
  readonly permissions?: readonly string[];
  readonly password?: string;
}

/** How long things take; what a test does not set is as on a real server. */
export interface Timing {
  /** between `socket_intention` and the final status */
  readonly graceMs: number;
  /** `keep_alive` during a long wait */
  readonly keepAliveMs: number;
  /** unsolicited pong frames */
  readonly pongMs: number;
  /** the scheduler looks at least this often */
  readonly scanMs: number;
  /** a request nobody can serve is refused after this long */
  readonly refuseAfterMs: number;
  /** pause between the three connection attempts of a backend */
  readonly initRetryMs: number;
  /** pause between checks of an idle backend (real: 1000 to 5000) */
  readonly idleCheckMs: number;
  /** widens the moment in which a slot is granted (0 = one turn of the event loop) */
  readonly grantWindowMs: number;
  /** widens the moment between the answer to `POST /prompt` and its being read */
  readonly postWindowMs: number;
}

export const REAL_TIMING: Timing = {
  graceMs: 2000,
  keepAliveMs: 30_000,
  pongMs: 30_000,
  scanMs: 1000,
  refuseAfterMs: 980,
  initRetryMs: 2000,
  idleCheckMs: 2000,
  grantWindowMs: 0,
  postWindowMs: 0,
};

export interface SwarmOptions extends Partial<Timing> {
  /** default `0.9.8.2`; older ones lack what they lacked (swarmui §9): try `0.9.6` */
  readonly version?: string;
  readonly quirks?: Partial<Quirks>;
  readonly backends?: readonly BackendSpec[];
  readonly models?: readonly ModelSpec[];
  readonly users?: readonly UserSpec[];
  readonly authorizationRequired?: boolean;
  /** real default true: a client on the same machine needs no login */
  readonly localhostBypass?: boolean;
  /** when set, every request must carry exactly this `Authorization` header (loopback is not excused here) */
  readonly networkAuthorization?: string;
  /** `Settings are locked.` for backend changes */
  readonly lockSettings?: boolean;
  readonly gpus?: JsonObject;
}

/** What the version of a server can do (swarmui §9). */
export interface VersionFeatures {
  readonly requestId: boolean;
  readonly sessionHeader: boolean;
  readonly globalStatus: boolean;
  readonly adminInterruptUser: boolean;
  readonly authTokens: boolean;
  readonly targetedInterrupt: boolean;
}

/** @param version dotted numbers, e.g. `0.9.8.2` */
export function featuresOf(version: string): VersionFeatures {
  const atLeast = (other: string): boolean => {
    const a = version.split('.').map(Number);
    const b = other.split('.').map(Number);
    for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
      const difference = (a[i] ?? 0) - (b[i] ?? 0);
      if (difference !== 0) return difference > 0;
    }
    return true;
  };
  return {
    requestId: atLeast('0.9.7'),
    sessionHeader: atLeast('0.9.8'),
    globalStatus: atLeast('0.9.8'),
    adminInterruptUser: atLeast('0.9.8'),
    authTokens: atLeast('0.9.8.1'),
    targetedInterrupt: atLeast('0.9.8'),
  };
}
