/** The packed app, started as a user would: SWITCHYARD_PACKED names the folder electron-builder wrote. Else skipped and counted. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { root } from '../../suites.ts';
import { startElectron } from './electron-app.ts';

/** The program inside an unpacked build, or undefined. */
function packedProgram(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const names = readdirSync(folder);
  const unpacked = names.find((name) => /unpacked$|^mac/.test(name));
  const places = [['switchyard'], ['Switchyard.exe'], ['Switchyard.app', 'Contents', 'MacOS', 'Switchyard']];
  return unpacked === undefined
    ? undefined
    : places.map((place) => join(folder, unpacked, ...place)).find((path) => existsSync(path));
}

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
