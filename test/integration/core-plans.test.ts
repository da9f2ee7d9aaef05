/**
 * No statement that the core runs while it works may read everything there ever was: the history grows to a million rows,
 * and the planner, which knows no sizes, would walk all of it for a handful of open ones. Every statement is heard as it
 * is prepared and its plan is read.
 */
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { CoreHarness, pictureGraph, sleepGraph } from '../support/core-harness.ts';

/** What grows with the history, by the names statements give it. */
const GROWS =
  'jobs|j|attempts|a|outputs|o|t|cancel_requests|c|cancel_steps|journal|foreign_jobs|payloads|p|submissions|batches|b';
const WHOLE = new RegExp(`^SCAN (${GROWS})$`);
const ONE_SERVER = /USING (COVERING )?INDEX attempts_key \(server_id=\?\)$/;

/** Read whole on purpose, and when. */
const ON_PURPOSE = [
  /row_number\(\) OVER/, // when the gaps between places are used up
];

let server: ComfyServerHandle;
let core: CoreHarness;
const heard = new Map<string, string[]>();

beforeAll(async () => {
  const plain = Sqlite.prototype.prepare;
  Sqlite.prototype.prepare = function (this: Sqlite.Database, sql: string) {
    if (/^\s*(SELECT|UPDATE|DELETE|INSERT|WITH)/.test(sql) && !heard.has(sql)) heard.set(sql, planOf(this, plain, sql));
    return plain.call(this, sql);
  } as typeof plain;
  server = await startComfyServer();
  core = await CoreHarness.open();
  const serverId = await core.addServer(server.url);
  const [job] = await core.submit(pictureGraph(), { serverId });
  await core.waitState(job.id, 'done');
  const [held] = await core.submit(sleepGraph(1, 1), { held: true });
  await core.call('jobs.move', { ids: [held.id], to: 'front' });
  for (const server of ['all', serverId] as const) {
    const scope = { server, which: 'mine' } as const;
    await core.call('cancel.preview', { scope });
    await core.call('cancel.run', { scope });
  }
  await core.call('jobs.list', {});
  await core.call('batches.list', {});
  await core.call('jobs.get', { id: job.id });
  for (const filter of [{}, { states: ['done' as const] }, { serverId }, { states: ['failed' as const], serverId }]) {
    await core.call('history.page', { filter });
    await core.call('history.search', { text: 'harbour', filter });
  }
  await core.call('history.outline', {});
  await core.call('jobs.putBack', { ids: [held.id] });
  await core.call('jobs.runAgain', { ids: [job.id] });
  await core.call('jobs.remove', { ids: [job.id] });
  await core.call('servers.remove', { id: serverId, waiting: 'move', onServer: 'forget' });
}, 60_000);
afterAll(async () => {
  await core.close();
  await server.close();
});

function planOf(db: Sqlite.Database, prepare: Sqlite.Database['prepare'], sql: string): string[] {
  const names = [...sql.matchAll(/@(\w+)/g)].map((match) => match[1] ?? '');
  const args =
    names.length > 0
      ? [Object.fromEntries(names.map((name) => [name, 1]))]
      : Array.from({ length: (sql.match(/\?/g) ?? []).length }, () => 1);
  const explain = prepare.call(db, `EXPLAIN QUERY PLAN ${sql}`) as Sqlite.Statement<unknown[], { detail: string }>;
  return explain.all(...args).map((row) => row.detail);
}

it('walks no whole table, and no whole history of one server', () => {
  expect(heard.size).toBeGreaterThan(80);
  const whole = [...heard]
    .filter(([sql]) => !ON_PURPOSE.some((known) => known.test(sql)))
    .flatMap(([sql, plan]) =>
      plan
        .filter((detail) => WHOLE.test(detail) || ONE_SERVER.test(detail))
        .map((detail) => `${detail}: ${sql.replaceAll(/\s+/g, ' ').slice(0, 200)}`),
    );
  expect(whole).toEqual([]);
});
