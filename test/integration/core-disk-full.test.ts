/**
 * A disk that is full, on a file system of its own (a small tmpfs: needs Linux and root): clear `storage` errors, nothing
 * accepted is lost, and everything goes on by itself when there is room again.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  rmdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { AppError } from '../../shared/errors.ts';
import type { OutputId } from '../../shared/ids.ts';
import type { ComfyGraph } from '../../shared/workflow/graph.ts';
import { CoreHarness, pictureGraph, sleepGraph } from '../support/core-harness.ts';

/** A file system of 6 MB, or why there can be none here. */
function mountSmall(): { dir: string } | { why: string } {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return { why: 'a small file system can only be mounted on Linux by root' };
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', dir], { stdio: 'pipe' });
    return { dir };
  } catch (error) {
    rmdirSync(dir);
    return {
      why: `mount is refused here: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
    };
  }
}

const nobody = 'nobody' as OutputId;
/** More than fits into the last page of the disk. */
const bigPicture = (): ComfyGraph => {
  const graph = pictureGraph();
  const latent = graph['4'];
  if (latent !== undefined) graph['4'] = { ...latent, inputs: { width: 512, height: 512, batch_size: 1 } };
  return graph;
};

const probe = mountSmall();
if ('why' in probe) console.log(`disk-full tests are skipped: ${probe.why}`);
else {
  execFileSync('umount', [probe.dir]);
  rmdirSync(probe.dir);
}

async function errorOf(work: Promise<unknown>): Promise<AppError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe.skipIf('why' in probe)('disk full', () => {
  let dir: string;
  let server: ComfyServerHandle;
  let core: CoreHarness;
  const filler = (): string => join(dir, 'filler');

  beforeEach(async () => {
    const mounted = mountSmall();
    if ('why' in mounted) throw new Error(mounted.why);
    dir = mounted.dir;
    server = await startComfyServer();
    core = await CoreHarness.open({ dataDir: dir });
  });
  afterEach(async () => {
    await core.close();
    await server.close();
    execFileSync('umount', [dir]);
    rmdirSync(dir);
  });

  /** Takes the last byte there is. */
  function fill(): void {
    const file = openSync(filler(), 'w');
    try {
      for (let size = 65_536; size >= 1;) {
        try {
          if (writeSync(file, Buffer.alloc(size)) < size) size = Math.floor(size / 2);
        } catch {
          size = Math.floor(size / 2);
        }
      }
    } finally {
      closeSync(file);
    }
  }
  const free = (): void => {
    rmSync(filler());
  };

  it('refuses what it can not keep, keeps what it accepted, and goes on when there is room', async () => {
    const serverId = await core.addServer(server.url, { maxInFlight: 1 });
    const end = server.engine.pauseAt('before-node', { nodeId: '2' });
    const [running] = await core.submit(sleepGraph(1, 10), { serverId });
    const [waiting] = await core.submit(pictureGraph(), { serverId });
    await core.waitState(running.id, 'running');
    const key = await core.keyOf(running.id);
    fill();
    const refused = await errorOf(core.submit(sleepGraph(1, 1), { serverId }));
    expect(refused).toMatchObject({ code: 'storage', details: { reason: 'disk-full' } });
    expect((await errorOf(core.cancel(waiting.id))).code).toBe('storage');
    end.release();
    await core.waitFor('it ran to its end while nothing could be written', () =>
      server.engine.outcomesOf(key).includes('success'),
    );
    await core.waitFor(
      'the summary says what is the matter',
      async () => (await core.call('queue.summary', {})).trouble?.code === 'storage',
    );
    expect((await core.job(waiting.id)).state).toBe('queued');
    free();
    await core.waitState(running.id, 'done');
    const done = await core.waitState(waiting.id, 'done');
    expect(done.outputs.stored).toBe(1);
    expect((await core.call('queue.summary', {})).trouble).toBeNull();
    expect(server.engine.executionsOf(key)).toBe(1);
    const [later] = await core.submit(sleepGraph(1, 1), { serverId });
    await core.waitState(later.id, 'done');
  }, 180_000);

  it('half-a-file: a picture of which only a part fits is not taken for whole', async () => {
    // Only the outputs are on the small disk, so that the room left is theirs alone.
    const roomy = mkdtempSync(join(tmpdir(), 'switchyard-roomy-'));
    symlinkSync(dir, join(roomy, 'outputs'));
    const other = await CoreHarness.open({ dataDir: roomy });
    try {
      const serverId = await other.addServer(server.url);
      fill();
      truncateSync(filler(), statSync(filler()).size - 4_096);
      const [job] = await other.submit(bigPicture(), { serverId });
      await other.waitFor(
        'it is said, or taken for whole',
        async () =>
          (await other.call('queue.summary', {})).trouble?.code === 'storage' ||
          (await other.job(job.id)).state === 'done',
      );
      expect((await other.job(job.id)).state).toBe('collecting');
      free();
      // The next try may be half a minute away.
      await other.waitFor('it is here', async () => (await other.job(job.id)).state !== 'collecting', 60_000);
      const [output] = (await other.call('jobs.get', { id: job.id })).outputs;
      expect(output?.state).toBe('stored');
      await other.call('outputs.reveal', { id: output?.id ?? nobody });
      expect(statSync(other.revealed[0] ?? '').size).toBe(output?.bytes);
    } finally {
      await other.close();
      rmSync(roomy, { recursive: true, force: true });
    }
  }, 150_000);

  it('settle-on-a-full-disk: an unsure submit is settled when there is room again', async () => {
    const serverId = await core.addServer(server.url, { maxInFlight: 1 });
    server.dropRequestNext('/prompt', { method: 'POST' });
    const [job] = await core.submit(sleepGraph(1, 5), { serverId });
    await core.waitState(job.id, 'submitting');
    fill();
    await core.waitFor(
      'it could not be written down',
      async () => (await core.call('queue.summary', {})).trouble?.code === 'storage',
    );
    expect((await core.job(job.id)).state).toBe('submitting');
    free();
    const done = await core.waitState(job.id, 'done');
    expect(done.attempts).toBe(2);
  }, 180_000);

  it('cancel-on-a-full-disk: a request that is open goes on, without a tight circle', async () => {
    const serverId = await core.addServer(server.url);
    const [job] = await core.submit(sleepGraph(2_000, 20), { serverId });
    await core.waitState(job.id, 'running');
    await server.goDown();
    await core.waitFor('offline', async () => (await core.server(serverId)).status.contact !== 'online');
    // Written down, and then the disk is full before the loop has done its first step.
    const asked = core.cancel(job.id);
    fill();
    await asked.catch(() => undefined);
    const open = (await core.job(job.id)).cancel !== null;
    await server.comeUp();
    await core.waitFor('online again', async () => (await core.server(serverId)).status.contact === 'online');
    const errors = (await core.call('log.tail', { limit: 2_000, level: 'error' })).entries.length;
    expect(errors).toBeLessThan(200);
    free();
    if (!open) await core.cancel(job.id);
    await core.waitState(job.id, 'cancelled');
  }, 180_000);

  it('outputs that do not fit are waited for, and said', async () => {
    const serverId = await core.addServer(server.url);
    const [warm] = await core.submit(pictureGraph(), { serverId });
    await core.waitState(warm.id, 'done');
    server.delayNext('/view', 300, { times: 1 });
    const [job] = await core.submit(pictureGraph(), { serverId });
    await core.waitState(job.id, 'collecting');
    fill();
    await core.waitFor('it is said', async () => (await core.call('queue.summary', {})).trouble?.code === 'storage');
    expect((await core.job(job.id)).state).toBe('collecting');
    free();
    expect((await core.waitState(job.id, 'done')).outputs.stored).toBe(1);
    await core.waitFor('it is over', async () => (await core.call('queue.summary', {})).trouble === null);
  }, 180_000);

  it('flag-on-a-full-disk: what needs no transaction of its own is the same clear error', async () => {
    const serverId = await core.addServer(server.url);
    fill();
    expect((await errorOf(core.call('queue.pause', {}))).code).toBe('storage');
    expect((await errorOf(core.call('servers.edit', { id: serverId, name: 'Studio' }))).code).toBe('storage');
    expect((await errorOf(core.call('servers.remove', { id: serverId }))).code).toBe('storage');
    free();
    expect(await core.server(serverId)).toMatchObject({ status: { contact: 'online' } });
    expect((await core.call('servers.remove', { id: serverId })).removed).toBe(true);
    expect((await core.call('servers.list', {})).servers).toEqual([]);
  }, 60_000);

  it('close on a full disk closes, and the next start finds everything', async () => {
    const [job] = await core.submit(sleepGraph(1, 1), { held: true });
    fill();
    await core.stop();
    free();
    await core.start();
    expect((await core.job(job.id)).state).toBe('queued');
  }, 180_000);
});
