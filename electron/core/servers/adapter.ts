/**
 * ServerAdapter: what every kind of server must be able to do for the core. Types only. An adapter reports JobFacts; it
 * never decides a job's state, never touches the database and never knows the queue.
 */
import type { CancelMode, CancelStep } from '../../../shared/cancel.ts';
import type { AppError } from '../../../shared/errors.ts';
import type { AttemptId, JobId, ServerId } from '../../../shared/ids.ts';
import type { OutputRef, ServerFact } from '../../../shared/job-fact.ts';
import type { JobPayload, Kind } from '../../../shared/job.ts';
import type {
  Capabilities,
  CapabilitiesOf,
  Credential,
  ForeignJob,
  ForeignView,
  ServerStatus,
} from '../../../shared/server.ts';
import type { BackendView, CatalogueView, StopPowers } from '../../../shared/server-manage.ts';
import type { LiveUpdate } from '../../../shared/phase.ts';
import type { Log } from '../log.ts';
import type { HttpClient } from '../net/http-client.ts';

/** A server as its adapter sees it. `clientId` is stable per server (C11). */
export interface AdapterServer {
  readonly id: ServerId;
  readonly kind: Kind;
  readonly name: string;
  /** Normalised: scheme, host, port and perhaps a path, without a trailing slash. */
  readonly url: string;
  readonly clientId: string;
  readonly maxInFlight: number;
  readonly allowUntargetedInterrupt: boolean;
}

/** One attempt of ours, by its remote key. */
export interface AttemptRef {
  readonly attemptId: AttemptId;
  readonly jobId: JobId;
  readonly remoteKey: string;
  /** Set once the server was seen to run it, on any connection. */
  readonly startedAt: number | null;
  /** SwarmUI's `server_id` when it was sent (S1). */
  readonly serverBoot: string | null;
  /** The trail on disk says that a stop of ours went out for it, perhaps by an earlier process. */
  readonly stopSent?: boolean;
}
export interface SendAttempt extends AttemptRef {
  readonly payload: JobPayload;
}

/** `not-sent`: proven that no byte of the request was taken. `unsure`: it may have been. */
export type SubmitResult =
  | { result: 'accepted'; number: number | null; nodeErrors: unknown }
  /** `elsewhere`: another server may well take it (a node or model is missing on this one). */
  | { result: 'rejected'; error: AppError; elsewhere: boolean }
  | { result: 'not-sent'; error: AppError }
  | { result: 'unsure'; error: AppError };

/**
 * `absent` is only what one look says; whether to believe it is recovery's business (architecture §8). `sameBoot`: true
 * when it is proven that the server was not restarted since the attempt was sent (the witness stands, or `server_id` is
 * the same), false when it is proven that it was, null when it can't be told.
 */
export type LookupResult =
  | { found: 'waiting'; place: number | null }
  | { found: 'running' }
  | { found: 'ended'; fact: Extract<ServerFact, { type: 'finished' | 'executionFailed' | 'stopped' }> }
  | { found: 'absent'; sameBoot: boolean | null };

export interface StopRequest {
  /** Read again at every step: an `if-waiting` request may be raised to `stop` while it is open. */
  readonly mode: () => CancelMode;
  readonly signal: AbortSignal;
  /** One step of the trail; written to disk by the caller. */
  onStep(step: CancelStep, route: string | null, detail?: string): void;
}

export type StopReport =
  /** It ended, by the stop or by itself; the fact says how. */
  | { report: 'ended'; fact: Extract<ServerFact, { type: 'finished' | 'executionFailed' | 'stopped' | 'vanished' }> }
  /** Mode `if-waiting`, and it had started. */
  | { report: 'started' }
  /** The connection changed under the procedure: reconcile, then ask again. */
  | { report: 'interrupted' }
  /** It runs, and this server can't stop one job safely without a permission (C4): it will finish. */
  | { report: 'runs-on' };

export interface OutputBody {
  readonly mime: string | null;
  /** From the answer's headers; null when not told. */
  readonly bytes: number | null;
  readonly body: AsyncIterable<Uint8Array>;
}

/** What an adapter tells while connected. Remote keys may be unknown to us: the receiver sorts that out. */
export interface AdapterSink {
  /** Synchronous on purpose: facts of one key keep their order. */
  fact(remoteKey: string, fact: ServerFact): void;
  live(remoteKey: string, update: LiveUpdate): void;
  /**
   * Foreign work now on the server, the first of it in the view; `ended`: how some of it ended since the last call;
   * `beyond`: keys of what waits behind the last one in the view.
   */
  foreign(view: Omit<ForeignView, 'serverId'>, ended: readonly ForeignEnded[], beyond?: readonly string[]): void;
  /** Merged into the server's status. */
  status(
    part: Partial<
      Pick<ServerStatus, 'queueLength' | 'answersInMs' | 'memory' | 'problems' | 'backends' | 'capabilities'>
    >,
  ): void;
}
export interface ForeignEnded {
  readonly remoteKey: string;
  readonly how: Exclude<ForeignJob['how'], null>;
}

