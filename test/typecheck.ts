/** Type-checks every environment with its own tsconfig, two at a time, and fails when one fails. */
import { spawn } from 'node:child_process';
import { root } from './suites.ts';

const projects = ['test', 'electron', 'renderer', 'shared', 'electron/desktop/tsconfig.preload.json'];

function check(project: string): Promise<{ project: string; output: string; ok: boolean }> {
  return new Promise((resolve, reject) => {
    const tsc = spawn(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project, '--pretty', 'false'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    tsc.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    tsc.once('error', reject);
    tsc.once('close', (code) => resolve({ project, output, ok: code === 0 || isMissing(project, output) }));
  });
}

/** The preload script is a project of one file; before that file exists there is nothing to check. */
function isMissing(project: string, output: string): boolean {
  return project.endsWith('tsconfig.preload.json') && output.includes('TS18003');
}

/** Takes projects off the list until none is left; resolves to whether all of them were fine. */
async function work(waiting: string[]): Promise<boolean> {
  let fine = true;
  for (let project = waiting.shift(); project !== undefined; project = waiting.shift()) {
    const result = await check(project);
    if (result.ok) continue;
    fine = false;
    console.log(`${result.project}:\n${result.output}`);
  }
  return fine;
}

const waiting = [...projects];
const outcomes = await Promise.all([work(waiting), work(waiting)]);
process.exitCode = outcomes.every(Boolean) ? 0 : 1;
