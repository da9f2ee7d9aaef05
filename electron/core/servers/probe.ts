/**
 * Tells what answers at an address: ComfyUI, SwarmUI, neither, or nothing. By fingerprint, without signing in anywhere
 * and without leaving anything behind (a SwarmUI session is made only where its version was asked for). Never throws for
 * what is found: the report says why an address can't be used.
 */
import { z } from 'zod';
import { AppError, isAbort, toAppError, toWire } from '../../../shared/errors.ts';
import type { WireError } from '../../../shared/errors.ts';
import type { Kind } from '../../../shared/job.ts';
import type { Credential, ProbeReport } from '../../../shared/server.ts';
import { HttpClient } from '../net/http-client.ts';
import { candidateUrls } from './address.ts';
import { ComfyHttp } from './comfy/http.ts';
import { probeComfy } from './comfy/probe.ts';

export interface ProbeOptions {
  readonly kind?: Kind;
  readonly credential?: Credential | null;
  readonly signal: AbortSignal;
  /** For each address tried; default 10 s. */
  readonly timeoutMs?: number;
  /** Ask no more than is needed to tell the kind. */
  readonly brief?: boolean;
}

/** Tries the address and, where it names no port, the usual ones. Throws `invalid_request` for what is no address. */
export async function probe(address: string, options: ProbeOptions): Promise<ProbeReport> {
  const reports: ProbeReport[] = [];
  for (const url of candidateUrls(address, options.kind)) {
    const report = await probeUrl(url, options);
    if (report.error === null) return report;
    reports.push(report);
  }
  // Somebody who answers explains more than a port where nobody is.
  const answered = reports.find(
    ({ error }) => error !== null && error.code !== 'server_unreachable' && error.code !== 'server_timeout',
  );
  return answered ?? reports[0] ?? failed(address, null, new AppError('server_unreachable', 'nothing to try'));
}

/** One base URL. Rejects only with the signal's reason. */
export async function probeUrl(url: string, options: ProbeOptions): Promise<ProbeReport> {
  const deadline = AbortSignal.timeout(options.timeoutMs ?? 10_000);
  const signal = AbortSignal.any([options.signal, deadline]);
  let answeredInMs: number | null = null;
  let client: HttpClient;
  try {
    client = new HttpClient({
      baseUrl: url,
      credentials: async () => headersOf(options.credential ?? null),
      onAnswer: (tookMs) => {
        answeredInMs ??= Math.round(tookMs * 10) / 10;
      },
    });
  } catch (error) {
    return failed(url, null, error);
  }
  try {
    const errors: AppError[] = [];
    for (const kind of options.kind === undefined ? (['comfy', 'swarm'] as const) : [options.kind]) {
      try {
        const found = await (kind === 'comfy'
          ? probeAsComfy(client, signal, options.brief === true)
          : probeAsSwarm(client, signal, options.brief === true));
        return { url, kind, answeredInMs, error: null, ...found };
      } catch (error) {
        if (isAbort(error) && options.signal.aborted) throw error;
        const app =
          isAbort(error) || deadline.aborted ? new AppError('server_timeout', 'no answer in time') : toAppError(error);
        if (app.code !== 'server_unsupported')
          return failed(url, app.code === 'server_auth' ? (options.kind ?? null) : null, app);
        errors.push(app);
      }
    }
    return failed(url, null, errors[0]);
  } finally {
    await client.close();
  }
}

type Found = Pick<ProbeReport, 'version' | 'capabilities' | 'queueLength'>;

async function probeAsComfy(client: HttpClient, signal: AbortSignal, brief: boolean): Promise<Found> {
  const http = new ComfyHttp(client);
  if (!brief) return await probeComfy(http, signal);
  const queueLength = await http.queueRemaining(signal).catch((error: unknown) => {
    throw error instanceof AppError && error.code === 'server_protocol'
      ? new AppError('server_unsupported', 'no ComfyUI', { cause: error })
      : error;
  });
  const stats = await http.systemStats(signal).catch(() => null);
  return { version: stats?.system.comfyui_version ?? null, capabilities: null, queueLength };
}

const BasicErrorSchema = z.object({ error_id: z.literal('basic_api') });
const NewSessionSchema = z.object({ session_id: z.string(), version: z.string() });

/** `GET /` leads to Text2Image (quiet); else the answer to a call without a session is unmistakable (reference swarm §7.1). */
async function probeAsSwarm(client: HttpClient, signal: AbortSignal, brief: boolean): Promise<Found> {
  const page = await client.send({ method: 'GET', path: '/', signal });
  if (page.status !== 302 || !/(^|\/)Text2Image$/i.test(page.location ?? '')) {
    const call = await client.send({ method: 'POST', path: '/API/GetCurrentStatus', json: {}, signal });
    if (call.status !== 400 || !BasicErrorSchema.safeParse(parse(call.text)).success) {
      throw new AppError('server_unsupported', 'what answers there is neither ComfyUI nor SwarmUI', {
        details: { status: page.status, location: page.location },
      });
    }
  }
  if (brief) return { version: null, capabilities: null, queueLength: null };
  const session = await client.send({ method: 'POST', path: '/API/GetNewSession', json: {}, signal });
  const parsed = NewSessionSchema.safeParse(parse(session.text));
  if (!parsed.success)
    throw new AppError('server_auth', 'SwarmUI wants a sign-in', { details: { status: session.status } });
  return { version: parsed.data.version, capabilities: null, queueLength: null };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function headersOf(credential: Credential | null): Record<string, string> {
  if (credential === null) return {};
  if (credential.type === 'authorization') return { authorization: credential.value };
  if (credential.type === 'token') return { cookie: `swarm_token=${credential.token}` };
  return { authorization: `Basic ${Buffer.from(`${credential.user}:${credential.password}`).toString('base64')}` };
}

function failed(url: string, kind: Kind | null, error: unknown): ProbeReport {
  const wire: WireError = toWire(error ?? new AppError('server_unsupported', 'nothing that answers there is known'));
  return { url, kind, version: null, capabilities: null, answeredInMs: null, queueLength: null, error: wire };
}
