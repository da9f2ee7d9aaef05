/** Takes one measure and sends its rows to bench.ts: `measure-process.ts NAME OPTIONS`. Whatever it started ends with it. */
import '../../electron/node-gate.ts';
import { endAll } from './support/ends.ts';
import { measures } from './measures.ts';
import type { MeasureName } from './measures.ts';
import type { BenchOptions, Row } from './measure.ts';

const [name, options] = process.argv.slice(2) as [MeasureName, string];

async function answer(): Promise<{ rows: Row[]; error: string | null }> {
  try {
    const { take } = await measures[name].load();
    return { rows: await take(JSON.parse(options) as BenchOptions), error: null };
  } catch (error) {
    return { rows: [], error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.once('SIGTERM', () => {
  void endAll().finally(() => process.exit(1));
});
const answered = await answer();
await endAll();
process.send?.(answered, () => process.exit(0));
