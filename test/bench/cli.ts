/** A CLI verb on a running host against an empty Node, one after the other in the same run. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../suites.ts';
import { atMost, median, short } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { HostClient, startHost } from './support/host.ts';
import { nodeOnceMs, runOnce } from './support/process-times.ts';
import type { ProcessTimes } from './support/process-times.ts';
import { startServers } from './support/servers.ts';

const script = join(root, 'dist', 'cli', 'switchyard.js');

export async function take({ runs, quick }: BenchOptions): Promise<Row[]> {
  if (!existsSync(script)) throw new Error('the CLI is not built: npm run build');
  const servers = await startServers();
  const { url } = await servers.ask('comfy', {});
  const host = await startHost();
  const setUp = await HostClient.connect(host);
  await setUp.addServer(url);
  setUp.client.close();
  const env = { ...process.env, SWITCHYARD_DATA: host.dataDir };
  const rows: Row[] = [];
  for (const words of [['status'], ['jobs'], ['history', '--json']]) {
    const ratios: number[] = [];
    const verb: ProcessTimes[] = [];
    const bare: ProcessTimes[] = [];
    runOnce([script, ...words], env);
    for (let run = 0; run < runs; run += 1) {
      const pairs = Array.from(
        { length: quick ? 3 : 9 },
        () => [runOnce([script, ...words], env), nodeOnceMs()] as const,
      );
      const of = (pick: (pair: (typeof pairs)[number]) => number): number => median(pairs.map(pick));
      ratios.push(of(([one]) => one.wallMs) / of(([, other]) => other.wallMs));
      verb.push(...pairs.map(([one]) => one));
      bare.push(...pairs.map(([, other]) => other));
    }
    const wallMs = median(verb.map((one) => one.wallMs));
    const bareMs = median(bare.map((one) => one.wallMs));
    const cpu = median(verb.map((one) => one.cpuMs));
    const bareCpu = median(bare.map((one) => one.cpuMs));
    rows.push(
      atMost({
        measure: `switchyard ${words.join(' ')}`,
        of: 'median',
        atMost: 2.5,
        unit: '× node -e 0',
        value: median(ratios),
        note: `${short(wallMs)} ms against ${short(bareMs)} ms; processor time ${String(cpu)} ms against ${String(bareCpu)} ms`,
        numbers: { wallMs, bareMs, cpuMs: cpu, bareCpuMs: bareCpu },
      }),
    );
  }
  return rows;
}
