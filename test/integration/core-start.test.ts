/** Bad days at start, through `createCore`: each is a clear `storage` error or a start that says what it did. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../electron/core/db/database.ts';
import { MIGRATIONS } from '../../electron/core/db/migrate.ts';
import { AppError } from '../../shared/errors.ts';
import { CoreHarness, sleepGraph } from '../support/core-harness.ts';
import { quietLog } from '../support/stores.ts';

let core: CoreHarness;
afterEach(() => core.close());

async function startError(): Promise<AppError> {
  try {
    await core.start();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it started');
}

describe('createCore', () => {
  it('locked: a second core on the same directory is refused, the first goes on', async () => {
    core = await CoreHarness.open();
    const second = new CoreHarness({ dataDir: core.dataDir });
    await expect(second.start()).rejects.toMatchObject({ code: 'storage', details: { reason: 'locked' } });
    const [job] = await core.submit(sleepGraph(1, 1), { held: true });
    expect((await core.job(job.id)).state).toBe('queued');
  });

  it('newer: a database from a newer version is refused and left as it is', async () => {
    core = new CoreHarness();
    const file = join(core.dataDir, 'switchyard.db');
    openDatabase({
      file,
      log: quietLog,
      migrateOptions: { migrations: [...MIGRATIONS, { id: '999-future', sql: 'CREATE TABLE future (x)' }] },
    }).close();
    const before = readFileSync(file);
    expect(await startError()).toMatchObject({ code: 'storage', details: { reason: 'newer' } });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('corrupt: the file is moved aside whole, the start is empty, and app.info says where it is', async () => {
    core = await CoreHarness.open();
    await core.submit(sleepGraph(1, 1), { held: true });
    await core.stop();
    const file = join(core.dataDir, 'switchyard.db');
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 0, 4_096);
    writeFileSync(file, bytes);
    await core.start();
    const { movedAside } = await core.call('app.info', {});
    if (movedAside === null) throw new Error('it does not say where the old one is');
    expect(readFileSync(movedAside).equals(bytes)).toBe(true);
    expect((await core.call('jobs.list', {})).jobs).toEqual([]);
    await core.submit(sleepGraph(1, 1), { held: true });
    await core.restart();
    expect((await core.call('jobs.list', {})).jobs).toHaveLength(1);
  });

  it('torn in the middle: damage behind the first page of a database that was not closed is found at start', async () => {
    core = await CoreHarness.open();
    for (let n = 0; n < 30; n += 1) await core.submit(sleepGraph(1, 1), { held: true });
    await core.stop();
    const file = join(core.dataDir, 'switchyard.db');
    const db = openDatabase({ file, log: quietLog });
    db.raw.prepare("UPDATE settings SET value = 'false' WHERE key = 'core.closed'").run();
    db.raw.pragma('wal_checkpoint(TRUNCATE)');
    db.raw.close();
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 4_096 * 3, bytes.length - 4_096);
    writeFileSync(file, bytes);
    await core.start();
    expect((await core.call('app.info', {})).movedAside).not.toBeNull();
  });

  it('a place that can not be used is a storage error that names it', async () => {
    core = new CoreHarness();
    const place = join(core.dataDir, 'a-file');
    writeFileSync(place, '');
    core = new CoreHarness({ dataDir: join(place, 'below') });
    expect(await startError()).toMatchObject({ code: 'storage', details: { reason: 'place' } });
    core = new CoreHarness();
    writeFileSync(join(core.dataDir, 'outputs'), 'not a folder');
    expect(await startError()).toMatchObject({ code: 'storage', details: { reason: 'place' } });
    expect(existsSync(join(core.dataDir, 'switchyard.db'))).toBe(true);
  });

  it('a database that is a folder is a storage error', async () => {
    core = new CoreHarness();
    mkdirSync(join(core.dataDir, 'switchyard.db'));
    expect((await startError()).code).toBe('storage');
  });
});

describe('history that is not kept', () => {
  it("keepHistoryDays: what is older goes, ours with its journal and other people's, in slices; the rest stays", async () => {
    const real = Date.now;
    Date.now = () => real() - 40 * 86_400_000;
    try {
      core = await CoreHarness.open();
      const patches = Array.from({ length: 700 }, (_, seed) => ({ set: { '1': { seed } } }));
      const old = await core.submit(sleepGraph(1, 1), { held: true, patches });
      await core.cancel(...old.map((job) => job.id));
      await core.stop();
    } finally {
      Date.now = real;
    }
    await core.start();
    const [young] = await core.submit(sleepGraph(1, 1), { held: true });
    await core.cancel(young.id);
    await core.call('settings.set', { settings: { keepHistoryDays: 30 } });
    await core.waitFor(
      'the old ones are gone',
      async () => (await core.call('history.page', { filter: {}, limit: 500 })).rows.length === 1,
    );
    const { hours } = await core.call('history.outline', {});
    expect(hours.reduce((sum, hour) => sum + hour.jobs, 0)).toBe(1);
    await core.stop();
    const db = openDatabase({ file: join(core.dataDir, 'switchyard.db'), log: quietLog });
    expect(db.raw.prepare('SELECT count(DISTINCT job_id) FROM journal').pluck().get()).toBe(1);
    expect(db.raw.prepare('SELECT count(*) FROM history_fts').pluck().get()).toBe(1);
    db.close();
  });
});