/** What an adapter is given when it is made. */
export interface AdapterContext {
  readonly server: AdapterServer;
  readonly credential: () => Promise<Credential | null>;
  readonly sink: AdapterSink;
  readonly log: Log;
  /** Remote keys of ours on this server, open or still watched: everything else is foreign. */
  readonly isOurs: (remoteKey: string) => boolean;
  /** The newest ended prompt seen in the server's history, kept on disk (architecture §7.2). */
  readonly witness: { get(): string | null; set(promptId: string): void };
}

/** One connection to a server: ends when `lost` resolves (never rejects). */
export interface Connection {
  readonly version: string | null;
  readonly capabilities: Capabilities;
  /** Changes when the server was restarted; null where it can't be told (ComfyUI, C10). */
  readonly serverBoot: string | null;
  readonly lost: Promise<AppError>;
  close(): Promise<void>;
}

/** What only some kinds of servers offer (SwarmUI). Every method throws AppError: not_allowed, server_unreachable, conflict. */
export interface ServerManagement {
  catalogue(refresh: boolean, signal: AbortSignal): Promise<CatalogueView>;
  backends(): readonly BackendView[];
  restartBackend(backend: number, signal: AbortSignal): Promise<void>;
  /** Answers the id of the new one. */
  recreateBackend(backend: number, signal: AbortSignal): Promise<number>;
  stopPowers(signal: AbortSignal): Promise<StopPowers>;
  stopOwnUser(signal: AbortSignal): Promise<void>;
  stopUser(name: string, signal: AbortSignal): Promise<void>;
}

/** What one look at an address told; null where it was not asked. */
export interface Found<K extends Kind> {
  readonly version: string | null;
  readonly capabilities: CapabilitiesOf<K> | null;
  readonly queueLength: number | null;
}

/** A kind of server before there is a server of it: where it may be, how it is told from others, who serves it. */
export interface ServerKind<K extends Kind> {
  /** Ports to try where an address names none, the likeliest first. */
  readonly ports: readonly number[];
  /** Ports it takes on its own computer when those are taken. */
  readonly nextPorts: readonly number[];
  /** The headers that sign in to it without any call before. */
  signIn(credential: Credential): Record<string, string>;
  /**
   * By fingerprint, leaving nothing behind; `brief` asks no more than is needed to tell the kind. Throws AppError:
   * server_unsupported for another product, server_unreachable, server_timeout, server_auth.
   */
  probe(http: HttpClient, signal: AbortSignal, brief: boolean): Promise<Found<K>>;
  adapter(context: AdapterContext): ServerAdapter;
}

export interface ServerAdapter {
  readonly kind: Kind;
  readonly manage?: ServerManagement;
  /** Probe, then socket or session. Throws AppError: server_unreachable, server_timeout, server_auth, server_unsupported. */
  connect(signal: AbortSignal): Promise<Connection>;
  /** How many attempts of ours may be open at once, as known now. */
  slots(): number;
  /** A fresh remote key for one attempt, before the claim commits (Comfy: a UUID; Swarm: a leased session). */
  leaseKey(signal: AbortSignal): Promise<string>;
  /** The attempt with this key was never sent, or has ended cleanly. */
  releaseKey(remoteKey: string): void;
  /** Sends once: no retry, not abortable. Never throws for what a server or network does. */
  submit(attempt: SendAttempt): Promise<SubmitResult>;
  /** Follow an attempt again that was sent on an earlier connection or by an earlier process. Idempotent. */
  resume(attempt: AttemptRef): void;
  /** One look at one attempt. Throws AppError when the server can't be asked. */
  lookup(attempt: AttemptRef, signal: AbortSignal): Promise<LookupResult>;
  /** The verified stop procedure (architecture §7.2, §7.3). Ends only with a report, or by abort. */
  stop(attempt: AttemptRef, request: StopRequest): Promise<StopReport>;
  /** Stops other people's work by id, one procedure each; `onReport` is called as each is known. */
  stopForeign(remoteKey: string, request: StopRequest): Promise<StopReport>;
  /** Throws AppError: outputs_unavailable when the server says there is no such file. */
  readOutput(output: OutputRef, signal: AbortSignal): Promise<OutputBody>;
  freeMemory(signal: AbortSignal): Promise<void>;
  /** Asks again for everything that is only known by asking (foreign work, memory). Cheap; called while a face looks. */
  refresh(signal: AbortSignal): Promise<void>;
  /** A stream that is deaf is replaced; jobs are untouched. */
  recycle(why: string): void;
  /** Lets go of everything (connections, timers); the adapter is not used again. */
  close(): Promise<void>;
}
