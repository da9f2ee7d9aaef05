/**
 * Tells what answers at an address: a server of one of the kinds, something else, or nothing. Never throws for what is
 * found: the report says why an address can't be used.
 */
import { AppError, isAbort, toAppError, toWire } from '../../../shared/errors.ts';
import type { WireError } from '../../../shared/errors.ts';
import type { Kind } from '../../../shared/job.ts';
import { KINDS } from '../../../shared/kinds/kinds.ts';
import type { Credential, ProbeReport } from '../../../shared/server.ts';
import { HttpClient } from '../net/http-client.ts';
import { candidateUrls } from './address.ts';
import { serverKinds, usualPorts } from './kinds.ts';

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
  for (const url of candidateUrls(address, usualPorts(options.kind))) {
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
  const onAnswer = (tookMs: number): void => {
    answeredInMs ??= Math.round(tookMs * 10) / 10;
  };
  const errors: AppError[] = [];
  for (const kind of options.kind === undefined ? KINDS : [options.kind]) {
    try {
      const found = await probeAs(kind, url, options, signal, onAnswer);
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
}

async function probeAs(
  kind: Kind,
  url: string,
  { credential, brief }: ProbeOptions,
  signal: AbortSignal,
  onAnswer: (tookMs: number) => void,
): Promise<Pick<ProbeReport, 'version' | 'capabilities' | 'queueLength'>> {
  const entry = serverKinds[kind];
  const headers = credential === undefined || credential === null ? {} : entry.signIn(credential);
  const client = new HttpClient({ baseUrl: url, credentials: async () => headers, onAnswer });
  try {
    return await entry.probe(client, signal, brief === true);
  } finally {
    await client.close();
  }
}

function failed(url: string, kind: Kind | null, error: unknown): ProbeReport {
  const wire: WireError = toWire(error ?? new AppError('server_unsupported', 'nothing that answers there is known'));
  return { url, kind, version: null, capabilities: null, answeredInMs: null, queueLength: null, error: wire };
}
