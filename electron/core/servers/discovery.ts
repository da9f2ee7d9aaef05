/**
 * Finds servers on this machine: asks the usual ports, all at once, within a second. Reports what it finds; adds nothing.
 */
import type { ProbeReport } from '../../../shared/server.ts';
import { serverKinds } from './kinds.ts';
import { probeUrl } from './probe.ts';

const USUAL_PORTS = Object.values(serverKinds).flatMap(({ ports, nextPorts }) => [...ports, ...nextPorts]);
/** `localhost` may be another address family; where both answer on one port it is one server, under its number. */
const HOSTS = ['127.0.0.1', 'localhost'] as const;
const ALL_MS = 900;

/** Servers that answer, in the order of `ports`. Rejects only with the signal's reason. */
export async function discover(signal: AbortSignal, ports: readonly number[] = USUAL_PORTS): Promise<ProbeReport[]> {
  const asked = await Promise.all(
    ports.map(async (port) => {
      const [byNumber, byName] = await Promise.all(
        HOSTS.map((host) => probeUrl(`http://${host}:${String(port)}`, { signal, timeoutMs: ALL_MS, brief: true })),
      );
      return [byNumber, byName].find(
        (report) => report?.kind !== null && report?.kind !== undefined && report.error === null,
      );
    }),
  );
  return asked.filter((report) => report !== undefined);
}
