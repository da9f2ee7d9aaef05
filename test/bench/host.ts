/** The host alone: from its start until it listens, and what it costs while nothing happens and one server is connected. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, median, monotonic } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { HostClient, startHost } from './support/host.ts';
import { startServers } from './support/servers.ts';
import { nodeOnceMs } from './support/process-times.ts';

export async function take({ runs, quick }: BenchOptions): Promise<Row[]> {
  const outside: number[] = [];
  const inside: number[] = [];
  const bare: number[] = [];
  for (let run = 0; run < Math.max(runs, quick ? 3 : 9); run += 1) {
    bare.push(nodeOnceMs().wallMs);
    const host = await startHost();
    outside.push(host.startedInMs);
    inside.push(host.perf.listeningMs);
    await host.close();
  }
  return [
    atMost({
      measure: 'start → listening',
      of: 'median',
      atMost: 400,
      unit: 'ms',
      value: median(outside),
      note: `first line printed, seen from outside; by the process’s own clock ${String(median(inside))} ms; an empty Node (node -e 0) took ${median(bare).toFixed(0)} ms in the same run`,
      numbers: { insideMs: median(inside), emptyNodeMs: median(bare) },
    }),
    ...(await idle(quick)),
  ];
}

async function idle(quick: boolean): Promise<Row[]> {
  if (process.platform !== 'linux') throw new Error('idle costs are read from /proc, which only Linux has');
  const servers = await startServers();
  const { url } = await servers.ask('comfy', {});
  const host = await startHost();
  const setUp = await HostClient.connect(host);
  await setUp.addServer(url);
  // Nobody looks: the state a background host is in most of its life.
  setUp.client.close();
  await sleep(quick ? 2_000 : 15_000);
  const seconds = quick ? 3 : 20;
  const before = cpuSeconds(host.pid);
  const beganAt = monotonic();
  await sleep(seconds * 1_000);
  const share = ((cpuSeconds(host.pid) - before) / ((monotonic() - beganAt) / 1_000)) * 100;
  const rss = memoryMb(host.pid, 'VmRSS');
  const peak = memoryMb(host.pid, 'VmHWM');
  await host.close();
  return [
    atMost({
      measure: 'idle, one server connected: memory (RSS)',
      atMost: 130,
      unit: 'MB',
      value: rss,
      note: `most it ever was: ${peak.toFixed(0)} MB`,
      numbers: { peakMb: peak },
    }),
    atMost({
      measure: 'idle, one server connected: processor',
      atMost: 1,
      unit: '% of a core',
      value: share,
      note: `over ${String(seconds)} s`,
    }),
  ];
}

/** utime + stime, fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function memoryMb(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
  return Number(kib) / 1_024;
}
