/** Every sample that ships is offered, is a workflow, and is what its line says. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sampleWords } from '../../../../renderer/text/samples.ts';
import { findInputs, findSize } from '../../../../shared/workflow/inputs.ts';
import { readWorkflowText } from '../../../../shared/workflow/read-file.ts';

const folder = new URL('../../../../resources/workflows/', import.meta.url);

test('all files of resources/workflows are offered, and no other', () => {
  expect(Object.keys(sampleWords).sort()).toEqual(readdirSync(folder).sort());
});

test.each(Object.entries(sampleWords))('%s has the size and the model its line names', (name, { line }) => {
  const read = readWorkflowText(name, readFileSync(new URL(name, folder), 'utf8'));
  if (read.type !== 'workflow') throw new Error(`${name} is ${read.type}`);
  const { width, height } = findSize(read.graph);
  expect(line).toContain(`${String(width)} × ${String(height)}`);
  const { model, steps } = findInputs(read.graph);
  expect(line).toContain(String(model?.value).includes('xl') ? 'SDXL' : 'Stable Diffusion 1.5');
  expect(line).toContain(`${String(steps?.value)} `);
});
