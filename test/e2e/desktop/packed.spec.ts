/** The packed app, started as a user would: SWITCHYARD_PACKED names the folder electron-builder wrote. Else skipped and counted. */
import { resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { packedProgram } from '../../packed-smoke.ts';
import { root } from '../../suites.ts';
import { startElectron } from './electron-app.ts';

const folder = process.env['SWITCHYARD_PACKED'];
const program = folder === undefined ? undefined : packedProgram(resolve(root, folder));

test('the packed app starts, shows its queue from its archive, and knows its version', async () => {
  const info = test.info();
  test.skip(info.project.name !== 'electron', 'runs in the project electron');
  test.skip(folder === undefined, 'SWITCHYARD_PACKED names no packed app');
  expect(program, `no program in ${String(folder)}`).toBeDefined();
  const { app, page, close } = await startElectron(program ?? '', { packed: true });
  expect(page.url()).toMatch(/^app:\/\/ui\//);
  expect(
    await app.evaluate(({ app: electron }) => [electron.isPackaged, electron.getAppPath().endsWith('app.asar')]),
  ).toEqual([true, true]);
  await close();
});
